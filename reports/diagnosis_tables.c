/* Rows of a diagnosis. See diagnosis_tables.h. */
#include "reports/diagnosis_tables.h"

#include "base/mem.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

#define MOST_CONFUSIONS 40
#define MOST_NAMED      8 /* models of a note; of more it says how many */

/* True when the records of a kind are of several models or data sets, so that rows must name it. */
static bool are_several(const struct sb_records *records, enum sb_record_kind kind)
{
    const struct sb_record *first = NULL;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind != kind || !r->cell.model)
            continue;
        if (first && strcmp(first->cell.model, r->cell.model) != 0)
            return true;
        first = r;
    }
    return false;
}

static const char *dataset_of(const struct sb_record *r)
{
    return r->kind == SB_RECORD_CATEGORY ? r->u.category.dataset
           : r->kind == SB_RECORD_ERROR  ? r->u.error.dataset
           : r->kind == SB_RECORD_CURVE  ? r->u.curve.dataset
                                         : r->u.confusion.dataset;
}

/* True when a record before it has its kind, data set and, if asked, model; most often the last. */
static bool is_known(const struct sb_records *records, size_t index, bool with_model)
{
    const struct sb_record *const r = &records->items[index];
    for (size_t i = index; i-- > 0;) {
        const struct sb_record *const before = &records->items[i];
        if (before->kind == r->kind && strcmp(dataset_of(before), dataset_of(r)) == 0 &&
            (!with_model || sb_same_text(before->cell.model, r->cell.model)))
            return true;
    }
    return false;
}

/* Images of the accuracy beside a diagnosis; SB_NO_INT where none is recorded. */
static int64_t images_of(const struct sb_records *records, const char *dataset)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_accuracy_record *const a = &records->items[i].u.accuracy;
        if (records->items[i].kind == SB_RECORD_ACCURACY && a->samples != SB_NO_INT &&
            strcmp(a->dataset, dataset) == 0)
            return a->samples;
    }
    return SB_NO_INT;
}

/* Appends the models of the records of this kind and data set, or counts them where out is NULL. */
static size_t put_models(const struct sb_records *records, enum sb_record_kind kind,
                         const char *dataset, struct sb_str *out)
{
    size_t models = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind != kind || strcmp(dataset_of(r), dataset) != 0 || is_known(records, i, true))
            continue;
        if (out)
            sb_str_printf(out, "%s%s", models ? ", " : "",
                          r->cell.model ? r->cell.model : "results");
        models++;
    }
    return models;
}

/* "a, b on val.json, n = 100 images" */
static void put_subject(const struct sb_records *records, enum sb_record_kind kind,
                        const char *dataset, struct sb_str *out)
{
    const size_t models = put_models(records, kind, dataset, NULL);
    if (models > MOST_NAMED)
        sb_str_printf(out, "%zu models", models);
    else
        put_models(records, kind, dataset, out);
    const int64_t images = images_of(records, dataset);
    sb_str_printf(out, " on %s", dataset);
    if (images != SB_NO_INT)
        sb_str_printf(out, ", n = %lld images", (long long)images);
}

void sb_diagnosis_subjects(const struct sb_records *records, enum sb_record_kind kind,
                           struct sb_str *out)
{
    const char *next = "";
    for (size_t i = 0; i < records->count; i++) {
        if (records->items[i].kind != kind || is_known(records, i, false))
            continue;
        sb_str_puts(out, next);
        put_subject(records, kind, dataset_of(&records->items[i]), out);
        next = "; ";
    }
}

static void say_subjects(struct sb_table *t, const struct sb_records *records,
                         enum sb_record_kind kind)
{
    struct sb_str text = SB_STR_INIT;
    sb_diagnosis_subjects(records, kind, &text);
    if (text.length)
        sb_table_note(t, "%s.", sb_str_text(&text));
    t->texts.failed = t->texts.failed || text.failed;
    sb_str_release(&text);
}

static void put_model(struct sb_table *t, bool several, const struct sb_record *r)
{
    if (several)
        sb_table_cell(t, "%s", r->cell.model ? r->cell.model : "");
}

static void put_count(struct sb_table *t, int64_t count)
{
    if (count == SB_NO_INT)
        sb_table_missing(t, "not counted one by one");
    else
        sb_table_value(t, (double)count);
}

static void put_value(struct sb_table *t, double value, const char *why)
{
    if (isnan(value))
        sb_table_missing(t, why);
    else
        sb_table_value(t, value);
}

static void measured(struct sb_table *t, const char *key, const char *name,
                     enum sb_quantity quantity)
{
    sb_table_quantity(t, key, name, quantity, SB_SOURCE_MEASURED);
}

/* Starts a table with a row per record of a kind: the model, where there are several. */
static bool start(struct sb_table *t, const struct sb_records *records, enum sb_record_kind kind)
{
    const bool several = are_several(records, kind);
    if (several)
        sb_table_label(t, "model", "model");
    return several;
}

typedef void (*put_row_fn)(struct sb_table *t, const struct sb_record *r);

static void put_rows(struct sb_table *t, const struct sb_records *records, enum sb_record_kind kind,
                     bool several, put_row_fn put)
{
    for (size_t i = 0; i < records->count && !t->texts.failed; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind != kind)
            continue;
        sb_table_row(t);
        put_model(t, several, r);
        put(t, r);
    }
    say_subjects(t, records, kind);
}

static void put_category(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_category_record *const c = &r->u.category;
    const char *const none = "no object of this size";
    sb_table_cell(t, "%s", c->category);
    put_count(t, c->objects);
    put_count(t, c->detections);
    if (isnan(c->ap) || isnan(c->ap_low) || isnan(c->ap_high))
        put_value(t, c->ap, "no object");
    else
        sb_table_interval(t, c->ap, c->ap_low, c->ap_high);
    put_value(t, c->ap50, "no object");
    put_value(t, c->ap75, "no object");
    put_value(t, c->ap_small, none);
    put_value(t, c->ap_medium, none);
    put_value(t, c->ap_large, none);
    put_value(t, c->ar, "no object");
}

int sb_categories_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    const bool several = start(t, records, SB_RECORD_CATEGORY);
    sb_table_label(t, "category", "category");
    sb_table_quantity(t, "objects", "objects", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_quantity(t, "detections", "detections", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    measured(t, "ap", "AP", SB_QUANTITY_ACCURACY);
    measured(t, "ap50", "AP50", SB_QUANTITY_ACCURACY);
    measured(t, "ap75", "AP75", SB_QUANTITY_ACCURACY);
    measured(t, "ap_small", "APS", SB_QUANTITY_ACCURACY);
    measured(t, "ap_medium", "APM", SB_QUANTITY_ACCURACY);
    measured(t, "ap_large", "APL", SB_QUANTITY_ACCURACY);
    measured(t, "ar", "AR", SB_QUANTITY_ACCURACY);
    put_rows(t, records, SB_RECORD_CATEGORY, several, put_category);
    sb_table_note(t, "In points of 100 [95 %% interval, bootstrap over images].");
    return 0;
}

static void put_threshold(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_category_record *const c = &r->u.category;
    const char *const none = "no detection is right";
    sb_table_cell(t, "%s", c->category);
    put_count(t, c->objects);
    put_value(t, c->threshold, none);
    put_value(t, c->f1, none);
    put_value(t, c->precision, none);
    put_value(t, c->recall, none);
    put_value(t, c->ece, "no detection");
}

int sb_thresholds_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    const bool several = start(t, records, SB_RECORD_CATEGORY);
    sb_table_label(t, "category", "category");
    sb_table_quantity(t, "objects", "objects", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    measured(t, "threshold", "best threshold", SB_QUANTITY_RATIO);
    measured(t, "f1", "F1", SB_QUANTITY_RATIO);
    measured(t, "precision", "precision", SB_QUANTITY_RATIO);
    measured(t, "recall", "recall", SB_QUANTITY_RATIO);
    measured(t, "ece", "ECE", SB_QUANTITY_RATIO);
    put_rows(t, records, SB_RECORD_CATEGORY, several, put_threshold);
    sb_table_note(t, "Score from which on F1 is best, at IoU 0.5. ECE: expected calibration error, "
                     "the mean distance of scores from the share of right detections.");
    return 0;
}

static const struct {
    const char *error, *meaning;
} meanings[] = {
    {"Cls", "on an object of another class"},
    {"Loc", "on an object of its class, badly placed"},
    {"Both", "wrong class, badly placed"},
    {"Dupe", "on an object that a better detection has"},
    {"Bkg", "on nothing"},
    {"Miss", "object without any detection"},
    {"FalsePos", "all wrong detections"},
    {"FalseNeg", "all objects that no right detection has"},
};

static void put_error(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_error_record *const e = &r->u.error;
    const char *meaning = "";
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strcmp(meanings[i].error, e->error) == 0)
            meaning = meanings[i].meaning;
    }
    sb_table_cell(t, "%s", e->error);
    sb_table_cell(t, "%s", meaning);
    put_count(t, e->count);
    if (isnan(e->delta_ap) || isnan(e->delta_low) || isnan(e->delta_high))
        put_value(t, e->delta_ap, "no object");
    else
        sb_table_interval(t, e->delta_ap, e->delta_low, e->delta_high);
    const char *const why = "not split by size";
    put_value(t, e->delta_small, why);
    put_value(t, e->delta_medium, why);
    put_value(t, e->delta_large, why);
}

int sb_errors_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    const bool several = start(t, records, SB_RECORD_ERROR);
    sb_table_label(t, "error", "error");
    sb_table_label(t, "meaning", "what it is");
    sb_table_quantity(t, "count", "count", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    measured(t, "delta_ap", "dAP50", SB_QUANTITY_ACCURACY);
    measured(t, "delta_small", "small", SB_QUANTITY_ACCURACY);
    measured(t, "delta_medium", "medium", SB_QUANTITY_ACCURACY);
    measured(t, "delta_large", "large", SB_QUANTITY_ACCURACY);
    put_rows(t, records, SB_RECORD_ERROR, several, put_error);
    sb_table_note(t, "dAP50: points of AP50 gained when all errors of the kind are fixed (TIDE, "
                     "Bolya et al. 2020) [95 %% interval, bootstrap over images], and when only "
                     "those on objects of one size are (Both, Dupe, Bkg: on detections of that "
                     "size); they do not add up.");
    return 0;
}

static void put_category_errors(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_category_record *const c = &r->u.category;
    sb_table_cell(t, "%s", c->category);
    put_count(t, c->objects);
    const int64_t counts[] = {c->right, c->cls, c->loc, c->both, c->dupe, c->bkg, c->miss};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        put_count(t, counts[i]);
    const double deltas[] = {c->delta_cls,  c->delta_loc, c->delta_both,
                             c->delta_dupe, c->delta_bkg, c->delta_miss};
    for (size_t i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++)
        put_value(t, deltas[i], "no object");
}

int sb_category_errors_table(struct sb_table *t, const struct sb_records *records,
                             struct sb_error *err)
{
    (void)err;
    static const char *const names[] = {"right", "Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"};
    const bool several = start(t, records, SB_RECORD_CATEGORY);
    sb_table_label(t, "category", "category");
    sb_table_quantity(t, "objects", "objects", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        measured(t, names[i], names[i], SB_QUANTITY_COUNT);
    for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *const name = sb_texts_printf(&t->texts, "dAP50 %s", names[i]);
        measured(t, sb_texts_printf(&t->texts, "delta_%s", names[i]), name, SB_QUANTITY_ACCURACY);
    }
    put_rows(t, records, SB_RECORD_CATEGORY, several, put_category_errors);
    sb_table_note(t, "Detections (Miss: objects) by kind of error, whatever their score. dAP50: "
                     "points of AP50 that the category gains when all errors of the kind are "
                     "fixed, of whatever category.");
    return 0;
}

/* One row per bin that has detections. */
static void put_bins(struct sb_table *t, const struct sb_record *r, bool several)
{
    const struct sb_curve_record *const c = &r->u.curve;
    for (size_t i = 0; i < c->x.count; i++) {
        if (isnan(c->x.values[i]) || isnan(c->y.values[i]))
            continue;
        sb_table_row(t);
        put_model(t, several, r);
        sb_table_value(t, c->x.values[i]);
        if (c->low.values && c->high.values)
            sb_table_interval(t, c->y.values[i], c->low.values[i], c->high.values[i]);
        else
            sb_table_value(t, c->y.values[i]);
        if (c->count.values)
            sb_table_value(t, c->count.values[i]);
    }
}

int sb_calibration_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    const bool several = start(t, records, SB_RECORD_CURVE);
    measured(t, "score", "mean score", SB_QUANTITY_RATIO);
    measured(t, "right", "share right", SB_QUANTITY_RATIO);
    sb_table_quantity(t, "count", "detections", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    for (size_t i = 0; i < records->count && !t->texts.failed; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind == SB_RECORD_CURVE && strcmp(r->u.curve.curve, "calibration") == 0)
            put_bins(t, r, several);
    }
    say_subjects(t, records, SB_RECORD_CURVE);
    sb_table_note(t, "Detections in ten ranges of score; right: on an object of their class at IoU "
                     "0.5 [95 %% interval].");
    return 0;
}

static bool is_confusion(const struct sb_record *r)
{
    const struct sb_confusion_record *const c = &r->u.confusion;
    return r->kind == SB_RECORD_CONFUSION && c->truth && c->predicted &&
           strcmp(c->truth, c->predicted) != 0;
}

/* Objects of a category, found or not. */
static int64_t objects_of(const struct sb_records *records, const struct sb_record *like)
{
    int64_t sum = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind == SB_RECORD_CONFUSION && r->u.confusion.truth &&
            sb_same_cell(&r->cell, &like->cell) &&
            strcmp(r->u.confusion.truth, like->u.confusion.truth) == 0)
            sum += r->u.confusion.count;
    }
    return sum;
}

/* Most frequent first, then in order of records. */
static int by_count(const void *a, const void *b)
{
    const struct sb_record *const x = *(const struct sb_record *const *)a;
    const struct sb_record *const y = *(const struct sb_record *const *)b;
    if (x->u.confusion.count != y->u.confusion.count)
        return x->u.confusion.count < y->u.confusion.count ? 1 : -1;
    return x < y ? -1 : x > y;
}

int sb_confusions_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    const struct sb_record **const found =
        sb_calloc(records->count, sizeof(struct sb_record *), TAG);
    if (!found)
        return sb_error_nomem(err, "confusions", records->count);
    const bool several = start(t, records, SB_RECORD_CONFUSION);
    size_t count = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (is_confusion(&records->items[i]))
            found[count++] = &records->items[i];
    }
    qsort(found, count, sizeof(*found), by_count);
    sb_table_label(t, "truth", "object");
    sb_table_label(t, "predicted", "found as");
    measured(t, "count", "count", SB_QUANTITY_COUNT);
    measured(t, "share", "of the objects", SB_QUANTITY_SHARE);
    for (size_t i = 0; i < count && i < MOST_CONFUSIONS; i++) {
        const struct sb_confusion_record *const c = &found[i]->u.confusion;
        sb_table_row(t);
        put_model(t, several, found[i]);
        sb_table_cell(t, "%s", c->truth);
        sb_table_cell(t, "%s", c->predicted);
        sb_table_value(t, (double)c->count);
        sb_table_value(t, (double)c->count / (double)objects_of(records, found[i]));
    }
    say_subjects(t, records, SB_RECORD_CONFUSION);
    if (count > MOST_CONFUSIONS)
        sb_table_note(t, "The %d most frequent of %zu.", MOST_CONFUSIONS, count);
    sb_table_note(t, "Detections at the best threshold of their class, IoU 0.5 or more.");
    sb_free(found);
    return 0;
}

/* A category of a matrix, with how often it is confused with others, over all models. */
struct matrix_category {
    const char *name;
    int64_t confused;
    size_t order; /* of its first record */
};

/* The categories that a matrix shows, and the models, in order of records. */
struct matrix {
    struct matrix_category *categories; /* owned */
    size_t count, all;                  /* shown, known */
    const struct sb_record **models;    /* the first category record of each; owned */
    size_t num_models;
};

static struct matrix_category *category_of(struct matrix *m, const char *name)
{
    for (size_t i = 0; name && i < m->all; i++) {
        if (strcmp(m->categories[i].name, name) == 0)
            return &m->categories[i];
    }
    return NULL;
}

static void add_category(struct matrix *m, const struct sb_record *r)
{
    bool known = false;
    for (size_t i = 0; i < m->num_models; i++)
        known = known || sb_same_cell(&m->models[i]->cell, &r->cell);
    if (!known)
        m->models[m->num_models++] = r;
    if (category_of(m, r->u.category.category))
        return;
    m->categories[m->all] = (struct matrix_category){r->u.category.category, 0, m->all};
    m->all++;
}

/* Most confused first, then in order of records. */
static int by_confusion(const void *a, const void *b)
{
    const struct matrix_category *const x = a, *const y = b;
    if (x->confused != y->confused)
        return x->confused < y->confused ? 1 : -1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_order(const void *a, const void *b)
{
    const struct matrix_category *const x = a, *const y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int find_matrix(struct matrix *m, const struct sb_records *records, struct sb_error *err)
{
    memset(m, 0, sizeof(*m));
    m->categories = sb_calloc(records->count, sizeof(*m->categories), TAG);
    m->models = sb_calloc(records->count, sizeof(*m->models), TAG);
    if (!m->categories || !m->models)
        return sb_error_nomem(err, "a matrix", records->count);
    for (size_t i = 0; i < records->count; i++) {
        if (records->items[i].kind == SB_RECORD_CATEGORY)
            add_category(m, &records->items[i]);
    }
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (!is_confusion(r))
            continue;
        struct matrix_category *const truth = category_of(m, r->u.confusion.truth);
        struct matrix_category *const found = category_of(m, r->u.confusion.predicted);
        if (truth)
            truth->confused += r->u.confusion.count;
        if (found)
            found->confused += r->u.confusion.count;
    }
    if (m->all) /* no category, no array */
        qsort(m->categories, m->all, sizeof(*m->categories), by_confusion);
    m->count = m->all < SB_MATRIX_CATEGORIES ? m->all : SB_MATRIX_CATEGORIES;
    if (m->count)
        qsort(m->categories, m->count, sizeof(*m->categories), by_order);
    return 0;
}

static void release_matrix(struct matrix *m)
{
    sb_free(m->categories);
    sb_free(m->models);
}

/* Column of a category; count of those shown: another; one more: none (missed). */
static size_t place_in(const struct matrix *m, const char *name)
{
    size_t i = 0;
    while (name && i < m->count && strcmp(m->categories[i].name, name) != 0)
        i++;
    return name ? i : m->count + 1;
}

/* Counts of one row of a model: objects of `truth`, NULL for detections on nothing. */
static void sum_row(const struct matrix *m, const struct sb_records *records,
                    const struct sb_record *model, const char *truth, int64_t *sums)
{
    memset(sums, 0, (SB_MATRIX_CATEGORIES + 2) * sizeof(*sums));
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if (r->kind == SB_RECORD_CONFUSION && sb_same_cell(&r->cell, &model->cell) &&
            sb_same_text(r->u.confusion.truth, truth))
            sums[place_in(m, r->u.confusion.predicted)] += r->u.confusion.count;
    }
}

static void put_matrix_row(struct sb_table *t, const struct matrix *m,
                           const struct sb_records *records, const struct sb_record *model,
                           const char *truth)
{
    int64_t sums[SB_MATRIX_CATEGORIES + 2];
    sum_row(m, records, model, truth, sums);
    sb_table_row(t);
    put_model(t, m->num_models > 1, model);
    sb_table_cell(t, "%s", truth ? truth : "nothing");
    for (size_t k = 0; k <= m->count + 1; k++) {
        if (k == m->count && m->count == m->all)
            continue;
        if (k > m->count && !truth)
            sb_table_missing(t, "nothing cannot be missed");
        else
            sb_table_value(t, (double)sums[k]);
    }
}

static void matrix_columns(struct sb_table *t, const struct matrix *m)
{
    if (m->num_models > 1)
        sb_table_label(t, "model", "model");
    sb_table_label(t, "object", "object");
    for (size_t k = 0; k < m->count; k++)
        measured(t, m->categories[k].name, m->categories[k].name, SB_QUANTITY_COUNT);
    if (m->count < m->all)
        measured(t, "others", "others", SB_QUANTITY_COUNT);
    measured(t, "missed", "missed", SB_QUANTITY_COUNT);
}

int sb_confusion_matrix(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    struct matrix m;
    const int rc = find_matrix(&m, records, err);
    if (rc == 0) {
        matrix_columns(t, &m);
        for (size_t i = 0; i < m.num_models; i++) {
            for (size_t row = 0; row <= m.count && !t->texts.failed; row++) {
                put_matrix_row(t, &m, records, m.models[i],
                               row < m.count ? m.categories[row].name : NULL);
                if (row == 0)
                    sb_table_rule(t);
            }
        }
        say_subjects(t, records, SB_RECORD_CATEGORY);
        sb_table_note(t, "Rows: objects; columns: what they were found as, at the best threshold "
                         "of each class and IoU 0.5 or more.");
        if (m.count < m.all)
            sb_table_note(t, "The %zu categories of %zu that are confused most.", m.count, m.all);
    }
    release_matrix(&m);
    return rc;
}
