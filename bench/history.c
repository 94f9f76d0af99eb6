/* Series of a history and their levels. See history.h. */
#include "bench/history.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench/change_points.h"
#include "bench/statistics.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)
/* Two sessions agree no better than this, whatever their differences say. */
#define LEAST_NOISE 0.002

void sb_history_options_defaults(struct sb_history_options *options)
{
    memset(options, 0, sizeof(*options));
    options->last = 1000;
    options->delta = 0.02;
}

/* A data set is known by its digests; by its name alone where a run has none. */
static bool same_data(const struct sb_history_series *a, const struct sb_history_series *b)
{
    if (sb_texts_differ(a->images_digest, b->images_digest))
        return false;
    return a->data_digest && b->data_digest ? sb_same_text(a->data_digest, b->data_digest)
                                            : sb_same_text(a->dataset, b->dataset);
}

/* The series that a point belongs to, made when it is the first. */
static struct sb_history_series *
find_series(struct sb_history *h, const struct sb_history_series *key, struct sb_error *err)
{
    for (size_t i = 0; i < h->count; i++) {
        struct sb_history_series *s = &h->series[i];
        if (strcmp(s->metric, key->metric) == 0 && strcmp(s->machine, key->machine) == 0 &&
            sb_same_text(s->blas, key->blas) && same_data(s, key) &&
            sb_same_cell(&s->cell, &key->cell)) {
            s->data_digest = s->data_digest ? s->data_digest : key->data_digest;
            s->images_digest = s->images_digest ? s->images_digest : key->images_digest;
            return s;
        }
    }
    if (sb_grow(&h->series, &h->capacity, h->count + 1, sizeof(*h->series), TAG)) {
        sb_error_nomem(err, "series", h->count * sizeof(*h->series));
        return NULL;
    }
    h->series[h->count] = *key;
    return &h->series[h->count++];
}

static int add_point(struct sb_history *h, const struct sb_history_series *key,
                     const struct sb_history_point *point, struct sb_error *err)
{
    if (!(point->value > 0) ||
        !isfinite(point->value)) /* AP 0 of untrained weights has no logarithm */
        return 0;
    struct sb_history_series *s = find_series(h, key, err);
    if (!s)
        return err->code;
    if (sb_grow(&s->points, &s->capacity, s->count + 1, sizeof(*s->points), TAG))
        return sb_error_nomem(err, "points", s->count * sizeof(*s->points));
    s->points[s->count++] = *point;
    return 0;
}

static bool is_same_run(const struct sb_history *h, size_t a, size_t b)
{
    return b < h->records.count && strcmp(h->records.items[a].run, h->records.items[b].run) == 0;
}

/* True for end-to-end samples that count, of the cell of record `like`. */
static bool is_time_of(const struct sb_record *r, const struct sb_record *like)
{
    return r->kind == SB_RECORD_TIME && !r->part.node && r->u.time.ns &&
           r->u.time.reference_ns > 0 && sb_same_cell(&r->cell, &like->cell);
}

/* The samples of all processes, which follow each other in one run, against the reference kernel,
 * with the interval where they are of one process: runs of one do not say how processes differ. 0
 * when record `at` is not the first of them or has no samples, NaN when out of memory. */
static void relative_latency(const struct sb_history *h, size_t at, struct sb_history_point *out)
{
    const struct sb_record *items = h->records.items, *time = &items[at];
    size_t count = 0, n = 0, processes = 0;
    out->value = 0;
    out->low = out->high = (double)NAN;
    for (size_t i = at; i > 0 && is_same_run(h, at, i - 1); i--) {
        if (is_time_of(&items[i - 1], time))
            return;
    }
    for (size_t i = at; is_same_run(h, at, i); i++) {
        count += is_time_of(&items[i], time) ? items[i].u.time.num_ns : 0;
        processes += is_time_of(&items[i], time);
    }
    if (count == 0)
        return;
    double *ns = sb_calloc(count, sizeof(*ns), TAG);
    out->value = (double)NAN;
    if (!ns)
        return;
    for (size_t i = at; is_same_run(h, at, i); i++) {
        for (size_t k = 0; is_time_of(&items[i], time) && k < items[i].u.time.num_ns; k++)
            ns[n++] = (double)items[i].u.time.ns[k];
    }
    const struct sb_summary summary = sb_summarize(ns, count);
    out->value = summary.median / time->u.time.reference_ns;
    if (processes == 1 && summary.interval.known) {
        out->low = summary.interval.low / time->u.time.reference_ns;
        out->high = summary.interval.high / time->u.time.reference_ns;
    }
    sb_free(ns);
}

static int add_record(struct sb_history *h, size_t at, const struct sb_record *run,
                      struct sb_error *err)
{
    const struct sb_record *r = &h->records.items[at];
    struct sb_history_series key = {.cell = r->cell, .machine = run->u.run.machine};
    struct sb_history_point point = {run, 0, (double)NAN, (double)NAN};
    if (r->kind == SB_RECORD_TIME && !r->part.node) {
        relative_latency(h, at, &point);
        key.metric = "latency";
        key.blas = run->u.run.blas;
        return isnan(point.value) ? sb_error_nomem(err, "samples", 0)
                                  : add_point(h, &key, &point, err);
    }
    if (r->kind == SB_RECORD_MEMORY && !r->part.level && strcmp(r->u.memory.phase, "total") == 0 &&
        r->u.memory.measured_bytes != SB_NO_INT) {
        key.metric = "peak memory";
        point.value = (double)r->u.memory.measured_bytes;
        return add_point(h, &key, &point, err);
    }
    if (r->kind == SB_RECORD_ACCURACY &&
        (strcmp(r->u.accuracy.metric, "AP") == 0 || strcmp(r->u.accuracy.metric, "top-1") == 0)) {
        key.metric = r->u.accuracy.metric;
        key.dataset = r->u.accuracy.dataset;
        key.data_digest = r->u.accuracy.data_digest;
        key.images_digest = r->u.accuracy.images_digest;
        key.higher_is_better = true;
        point.value = r->u.accuracy.value;
        point.low = r->u.accuracy.low;
        point.high = r->u.accuracy.high;
        return add_point(h, &key, &point, err);
    }
    return 0;
}

static int make_series(struct sb_history *h, const char *model, struct sb_error *err)
{
    const struct sb_record *run = NULL;
    int rc = 0;
    for (size_t i = 0; i < h->records.count && rc == 0; i++) {
        const struct sb_record *r = &h->records.items[i];
        if (r->kind == SB_RECORD_RUN || (model && !sb_same_text(model, r->cell.model)))
            continue;
        if (!run || strcmp(run->run, r->run) != 0) /* records of a run stand together */
            run = sb_records_find_run(&h->records, r->run);
        if (run && run->u.run.machine && run->u.run.commit)
            rc = add_record(h, i, run, err);
    }
    return rc;
}

static void keep_last(struct sb_history_series *s, size_t last)
{
    if (last == 0 || s->count <= last)
        return;
    memmove(s->points, s->points + s->count - last, last * sizeof(*s->points));
    s->count = last;
}

/* Levels and changes of the segments that start at `first`. */
static int make_segments(struct sb_history_series *s, const double *values, const size_t *first,
                         size_t count, double delta, struct sb_error *err)
{
    s->segments = sb_calloc(count, sizeof(*s->segments), TAG);
    if (!s->segments)
        return sb_error_nomem(err, "segments", count * sizeof(*s->segments));
    s->num_segments = count;
    for (size_t k = 0; k < count; k++) {
        struct sb_history_segment *segment = &s->segments[k];
        const struct sb_history_segment *before = k ? segment - 1 : NULL;
        segment->first = first[k];
        segment->count = (k + 1 < count ? first[k + 1] : s->count) - first[k];
        segment->level = sb_median_of(values + segment->first, segment->count);
        if (isnan(segment->level))
            return sb_error_nomem(err, "a level", segment->count * sizeof(*values));
        segment->change = before ? segment->level / before->level - 1 : (double)NAN;
        segment->counts = before && before->count >= SB_HISTORY_LEAST &&
                          segment->count >= SB_HISTORY_LEAST &&
                          fabs(log1p(segment->change)) > log1p(delta);
    }
    return 0;
}

static int fit(struct sb_history_series *s, const struct sb_history_options *o,
               struct sb_error *err)
{
    keep_last(s, o->last);
    size_t count = 0, *first = sb_calloc(s->count, sizeof(*first), TAG);
    double *values = sb_calloc(2 * s->count, sizeof(*values), TAG), *y = values + s->count;
    if (!first || !values) {
        sb_free(first);
        sb_free(values);
        return sb_error_nomem(err, "a series", 2 * s->count * sizeof(*values));
    }
    for (size_t i = 0; i < s->count; i++) {
        values[i] = s->points[i].value;
        y[i] = log(values[i]);
    }
    const double noise = sb_neighbour_noise(y, s->count);
    s->noise = noise > LEAST_NOISE ? noise : LEAST_NOISE;
    int rc = isnan(noise) ? sb_error_nomem(err, "a series", s->count * sizeof(*y))
                          : sb_fit_levels(y, s->count, sb_step_penalty(s->noise, s->count),
                                          SB_HISTORY_LEAST, first, &count, err);
    if (rc == 0)
        rc = make_segments(s, values, first, count, o->delta, err);
    sb_free(first);
    sb_free(values);
    return rc;
}

static int is_record_file(const struct dirent *entry)
{
    return sb_ends_with(entry->d_name, ".jsonl");
}

/* Machines in order of name. */
static int read_machine(struct sb_history *h, const char *path, struct sb_error *err)
{
    const int rc = sb_records_read(&h->records, path, NULL, NULL, err);
    if (rc == SB_EFORMAT && !err->hint[0])
        sb_error_hint(err,
                      "take that line out, or the file as it was before, and add the run again");
    return rc;
}

static int read_files(struct sb_history *h, const char *dir, struct sb_error *err)
{
    struct dirent **names = NULL;
    const int count = scandir(dir, &names, is_record_file, alphasort);
    if (count < 0)
        return sb_error_errno(err, "cannot read the folder", dir);
    int rc = 0;
    for (int i = 0; i < count; i++) {
        char *path = rc == 0 ? sb_path_join(dir, names[i]->d_name) : NULL;
        if (rc == 0)
            rc =
                path ? read_machine(h, path, err) : sb_error_nomem(err, "a file name", strlen(dir));
        sb_free(path);
        free(names[i]); /* the C library's */
    }
    free(names);
    if (rc == 0 && h->records.count == 0) {
        rc = sb_error_set(err, SB_EFORMAT, "no records in this folder");
        sb_error_file(err, dir);
        sb_error_hint(err, "'history add %s RUN.jsonl' makes a history", dir);
    }
    return rc;
}

int sb_history_load(struct sb_history *h, const char *dir, const struct sb_history_options *options,
                    struct sb_error *err)
{
    memset(h, 0, sizeof(*h));
    sb_records_init(&h->records);
    int rc = read_files(h, dir, err);
    if (rc == 0)
        rc = make_series(h, options->model, err);
    for (size_t i = 0; i < h->count && rc == 0; i++)
        rc = fit(&h->series[i], options, err);
    if (rc)
        sb_history_release(h);
    return rc;
}

static const char *machine_of(const struct sb_history *h, const struct sb_record *r)
{
    const struct sb_record *run = sb_records_find_run(&h->records, r->run);
    return run ? run->u.run.machine : NULL;
}

/* A later check of the same cell on the same machine says how things are now. */
static bool is_superseded(const struct sb_history *h, size_t at)
{
    const struct sb_record *items = h->records.items, *failed = &items[at];
    for (size_t i = at + 1; i < h->records.count; i++) {
        if (items[i].kind == SB_RECORD_CHECK && sb_same_cell(&items[i].cell, &failed->cell) &&
            strcmp(items[i].run, failed->run) != 0 &&
            sb_same_text(machine_of(h, &items[i]), machine_of(h, failed)))
            return true;
    }
    return false;
}

const struct sb_record *sb_history_next_failed(const struct sb_history *h, size_t *index)
{
    while (*index < h->records.count) {
        const size_t at = (*index)++;
        const struct sb_record *r = &h->records.items[at];
        if (r->kind == SB_RECORD_CHECK && !r->u.check.passed && !is_superseded(h, at))
            return r;
    }
    return NULL;
}

void sb_history_release(struct sb_history *h)
{
    for (size_t i = 0; i < h->count; i++) {
        sb_free(h->series[i].points);
        sb_free(h->series[i].segments);
    }
    sb_free(h->series);
    sb_records_release(&h->records);
    memset(h, 0, sizeof(*h));
}
