/* Accuracy against cost, latency and memory, and latency against cost: a point per model, families
 * joined by curves (the paper's figures 1 and 2). */
#include "reports/figures.h"

#include "base/mem.h"
#include "reports/families.h"
#include "reports/figure_style.h"
#include "reports/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SUBJECTS 4 /* metrics and data sets in one figure */

/* A value with its interval in base units; NaN for what is missing. */
struct estimate {
    double value, low, high;
};

struct quantity {
    const char *title;
    enum sb_quantity quantity;
    const char *source;
    struct estimate (*of)(const struct quantity *q, const struct sb_report_rows *rows,
                          const struct sb_row *row);
    const char *dataset; /* of accuracies, whose metric is the title */
};

static const struct estimate none = {NAN, NAN, NAN};

static struct estimate tf_of(const struct quantity *q, const struct sb_report_rows *rows,
                             const struct sb_row *row)
{
    (void)q;
    (void)rows;
    return row->has_cost ? (struct estimate){row->cost.tf_multi_adds, NAN, NAN} : none;
}

static struct estimate macs_of(const struct quantity *q, const struct sb_report_rows *rows,
                               const struct sb_row *row)
{
    (void)q;
    (void)rows;
    return row->has_cost ? (struct estimate){(double)row->cost.macs, NAN, NAN} : none;
}

static struct estimate latency_of(const struct quantity *q, const struct sb_report_rows *rows,
                                  const struct sb_row *row)
{
    (void)q;
    (void)rows;
    const struct sb_interval *i = &row->time.interval;
    if (sb_row_time_why(row))
        return none;
    return (struct estimate){row->time.median, i->known ? i->low : NAN, i->known ? i->high : NAN};
}

static struct estimate memory_of(const struct quantity *q, const struct sb_report_rows *rows,
                                 const struct sb_row *row)
{
    (void)q;
    (void)rows;
    const int64_t peak = row->memory.measured_bytes, planned = sb_row_planned_bytes(row);
    const int64_t bytes = peak != SB_NO_INT ? peak : planned;
    return bytes == SB_NO_INT ? none : (struct estimate){(double)bytes, NAN, NAN};
}

static struct estimate accuracy_of(const struct quantity *q, const struct sb_report_rows *rows,
                                   const struct sb_row *row)
{
    const char *why;
    const struct sb_record *r = sb_row_accuracy(rows, row, q->title, q->dataset, &why);
    if (!r || isnan(r->u.accuracy.value))
        return none;
    return (struct estimate){r->u.accuracy.value, r->u.accuracy.low, r->u.accuracy.high};
}

/* Titled as the columns "tf" and "macs" of tables. */
static const struct quantity tf = {"Paper FLOPs", SB_QUANTITY_AMOUNT, "computed", tf_of, NULL};
static const struct quantity macs = {"Multiply-adds", SB_QUANTITY_AMOUNT, "computed", macs_of,
                                     NULL};
static const struct quantity latency = {"Latency", SB_QUANTITY_TIME, "measured", latency_of, NULL};
static const struct quantity memory = {"Peak memory", SB_QUANTITY_BYTES, "measured", memory_of,
                                       NULL};

/* What the paper's profiler counts, where every model has it: an axis never mixes two counts. */
static const struct quantity *cost_of(const struct sb_report_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].has_cost && isnan(rows->items[i].cost.tf_multi_adds))
            return &macs;
    }
    return &tf;
}

/* What the axis of cost says in short. */
static const char *cost_note(const struct quantity *q)
{
    return q == &tf ? " Paper FLOPs: multi-adds (tf), as the paper's profiler counts them." : "";
}

static double largest_of(const struct sb_report_rows *rows, const struct quantity *q)
{
    double largest = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const double value = q->of(q, rows, &rows->items[i]).value;
        largest = value > largest ? value : largest;
    }
    return largest;
}

/* Rows of one curve: the same family and configuration. */
static bool same_curve(const struct sb_row *a, const struct sb_row *b)
{
    return a->setup == b->setup && a->cell.batch == b->cell.batch &&
           a->cell.threads == b->cell.threads &&
           (a->cell.engine == b->cell.engine ||
            (a->cell.engine && b->cell.engine && strcmp(a->cell.engine, b->cell.engine) == 0));
}

static int compare_x(const void *a, const void *b)
{
    const struct sb_datum *p = a, *q = b;
    return (p->x > q->x) - (p->x < q->x);
}

/* "49s" of "retinanet-spinenet-49s", "50" of "retinanet-resnet-50-fpn": what tells it apart in its
 * family. "" where the family is the model: the key names it. */
static const char *variant_of(struct sb_figure *f, const char *model)
{
    for (const char *p = model; *p; p++) {
        if (*p == '-' && p[1] >= '0' && p[1] <= '9')
            return sb_texts_printf(&f->texts, "%.*s", (int)strcspn(p + 1, "-"), p + 1);
    }
    return "";
}

static double scaled(double value, const struct sb_unit *unit)
{
    return value / unit->scale;
}

static void add_point(struct sb_figure *f, struct sb_series *s, const struct sb_row *row,
                      const struct estimate *x, const struct sb_unit *x_unit,
                      const struct estimate *y, const struct sb_unit *y_unit)
{
    struct sb_datum *d = sb_figure_point(f, s, scaled(x->value, x_unit), scaled(y->value, y_unit));
    d->x_low = scaled(x->low, x_unit);
    d->x_high = scaled(x->high, x_unit);
    d->y_low = scaled(y->low, y_unit);
    d->y_high = scaled(y->high, y_unit);
    d->text = variant_of(f, sb_texts_keep(&f->texts, row->cell.model));
    char x_text[SB_NUMBER_SIZE], y_text[SB_NUMBER_SIZE];
    sb_number_text(d->x, sb_significant_decimals(d->x, 4), x_text);
    sb_number_text(d->y, sb_significant_decimals(d->y, 4), y_text);
    d->tip =
        sb_texts_printf(&f->texts, "%s @%lld: %s %s, %s %s", row->cell.model,
                        (long long)row->cell.size, x_text, x_unit->symbol, y_text, y_unit->symbol);
}

/* The curve of one family in one configuration, starting at row `first`. */
static void add_curve(struct sb_figure *f, struct sb_panel *p, const struct sb_report_rows *rows,
                      size_t first, struct sb_families *families, bool *used,
                      const struct quantity *x, const struct sb_unit *x_unit,
                      const struct quantity *y, const struct sb_unit *y_unit)
{
    const size_t family = sb_families_index(families, rows->items[first].cell.model);
    const char *name = family < families->count ? families->names[family] : "";
    struct sb_series *s =
        sb_figure_series(f, p, name, SB_MARK_LINE_POINTS, (int)(p->num_series % SB_NUM_FAMILIES));
    for (size_t i = first; i < rows->count; i++) {
        const struct sb_row *row = &rows->items[i];
        if (used[i] || !row->cell.model || !same_curve(&rows->items[first], row) ||
            sb_families_index(families, row->cell.model) != family)
            continue;
        used[i] = true;
        const struct estimate a = x->of(x, rows, row), b = y->of(y, rows, row);
        if (isfinite(a.value) && a.value > 0 && isfinite(b.value))
            add_point(f, s, row, &a, x_unit, &b, y_unit);
    }
    if (s->count)
        qsort(s->data, s->count, sizeof(*s->data), compare_x);
}

static const char *axis_label(struct sb_figure *f, const struct quantity *q,
                              const struct sb_unit *unit)
{
    if (q->quantity == SB_QUANTITY_ACCURACY)
        return sb_texts_printf(&f->texts, "%s [points], %s", q->title, q->source);
    return *unit->symbol
               ? sb_texts_printf(&f->texts, "%s [%s], %s", q->title, unit->symbol, q->source)
               : sb_texts_printf(&f->texts, "%s, %s", q->title, q->source);
}

static int add_panel(struct sb_figure *f, const struct sb_report_rows *rows, const char *title,
                     const struct quantity *x, const struct quantity *y, struct sb_error *err)
{
    const double x_most = largest_of(rows, x), y_most = largest_of(rows, y);
    if (x_most == 0 || y_most == 0)
        return 0;
    const struct sb_unit *x_unit = sb_unit_choose(x->quantity, x_most);
    const struct sb_unit *y_unit = sb_unit_choose(y->quantity, y_most);
    bool *used = sb_calloc(rows->count, sizeof(*used), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!used)
        return sb_error_nomem(err, "a figure", rows->count);
    struct sb_panel *p = sb_figure_panel(f, title);
    sb_figure_axis(f, &p->x, axis_label(f, x, x_unit), SB_AXIS_LOG);
    sb_figure_axis(f, &p->y, axis_label(f, y, y_unit),
                   y->quantity == SB_QUANTITY_ACCURACY ? SB_AXIS_LINEAR : SB_AXIS_LOG);
    struct sb_families families = {0};
    for (size_t i = 0; i < rows->count; i++) {
        if (!used[i] && rows->items[i].cell.model)
            add_curve(f, p, rows, i, &families, used, x, x_unit, y, y_unit);
    }
    f->texts.failed = f->texts.failed || families.texts.failed;
    sb_families_release(&families);
    sb_free(used);
    return 0;
}

/* A metric on a data set: accuracies of different ones never share an axis. */
static bool is_subject(const struct sb_record *r)
{
    const struct sb_accuracy_record *const a = &r->u.accuracy;
    return r->kind == SB_RECORD_ACCURACY && !isnan(a->value) &&
           (strcmp(a->metric, "AP") == 0 || strcmp(a->metric, "top-1") == 0);
}

/* True when a record before it is about the same metric and data set. */
static bool is_repeated(const struct sb_records *records, size_t index)
{
    const struct sb_accuracy_record *const a = &records->items[index].u.accuracy;
    for (size_t i = 0; i < index; i++) {
        const struct sb_accuracy_record *const b = &records->items[i].u.accuracy;
        if (is_subject(&records->items[i]) && strcmp(a->metric, b->metric) == 0 &&
            strcmp(a->dataset, b->dataset) == 0)
            return true;
    }
    return false;
}

/* One metric on one data set against cost, latency and memory. */
static int add_subject(struct sb_figure *f, const struct sb_report_rows *rows,
                       const struct sb_accuracy_record *a, struct sb_error *err)
{
    const struct quantity accuracy = {a->metric, SB_QUANTITY_ACCURACY, "measured", accuracy_of,
                                      a->dataset};
    const struct quantity *const against[] = {cost_of(rows), &latency, &memory};
    const char *title = a->samples == SB_NO_INT
                            ? sb_texts_printf(&f->texts, "%s on %s", a->metric, a->dataset)
                            : sb_texts_printf(&f->texts, "%s on %s, n = %lld", a->metric,
                                              a->dataset, (long long)a->samples);
    const size_t before = f->num_panels;
    int rc = 0;
    for (size_t i = 0; i < sizeof(against) / sizeof(against[0]) && rc == 0; i++)
        rc = add_panel(f, rows, f->num_panels == before ? title : "", against[i], &accuracy, err);
    return rc;
}

/* " AP on val: untrained weights." for all notes. */
static const char *accuracy_notes(struct sb_figure *f, const struct sb_records *records)
{
    struct sb_str all = SB_STR_INIT, one = SB_STR_INIT;
    for (size_t i = 0; i < records->count; i++) {
        if (sb_accuracy_note(records, i, &one))
            sb_str_printf(&all, " %s", sb_str_text(&one));
    }
    const char *const kept = sb_texts_keep(&f->texts, sb_str_text(&all));
    f->texts.failed = f->texts.failed || all.failed || one.failed;
    sb_str_release(&all);
    sb_str_release(&one);
    return kept ? kept : "";
}

int sb_figure_accuracy(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct sb_report_rows rows;
    size_t subjects = 0;
    int rc = sb_report_rows_collect(&rows, records, SB_ROWS_MODEL, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < records->count && rc == 0; i++) {
        const size_t before = f->num_panels;
        if (subjects == MAX_SUBJECTS || !is_subject(&records->items[i]) || is_repeated(records, i))
            continue;
        rc = add_subject(f, &rows, &records->items[i].u.accuracy, err);
        f->columns = f->num_panels - before > f->columns ? f->num_panels - before : f->columns;
        subjects += f->num_panels > before;
    }
    f->title = "Accuracy against cost, latency and memory";
    f->has_key = true;
    f->panel_height = 220;
    f->note = sb_texts_printf(&f->texts,
                              "n: images. Up and to the left is better. Bars: 95 %% intervals of "
                              "accuracy and of the median latency, %s.%s%s",
                              sb_row_samples(f, &rows), cost_note(cost_of(&rows)),
                              accuracy_notes(f, records));
    sb_report_rows_release(&rows);
    return rc;
}

int sb_figure_latency(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct sb_report_rows rows;
    int rc = sb_report_rows_collect(&rows, records, SB_ROWS_MODEL, err);
    if (rc)
        return rc;
    f->title = "Latency and memory against cost";
    f->has_key = true;
    const struct quantity *cost = cost_of(&rows);
    rc = add_panel(f, &rows, "", cost, &latency, err);
    if (rc == 0)
        rc = add_panel(f, &rows, "", cost, &memory, err);
    f->columns = f->num_panels ? f->num_panels : 1;
    f->note = sb_texts_printf(&f->texts,
                              "Down is better. Bars: 95 %% intervals of the median latency, end to "
                              "end, %s. Memory: peak of one run above its start, or planned "
                              "where that is not visible.%s",
                              sb_row_samples(f, &rows), cost_note(cost));
    sb_report_rows_release(&rows);
    return rc;
}
