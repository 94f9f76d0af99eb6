/*
 * From matches to results over ranks. Classes are dealt out by the bytes that matching has to say
 * about them, the largest first, to the rank that has the least so far; all ranks come to the same
 * decision. See coco_collect.h.
 */
#include "eval/coco_collect.h"

#include "base/bit_stream.h"
#include "base/mem.h"
#include "base/size.h"
#include "eval/eval_planes.h"

#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct class_share {
    size_t k;
    int64_t bytes; /* of all ranks' blocks */
    int owner;
};

struct collect {
    struct sb_ranks *ranks;
    size_t n, me;               /* ranks; this one */
    size_t classes;             /* of all */
    struct class_share *order;  /* (classes) the largest first, then by class */
    int *owner;                 /* (classes) */
    size_t *send, *receive;     /* (ranks) bytes */
    char *in;                   /* blocks of this rank's classes, from rank 0 first */
    size_t own;                 /* classes of this rank */
    size_t *own_class;          /* (own) ascending */
    const char **blocks;        /* (own, ranks) into `in` */
    struct sb_coco_eval part;   /* results of this rank's classes */
    struct sb_class_work *work; /* per worker */
    struct sb_error *errors;    /* per worker; code 0 = fine */
};

static int nomem(struct sb_error *err, size_t bytes)
{
    return sb_error_nomem(err, "classes over ranks", bytes);
}

static int by_bytes(const void *a, const void *b)
{
    const struct class_share *const x = a, *const y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return (x->k > y->k) - (x->k < y->k);
}

/* Chooses the owner of every class. load: (ranks) zeroed. */
static void deal_classes(struct collect *c, const int64_t *bytes, int64_t *load)
{
    for (size_t k = 0; k < c->classes; k++)
        c->order[k] = (struct class_share){k, bytes[k], 0};
    if (c->classes > 1)
        qsort(c->order, c->classes, sizeof(*c->order), by_bytes);
    for (size_t i = 0; i < c->classes; i++) {
        size_t least = 0;
        for (size_t r = 1; r < c->n; r++)
            least = load[r] < load[least] ? r : least;
        load[least] += c->order[i].bytes;
        c->order[i].owner = (int)least;
        c->owner[c->order[i].k] = (int)least;
        c->own += least == c->me;
    }
}

static int choose_owners(struct collect *c, const struct sb_class_block *blocks,
                         struct sb_error *err)
{
    int64_t *const numbers = sb_calloc(c->classes + c->n, sizeof(*numbers), TAG);
    c->order = sb_calloc(c->classes, sizeof(*c->order), TAG);
    c->owner = sb_calloc(c->classes, sizeof(*c->owner), TAG);
    int rc = numbers && c->order && c->owner ? 0 : nomem(err, c->classes * 32);
    rc = sb_ranks_agree(c->ranks, rc, err);
    if (rc == 0) {
        for (size_t k = 0; k < c->classes; k++)
            numbers[k] = (int64_t)blocks[k].bytes;
        sb_ranks_sum(c->ranks, numbers, c->classes);
        deal_classes(c, numbers, numbers + c->classes);
    }
    sb_free(numbers);
    return rc;
}

/* Bytes to and from each rank. */
static int count_bytes(struct collect *c, const struct sb_class_block *blocks, struct sb_error *err)
{
    c->send = sb_calloc(2 * c->n, sizeof(*c->send), TAG);
    const int rc = sb_ranks_agree(c->ranks, c->send ? 0 : nomem(err, c->n * 16), err);
    if (rc)
        return rc;
    c->receive = c->send + c->n;
    for (size_t k = 0; k < c->classes; k++)
        c->send[c->owner[k]] += blocks[k].bytes;
    return sb_ranks_swap_sizes(c->ranks, c->send, c->receive, err);
}

/* Blocks by owner, then by class, into one run of bytes; they are freed. */
static void pack(const struct collect *c, struct sb_class_block *blocks, char *out)
{
    for (size_t r = 0; r < c->n; r++) {
        for (size_t k = 0; k < c->classes; k++) {
            if (c->owner[k] != (int)r)
                continue;
            memcpy(out, blocks[k].data, blocks[k].bytes);
            out += blocks[k].bytes;
            sb_free(blocks[k].data);
            blocks[k].data = NULL;
        }
    }
}

/* Where the blocks of this rank's classes start. */
static void find_blocks(struct collect *c)
{
    const char *at = c->in;
    for (size_t r = 0; r < c->n; r++) {
        for (size_t j = 0; j < c->own; j++) {
            c->blocks[j * c->n + r] = at;
            at += sb_class_block_bytes(at, &c->part.params);
        }
    }
}

static int exchange(struct collect *c, struct sb_class_block *blocks, struct sb_error *err)
{
    int rc = count_bytes(c, blocks, err);
    if (rc)
        return rc;
    const size_t leaving = sb_sum_sizes(c->send, c->n), coming = sb_sum_sizes(c->receive, c->n);
    char *const out = sb_malloc(leaving, TAG);
    c->in = sb_malloc(coming + SB_BITS_SLACK, TAG);
    c->own_class = sb_calloc(c->own, sizeof(*c->own_class), TAG);
    c->blocks = sb_calloc(c->own * c->n, sizeof(*c->blocks), TAG);
    rc = out && c->in && c->own_class && c->blocks ? 0 : nomem(err, leaving + coming);
    rc = sb_ranks_agree(c->ranks, rc, err);
    if (rc == 0) {
        size_t own = 0;
        for (size_t k = 0; k < c->classes; k++) {
            if (c->owner[k] == (int)c->me)
                c->own_class[own++] = k;
        }
        pack(c, blocks, out);
        sb_ranks_exchange(c->ranks, out, c->send, c->in, c->receive);
        find_blocks(c);
    }
    sb_free(out);
    return rc;
}

static void accumulate_job(void *arg, size_t j, int worker)
{
    struct collect *const c = arg;
    struct sb_class_work *const w = &c->work[worker];
    struct sb_error *const err = &c->errors[worker];
    if (err->code)
        return;
    const int rc = sb_class_merge(w, &c->part.params, c->blocks + j * c->n, c->n, err);
    if (rc == 0)
        sb_class_accumulate(w, j, &c->part, err);
}

/* This rank's classes; they fail only for want of memory, so which fails first does not matter. */
static int accumulate(struct collect *c, enum sb_eval_detail detail, struct sb_pool *pool,
                      struct sb_notes *notes, struct sb_error *err)
{
    const size_t threads = (size_t)sb_pool_threads(pool);
    c->part.classes = c->own;
    c->work = sb_calloc(threads, sizeof(*c->work), TAG);
    c->errors = sb_calloc(threads, sizeof(*c->errors), TAG);
    int rc = c->work && c->errors ? sb_eval_planes_make(&c->part, detail, err)
                                  : nomem(err, threads * sizeof(*c->work));
    if (rc == 0)
        sb_pool_run(pool, c->own, accumulate_job, c);
    for (size_t i = 0; rc == 0 && i < threads; i++) {
        sb_notes_add(notes, &c->work[i].notes);
        if (c->errors[i].code) {
            *err = c->errors[i];
            rc = (int)err->code;
        }
    }
    return rc;
}

/* Sends `bytes` bytes per class to rank 0, which puts them at to + k * bytes. in: there, room for
 * all classes. */
static void gather_classes(struct collect *c, const void *from, char *to, size_t bytes, char *in)
{
    for (size_t r = 0; r < c->n; r++) {
        c->send[r] = r == 0 ? c->own * bytes : 0;
        c->receive[r] = 0;
    }
    for (size_t k = 0; c->me == 0 && k < c->classes; k++)
        c->receive[c->owner[k]] += bytes;
    sb_ranks_exchange(c->ranks, from, c->send, in, c->receive);
    for (size_t r = 0; c->me == 0 && r < c->n; r++) {
        for (size_t k = 0; k < c->classes; k++) {
            if (c->owner[k] != (int)r)
                continue;
            memcpy(to + k * bytes, in, bytes);
            in += bytes;
        }
    }
}

/* The array of a plane, on rank 0; NULL elsewhere. */
static char *plane_of(double **planes, size_t i)
{
    return planes ? (char *)planes[i] : NULL;
}

/* Results of all classes, on rank 0. */
static int gather_results(struct collect *c, struct sb_coco_eval *eval, struct sb_error *err)
{
    const struct sb_coco_params *const p = &eval->params;
    const struct sb_coco_eval *const part = &c->part;
    const size_t point = p->iou_count * sizeof(double), cells = point * p->recall_count;
    char *const in = sb_malloc(c->me == 0 ? c->classes * cells + 1 : 1, TAG);
    const int rc = sb_ranks_agree(c->ranks, in ? 0 : nomem(err, c->classes * cells), err);
    for (size_t i = 0; rc == 0 && i < p->area_count * p->max_det_count; i++) {
        gather_classes(c, part->recall[i], plane_of(eval->recall, i), point, in);
        if (part->precision[i])
            gather_classes(c, part->precision[i], plane_of(eval->precision, i), cells, in);
        if (part->scores[i])
            gather_classes(c, part->scores[i], plane_of(eval->scores, i), cells, in);
    }
    for (size_t a = 0; rc == 0 && a < p->area_count; a++)
        gather_classes(c, part->objects + a * c->own,
                       eval->objects ? (char *)(eval->objects + a * c->classes) : NULL,
                       sizeof(*part->objects), in);
    if (rc == 0)
        gather_classes(c, part->detections, (char *)eval->detections, sizeof(*part->detections),
                       in);
    sb_free(in);
    return rc;
}

static void release(struct collect *c, int threads)
{
    for (int i = 0; c->work && i < threads; i++)
        sb_class_work_release(&c->work[i]);
    sb_free(c->work);
    sb_free(c->errors);
    sb_free(c->order);
    sb_free(c->owner);
    sb_free(c->send);
    sb_free(c->in);
    sb_free(c->own_class);
    sb_free(c->blocks);
    sb_coco_eval_release(&c->part);
}

int sb_eval_collect(struct sb_coco_eval *eval, struct sb_class_block *blocks,
                    struct sb_eval_ranks *team, enum sb_eval_detail detail, struct sb_pool *pool,
                    struct sb_error *err)
{
    struct collect c = {.ranks = team->ranks,
                        .n = (size_t)sb_ranks_count(team->ranks),
                        .me = (size_t)sb_ranks_rank(team->ranks),
                        .classes = eval->classes,
                        .part = {.params = eval->params}};
    int rc = choose_owners(&c, blocks, err);
    if (rc == 0)
        rc = exchange(&c, blocks, err);
    sb_eval_ranks_spent(team, SB_STAGE_MOVE);
    if (rc == 0)
        rc = sb_ranks_agree(team->ranks, accumulate(&c, detail, pool, &eval->notes, err), err);
    sb_eval_ranks_spent(team, SB_STAGE_ACCUMULATE);
    if (rc == 0)
        rc = gather_results(&c, eval, err);
    sb_eval_ranks_spent(team, SB_STAGE_MOVE);
    release(&c, sb_pool_threads(pool));
    return rc;
}
