/* The paper's tables filled from records. See paper_records.h. */
#include "reports/paper_records.h"

#include "base/embed.h"
#include "reports/rows.h"

#include <math.h>
#include <string.h>

int sb_paper_open(struct sb_paper *paper, struct sb_error *err)
{
    for (const struct sb_embedded *f = sb_paper_files; f->name; f++) {
        if (strcmp(f->name, "paper_tables.json") == 0)
            return sb_paper_load(paper, (const char *)f->data, f->size, f->name, err);
    }
    return sb_error_set(err, SB_EINTERNAL, "paper_tables.json is not in this program");
}

/* True when a record is about the model at this size; size 0 is any. */
static bool is_about(const struct sb_record *r, const char *model, int size)
{
    return r->cell.model && strcmp(r->cell.model, model) == 0 &&
           (size == 0 || r->cell.size == size);
}

/* Median end-to-end milliseconds of a model for one image, where all records are of one setup. */
static void measure_latency(const struct sb_report_rows *rows, const char *model, int size,
                            struct sb_paper_cell *cell)
{
    const struct sb_row *found = NULL;
    for (size_t i = 0; i < rows->count; i++) {
        const struct sb_row *const row = &rows->items[i];
        if (!sb_same_text(row->cell.model, model) || (size && row->cell.size != size) ||
            row->cell.batch != 1 || !row->timed)
            continue;
        if (found) {
            cell->why = "several sizes, engines or setups: see --preset models";
            return;
        }
        found = row;
    }
    if (!found)
        return;
    cell->why = sb_row_time_why(found);
    if (cell->why)
        return;
    const struct sb_summary *const time = &found->time;
    cell->measured = time->median / 1e6;
    cell->measured_n = time->count;
    cell->measured_low = time->interval.known ? time->interval.low / 1e6 : NAN;
    cell->measured_high = time->interval.known ? time->interval.high / 1e6 : NAN;
}

/* Only what was evaluated on the images of the column is its accuracy; of others the cell only says
 * that there are. */
static void measure_accuracy(const struct sb_records *records, const char *model, int size,
                             const struct sb_paper_column *column, struct sb_paper_cell *cell)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        const struct sb_accuracy_record *const a = &r->u.accuracy;
        if (r->kind != SB_RECORD_ACCURACY || !is_about(r, model, size) ||
            strcmp(a->metric, column->metric) != 0 || isnan(a->value))
            continue;
        if (!sb_paper_dataset_is(column->on, a->dataset, a->samples)) {
            cell->elsewhere = a->dataset;
            continue;
        }
        cell->measured = 100 * a->value;
        cell->measured_low = 100 * a->low;
        cell->measured_high = 100 * a->high;
        cell->measured_n = (size_t)a->samples;
        cell->measured_on = a->dataset;
    }
}

static bool has_latencies(const struct sb_paper_table *table)
{
    for (size_t c = 0; c < table->num_columns; c++) {
        if (table->columns[c].kind == SB_PAPER_MEASURE &&
            strcmp(table->columns[c].metric, "latency") == 0)
            return true;
    }
    return false;
}

int sb_paper_measure(const struct sb_paper_table *table, const struct sb_records *records,
                     struct sb_error *err)
{
    struct sb_report_rows rows = {0}; /* samples are pooled for latencies only */
    const bool timed = has_latencies(table);
    const int rc = timed ? sb_report_rows_collect(&rows, records, SB_ROWS_MODEL, err) : 0;
    for (size_t r = 0; rc == 0 && r < table->num_rows; r++) {
        const struct sb_paper_row *row = &table->rows[r];
        for (size_t c = 0; c < table->num_columns; c++) {
            const struct sb_paper_column *column = &table->columns[c];
            const char *model = sb_paper_model(row, column);
            if (column->kind != SB_PAPER_MEASURE || !model)
                continue;
            if (strcmp(column->metric, "latency") == 0)
                measure_latency(&rows, model, row->size, &row->cells[c]);
            else
                measure_accuracy(records, model, row->size, column, &row->cells[c]);
        }
    }
    if (timed && rc == 0)
        sb_report_rows_release(&rows);
    return rc;
}

/* The cost record of a whole model, or NULL. */
static const struct sb_cost_record *find_cost(const struct sb_records *records, const char *model,
                                              int size)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        const struct sb_part *p = &r->part;
        if (r->kind == SB_RECORD_COST && is_about(r, model, size) && !p->node && !p->op &&
            !p->block && !p->level)
            return &r->u.cost;
    }
    return NULL;
}

void sb_paper_costs(const struct sb_paper_table *table, const struct sb_records *records)
{
    for (size_t r = 0; r < table->num_rows; r++) {
        const struct sb_paper_row *row = &table->rows[r];
        for (size_t c = 0; c < table->num_columns; c++) {
            const enum sb_paper_kind kind = table->columns[c].kind;
            const char *model = sb_paper_model(row, &table->columns[c]);
            if (!model || (kind != SB_PAPER_FLOPS && kind != SB_PAPER_PARAMS))
                continue;
            const struct sb_cost_record *cost = find_cost(records, model, row->size);
            if (cost && kind == SB_PAPER_PARAMS)
                row->cells[c].computed = (double)cost->params / 1e6;
            else if (cost && !isnan(cost->tf_multi_adds))
                row->cells[c].computed = (cost->tf_multi_adds + row->extra_float_ops / 2) / 1e9;
        }
    }
}

static bool is_model_of(const struct sb_paper_row *row, const char *model)
{
    bool found = row->model && strcmp(row->model, model) == 0;
    for (size_t i = 0; i < row->num_variants; i++)
        found = found || strcmp(row->variants[i][1], model) == 0;
    return found;
}

bool sb_paper_has_records(const struct sb_paper_table *table, const struct sb_records *records)
{
    for (size_t r = 0; r < table->num_rows; r++) {
        for (size_t i = 0; i < records->count; i++) {
            const char *const model = records->items[i].cell.model;
            if (model && is_model_of(&table->rows[r], model))
                return true;
        }
    }
    return false;
}

int sb_paper_view(struct sb_table *t, const struct sb_paper *paper, const char *id,
                  const struct sb_records *records, struct sb_error *err)
{
    const struct sb_paper_table *source;
    int rc = sb_paper_find(paper, id, &source, err);
    if (rc)
        return rc;
    sb_paper_costs(source, records);
    rc = sb_paper_measure(source, records, err);
    if (rc == 0)
        sb_paper_table_build(source, t);
    return rc;
}
