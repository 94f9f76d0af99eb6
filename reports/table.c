/* Tables as data: building, order, digits and notes. See table.h. */
#include "reports/table.h"

#include "base/mem.h"
#include "base/size.h"
#include "bench/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Exact values: the column's largest shows COLUMN_DIGITS digits, no other fewer than MIN_DIGITS. */
#define COLUMN_DIGITS 4
#define MIN_DIGITS    2

const char *sb_source_name(enum sb_source source)
{
    static const char *const names[SB_SOURCES] = {"", "paper", "computed", "measured"};
    return names[source];
}

const char *sb_source_mark(enum sb_source source)
{
    static const char *const marks[SB_SOURCES] = {"", "p", "c", "m"};
    return marks[source];
}

void sb_table_init(struct sb_table *t, const char *title)
{
    memset(t, 0, sizeof(*t));
    t->name = "";
    t->title = sb_texts_keep(&t->texts, title);
    t->group_column = -1;
}

void sb_table_release(struct sb_table *t)
{
    sb_free(t->columns);
    sb_free(t->cells);
    sb_free(t->constants);
    sb_free(t->reasons);
    sb_free(t->notes);
    sb_texts_release(&t->texts);
    memset(t, 0, sizeof(*t));
}

void sb_table_set_name(struct sb_table *t, const char *name)
{
    t->name = sb_texts_keep(&t->texts, name);
}

void sb_table_set_origin(struct sb_table *t, const struct sb_origin *origin)
{
    t->origin = sb_origin_keep(origin, &t->texts);
}

/* Room for `count` elements; false (and failed) when out of memory. */
static bool grow(struct sb_table *t, void *array, size_t *cap, size_t count, size_t elem_size)
{
    if (!t->texts.failed && sb_grow(array, cap, count, elem_size, TAG) != 0)
        t->texts.failed = true;
    return !t->texts.failed;
}

static struct sb_table_column *add_column(struct sb_table *t)
{
    assert(t->num_rows == 0);
    if (!grow(t, &t->columns, &t->cap_columns, t->num_columns + 1, sizeof(*t->columns)))
        return NULL;
    struct sb_table_column *c = &t->columns[t->num_columns++];
    memset(c, 0, sizeof(*c));
    c->scale = 1;
    c->unit = "";
    return c;
}

void sb_table_column(struct sb_table *t, const char *name, const char *unit, enum sb_align align)
{
    struct sb_table_column *c = add_column(t);
    if (!c)
        return;
    c->name = sb_texts_keep(&t->texts, name);
    c->key = unit ? sb_texts_printf(&t->texts, "%s [%s]", name, unit) : c->name;
    c->unit = unit ? sb_texts_keep(&t->texts, unit) : "";
    c->align = align;
}

void sb_table_quantity(struct sb_table *t, const char *key, const char *name,
                       enum sb_quantity quantity, enum sb_source source)
{
    struct sb_table_column *c = add_column(t);
    if (!c)
        return;
    c->key = sb_texts_keep(&t->texts, key);
    c->name = sb_texts_keep(&t->texts, name);
    c->align = quantity == SB_QUANTITY_NONE ? SB_LEFT : SB_RIGHT;
    c->quantity = quantity;
    c->source = source;
}

void sb_table_label(struct sb_table *t, const char *key, const char *name)
{
    sb_table_quantity(t, key, name, SB_QUANTITY_NONE, SB_SOURCE_NONE);
}

void sb_table_set_unit(struct sb_table *t, size_t column, const struct sb_unit *unit)
{
    if (t->texts.failed)
        return;
    struct sb_table_column *c = &t->columns[column];
    const int more = (int)lround(log10(unit->scale / c->scale));
    for (size_t r = 0; r < t->num_rows; r++) { /* what was fixed for the unit before */
        struct sb_table_cell *const cell = &t->cells[r * t->num_columns + column];
        cell->decimals = cell->fixed && cell->decimals + more > 0 ? cell->decimals + more : 0;
    }
    c->unit = unit->symbol;
    c->scale = unit->scale;
    c->unit_given = true;
}

void sb_table_drop_column(struct sb_table *t, size_t column)
{
    assert(column < t->num_columns);
    const size_t old = t->num_columns--;
    for (size_t c = column; c < t->num_columns; c++)
        t->columns[c] = t->columns[c + 1];
    for (size_t r = 0; r < t->num_rows; r++) {
        const bool rule = t->cells[r * old].rule;
        for (size_t c = 0; c < t->num_columns; c++)
            t->cells[r * t->num_columns + c] = t->cells[r * old + c + (c >= column)];
        if (t->num_columns)
            t->cells[r * t->num_columns].rule = rule;
    }
    if (t->group_column == (int)column)
        t->group_column = -1;
    else if (t->group_column > (int)column)
        t->group_column--;
}

void sb_table_constant(struct sb_table *t, size_t column)
{
    const struct sb_table_column *const c = &t->columns[column];
    if (grow(t, &t->constants, &t->cap_constants, t->num_constants + 1, sizeof(*t->constants)))
        t->constants[t->num_constants++] =
            (struct sb_table_constant){c->key, c->name, *sb_table_at(t, 0, column)};
}

void sb_table_row(struct sb_table *t)
{
    size_t need;
    if (!sb_mul_size(t->num_rows + 1, t->num_columns, &need) ||
        !grow(t, &t->cells, &t->cap_cells, need, sizeof(*t->cells))) {
        t->texts.failed = true;
        return;
    }
    memset(t->cells + t->num_rows * t->num_columns, 0, t->num_columns * sizeof(*t->cells));
    t->num_rows++;
    t->cursor = 0;
}

/* Cell `column` of the current row. */
static struct sb_table_cell *current(struct sb_table *t, size_t column)
{
    assert(t->num_rows > 0 && column < t->num_columns);
    return &t->cells[(t->num_rows - 1) * t->num_columns + column];
}

void sb_table_rule(struct sb_table *t)
{
    if (!t->texts.failed)
        current(t, 0)->rule = true;
}

void sb_table_note(struct sb_table *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = sb_texts_vprintf(&t->texts, fmt, args);
    va_end(args);
    if (grow(t, &t->notes, &t->cap_notes, t->num_notes + 1, sizeof(*t->notes)))
        t->notes[t->num_notes++] = text;
}

struct sb_table_cell *sb_table_last(struct sb_table *t)
{
    return t->texts.failed ? &t->spare : current(t, t->cursor - 1);
}

/* Fills the next cell; its text is the table's already. */
static void put(struct sb_table *t, struct sb_table_cell cell)
{
    if (t->texts.failed)
        return;
    struct sb_table_cell *to = current(t, t->cursor++);
    cell.rule = to->rule;
    *to = cell;
}

void sb_table_add(struct sb_table *t, const struct sb_table_cell *cell)
{
    struct sb_table_cell copy = *cell;
    copy.text = sb_texts_keep(&t->texts, cell->text);
    copy.raw = sb_texts_keep(&t->texts, cell->raw);
    put(t, copy);
}

void sb_table_cell(struct sb_table *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put(t, (struct sb_table_cell){.type = SB_CELL_TEXT,
                                  .text = sb_texts_vprintf(&t->texts, fmt, args)});
    va_end(args);
}

void sb_table_raw(struct sb_table *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = sb_texts_vprintf(&t->texts, fmt, args);
    va_end(args);
    sb_table_last(t)->raw = text;
}

void sb_table_empty(struct sb_table *t)
{
    put(t, (struct sb_table_cell){.type = SB_CELL_EMPTY});
}

void sb_table_number(struct sb_table *t, double value, int decimals)
{
    if (isnan(value))
        sb_table_empty(t);
    else
        put(t, (struct sb_table_cell){
                   .type = SB_CELL_NUMBER, .value = value, .fixed = true, .decimals = decimals});
}

void sb_table_integer(struct sb_table *t, long long value)
{
    put(t, (struct sb_table_cell){
               .type = SB_CELL_NUMBER, .value = (double)value, .fixed = true, .grouped = true});
}

void sb_table_value(struct sb_table *t, double value)
{
    put(t, (struct sb_table_cell){.type = SB_CELL_NUMBER, .value = value});
}

void sb_table_interval(struct sb_table *t, double value, double low, double high)
{
    put(t, (struct sb_table_cell){.type = SB_CELL_NUMBER,
                                  .value = value,
                                  .low = low,
                                  .high = high,
                                  .has_interval = true});
}

void sb_table_uncertain(struct sb_table *t, double value, double uncertainty)
{
    put(t,
        (struct sb_table_cell){.type = SB_CELL_NUMBER, .value = value, .uncertainty = uncertainty});
}

void sb_table_missing(struct sb_table *t, const char *why)
{
    put(t, (struct sb_table_cell){.type = SB_CELL_MISSING, .text = sb_texts_keep(&t->texts, why)});
}

const struct sb_table_cell *sb_table_at(const struct sb_table *t, size_t row, size_t column)
{
    return &t->cells[row * t->num_columns + column];
}

int sb_table_find_column(const struct sb_table *t, const char *key)
{
    for (size_t c = 0; c < t->num_columns; c++) {
        if (strcmp(t->columns[c].key, key) == 0)
            return (int)c;
    }
    return -1;
}

/* The number of a reason, from 1; a new one is appended. */
static int reason_number(struct sb_table *t, const char *why)
{
    for (size_t i = 0; i < t->num_reasons; i++) {
        if (strcmp(t->reasons[i], why) == 0)
            return (int)i + 1;
    }
    if (!grow(t, &t->reasons, &t->cap_reasons, t->num_reasons + 1, sizeof(*t->reasons)))
        return 0;
    t->reasons[t->num_reasons++] = why;
    return (int)t->num_reasons;
}

/* The largest magnitude in a column; 0 without numbers. */
static double largest_value(const struct sb_table *t, size_t column)
{
    double largest = 0;
    for (size_t r = 0; r < t->num_rows; r++) {
        const struct sb_table_cell *c = sb_table_at(t, r, column);
        if (c->type == SB_CELL_NUMBER && fabs(c->value) > largest)
            largest = fabs(c->value);
    }
    return largest;
}

static int cell_decimals(const struct sb_table_column *column, const struct sb_table_cell *cell)
{
    const double value = cell->value / column->scale;
    const double half = cell->has_interval ? (cell->high - cell->low) / 2 : cell->uncertainty;
    const bool share = column->quantity == SB_QUANTITY_SHARE;
    if (column->quantity == SB_QUANTITY_ACCURACY || (share && !(half > 0)))
        return 1; /* as the literature prints them */
    if (cell->has_interval || half > 0) {
        const int justified = sb_justified_decimals(value, half / column->scale);
        /* one digit of the value is shown even where the interval is wider than it */
        const int first = value == 0 ? justified : -(int)floor(log10(fabs(value)));
        const int decimals = first > justified ? first : justified;
        return share && decimals > 1 ? 1 : decimals;
    }
    if (value == 0 || column->quantity == SB_QUANTITY_COUNT)
        return 0;
    if (column->quantity == SB_QUANTITY_RATIO)
        return MIN_DIGITS + 1;
    if (column->scale == 1 && value == round(value)) /* whole base units are exact */
        return 0;
    const int least = sb_significant_decimals(value, MIN_DIGITS);
    return least > column->decimals ? least : column->decimals;
}

static void finish_column(struct sb_table *t, size_t index)
{
    struct sb_table_column *column = &t->columns[index];
    const double largest = largest_value(t, index);
    if (column->quantity != SB_QUANTITY_NONE && !column->unit_given) {
        const struct sb_unit *unit = sb_unit_choose(column->quantity, largest);
        column->unit = unit->symbol;
        column->scale = unit->scale;
    }
    column->decimals = sb_significant_decimals(largest / column->scale, COLUMN_DIGITS);
    for (size_t r = 0; r < t->num_rows; r++) {
        struct sb_table_cell *cell = &t->cells[r * t->num_columns + index];
        if (cell->type == SB_CELL_NUMBER && !cell->fixed)
            cell->decimals = cell_decimals(column, cell);
    }
}

int sb_table_finish(struct sb_table *t, struct sb_error *err)
{
    for (size_t c = 0; c < t->num_columns && !t->texts.failed; c++)
        finish_column(t, c);
    for (size_t i = 0; i < t->num_rows * t->num_columns && !t->texts.failed; i++) {
        struct sb_table_cell *cell = &t->cells[i];
        if (cell->type == SB_CELL_MISSING && cell->text)
            cell->note = reason_number(t, cell->text);
    }
    return t->texts.failed ? sb_error_nomem(err, "a table", 0) : 0;
}
