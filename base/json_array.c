/* Parallel reading of a JSON array. See json_array.h. */
#include "base/json_array.h"

#include "base/json_scan_impl.h"
#include "base/mem.h"

#define PART_BYTES       ((size_t)512 << 10)
#define PARTS_PER_THREAD 32

struct part {
    void *state;
    const char *start; /* first element */
    const char *limit; /* elements that start here or later belong to the next part */
    const char *next;  /* where reading stopped: the next element, or behind the array's end */
    bool ended;        /* met the array's end */
    int rc;
    struct sb_error err;
};

struct split {
    const struct sb_array_reader *reader;
    void *ctx;
    const struct sb_map *map;
    const struct sb_scan *scan; /* of the caller: text, path, depth */
    struct part *parts;
    size_t capacity;
    size_t part_bytes;
    size_t count; /* parts of the current wave */
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

static void read_part_job(void *arg, size_t job, int worker)
{
    (void)worker;
    const struct split *w = arg;
    read_part(w, &w->parts[job], w->parts[job].start);
}

/* The first place from p on, before end, that looks like the start of an element; NULL if none. */
static const char *guess_element(const char *p, const char *end)
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

/* Cuts the text from `from` into at most `capacity` parts. Where no start of an element is in sight
 * the part before goes on. */
static void plan_wave(struct split *w, const char *from, const char *end)
{
    const size_t step = w->part_bytes;
    const char *start = from;
    w->count = 0;
    for (size_t i = 1; i <= w->capacity && start < end; i++) {
        const size_t offset = i * step;
        const char *cut = end;
        if (offset < (size_t)(end - from)) {
            const char *const target = from + offset;
            const size_t left = (size_t)(end - target);
            cut = guess_element(target, target + (left < step ? left : step));
            if (!cut && i < w->capacity)
                continue;
            if (!cut)
                cut = target;
        }
        struct part *p = &w->parts[w->count++];
        p->start = start;
        p->limit = cut;
        start = cut;
    }
}

/* Checks and merges the wave's parts from the front. *at moves to the next element; 1 when the
 * array has ended, 0 when it goes on, or an error. */
static int collect_wave(struct split *w, const char **at, struct sb_error *err)
{
    bool ended = false;
    for (size_t i = 0; i < w->count; i++) {
        struct part *p = &w->parts[i];
        if (ended || p->start != *at) {
            w->reader->discard(p->state);
            if (ended || *at >= p->limit)
                continue;
            read_part(w, p, *at);
        }
        if (p->rc) {
            if (err)
                *err = p->err;
            return p->rc;
        }
        *at = p->next;
        ended = p->ended;
        const int rc = w->reader->merge(p->state, w->ctx, (size_t)(*at - w->scan->begin),
                                        (size_t)(w->scan->end - w->scan->begin), err);
        if (rc)
            return rc;
    }
    return ended;
}

static int make_parts(struct split *w, size_t capacity, struct sb_error *err)
{
    w->parts = sb_calloc(capacity, sizeof(*w->parts), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!w->parts)
        return sb_error_nomem(err, "parts of an array", capacity * sizeof(*w->parts));
    w->capacity = capacity;
    for (size_t i = 0; i < capacity; i++) {
        w->parts[i].state = sb_calloc(1, w->reader->state_bytes, SB_MEM_TAG(SB_MEM_DATA, 0));
        if (!w->parts[i].state)
            return sb_error_nomem(err, "parts of an array", w->reader->state_bytes);
    }
    return 0;
}

static void free_parts(struct split *w)
{
    for (size_t i = 0; i < w->capacity; i++) {
        if (w->parts[i].state)
            w->reader->release(w->parts[i].state);
        sb_free(w->parts[i].state);
    }
    sb_free(w->parts);
}

int sb_scan_array(struct sb_scan *s, const struct sb_array_reader *reader, void *ctx,
                  struct sb_pool *pool, const struct sb_map *map)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    if (rc == 0)
        rc = sb_scan_element(s, &first);
    if (rc <= 0)
        return rc;
    struct split w = {.reader = reader, .ctx = ctx, .map = map, .scan = s};
    w.part_bytes = reader->part_bytes ? reader->part_bytes : PART_BYTES;
    const size_t needed = (size_t)(s->end - s->pos) / w.part_bytes + 1;
    const size_t useful = PARTS_PER_THREAD * (size_t)sb_pool_threads(pool);
    const char *at = s->pos;
    rc = make_parts(&w, needed < useful ? needed : useful, s->err);
    while (rc == 0) {
        plan_wave(&w, at, s->end);
        sb_pool_run(pool, w.count, read_part_job, &w);
        rc = collect_wave(&w, &at, s->err);
    }
    free_parts(&w);
    if (rc < 0)
        return rc;
    s->pos = at;
    s->depth--;
    return 0;
}
