/* Histories as a table: a row per level of each series. See record_tables.h. */
#include "reports/record_tables.h"

#include <math.h>
#include <string.h>

#define FIRST_LEVEL "the first level of its series"

static void put_text(struct sb_table *t, const char *text)
{
    if (text)
        sb_table_cell(t, "%s", text);
    else
        sb_table_missing(t, "not recorded");
}

static void put_count(struct sb_table *t, int64_t value)
{
    if (value == SB_NO_INT)
        sb_table_missing(t, "not recorded");
    else
        sb_table_value(t, (double)value);
}

/* The level in the unit of its metric. */
static void put_level(struct sb_table *t, const struct sb_history_record *h)
{
    if (strcmp(h->metric, "latency") == 0)
        sb_table_cell(t, "%.4g x reference", h->level);
    else if (strcmp(h->metric, "peak memory") == 0)
        sb_table_cell(t, "%.1f MiB", h->level / 0x1p20);
    else
        sb_table_cell(t, "%.1f points", 100 * h->level);
    sb_table_raw(t, "%.15g", h->level);
}

/* Accuracies of other annotations or pictures are another series. */
static void put_dataset(struct sb_table *t, const struct sb_history_record *h)
{
    struct sb_str text = SB_STR_INIT;
    if (!h->dataset) {
        sb_table_empty(t);
        return;
    }
    sb_record_data_text(h->dataset, h->data_digest, h->images_digest, &text);
    sb_table_cell(t, "%s", sb_str_text(&text));
    t->texts.failed = t->texts.failed || text.failed;
    sb_str_release(&text);
}

static bool have_datasets(const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        if (records->items[i].kind == SB_RECORD_HISTORY && records->items[i].u.history.dataset)
            return true;
    }
    return false;
}

/* True when a series has several levels, which are then set apart from the next one's. */
static bool have_steps(const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_HISTORY && !isnan(r->u.history.change))
            return true;
    }
    return false;
}

/* What a history has beside levels. */
struct shape {
    bool datasets, steps;
};

/* One row: records first .. last - 1 share a level. */
static void add_level(struct sb_table *t, const struct sb_record *first,
                      const struct sb_record *last, size_t runs, const struct shape *shape)
{
    const struct sb_history_record *h = &first->u.history;
    sb_table_row(t);
    if (h->point == 0 && shape->steps)
        sb_table_rule(t);
    put_text(t, first->cell.model);
    put_count(t, first->cell.size);
    put_count(t, first->cell.batch);
    put_count(t, first->cell.threads);
    put_text(t, first->cell.engine);
    sb_table_cell(t, "%s", h->metric);
    if (shape->datasets)
        put_dataset(t, h);
    sb_table_cell(t, "%s", h->machine);
    sb_table_cell(t, "%.12s", h->commit);
    sb_table_cell(t, "%.12s", last->u.history.commit);
    sb_table_value(t, (double)runs);
    put_level(t, h);
    if (isnan(h->change)) {
        sb_table_missing(t, FIRST_LEVEL);
        sb_table_missing(t, FIRST_LEVEL);
        return;
    }
    sb_table_cell(t, "%+.1f %%", 100 * h->change);
    sb_table_raw(t, "%.15g", h->change);
    sb_table_cell(t, "%s", h->counts ? "step" : "open or small");
}

int sb_history_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    static const struct {
        const char *key, *name;
        enum sb_quantity quantity;
    } columns[] = {
        {"model", "model", SB_QUANTITY_NONE},        {"size", "size", SB_QUANTITY_COUNT},
        {"batch", "batch", SB_QUANTITY_COUNT},       {"threads", "threads", SB_QUANTITY_COUNT},
        {"engine", "engine", SB_QUANTITY_NONE},      {"metric", "metric", SB_QUANTITY_NONE},
        {"dataset", "data set", SB_QUANTITY_NONE},   {"machine", "machine", SB_QUANTITY_NONE},
        {"first", "first commit", SB_QUANTITY_NONE}, {"last", "last commit", SB_QUANTITY_NONE},
        {"runs", "runs", SB_QUANTITY_COUNT},         {"level", "level", SB_QUANTITY_NONE},
        {"change", "change", SB_QUANTITY_NONE},      {"step", "step", SB_QUANTITY_NONE},
    };
    const struct shape shape = {have_datasets(records), have_steps(records)};
    (void)err;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if (!shape.datasets && strcmp(columns[i].key, "dataset") == 0)
            continue;
        sb_table_quantity(t, columns[i].key, columns[i].name, columns[i].quantity, SB_SOURCE_NONE);
    }
    const struct sb_record *first = NULL, *last = NULL;
    size_t runs = 0;
    for (size_t i = 0; i < records->count && !t->texts.failed; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_HISTORY)
            continue;
        if (first && (r->u.history.point == 0 || r->u.history.level != first->u.history.level)) {
            add_level(t, first, last, runs, &shape);
            first = NULL;
        }
        if (!first) {
            first = r;
            runs = 0;
        }
        last = r;
        runs++;
    }
    if (first)
        add_level(t, first, last, runs, &shape);
    sb_table_note(t, "Levels fitted to the runs in the order of their adding; latency: median / "
                     "reference kernel of the same session. A step counts when the segments "
                     "before and after it have enough runs.");
    return 0;
}
