/* The paper's tables for people and programs: printed, computed and measured side by side. */
#include "reports/paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_computed(const struct sb_paper_column *c)
{
    return c->kind != SB_PAPER_PRINTED && c->kind != SB_PAPER_MEASURE;
}

static bool is_number(const struct sb_paper_column *c)
{
    return c->kind == SB_PAPER_FLOPS || c->kind == SB_PAPER_PARAMS;
}

static bool has_measured(const struct sb_paper_table *source, size_t column)
{
    for (size_t r = 0; r < source->num_rows; r++) {
        const struct sb_paper_cell *const cell = &source->rows[r].cells[column];
        if (!isnan(cell->measured) || cell->elsewhere)
            return true;
    }
    return false;
}

/* What the numbers of a column are, in the unit that the paper prints. */
static enum sb_quantity quantity_of(const struct sb_paper_column *c, const struct sb_unit **unit)
{
    static const struct sb_unit giga = {"G", 1e9}, mega = {"M", 1e6}, ms = {"ms", 1e6},
                                points = {"", 0.01};
    const bool time = c->metric && strcmp(c->metric, "latency") == 0;
    switch (c->kind) {
    case SB_PAPER_FLOPS:
        *unit = &giga;
        return SB_QUANTITY_AMOUNT;
    case SB_PAPER_PARAMS:
        *unit = &mega;
        return SB_QUANTITY_AMOUNT;
    case SB_PAPER_MEASURE:
        *unit = time ? &ms : &points;
        return time ? SB_QUANTITY_TIME : SB_QUANTITY_ACCURACY;
    default:
        *unit = NULL;
        return SB_QUANTITY_NONE;
    }
}

/* Columns of one source: "flops_paper", "flops_computed", "AP_measured". */
static void sourced_column(struct sb_table *t, const struct sb_paper_column *column,
                           enum sb_source source)
{
    const struct sb_unit *unit;
    const enum sb_quantity quantity = quantity_of(column, &unit);
    struct sb_str key = SB_STR_INIT;
    sb_str_printf(&key, "%s_%s", column->key, sb_source_name(source));
    sb_table_quantity(t, sb_str_text(&key), column->name, quantity, source);
    if (unit)
        sb_table_set_unit(t, t->num_columns - 1, unit);
    if (!t->texts.failed) {
        struct sb_table_column *const added = &t->columns[t->num_columns - 1];
        added->align = SB_RIGHT;
        if (!unit && column->unit)
            added->unit = sb_texts_keep(&t->texts, column->unit);
    }
    t->texts.failed = t->texts.failed || key.failed;
    sb_str_release(&key);
}

static void difference_column(struct sb_table *t, const struct sb_paper_column *column)
{
    struct sb_str key = SB_STR_INIT;
    sb_str_printf(&key, "%s_diff", column->key);
    sb_table_quantity(t, sb_str_text(&key), "diff", SB_QUANTITY_SHARE, SB_SOURCE_NONE);
    t->texts.failed = t->texts.failed || key.failed;
    sb_str_release(&key);
}

/* "block_adjustment": options name columns by words without blanks. */
static void label_column(struct sb_table *t, const char *label)
{
    struct sb_str key = SB_STR_INIT;
    for (const char *p = label; *p; p++)
        sb_str_append(&key, *p == ' ' ? "_" : p, 1);
    sb_table_column(t, sb_str_text(&key), NULL, SB_RIGHT);
    if (!t->texts.failed)
        t->columns[t->num_columns - 1].name = sb_texts_keep(&t->texts, label);
    t->texts.failed = t->texts.failed || key.failed;
    sb_str_release(&key);
}

static void add_columns(const struct sb_paper_table *source, struct sb_table *t)
{
    sb_table_column(t, "model", NULL, SB_LEFT);
    for (size_t i = 0; source->num_rows && i < source->rows[0].num_labels; i++)
        label_column(t, source->rows[0].labels[i][0]);
    for (size_t c = 0; c < source->num_columns; c++) {
        const struct sb_paper_column *column = &source->columns[c];
        sourced_column(t, column, SB_SOURCE_PAPER);
        if (is_computed(column))
            sourced_column(t, column, SB_SOURCE_COMPUTED);
        if (is_number(column))
            difference_column(t, column);
        if (has_measured(source, c))
            sourced_column(t, column, SB_SOURCE_MEASURED);
    }
}

/* Why a row has nothing computed. */
static void missing_cell(const struct sb_paper_row *row, struct sb_table *t)
{
    struct sb_str why = SB_STR_INIT;
    if (row->not_published)
        sb_str_printf(&why, "not published: %s", row->not_published);
    else
        sb_str_puts(&why, row->not_built);
    sb_table_missing(t, sb_str_text(&why));
    sb_str_release(&why);
}

/* A number in the printed unit, as the last cell's column has it. */
static void put_number(struct sb_table *t, double value, int decimals)
{
    sb_table_number(t, t->texts.failed ? value : value * t->columns[t->cursor].scale, decimals);
}

static void printed_cell(const struct sb_paper_cell *cell, struct sb_table *t)
{
    if (!cell->printed)
        sb_table_missing(t, "the paper prints none");
    else if (isnan(cell->value))
        sb_table_cell(t, "%s", cell->printed);
    else
        put_number(t, cell->value, cell->decimals);
}

/* Why a number is not compared with the printed one. */
static void difference_cell(const struct sb_paper_cell *cell, struct sb_table *t)
{
    if (!cell->printed || isnan(cell->computed)) {
        sb_table_missing(t, "one of the two is missing");
        return;
    }
    sb_table_number(t, (cell->computed - cell->value) / cell->value, 2);
    sb_table_last(t)->has_sign = true;
    sb_table_last(t)->flag = sb_paper_judge(cell) == SB_PAPER_AGREES ? NULL : "*";
}

/* Digits beyond the printed ones, so that a reader sees how near the rounding edge a value is. */
static void computed_cells(const struct sb_paper_row *row, const struct sb_paper_column *column,
                           const struct sb_paper_cell *cell, struct sb_table *t)
{
    if (cell->text[0])
        sb_table_cell(t, "%s", cell->text);
    else if (!isnan(cell->computed))
        put_number(t, cell->computed, cell->printed ? cell->decimals + 2 : 3);
    else if (row->not_published || row->not_built)
        missing_cell(row, t);
    else if (is_number(column) && sb_paper_model(row, column))
        sb_table_missing(t, "no cost record of this model at this size");
    else
        sb_table_missing(t, sb_paper_model(row, column) ? "counted by 'spinebench paper' only"
                                                        : "no model of this program");
    if (is_number(column))
        difference_cell(cell, t);
}

static void measured_cell(const struct sb_paper_column *column, const struct sb_paper_cell *cell,
                          struct sb_table *t)
{
    struct sb_str why = SB_STR_INIT;
    if (cell->elsewhere)
        sb_str_printf(&why, "measured on %s, which is not %s", cell->elsewhere, column->on->name);
    else
        sb_str_puts(&why, cell->why ? cell->why : "not measured here");
    const double scale = t->texts.failed ? 1 : t->columns[t->cursor].scale;
    if (isnan(cell->measured))
        sb_table_missing(t, sb_str_text(&why));
    else if (isnan(cell->measured_low) || isnan(cell->measured_high))
        sb_table_value(t, cell->measured * scale);
    else
        sb_table_interval(t, cell->measured * scale, cell->measured_low * scale,
                          cell->measured_high * scale);
    t->texts.failed = t->texts.failed || why.failed;
    sb_str_release(&why);
}

/* The data sets of measured accuracies, each once. */
static void measured_notes(const struct sb_paper_table *source, struct sb_table *t)
{
    const size_t width = source->num_columns, count = source->num_rows * width;
    for (size_t i = 0; i < count; i++) {
        const struct sb_paper_cell *const cell = &source->rows[i / width].cells[i % width];
        bool said = !cell->measured_on;
        for (size_t k = 0; k < i && !said; k++) {
            const char *const before = source->rows[k / width].cells[k % width].measured_on;
            said = before && strcmp(before, cell->measured_on) == 0;
        }
        if (!said)
            sb_table_note(t, "measured: %s, %zu image%s [95 %% interval], by whatever protocol",
                          cell->measured_on, cell->measured_n, sb_plural(cell->measured_n));
    }
}

/* In tables without computed columns the reasons stand below. */
static void not_published_notes(const struct sb_paper_table *source, struct sb_table *t)
{
    for (size_t c = 0; c < source->num_columns; c++) {
        if (is_computed(&source->columns[c]))
            return;
    }
    for (size_t r = 0; r < source->num_rows; r++) {
        if (source->rows[r].not_published)
            sb_table_note(t, "%s: not published: %s", source->rows[r].name,
                          source->rows[r].not_published);
    }
}

/* A number where it is one, so that rows are sorted by it. */
static void label_cell(const char *text, struct sb_table *t)
{
    if (*text && text[strspn(text, "0123456789")] == '\0')
        sb_table_number(t, strtod(text, NULL), 0);
    else
        sb_table_cell(t, "%s", text);
}

void sb_paper_table_build(const struct sb_paper_table *source, struct sb_table *t)
{
    struct sb_str title = SB_STR_INIT;
    const bool own = source->id[0] >= '0' && source->id[0] <= '9';
    sb_str_printf(&title, "%s%s%s%s", own ? "Table " : "", own ? source->id : "", own ? ". " : "",
                  source->title);
    sb_table_init(t, sb_str_text(&title));
    sb_str_release(&title);
    add_columns(source, t);
    for (size_t r = 0; r < source->num_rows; r++) {
        const struct sb_paper_row *row = &source->rows[r];
        sb_table_row(t);
        sb_table_cell(t, "%s", row->name);
        for (size_t i = 0; i < row->num_labels; i++)
            label_cell(row->labels[i][1], t);
        for (size_t c = 0; c < source->num_columns; c++) {
            const struct sb_paper_cell *cell = &row->cells[c];
            printed_cell(cell, t);
            if (is_computed(&source->columns[c]))
                computed_cells(row, &source->columns[c], cell, t);
            if (has_measured(source, c))
                measured_cell(&source->columns[c], cell, t);
        }
    }
    sb_table_note(t, "paper: %s", source->source);
    if (source->note)
        sb_table_note(t, "%s", source->note);
    measured_notes(source, t);
    not_published_notes(source, t);
}

/* A plain column whose heading names where its values come from. */
static void plain_column(struct sb_table *t, const char *name, enum sb_source source)
{
    sb_table_column(t, name, NULL, SB_RIGHT);
    if (!t->texts.failed)
        t->columns[t->num_columns - 1].source = source;
}

void sb_paper_residuals_init(struct sb_table *t)
{
    sb_table_init(t, "Cells that do not round to the printed digits");
    sb_table_column(t, "table", NULL, SB_LEFT);
    sb_table_column(t, "model", NULL, SB_LEFT);
    sb_table_column(t, "value", NULL, SB_LEFT);
    plain_column(t, "printed", SB_SOURCE_PAPER);
    plain_column(t, "here", SB_SOURCE_COMPUTED);
    sb_table_column(t, "off by", "%", SB_RIGHT);
    sb_table_column(t, "what was tried", NULL, SB_LEFT);
}

static void residual_row(const struct sb_paper_table *source, const struct sb_paper_row *row,
                         size_t column, enum sb_paper_verdict verdict, struct sb_table *t)
{
    const struct sb_paper_cell *cell = &row->cells[column];
    sb_table_row(t);
    sb_table_cell(t, "%s", source->id);
    sb_table_cell(t, "%s%s%s", row->name, row->num_labels ? ", " : "",
                  row->num_labels ? row->labels[0][1] : "");
    sb_table_cell(t, "%s", source->columns[column].name);
    sb_table_cell(t, "%s", cell->printed);
    if (cell->text[0]) {
        sb_table_cell(t, "%s", cell->text);
        sb_table_missing(t, "not a number");
    } else {
        sb_table_number(t, cell->computed, cell->decimals + 2);
        sb_table_cell(t, "%+.3f", 100 * (cell->computed - cell->value) / cell->value);
    }
    sb_table_cell(t, "%s",
                  verdict == SB_PAPER_STALE     ? "agrees now: remove its residual"
                  : verdict == SB_PAPER_DIFFERS ? "SHOULD AGREE"
                                                : cell->residual);
}

size_t sb_paper_residuals_add(const struct sb_paper_table *source, struct sb_table *t)
{
    size_t count = 0;
    for (size_t r = 0; r < source->num_rows; r++) {
        for (size_t c = 0; c < source->num_columns; c++) {
            const enum sb_paper_verdict verdict = sb_paper_judge(&source->rows[r].cells[c]);
            if (verdict == SB_PAPER_UNCHECKED || verdict == SB_PAPER_AGREES)
                continue;
            residual_row(source, &source->rows[r], c, verdict, t);
            count++;
        }
    }
    return count;
}

static void cell_json(const struct sb_paper_column *column, const struct sb_paper_cell *cell,
                      struct sb_jw *w)
{
    static const char *const verdicts[] = {
        [SB_PAPER_UNCHECKED] = NULL,         [SB_PAPER_AGREES] = "agrees",
        [SB_PAPER_RESIDUAL] = "residual",    [SB_PAPER_DIFFERS] = "differs",
        [SB_PAPER_STALE] = "stale residual",
    };
    sb_jw_object(w, column->key);
    sb_jw_string(w, "paper", cell->printed);
    if (is_computed(column) && cell->text[0])
        sb_jw_string(w, "computed", cell->text);
    else if (is_computed(column))
        sb_jw_double(w, "computed", cell->computed);
    if (is_computed(column)) {
        sb_jw_string(w, "verdict", verdicts[sb_paper_judge(cell)]);
        sb_jw_string(w, "residual", cell->residual);
    }
    if (column->kind == SB_PAPER_MEASURE) {
        sb_jw_double(w, "measured_here", cell->measured);
        sb_jw_double(w, "measured_low", cell->measured_low);
        sb_jw_double(w, "measured_high", cell->measured_high);
        sb_jw_int(w, "n", (int64_t)cell->measured_n);
        sb_jw_string(w, "measured_on", cell->measured_on);
    }
    sb_jw_end(w);
}

void sb_paper_table_json(const struct sb_paper_table *source, struct sb_jw *w)
{
    sb_jw_object(w, NULL);
    sb_jw_string(w, "table", source->id);
    sb_jw_string(w, "title", source->title);
    sb_jw_string(w, "source", source->source);
    sb_jw_array(w, "rows");
    for (size_t r = 0; r < source->num_rows; r++) {
        const struct sb_paper_row *row = &source->rows[r];
        sb_jw_object(w, NULL);
        sb_jw_string(w, "name", row->name);
        for (size_t i = 0; i < row->num_labels; i++)
            sb_jw_string(w, row->labels[i][0], row->labels[i][1]);
        sb_jw_string(w, "model", row->model);
        sb_jw_string(w, "not_published", row->not_published);
        sb_jw_string(w, "not_built", row->not_built);
        sb_jw_object(w, "cells");
        for (size_t c = 0; c < source->num_columns; c++)
            cell_json(&source->columns[c], &row->cells[c], w);
        sb_jw_end(w);
        sb_jw_end(w);
    }
    sb_jw_end(w);
    sb_jw_end(w);
}
