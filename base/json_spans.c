/* Documents read by several ranks. See json_spans.h. */
#include "base/json_spans.h"

#include "base/mem.h"

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* What a rank tells the others about its span. */
struct report {
    struct sb_span_place start, end; /* where it read from and to */
    int64_t limit;                   /* elements from here on are the next rank's */
    int64_t rc;
    int64_t read; /* 1: start and end mean something */
};

struct spans {
    struct sb_scan *scan;
    const struct sb_span_reader *reader;
    void *ctx;
    struct sb_ranks *ranks;
    struct report mine, *all; /* (ranks) */
};

static void read_from(struct spans *w, const struct sb_span_place *start)
{
    struct sb_scan *const s = w->scan;
    struct report *const r = &w->mine;
    r->start = r->end = *start;
    r->read = 1;
    if (start->section != SB_SPAN_START) /* there s stands behind leading blanks */
        s->pos = s->begin + start->at;
    r->rc = w->reader->read(w->ctx, s, &r->end, s->begin + r->limit);
}

/* The first reading, from a guess. */
static void read_guess(struct spans *w)
{
    const int64_t rank = sb_ranks_rank(w->ranks), count = sb_ranks_count(w->ranks);
    const int64_t size = w->scan->end - w->scan->begin;
    struct sb_span_place place = {0, SB_SPAN_START, 0};
    struct sb_scan s = sb_scan_at(w->scan, w->scan->begin + size / count * rank);
    w->mine.limit = rank + 1 < count ? size / count * (rank + 1) : size;
    s.err = NULL;
    if (rank == 0 || w->reader->guess(w->ctx, &s, w->scan->begin + w->mine.limit, &place))
        read_from(w, &place);
}

/* Whether the span was read from the true place, with nothing in it that was there before. */
static bool holds(const struct report *r, const struct sb_span_place *true_place)
{
    const uint32_t fresh = r->end.seen & ~r->start.seen;
    return r->read && r->start.at == true_place->at && r->start.section == true_place->section &&
           (fresh & true_place->seen) == 0;
}

/* Follows the spans from the front. Returns the rank that has to read again from *place or has
 * failed, or the number of ranks when all is well; *used: this rank's span counts. */
static int follow(const struct spans *w, struct sb_span_place *place, bool *used)
{
    const int count = sb_ranks_count(w->ranks);
    *place = (struct sb_span_place){0, SB_SPAN_START, 0};
    *used = false;
    for (int i = 0; i < count; i++) {
        const struct report *const r = &w->all[i];
        if (place->section == SB_SPAN_END ||
            (place->section != SB_SPAN_START && place->at >= r->limit))
            continue; /* the one before went beyond it */
        if (!holds(r, place) || r->rc)
            return i;
        *used = *used || i == sb_ranks_rank(w->ranks);
        const uint32_t seen = place->seen | r->end.seen;
        *place = r->end;
        place->seen = seen;
    }
    return count;
}

/* Gathers reports, and reads again where a guess was wrong, until all spans fit together or the
 * first error is known. */
static int settle(struct spans *w, struct sb_span_place *end)
{
    const int count = sb_ranks_count(w->ranks), me = sb_ranks_rank(w->ranks);
    bool used;
    int stop;
    for (;;) {
        sb_ranks_gather(w->ranks, &w->mine, sizeof(w->mine), w->all);
        stop = follow(w, end, &used);
        if (stop == count || holds(&w->all[stop], end))
            break;
        if (stop == me) {
            w->reader->discard(w->ctx);
            sb_error_init(w->scan->err); /* what a guess led to is no error */
            read_from(w, end);
        }
    }
    if (stop == count && !used) {
        w->reader->discard(w->ctx);
        sb_error_init(w->scan->err);
    }
    return sb_ranks_agree_input(w->ranks, stop == me ? (int)w->mine.rc : 0, 0, w->scan->err);
}

int sb_scan_spans(struct sb_scan *s, const struct sb_span_reader *reader, void *ctx,
                  struct sb_ranks *ranks, struct sb_span_place *end)
{
    const size_t count = (size_t)sb_ranks_count(ranks);
    struct spans w = {.scan = s, .reader = reader, .ctx = ctx, .ranks = ranks};
    w.all = sb_calloc(count, sizeof(*w.all), TAG);
    int rc = w.all ? 0 : sb_error_nomem(s->err, "spans of a document", count * sizeof(*w.all));
    rc = sb_ranks_agree(ranks, rc, s->err);
    if (rc == 0) {
        read_guess(&w);
        rc = settle(&w, end);
    }
    if (rc == 0)
        s->pos = s->begin + end->at;
    sb_free(w.all);
    return rc;
}
