/*
 * Parallel reading of a JSON array: threads take parts in order and read them from a guessed start;
 * whoever finishes the part that is next in the file checks and merges it, and those behind it that
 * are done already. See json_array.h.
 */
#include "base/json_array.h"

#include "base/json_scan_impl.h"
#include "base/mem.h"

#include <pthread.h>

#define PART_BYTES       ((size_t)256 << 10)
#define PARTS_PER_THREAD 4 /* read ahead of the part that is next to be merged */

/* A part that is being read, or waits for those before it. */
struct part {
    void *state;
    const char *start; /* where its first element seems to start; NULL: nowhere in sight */
    const char *limit; /* elements that start here or later belong to the next part */
    const char *next;  /* where reading stopped: the next element, or behind the array's end */
    bool ended;        /* met the array's end */
    bool done;         /* read, but not merged yet */
    int rc;
    struct sb_error err;
};

struct split {
    const struct sb_array_reader *reader;
    void *ctx;
    const struct sb_map *map;
    const struct sb_scan *scan; /* of the caller: text, path, depth */
    const char *from, *end;     /* the first element; elements from end on are not for us */
    size_t part_bytes, part_count;
    struct part *ring; /* part i is ring[i % ring_size] */
    size_t ring_size;
    /* what follows is guarded by lock */
    pthread_mutex_t lock;
    pthread_cond_t merged;
    size_t next_part; /* to be merged */
    const char *at;   /* the true place of its first element */
    bool stop;        /* the array has ended, or there was an error */
    int rc;
};

/* Reads elements from `from` up to the part's limit. */
static void read_part(const struct split *w, struct part *p, const char *from)
{
    struct sb_scan s = sb_scan_at(w->scan, from);
    s.err = &p->err;
    s.depth = w->scan->depth;
    p->ended = false;
    p->rc = 0;
    while (s.pos < p->limit && p->rc == 0 && !p->ended) {
        bool first = false;
        p->rc = w->reader->element(p->state, w->ctx, &s);
        if (p->rc == 0) {
            const int more = sb_scan_element(&s, &first);
            p->rc = more < 0 ? more : 0;
            p->ended = more == 0;
        }
    }
    p->next = s.pos;
    if (w->map)
        sb_map_forget(w->map, (size_t)(from - w->map->data), (size_t)(s.pos - from));
}

const char *sb_scan_guess_element(const char *p, const char *end)
{
    while (p < end && (p = memchr(p, '}', (size_t)(end - p))) != NULL) {
        p = sb_scan_blanks(p + 1);
        if (*p != ',')
            continue;
        p = sb_scan_blanks(p + 1);
        if (*p == '{' && p < end)
            return p;
    }
    return NULL;
}

/* Where part i seems to start: a guess within one part's length from its nominal place. */
static const char *cut_before(const struct split *w, size_t i)
{
    if (i == 0)
        return w->from;
    if (i >= w->part_count)
        return w->end;
    const char *const nominal = w->from + i * w->part_bytes;
    const size_t left = (size_t)(w->end - nominal);
    return sb_scan_guess_element(nominal, nominal + (left < w->part_bytes ? left : w->part_bytes));
}

static void plan_part(const struct split *w, struct part *p, size_t i)
{
    const char *const next = cut_before(w, i + 1);
    p->start = cut_before(w, i);
    p->limit = next ? next : w->from + (i + 1) * w->part_bytes;
}

/* Checks the part against the true place, reads it again if the guess was wrong, and merges it. */
static int merge_part(struct split *w, struct part *p)
{
    if (p->start != w->at) {
        w->reader->discard(p->state);
        if (w->at >= p->limit)
            return 0; /* the part before went beyond this one */
        read_part(w, p, w->at);
    }
    if (p->rc) {
        if (w->scan->err)
            *w->scan->err = p->err;
        return p->rc;
    }
    w->at = p->next;
    w->stop = p->ended;
    return w->reader->merge(p->state, w->ctx, (size_t)(w->at - w->from), (size_t)(w->end - w->from),
                            w->scan->err);
}

static void merge_finished(struct split *w)
{
    while (!w->stop && w->next_part < w->part_count && w->ring[w->next_part % w->ring_size].done) {
        struct part *const p = &w->ring[w->next_part % w->ring_size];
        p->done = false;
        w->rc = merge_part(w, p);
        if (w->rc)
            w->stop = true;
        w->next_part++;
    }
    pthread_cond_broadcast(&w->merged);
}

/* Parts are handed out in order, so those that a waiting one needs are always being read. */
static void part_job(void *arg, size_t i, int worker)
{
    (void)worker;
    struct split *const w = arg;
    struct part *const p = &w->ring[i % w->ring_size];
    pthread_mutex_lock(&w->lock);
    while (!w->stop && i >= w->next_part + w->ring_size)
        pthread_cond_wait(&w->merged, &w->lock);
    const bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    if (stop)
        return;
    plan_part(w, p, i);
    if (p->start)
        read_part(w, p, p->start);
    pthread_mutex_lock(&w->lock);
    p->done = true;
    merge_finished(w);
    pthread_mutex_unlock(&w->lock);
}

static int make_ring(struct split *w, size_t size, struct sb_error *err)
{
    w->ring = sb_calloc(size, sizeof(*w->ring), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!w->ring)
        return sb_error_nomem(err, "parts of an array", size * sizeof(*w->ring));
    w->ring_size = size;
    for (size_t i = 0; i < size; i++) {
        w->ring[i].state = sb_calloc(1, w->reader->state_bytes, SB_MEM_TAG(SB_MEM_DATA, 0));
        if (!w->ring[i].state)
            return sb_error_nomem(err, "parts of an array", w->reader->state_bytes);
    }
    return 0;
}

static void free_ring(struct split *w)
{
    for (size_t i = 0; i < w->ring_size; i++) {
        if (w->ring[i].state)
            w->reader->release(w->ring[i].state);
        sb_free(w->ring[i].state);
    }
    sb_free(w->ring);
}

int sb_scan_elements(struct sb_scan *s, const struct sb_array_reader *reader, void *ctx,
                     struct sb_pool *pool, const struct sb_map *map, const char *limit)
{
    if (s->pos >= limit)
        return 1;
    const size_t threads = (size_t)sb_pool_threads(pool);
    struct split w = {.reader = reader, .ctx = ctx, .map = map, .scan = s, .from = s->pos};
    w.at = w.from;
    w.end = limit;
    w.part_bytes = reader->part_bytes ? reader->part_bytes : PART_BYTES;
    w.part_count = (size_t)(w.end - w.from) / w.part_bytes + 1;
    const size_t ahead = threads > 1 ? PARTS_PER_THREAD * threads : 1;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.merged, NULL);
    int rc = make_ring(&w, w.part_count < ahead ? w.part_count : ahead, s->err);
    if (rc == 0) {
        sb_pool_run(pool, w.part_count, part_job, &w);
        rc = w.rc;
    }
    free_ring(&w);
    pthread_cond_destroy(&w.merged);
    pthread_mutex_destroy(&w.lock);
    if (rc < 0)
        return rc;
    s->pos = w.at;
    if (!w.stop) /* every part ended well, the last before an element that is not for us */
        return 1;
    s->depth--;
    return 0;
}

int sb_scan_array(struct sb_scan *s, const struct sb_array_reader *reader, void *ctx,
                  struct sb_pool *pool, const struct sb_map *map)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    if (rc == 0)
        rc = sb_scan_element(s, &first);
    if (rc == 1)
        rc = sb_scan_elements(s, reader, ctx, pool, map, s->end);
    return rc == 1 ? sb_scan_expected(s, "an element") : rc;
}
