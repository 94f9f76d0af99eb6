/* Comparing records. See compare.h. */
#include "bench/compare.h"

#include "base/mem.h"
#include "bench/statistics.h"

#include <math.h>
#include <string.h>

#define TAG           SB_MEM_TAG(SB_MEM_DATA, 0)
#define MIN_PROCESSES 6
/* Each of two medians at this level gives both together 95 %. */
#define SINGLE_CONFIDENCE 0.975

void sb_compare_options_defaults(struct sb_compare_options *options)
{
    memset(options, 0, sizeof(*options));
    options->min_effect = 0.02;
    options->run = "compare";
    options->base = "base";
    options->head = "head";
}

struct comparison {
    const struct sb_records *base, *head;
    const struct sb_compare_options *options;
    sb_record_fn emit;
    void *ctx;
    struct sb_compare_summary *summary;
    struct sb_error *err;
    double *ratios;           /* of latencies, for the geometric mean */
    double log_low, log_high; /* sums over them; NaN once one has no interval */
    size_t num_ratios;
};

static bool matches(const struct comparison *c, const struct sb_cell *a, const struct sb_cell *b)
{
    struct sb_cell other = *b;
    if (c->options->ignore_engine && a->engine && b->engine)
        other.engine = a->engine;
    return sb_same_cell(a, &other);
}

/* An estimate of one side. */
struct side {
    bool known;
    double value, low, high; /* low, high NaN: no interval */
    size_t samples;
};

static const struct side unknown_side = {.low = NAN, .high = NAN};

static bool is_end_to_end(const struct sb_record *r)
{
    return r->kind == SB_RECORD_TIME && !r->part.node && !r->part.level && r->u.time.ns &&
           r->u.time.num_ns > 0;
}

/* Samples of a cell: pooled runs, or medians of processes when there are enough. */
static int collect(const struct comparison *c, const struct sb_records *records,
                   const struct sb_cell *cell, bool by_process, double **out, size_t *count)
{
    size_t room = 0;
    *count = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (is_end_to_end(r) && matches(c, cell, &r->cell))
            room += r->u.time.num_ns;
    }
    double *values = sb_calloc(2 * room + 1, sizeof(*values), TAG), *scratch = values + room;
    *out = values;
    if (!values)
        return sb_error_nomem(c->err, "samples", room * sizeof(*values));
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (!is_end_to_end(r) || !matches(c, cell, &r->cell))
            continue;
        double *to = by_process ? scratch : values + *count;
        for (size_t k = 0; k < r->u.time.num_ns; k++)
            to[k] = (double)r->u.time.ns[k];
        if (by_process)
            values[(*count)++] = sb_summarize(scratch, r->u.time.num_ns).median;
        else
            *count += r->u.time.num_ns;
    }
    return 0;
}

static size_t count_processes(const struct comparison *c, const struct sb_records *records,
                              const struct sb_cell *cell)
{
    size_t count = 0;
    for (size_t i = 0; i < records->count; i++)
        count += is_end_to_end(&records->items[i]) && matches(c, cell, &records->items[i].cell);
    return count;
}

static int latency_side(const struct comparison *c, const struct sb_records *records,
                        const struct sb_cell *cell, bool by_process, struct side *out)
{
    double *values;
    size_t count;
    *out = unknown_side;
    const int rc = collect(c, records, cell, by_process, &values, &count);
    if (rc)
        return rc;
    if (count) {
        sb_sort_doubles(values, count);
        const struct sb_interval interval =
            sb_median_interval_sorted(values, count, SINGLE_CONFIDENCE);
        out->known = true;
        out->value = sb_median_sorted(values, count);
        out->samples = count;
        if (interval.known) {
            out->low = interval.low;
            out->high = interval.high;
        }
    }
    sb_free(values);
    return 0;
}

static const char *judge_interval(double ratio, double low, double high, double min_effect)
{
    if (isnan(low) || isnan(high))
        return "UNRESOLVED";
    if (low > 1 && ratio > 1 + min_effect)
        return "REGRESSED";
    if (high < 1 && ratio < 1 / (1 + min_effect))
        return "IMPROVED";
    return low >= 1 / (1 + min_effect) && high <= 1 + min_effect ? "SAME" : "UNRESOLVED";
}

void sb_verdict_over_cells(struct sb_record *verdict)
{
    static const char *const fields[] = {"model", "size", "batch", "threads", "engine"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        sb_record_because(verdict, fields[i], "over all cells");
}

static void tally(struct sb_compare_summary *s, const char *verdict)
{
    s->regressed += strcmp(verdict, "REGRESSED") == 0;
    s->improved += strcmp(verdict, "IMPROVED") == 0;
    s->same += strcmp(verdict, "SAME") == 0;
    s->unresolved += strcmp(verdict, "UNRESOLVED") == 0;
    s->unmatched += strncmp(verdict, "ONLY", 4) == 0;
    s->other_data += strcmp(verdict, "OTHER DATA") == 0;
    s->failed += strncmp(verdict, "FAILED", 6) == 0;
}

/* NULL for the cell: a verdict over all of them; for samples: of counted values. */
static int emit_sampled(struct comparison *c, const struct sb_cell *cell, const char *metric,
                        const char *verdict, double ratio, double low, double high,
                        const int64_t *samples)
{
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_VERDICT);
    r.run = c->options->run;
    if (cell)
        r.cell = *cell;
    else
        sb_verdict_over_cells(&r);
    r.u.verdict.metric = metric;
    r.u.verdict.verdict = verdict;
    r.u.verdict.base = c->options->base;
    r.u.verdict.head = c->options->head;
    r.u.verdict.ratio = ratio;
    r.u.verdict.low = low;
    r.u.verdict.high = high;
    sb_record_because(&r, "p_value", "records measured one after the other are not paired");
    sb_record_because(&r, "rounds", "records measured one after the other are not paired");
    if (samples) {
        r.u.verdict.base_samples = samples[0];
        r.u.verdict.head_samples = samples[1];
    } else {
        sb_record_because(&r, "base_samples", "not a value of samples");
        sb_record_because(&r, "head_samples", "not a value of samples");
    }
    if (isnan(ratio))
        sb_record_because(&r, "ratio", "there is nothing to divide by");
    if (isnan(low))
        sb_record_because(&r, "low", "too few samples or processes, or a counted value");
    if (isnan(high))
        sb_record_because(&r, "high", "too few samples or processes, or a counted value");
    tally(c->summary, verdict);
    return c->emit(c->ctx, &r, c->err);
}

static int emit_verdict(struct comparison *c, const struct sb_cell *cell, const char *metric,
                        const char *verdict, double ratio, double low, double high)
{
    return emit_sampled(c, cell, metric, verdict, ratio, low, high, NULL);
}

static int compare_latency(struct comparison *c, const struct sb_cell *cell)
{
    struct side base, head;
    const size_t base_count = count_processes(c, c->base, cell);
    const size_t head_count = count_processes(c, c->head, cell);
    const bool by_process = base_count >= MIN_PROCESSES && head_count >= MIN_PROCESSES;
    /* pooled runs say nothing about how processes differ */
    const bool pooled = !by_process && (base_count > 1 || head_count > 1);
    int rc = latency_side(c, c->base, cell, by_process, &base);
    if (rc == 0)
        rc = latency_side(c, c->head, cell, by_process, &head);
    if (rc || (!base.known && !head.known))
        return rc;
    if (!base.known || !head.known)
        return emit_verdict(c, cell, "latency", base.known ? "ONLY BASE" : "ONLY HEAD", (double)NAN,
                            (double)NAN, (double)NAN);
    const double ratio = head.value / base.value;
    const double low = pooled ? (double)NAN : head.low / base.high;
    const double high = pooled ? (double)NAN : head.high / base.low;
    c->ratios[c->num_ratios++] = ratio;
    c->log_low += log(low);
    c->log_high += log(high);
    return emit_sampled(c, cell, "latency",
                        judge_interval(ratio, low, high, c->options->min_effect), ratio, low, high,
                        (const int64_t[]){(int64_t)base.samples, (int64_t)head.samples});
}

/* Counted values, where any difference is one; less is better. */
static int compare_exact(struct comparison *c, const struct sb_cell *cell, const char *metric,
                         double base, double head)
{
    if (isnan(base) || isnan(head))
        return 0;
    const char *verdict = head > base ? "REGRESSED" : head < base ? "IMPROVED" : "SAME";
    return emit_verdict(c, cell, metric, verdict, base > 0 ? head / base : (double)NAN, (double)NAN,
                        (double)NAN);
}

static const struct sb_record *find(const struct comparison *c, const struct sb_records *records,
                                    const struct sb_cell *cell, enum sb_record_kind kind,
                                    const char *phase)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != kind || r->part.node || r->part.level || r->part.op ||
            !matches(c, cell, &r->cell))
            continue;
        if (!phase || strcmp(r->u.memory.phase, phase) == 0)
            return r;
    }
    return NULL;
}

static double number(int64_t value)
{
    return value == SB_NO_INT ? (double)NAN : (double)value;
}

static int compare_costs(struct comparison *c, const struct sb_cell *cell)
{
    const struct sb_record *base = find(c, c->base, cell, SB_RECORD_COST, NULL);
    const struct sb_record *head = find(c, c->head, cell, SB_RECORD_COST, NULL);
    if (!base || !head)
        return 0;
    const struct sb_cost_record *b = &base->u.cost, *h = &head->u.cost;
    int rc = compare_exact(c, cell, "parameters", number(b->params), number(h->params));
    if (rc == 0)
        rc = compare_exact(c, cell, "multiply-adds", number(b->macs), number(h->macs));
    return rc;
}

static double planned(const struct sb_memory_record *m)
{
    return number(m->arena_bytes) + number(m->weight_bytes) + number(m->workspace_bytes);
}

static int compare_memory(struct comparison *c, const struct sb_cell *cell)
{
    const struct sb_record *base = find(c, c->base, cell, SB_RECORD_MEMORY, "total");
    const struct sb_record *head = find(c, c->head, cell, SB_RECORD_MEMORY, "total");
    if (!base || !head)
        return 0;
    int rc = compare_exact(c, cell, "planned memory", planned(&base->u.memory),
                           planned(&head->u.memory));
    const double b = number(base->u.memory.measured_bytes);
    const double h = number(head->u.memory.measured_bytes);
    if (rc || isnan(b) || isnan(h) || b <= 0)
        return rc;
    const double ratio = h / b, effect = c->options->min_effect;
    return emit_verdict(c, cell, "peak memory",
                        ratio > 1 + effect         ? "REGRESSED"
                        : ratio < 1 / (1 + effect) ? "IMPROVED"
                                                   : "SAME",
                        ratio, (double)NAN, (double)NAN);
}

/* True when any of the records of this cell is a check that failed. */
static bool check_failed(const struct comparison *c, const struct sb_records *records,
                         const struct sb_cell *cell)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_CHECK && !r->u.check.passed && matches(c, cell, &r->cell))
            return true;
    }
    return false;
}

static int compare_checks(struct comparison *c, const struct sb_cell *cell, bool *failed)
{
    const bool base = check_failed(c, c->base, cell), head = check_failed(c, c->head, cell);
    *failed = base || head;
    if (!*failed)
        return 0;
    return emit_verdict(c, cell, "output check",
                        base && head ? "FAILED BOTH"
                        : base       ? "FAILED BASE"
                                     : "FAILED HEAD",
                        (double)NAN, (double)NAN, (double)NAN);
}

/* More is better; where both have intervals, they must not overlap. */
static const char *judge_accuracy(const struct sb_accuracy_record *b,
                                  const struct sb_accuracy_record *h)
{
    if (b->value == h->value)
        return "SAME";
    if (!isnan(b->low) && !isnan(h->low) && h->low <= b->high && b->low <= h->high)
        return "UNRESOLVED";
    return h->value > b->value ? "IMPROVED" : "REGRESSED";
}

static int compare_accuracy(struct comparison *c)
{
    int rc = 0;
    for (size_t i = 0; i < c->base->count && rc == 0; i++) {
        const struct sb_record *b = &c->base->items[i];
        if (b->kind != SB_RECORD_ACCURACY || isnan(b->u.accuracy.value))
            continue;
        for (size_t k = 0; k < c->head->count && rc == 0; k++) {
            const struct sb_record *h = &c->head->items[k];
            if (h->kind != SB_RECORD_ACCURACY || isnan(h->u.accuracy.value) ||
                !matches(c, &b->cell, &h->cell) ||
                strcmp(b->u.accuracy.metric, h->u.accuracy.metric) != 0 ||
                strcmp(b->u.accuracy.dataset, h->u.accuracy.dataset) != 0)
                continue;
            const bool other_data =
                sb_texts_differ(b->u.accuracy.data_digest, h->u.accuracy.data_digest) ||
                sb_texts_differ(b->u.accuracy.images_digest, h->u.accuracy.images_digest);
            const double base = other_data ? 0 : b->u.accuracy.value;
            rc = emit_verdict(
                c, &b->cell, b->u.accuracy.metric,
                other_data ? "OTHER DATA" : judge_accuracy(&b->u.accuracy, &h->u.accuracy),
                base > 0 ? h->u.accuracy.value / base : (double)NAN, (double)NAN, (double)NAN);
            break;
        }
    }
    return rc;
}

/* A record about a whole cell: what makes cells known, and few enough to walk often. */
static bool is_of_cell(const struct sb_record *r)
{
    return r->kind != SB_RECORD_RUN && r->kind != SB_RECORD_ACCURACY && r->cell.model &&
           !r->part.node && !r->part.op && !r->part.level;
}

/* True when one of the first `count` records is about this cell. */
static bool has_cell(const struct comparison *c, const struct sb_records *records, size_t count,
                     const struct sb_cell *cell)
{
    for (size_t i = 0; i < count; i++) {
        if (is_of_cell(&records->items[i]) && matches(c, cell, &records->items[i].cell))
            return true;
    }
    return false;
}

static int compare_cell(struct comparison *c, const struct sb_cell *cell)
{
    bool failed;
    int rc = compare_checks(c, cell, &failed);
    if (rc == 0 && !failed)
        rc = compare_latency(c, cell);
    if (rc == 0)
        rc = compare_memory(c, cell);
    if (rc == 0)
        rc = compare_costs(c, cell);
    c->summary->cells++;
    return rc;
}

/* Cells of one list; those of the other list, too, are compared (first pass) or skipped. */
static int walk(struct comparison *c, const struct sb_records *own, const struct sb_records *other,
                bool compare, const char *missing)
{
    int rc = 0;
    for (size_t i = 0; i < own->count && rc == 0; i++) {
        const struct sb_record *r = &own->items[i];
        if (!is_of_cell(r) || has_cell(c, own, i, &r->cell))
            continue;
        if (!has_cell(c, other, other->count, &r->cell))
            rc = emit_verdict(c, &r->cell, "all", missing, (double)NAN, (double)NAN, (double)NAN);
        else if (compare)
            rc = compare_cell(c, &r->cell);
    }
    return rc;
}

static int emit_mean(struct comparison *c)
{
    if (c->num_ratios < 2)
        return 0;
    const double n = (double)c->num_ratios;
    const double ratio = sb_geometric_mean(c->ratios, c->num_ratios);
    const double low = exp(c->log_low / n), high = exp(c->log_high / n);
    return emit_verdict(c, NULL, "latency, geometric mean",
                        judge_interval(ratio, low, high, c->options->min_effect), ratio, low, high);
}

int sb_compare_records(const struct sb_records *base, const struct sb_records *head,
                       const struct sb_compare_options *options, sb_record_fn emit, void *ctx,
                       struct sb_compare_summary *summary, struct sb_error *err)
{
    struct comparison c = {.base = base, .head = head, .options = options};
    memset(summary, 0, sizeof(*summary));
    c.emit = emit;
    c.ctx = ctx;
    c.summary = summary;
    c.err = err;
    c.ratios = sb_calloc(base->count + 1, sizeof(*c.ratios), TAG);
    if (!c.ratios)
        return sb_error_nomem(err, "ratios", base->count * sizeof(*c.ratios));
    int rc = walk(&c, base, head, true, "ONLY BASE");
    if (rc == 0)
        rc = walk(&c, head, base, false, "ONLY HEAD");
    if (rc == 0)
        rc = compare_accuracy(&c);
    if (rc == 0)
        rc = emit_mean(&c);
    sb_free(c.ratios);
    return rc;
}
