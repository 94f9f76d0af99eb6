/* See list_check.h. */
#include "datasets/list_check.h"

#include "base/mem.h"
#include "base/str.h"
#include "datasets/file_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TAG            SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_GAP_LABELS 1000000 /* labels beyond are names, not numbers of classes */

struct checker {
    const struct sb_label_list *list;
    struct sb_list_stats *out;
    sb_finding_fn found;
    void *ctx;
    struct sb_str text;
};

static void report(struct checker *c, enum sb_finding kind)
{
    c->out->findings[kind]++;
    if (c->found)
        c->found(c->ctx, kind, sb_str_text(&c->text));
    sb_str_clear(&c->text);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int check_names(struct checker *c, struct sb_error *err)
{
    const size_t n = c->out->images;
    char **const sorted = sb_calloc(n + 1, sizeof(*sorted), TAG);
    if (!sorted)
        return sb_error_nomem(err, "names", n * sizeof(*sorted));
    memcpy(sorted, c->list->names, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare_names);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i], sorted[i - 1]) != 0)
            continue;
        sb_str_puts(&c->text, sorted[i]);
        report(c, SB_FINDING_DUPLICATE_IMAGE);
    }
    sb_free(sorted);
    return 0;
}

static int compare_labels(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Labels that are there, in order, into classes. */
static int count_classes(struct checker *c, struct sb_error *err)
{
    struct sb_list_stats *const out = c->out;
    const size_t n = out->images;
    int64_t *const sorted = sb_calloc(n + 1, sizeof(*sorted), TAG);
    out->classes = sb_calloc(n + 1, sizeof(*out->classes), TAG);
    if (!sorted || !out->classes) {
        sb_free(sorted);
        return sb_error_nomem(err, "classes", n * sizeof(*out->classes));
    }
    for (size_t i = 0; i < n; i++)
        if (c->list->labels[i] >= 0)
            sorted[out->labelled++] = c->list->labels[i];
    qsort(sorted, out->labelled, sizeof(*sorted), compare_labels);
    for (size_t i = 0; i < out->labelled; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1])
            out->classes[out->num_classes++].label = sorted[i];
        out->classes[out->num_classes - 1].images++;
    }
    sb_free(sorted);
    return 0;
}

static int summarize(struct sb_list_stats *out, struct sb_error *err)
{
    size_t *const sizes = sb_calloc(out->num_classes + 1, sizeof(*sizes), TAG);
    if (!sizes)
        return sb_error_nomem(err, "classes", out->num_classes * sizeof(*sizes));
    for (size_t i = 0; i < out->num_classes; i++)
        sizes[i] = out->classes[i].images;
    sb_spread_of(sizes, out->num_classes, &out->class_sizes);
    sb_free(sizes);
    return 0;
}

/* In a list with labels: images without one, and numbers of classes that no image has. */
static void check_labels(struct checker *c)
{
    const struct sb_list_stats *const out = c->out;
    for (size_t i = 0; out->labelled && i < out->images; i++) {
        if (c->list->labels[i] >= 0)
            continue;
        sb_str_puts(&c->text, c->list->names[i]);
        report(c, SB_FINDING_NO_LABEL);
    }
    int64_t next = 0;
    for (size_t i = 0; i < out->num_classes && out->classes[i].label < MAX_GAP_LABELS; i++) {
        for (; next < out->classes[i].label; next++) {
            sb_str_printf(&c->text, "class %" PRId64, next);
            report(c, SB_FINDING_UNUSED_CATEGORY);
        }
        next++;
    }
}

static int check_files(struct checker *c, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_file_state *states = NULL;
    const int rc = sb_files_check(&c->list->images, pool, &states, err);
    for (size_t i = 0; rc == 0 && i < c->out->images; i++) {
        if (states[i].verdict == SB_FILE_GOOD)
            continue;
        sb_str_puts(&c->text, c->list->names[i]);
        if (states[i].verdict == SB_FILE_BROKEN)
            sb_str_printf(&c->text, ": %s", states[i].why);
        report(c, states[i].verdict == SB_FILE_MISSING ? SB_FINDING_MISSING_FILE
                                                       : SB_FINDING_BROKEN_FILE);
    }
    sb_free(states);
    return rc;
}

int sb_list_check(const struct sb_label_list *list, bool files, struct sb_pool *pool,
                  sb_finding_fn found, void *ctx, struct sb_list_stats *out, struct sb_error *err)
{
    struct checker c = {.list = list, .out = out, .found = found, .ctx = ctx};
    memset(out, 0, sizeof(*out));
    out->images = list->images.count;
    int rc = check_names(&c, err);
    if (rc == 0)
        rc = count_classes(&c, err);
    if (rc == 0)
        rc = summarize(out, err);
    if (rc == 0)
        check_labels(&c);
    if (rc == 0 && files)
        rc = check_files(&c, pool, err);
    if (rc == 0 && c.text.failed)
        rc = sb_error_nomem(err, "a finding", 0);
    sb_str_release(&c.text);
    if (rc)
        sb_list_stats_release(out);
    return rc;
}

void sb_list_stats_release(struct sb_list_stats *stats)
{
    sb_free(stats->classes);
    memset(stats, 0, sizeof(*stats));
}
