/* Panoptic quality over all images. Images are jobs of their own; what they add is kept and summed
 * in order afterwards, so that the numbers do not depend on the threads. See panoptic.h. */
#include "eval/panoptic.h"

#include "base/mem.h"
#include "datasets/png_rows.h"
#include "eval/panoptic_match.h"

#include <math.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_NAMED 10 /* images in a message */

/* The matches of an image: scratch of worker, hits [first, first + count). */
struct image_hits {
    int worker;
    size_t first, count;
};

struct evaluation {
    const struct sb_panoptic_set *truth, *predicted;
    const struct sb_panoptic_options *options;
    size_t *prediction_of; /* index of the prediction, per image of truth */
    struct image_hits *hits;
    struct sb_panoptic_scratch *scratch; /* per worker */
    struct sb_panoptic_tally *tallies;   /* (worker, category) */
    struct failure *failures;            /* per worker: its first */
};

struct failure {
    int code; /* 0 = none */
    size_t image;
    struct sb_error err;
};

const char *sb_panoptic_group_name(enum sb_panoptic_group group)
{
    static const char *const names[] = {"All", "Things", "Stuff"};
    return names[group];
}

/* A PNG of segment ids, open. */
struct id_image {
    char *path;
    struct sb_map map;
    struct sb_png_rows *rows;
    int width, height;
};

static void close_image(struct id_image *image)
{
    sb_png_rows_close(&image->rows);
    sb_map_release(&image->map);
    sb_free(image->path);
}

static int open_image(struct id_image *image, const char *dir, const char *name,
                      struct sb_error *err)
{
    memset(image, 0, sizeof(*image));
    image->path = sb_path_join(dir, name);
    if (!image->path)
        return sb_error_nomem(err, "a path", strlen(name));
    int rc = sb_map_open(&image->map, image->path, err);
    if (rc)
        return rc;
    rc = sb_png_rows_open(&image->rows, image->map.data, image->map.size, err);
    if (rc)
        return sb_error_file(err, image->path);
    sb_png_rows_size(image->rows, &image->width, &image->height);
    return 0;
}

static int count_rows(struct sb_id_pairs *pairs, const struct id_image *truth,
                      const struct id_image *predicted, struct sb_error *err)
{
    if (truth->width != predicted->width || truth->height != predicted->height) {
        sb_error_set(err, SB_EFORMAT, "%d x %d pixels, expected %d x %d as %s has",
                     predicted->width, predicted->height, truth->width, truth->height, truth->path);
        return sb_error_file(err, predicted->path);
    }
    for (int y = 0; y < truth->height; y++) {
        const uint8_t *t, *p;
        if (sb_png_rows_next(truth->rows, &t))
            return sb_error_file(err, truth->path);
        if (sb_png_rows_next(predicted->rows, &p))
            return sb_error_file(err, predicted->path);
        const int rc = sb_id_pairs_add_row(pairs, t, p, (size_t)truth->width, err);
        if (rc)
            return rc;
    }
    return sb_id_pairs_sort(pairs, err);
}

/* Pairs of ids of image i. */
static int count_image(const struct evaluation *ev, size_t i, struct sb_id_pairs *pairs,
                       struct sb_error *err)
{
    struct id_image truth, predicted = {0};
    sb_id_pairs_clear(pairs);
    int rc = open_image(&truth, ev->options->truth_dir, sb_panoptic_file(ev->truth, i), err);
    if (rc == 0)
        rc = open_image(&predicted, ev->options->predicted_dir,
                        sb_panoptic_file(ev->predicted, ev->prediction_of[i]), err);
    if (rc == 0)
        rc = count_rows(pairs, &truth, &predicted, err);
    close_image(&truth);
    close_image(&predicted);
    return rc;
}

/* Adds whose prediction could not be used. */
static int name_image(const struct evaluation *ev, size_t i, int rc, struct sb_error *err)
{
    struct sb_str id = SB_STR_INIT;
    char *const path = sb_path_join(ev->options->predicted_dir,
                                    sb_panoptic_file(ev->predicted, ev->prediction_of[i]));
    sb_id_print(ev->truth->ids, ev->truth->images[i].image_id, &id);
    if (path)
        sb_error_file(err, path);
    sb_error_hint(err, "it is the prediction of image %s, listed in %s", sb_str_text(&id),
                  ev->predicted->path);
    sb_free(path);
    sb_str_release(&id);
    return rc;
}

static int evaluate_image(const struct evaluation *ev, size_t i, int worker, struct sb_error *err)
{
    struct sb_panoptic_scratch *const w = &ev->scratch[worker];
    struct sb_panoptic_tally *const tallies =
        ev->tallies + (size_t)worker * ev->truth->category_count;
    struct image_hits *const hits = &ev->hits[i];
    int rc = count_image(ev, i, &w->pairs, err);
    if (rc)
        return rc;
    hits->worker = worker;
    hits->first = w->hit_count;
    rc = sb_panoptic_match(ev->truth, i, ev->predicted, ev->prediction_of[i], w, tallies, err);
    hits->count = w->hit_count - hits->first;
    return rc == SB_EFORMAT ? name_image(ev, i, rc, err) : rc;
}

static void image_job(void *arg, size_t job, int worker)
{
    const struct evaluation *const ev = arg;
    struct failure *const f = &ev->failures[worker];
    if (f->code) /* jobs come in order: what follows cannot be the first failure */
        return;
    f->code = evaluate_image(ev, job, worker, &f->err);
    f->image = job;
}

/* The failure of the first image that has one. */
static int first_failure(const struct evaluation *ev, int threads, struct sb_error *err)
{
    const struct failure *first = NULL;
    for (int i = 0; i < threads; i++) {
        const struct failure *const f = &ev->failures[i];
        if (f->code && (!first || f->image < first->image))
            first = f;
    }
    if (first && err)
        *err = first->err;
    return first ? first->code : 0;
}

/* Images without a prediction. */
struct missing {
    size_t count;
    size_t images[MAX_NAMED]; /* the first of them */
};

static int refuse_missing(const struct evaluation *ev, const struct missing *missing,
                          struct sb_error *err)
{
    struct sb_str list = SB_STR_INIT;
    const size_t n = missing->count;
    for (size_t i = 0; i < n && i < MAX_NAMED; i++) {
        sb_str_puts(&list, i ? ", " : "");
        sb_id_print(ev->truth->ids, ev->truth->images[missing->images[i]].image_id, &list);
    }
    sb_error_set(err, SB_EFORMAT, "%zu image%s of the ground truth %s no prediction: %s%s", n,
                 sb_plural(n), n == 1 ? "has" : "have", sb_str_text(&list),
                 n > MAX_NAMED ? ", ..." : "");
    sb_str_release(&list);
    sb_error_file(err, ev->predicted->path);
    return sb_error_hint(err, "does the prediction belong to %s?", ev->truth->path);
}

/* prediction[rank] = the last of the image ids' rank, which is what counts. */
static int rank_predictions(const struct evaluation *ev, struct sb_id_map *map, size_t *prediction,
                            struct sb_error *err)
{
    const struct sb_panoptic_set *const p = ev->predicted;
    int64_t *const ids = sb_calloc(p->image_count, sizeof(*ids), TAG);
    if (!ids)
        return sb_error_nomem(err, "images", p->image_count * sizeof(*ids));
    for (size_t i = 0; i < p->image_count; i++)
        ids[i] = p->images[i].image_id;
    const int rc = sb_id_map_build(map, ids, p->image_count, p->ids, err);
    for (size_t i = 0; rc == 0 && i < p->image_count; i++)
        prediction[sb_id_map_find(map, ids[i])] = i;
    sb_free(ids);
    return rc;
}

static int pair_images(struct evaluation *ev, struct sb_panoptic *pq, struct sb_error *err)
{
    const struct sb_panoptic_set *const p = ev->predicted, *const t = ev->truth;
    struct missing missing = {0};
    struct sb_id_map map = {0};
    size_t *const prediction = sb_calloc(p->image_count, sizeof(*prediction), TAG);
    bool *const used = sb_calloc(p->image_count, sizeof(*used), TAG);
    int rc = prediction && used ? rank_predictions(ev, &map, prediction, err)
                                : sb_error_nomem(err, "images", p->image_count);
    for (size_t i = 0; rc == 0 && i < t->image_count; i++) {
        const int32_t rank = sb_id_map_find(&map, t->images[i].image_id);
        if (rank >= 0) {
            ev->prediction_of[i] = prediction[rank];
            used[rank] = true;
        } else {
            if (missing.count < MAX_NAMED)
                missing.images[missing.count] = i;
            missing.count++;
        }
    }
    for (size_t rank = 0; rank < map.count; rank++)
        pq->extra_images += !used[rank];
    if (rc == 0 && missing.count > 0)
        rc = refuse_missing(ev, &missing, err);
    sb_id_map_release(&map);
    sb_free(prediction);
    sb_free(used);
    return rc;
}

/* First image of a part: the first count % parts ones have one more (numpy.array_split). */
static size_t part_start(size_t count, size_t parts, size_t part)
{
    const size_t rest = count % parts;
    return part * (count / parts) + (part < rest ? part : rest);
}

/* IoU of the matches, added image after image and then part after part. */
static int add_hits(const struct evaluation *ev, struct sb_panoptic *pq, struct sb_error *err)
{
    const size_t parts = ev->options->parts, count = ev->truth->image_count;
    double *const sums = sb_calloc(pq->category_count, sizeof(*sums), TAG);
    if (!sums)
        return sb_error_nomem(err, "sums", pq->category_count * sizeof(*sums));
    for (size_t part = 0; part < parts && part < count; part++) {
        const size_t end = part_start(count, parts, part + 1);
        for (size_t i = part_start(count, parts, part); i < end; i++) {
            const struct image_hits *const h = &ev->hits[i];
            const struct sb_panoptic_hit *const hits = ev->scratch[h->worker].hits;
            for (size_t j = h->first; j < h->first + h->count; j++)
                sums[hits[j].category] += hits[j].iou;
        }
        for (size_t k = 0; k < pq->category_count; k++) {
            pq->categories[k].iou += sums[k];
            sums[k] = 0;
        }
    }
    sb_free(sums);
    return 0;
}

static void rate_category(struct sb_panoptic_quality *q)
{
    const double all = (double)q->tp + 0.5 * (double)q->fp + 0.5 * (double)q->fn;
    if (!sb_panoptic_occurs(q))
        return;
    q->pq = q->iou / all;
    q->sq = q->tp ? q->iou / (double)q->tp : 0;
    q->rq = (double)q->tp / all;
}

static void average(struct sb_panoptic *pq, enum sb_panoptic_group group)
{
    struct sb_panoptic_mean *const m = &pq->means[group];
    for (size_t k = 0; k < pq->category_count; k++) {
        const struct sb_panoptic_quality *const q = &pq->categories[k];
        const enum sb_panoptic_group own =
            pq->truth->categories[k].isthing ? SB_PANOPTIC_THINGS : SB_PANOPTIC_STUFF;
        if ((group != SB_PANOPTIC_ALL && group != own) || !sb_panoptic_occurs(q))
            continue;
        m->pq += q->pq;
        m->sq += q->sq;
        m->rq += q->rq;
        m->n++;
    }
    m->pq = m->n ? m->pq / (double)m->n : NAN;
    m->sq = m->n ? m->sq / (double)m->n : NAN;
    m->rq = m->n ? m->rq / (double)m->n : NAN;
}

static int finish(const struct evaluation *ev, int threads, struct sb_panoptic *pq,
                  struct sb_error *err)
{
    for (size_t i = 0; i < (size_t)threads * pq->category_count; i++) {
        struct sb_panoptic_quality *const q = &pq->categories[i % pq->category_count];
        q->tp += ev->tallies[i].tp;
        q->fp += ev->tallies[i].fp;
        q->fn += ev->tallies[i].fn;
    }
    const int rc = add_hits(ev, pq, err);
    for (size_t k = 0; k < pq->category_count; k++)
        rate_category(&pq->categories[k]);
    for (int g = SB_PANOPTIC_ALL; g < SB_PANOPTIC_GROUPS; g++)
        average(pq, (enum sb_panoptic_group)g);
    return rc;
}

static int start(struct evaluation *ev, int threads, struct sb_panoptic *pq, struct sb_error *err)
{
    const size_t n = (size_t)threads, images = ev->truth->image_count;
    pq->truth = ev->truth;
    pq->images = images;
    pq->category_count = ev->truth->category_count;
    pq->categories = sb_calloc(pq->category_count, sizeof(*pq->categories), TAG);
    ev->prediction_of = sb_calloc(images, sizeof(*ev->prediction_of), TAG);
    ev->hits = sb_calloc(images, sizeof(*ev->hits), TAG);
    ev->scratch = sb_calloc(n, sizeof(*ev->scratch), TAG);
    ev->tallies = sb_calloc(n * pq->category_count, sizeof(*ev->tallies), TAG);
    ev->failures = sb_calloc(n, sizeof(*ev->failures), TAG);
    if (!pq->categories || !ev->prediction_of || !ev->hits || !ev->scratch || !ev->tallies ||
        !ev->failures)
        return sb_error_nomem(err, "a panoptic evaluation", images * sizeof(*ev->hits));
    return 0;
}

int sb_panoptic_evaluate(struct sb_panoptic *pq, const struct sb_panoptic_set *truth,
                         const struct sb_panoptic_set *predicted,
                         const struct sb_panoptic_options *options, struct sb_pool *pool,
                         struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    struct evaluation ev = {.truth = truth, .predicted = predicted, .options = options};
    memset(pq, 0, sizeof(*pq));
    SB_CHECK(options->parts > 0, SB_EINVAL);
    int rc = start(&ev, threads, pq, err);
    if (rc == 0)
        rc = pair_images(&ev, pq, err);
    if (rc == 0) {
        sb_pool_run(pool, truth->image_count, image_job, &ev);
        rc = first_failure(&ev, threads, err);
    }
    if (rc == 0)
        rc = finish(&ev, threads, pq, err);
    for (int i = 0; ev.scratch && i < threads; i++)
        sb_panoptic_scratch_release(&ev.scratch[i]);
    sb_free(ev.prediction_of);
    sb_free(ev.hits);
    sb_free(ev.scratch);
    sb_free(ev.tallies);
    sb_free(ev.failures);
    if (rc)
        sb_panoptic_release(pq);
    return rc;
}

void sb_panoptic_release(struct sb_panoptic *pq)
{
    sb_free(pq->categories);
    memset(pq, 0, sizeof(*pq));
}

void sb_panoptic_text(const struct sb_panoptic *pq, struct sb_str *out)
{
    sb_str_printf(out, "%-10s| %5s  %5s  %5s %5s\n", "", "PQ", "SQ", "RQ", "N");
    sb_str_puts(out, "--------------------------------------\n");
    for (int g = SB_PANOPTIC_ALL; g < SB_PANOPTIC_GROUPS; g++) {
        const struct sb_panoptic_mean *const m = &pq->means[g];
        sb_str_printf(out, "%-10s| ", sb_panoptic_group_name((enum sb_panoptic_group)g));
        if (m->n > 0)
            sb_str_printf(out, "%5.1f  %5.1f  %5.1f %5zu\n", 100 * m->pq, 100 * m->sq, 100 * m->rq,
                          m->n);
        else
            sb_str_printf(out, "%5s  %5s  %5s %5zu\n", "-", "-", "-", m->n);
    }
}

void sb_panoptic_json(const struct sb_panoptic *pq, struct sb_jw *w, const char *key)
{
    static const char *const names[] = {"all", "things", "stuff"};
    sb_jw_object(w, key);
    for (int g = SB_PANOPTIC_ALL; g < SB_PANOPTIC_GROUPS; g++) {
        const struct sb_panoptic_mean *const m = &pq->means[g];
        sb_jw_object(w, names[g]);
        sb_jw_double(w, "pq", m->pq);
        sb_jw_double(w, "sq", m->sq);
        sb_jw_double(w, "rq", m->rq);
        sb_jw_int(w, "n", (int64_t)m->n);
        sb_jw_end(w);
    }
    sb_jw_array(w, "per_category");
    for (size_t k = 0; k < pq->category_count; k++) {
        const struct sb_panoptic_category *const c = &pq->truth->categories[k];
        const struct sb_panoptic_quality *const q = &pq->categories[k];
        sb_jw_object(w, NULL);
        sb_id_json(pq->truth->ids, c->id, w, "id");
        sb_jw_string(w, "name", c->name);
        sb_jw_bool(w, "isthing", c->isthing);
        sb_jw_double(w, "pq", q->pq);
        sb_jw_double(w, "sq", q->sq);
        sb_jw_double(w, "rq", q->rq);
        sb_jw_double(w, "iou", q->iou);
        sb_jw_int(w, "tp", q->tp);
        sb_jw_int(w, "fp", q->fp);
        sb_jw_int(w, "fn", q->fn);
        sb_jw_end(w);
    }
    sb_jw_end(w);
    sb_jw_end(w);
}
