/* The accuracy that belongs to a row, and whether it does. See rows.h. */
#include "reports/rows_internal.h"

#include <string.h>

static bool is_accuracy_of(const struct sb_record *r, const struct sb_row *row, const char *metric,
                           const char *dataset)
{
    return r->kind == SB_RECORD_ACCURACY && strcmp(r->u.accuracy.metric, metric) == 0 &&
           (!dataset || strcmp(r->u.accuracy.dataset, dataset) == 0) && r->cell.model &&
           row->cell.model && strcmp(r->cell.model, row->cell.model) == 0 &&
           (r->cell.size == row->cell.size || r->cell.size == SB_NO_INT) &&
           (!r->cell.engine || !row->cell.engine || strcmp(r->cell.engine, row->cell.engine) == 0);
}

/* True when samples of this run are in the row. */
static bool is_pooled(const struct sb_report_rows *rows, const struct sb_row *row, const char *run)
{
    const struct sb_record *const other = sb_records_find_run(rows->records, run);
    if (!other || !sb_rows_same_setup(&row->run->u.run, &other->u.run))
        return false;
    for (size_t i = 0; i < rows->records->count; i++) {
        const struct sb_record *r = &rows->records->items[i];
        if (r->kind == SB_RECORD_TIME && strcmp(r->run, run) == 0 &&
            sb_same_cell(&r->cell, &row->cell))
            return true;
    }
    return false;
}

static const char several[] =
    "several values, of other weights, data sets or runs: see the table of accuracy";

/* Looks among the records of the runs that are pooled in the row, or of all. */
static const struct sb_record *find_accuracy(const struct sb_report_rows *rows,
                                             const struct sb_row *row, const char *metric,
                                             const char *dataset, bool own, const char **why)
{
    const struct sb_record *found = NULL;
    for (size_t i = 0; i < rows->records->count; i++) {
        const struct sb_record *r = &rows->records->items[i];
        if (!is_accuracy_of(r, row, metric, dataset) ||
            (own && strcmp(row->run->run, r->run) != 0 && !is_pooled(rows, row, r->run)))
            continue;
        if (found && sb_accuracy_unlike(rows->records, found, r)) {
            *why = several;
            return NULL;
        }
        found = found ? found : r;
    }
    return found;
}

const struct sb_record *sb_row_accuracy(const struct sb_report_rows *rows, const struct sb_row *row,
                                        const char *metric, const char *dataset, const char **why)
{
    const struct sb_record *found = NULL;
    *why = NULL;
    if (row->run)
        found = find_accuracy(rows, row, metric, dataset, true, why);
    if (!found && !*why)
        found = find_accuracy(rows, row, metric, dataset, false, why);
    if (found)
        *why = sb_record_why(found, "value");
    else if (!*why)
        *why = "not evaluated";
    return found;
}

/* " of weights F (digest)" */
static void put_weights(struct sb_str *text, const char *weights, const char *digest)
{
    sb_str_printf(text, " of weights %s", weights ? weights : "unknown");
    if (digest)
        sb_str_printf(text, " (%.8s)", digest);
}

/* " at commit C with changes on machine M" */
static void put_origin(struct sb_str *text, const struct sb_run_record *run, bool with_machine)
{
    sb_str_printf(text, " at commit %.12s%s", run->commit ? run->commit : "unknown",
                  run->dirty ? " with changes" : "");
    if (with_machine)
        sb_str_printf(text, " on machine %s", run->machine);
}

void sb_row_accuracy_remark(const struct sb_report_rows *rows, const struct sb_row *row,
                            struct sb_str *text)
{
    const char *why;
    const struct sb_records *const records = rows->records;
    const struct sb_record *r = sb_row_accuracy(rows, row, "AP", NULL, &why);
    if (!r && why != several)
        r = sb_row_accuracy(rows, row, "top-1", NULL, &why);
    sb_str_clear(text);
    if (!r && why == several)
        sb_str_printf(text, "accuracy has %s", several);
    const struct sb_record *run = r ? sb_records_find_run(records, r->run) : NULL;
    if (!run || !row->timed || !row->run)
        return;
    const struct sb_run_record *const a = &run->u.run, *const b = &row->run->u.run;
    const bool weights = sb_accuracy_is_foreign(records, r, row->timed);
    const bool machine = sb_texts_differ(a->machine, b->machine);
    if (!weights && !machine && !sb_texts_differ(a->commit, b->commit) && a->dirty == b->dirty)
        return;
    sb_str_puts(text, "accuracy");
    if (weights)
        put_weights(text, sb_accuracy_weights(records, r), r->u.accuracy.weights_digest);
    put_origin(text, a, machine);
    sb_str_puts(text, ", times");
    if (weights)
        put_weights(text, b->weights, row->timed->u.time.weights_digest);
    put_origin(text, b, machine);
}

/* -- notes ------------------------------------------------------------------------------------- */

static bool is_shown(const struct sb_record *r)
{
    return r->kind == SB_RECORD_ACCURACY && r->u.accuracy.note && r->cell.model &&
           (strcmp(r->u.accuracy.metric, "AP") == 0 || strcmp(r->u.accuracy.metric, "top-1") == 0);
}

static bool is_same_subject(const struct sb_record *a, const struct sb_record *b)
{
    return is_shown(b) && strcmp(a->u.accuracy.metric, b->u.accuracy.metric) == 0 &&
           strcmp(a->u.accuracy.dataset, b->u.accuracy.dataset) == 0;
}

bool sb_accuracy_note(const struct sb_records *records, size_t index, struct sb_str *text)
{
    const struct sb_record *const r = &records->items[index];
    const char *const note = r->u.accuracy.note;
    bool differs = false;
    sb_str_clear(text);
    if (!is_shown(r))
        return false;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const other = &records->items[i];
        if (!is_same_subject(r, other))
            continue;
        const bool same = strcmp(other->u.accuracy.note, note) == 0;
        if (same && i < index)
            return false;
        differs = differs || !same;
    }
    sb_str_printf(text, "%s on %s: %s", r->u.accuracy.metric, r->u.accuracy.dataset, note);
    const char *before = " (";
    for (size_t i = index; differs && i < records->count; i++) {
        const struct sb_record *const other = &records->items[i];
        if (!is_same_subject(r, other) || strcmp(other->u.accuracy.note, note) != 0)
            continue;
        sb_str_printf(text, "%s%s", before, other->cell.model);
        before = ", ";
    }
    sb_str_puts(text, differs ? ")." : ".");
    return true;
}
