/* Rows, columns, units and order of tables from texts. See table_select.h. */
#include "reports/table_select.h"

#include "base/mem.h"
#include "base/str.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG      SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_SORT 8 /* keys of an order */

#define USUAL_SCENARIO "stream" /* not worth a word */

bool sb_next_word(const char **list, char *word, size_t size)
{
    const size_t n = strcspn(*list, ",");
    if (!**list)
        return false;
    snprintf(word, size, "%.*s", (int)n, *list);
    *list += n + ((*list)[n] == ',');
    return true;
}

bool sb_take_optional(char *key)
{
    const size_t n = strlen(key);
    const bool optional = n > 0 && key[n - 1] == '?';
    if (optional)
        key[n - 1] = '\0';
    return optional;
}

static int find_column(const struct sb_table *t, const char *key, const char *option, size_t *out,
                       struct sb_error *err)
{
    const int c = sb_table_find_column(t, key);
    if (c >= 0) {
        *out = (size_t)c;
        return 0;
    }
    char known[400] = "";
    for (size_t i = 0; i < t->num_columns; i++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", t->columns[i].key);
    }
    sb_error_set(err, SB_EINVAL, "%s: the table has no column '%s'", option, key);
    return sb_error_hint(err, "known: %s", known);
}

int sb_next_condition(const char **list, struct sb_condition *out, bool *found,
                      struct sb_error *err)
{
    char word[SB_MAX_KEY + sizeof(out->value)];
    *found = sb_next_word(list, word, sizeof(word));
    if (!*found)
        return 0;
    const size_t n = strcspn(word, "=!<>");
    const size_t length = word[n] ? 1 + (word[n + 1] == '=') : 0;
    if (n == 0 || n >= sizeof(out->key) || length == 0 || (word[n] == '!' && length == 1) ||
        (word[n] == '=' && length == 2) || strlen(word + n + length) >= sizeof(out->value)) {
        sb_error_set(err, SB_EINVAL, "--where: '%s' is no condition", word);
        return sb_error_hint(err, "expected KEY=VALUE, KEY!=VALUE, KEY<VALUE, KEY<=VALUE, "
                                  "KEY>VALUE or KEY>=VALUE");
    }
    snprintf(out->key, sizeof(out->key), "%.*s", (int)n, word);
    snprintf(out->op, sizeof(out->op), "%.*s", (int)length, word + n);
    snprintf(out->value, sizeof(out->value), "%s", word + n + length);
    return 0;
}

/* A unit of the column. */
static int find_unit(const struct sb_table_column *column, const char *option, const char *symbol,
                     const struct sb_unit **out, struct sb_error *err)
{
    const int rc = sb_unit_find(column->quantity, symbol, out, err);
    if (rc == 0)
        return 0;
    const struct sb_error cause = *err;
    if (*symbol)
        sb_error_set(err, SB_EINVAL, "%s: column '%s' has no unit '%s'", option, column->key,
                     symbol);
    else
        sb_error_set(err, SB_EINVAL, "%s: column '%s' needs a unit", option, column->key);
    return sb_error_hint(err, "%s", cause.hint);
}

/* "200ms" in base units of the column. */
static int read_number(const struct sb_table_column *column, const char *text, double *out,
                       struct sb_error *err)
{
    const struct sb_unit *unit;
    char *end;
    const double value = strtod(text, &end);
    if (end == text || !isfinite(value))
        return sb_error_set(err, SB_EINVAL, "--where: column '%s' holds numbers, got '%s'",
                            column->key, text);
    const int rc = find_unit(column, "--where", end, &unit, err);
    if (rc == 0)
        *out = value * unit->scale;
    return rc;
}

/* "=", "<", "<=", ">" or ">="; what differs by no more than the unit's rounding is equal. */
static bool compare(double a, const char *op, double b)
{
    if (fabs(a - b) <= 1e-9 * fabs(b))
        return op[0] == '=' || op[1] == '=';
    return (op[0] == '<' && a < b) || (op[0] == '>' && a > b);
}

/* One alternative of "=" against a cell. */
static int matches(const struct sb_table_column *column, const struct sb_table_cell *cell,
                   const char *value, bool *out, struct sb_error *err)
{
    double number;
    *out = false;
    if (cell->type == SB_CELL_TEXT) {
        *out = fnmatch(value, cell->text, 0) == 0;
        return 0;
    }
    if (cell->type != SB_CELL_NUMBER)
        return 0;
    const int rc = read_number(column, value, &number, err);
    if (rc == 0)
        *out = compare(cell->value, "=", number);
    return rc;
}

static int is_equal(const struct sb_table_column *column, const struct sb_table_cell *cell,
                    const char *values, bool *out, struct sb_error *err)
{
    int rc = 0;
    *out = false;
    for (const char *p = values; rc == 0 && !*out; p++) {
        char one[128];
        const size_t n = strcspn(p, "|");
        snprintf(one, sizeof(one), "%.*s", (int)n, p);
        rc = matches(column, cell, one, out, err);
        p += n;
        if (!*p)
            break;
    }
    return rc;
}

static int holds(const struct sb_table_column *column, const struct sb_table_cell *cell,
                 const struct sb_condition *c, bool *out, struct sb_error *err)
{
    double number;
    if (c->op[0] == '=' || c->op[0] == '!') {
        const int rc = is_equal(column, cell, c->value, out, err);
        *out = *out == (c->op[0] == '=');
        return rc;
    }
    *out = false;
    if (cell->type == SB_CELL_TEXT)
        return sb_error_set(err, SB_EINVAL,
                            "--where: column '%s' holds texts, which only = and "
                            "!= compare",
                            column->key);
    if (cell->type != SB_CELL_NUMBER)
        return 0;
    const int rc = read_number(column, c->value, &number, err);
    if (rc == 0)
        *out = compare(cell->value, c->op, number);
    return rc;
}

static int filter(struct sb_table *t, const struct sb_condition *c, struct sb_error *err)
{
    size_t column = 0, kept = 0;
    int rc = find_column(t, c->key, "--where", &column, err);
    for (size_t r = 0; r < t->num_rows && rc == 0; r++) {
        bool keep;
        rc = holds(&t->columns[column], sb_table_at(t, r, column), c, &keep, err);
        if (rc == 0 && keep)
            memmove(t->cells + kept++ * t->num_columns, t->cells + r * t->num_columns,
                    t->num_columns * sizeof(*t->cells));
    }
    t->num_rows = rc ? t->num_rows : kept;
    return rc;
}

int sb_table_where(struct sb_table *t, const char *conditions, struct sb_error *err)
{
    const size_t before = t->num_rows;
    struct sb_condition c;
    bool found;
    for (const char *p = conditions;;) {
        int rc = sb_next_condition(&p, &c, &found, err);
        if (rc == 0 && found)
            rc = filter(t, &c, err);
        if (rc)
            return rc;
        if (!found)
            break;
    }
    if (before && t->num_rows == 0)
        sb_table_note(t, "No row is left by %s.", conditions);
    return 0;
}

/* The cells of a row in a new order; the line above it stays. */
static void permute_row(const struct sb_table_cell *from, const size_t *index, size_t count,
                        struct sb_table_cell *to)
{
    const bool rule = from[0].rule;
    for (size_t c = 0; c < count; c++) {
        to[c] = from[index[c]];
        to[c].rule = false;
    }
    to[0].rule = rule;
}

static int permute(struct sb_table *t, const size_t *index, size_t count, struct sb_error *err)
{
    struct sb_table_column *columns = sb_calloc(count, sizeof(*columns), TAG);
    struct sb_table_cell *cells = sb_calloc(t->num_rows * count, sizeof(*cells), TAG);
    if (!columns || !cells) {
        sb_free(columns);
        sb_free(cells);
        return sb_error_nomem(err, "a table", t->num_rows * count * sizeof(*cells));
    }
    int group = -1;
    for (size_t c = 0; c < count; c++) {
        columns[c] = t->columns[index[c]];
        group = (int)index[c] == t->group_column ? (int)c : group;
    }
    for (size_t r = 0; r < t->num_rows; r++)
        permute_row(t->cells + r * t->num_columns, index, count, cells + r * count);
    sb_free(t->columns);
    sb_free(t->cells);
    t->columns = columns;
    t->cells = cells;
    t->num_columns = t->cap_columns = count;
    t->cap_cells = t->num_rows * count;
    t->group_column = group;
    return 0;
}

static bool same_cell(const struct sb_table_cell *a, const struct sb_table_cell *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == SB_CELL_NUMBER)
        return a->value == b->value;
    return sb_same_text(a->text, b->text);
}

static bool is_constant(const struct sb_table *t, size_t column)
{
    for (size_t r = 1; r < t->num_rows; r++) {
        if (!same_cell(sb_table_at(t, 0, column), sb_table_at(t, r, column)))
            return false;
    }
    return true;
}

static bool has_values(const struct sb_table *t, size_t column)
{
    for (size_t r = 0; r < t->num_rows; r++) {
        if (sb_table_at(t, r, column)->type >= SB_CELL_TEXT)
            return true;
    }
    return false;
}

/* A text or a plain number that says what a row is about; all else is a value. */
static bool is_label(const struct sb_table_column *column)
{
    return column->source == SB_SOURCE_NONE &&
           (column->quantity == SB_QUANTITY_NONE || column->quantity == SB_QUANTITY_COUNT);
}

bool sb_table_tells(const struct sb_table *t, size_t column)
{
    if (t->num_rows == 0)
        return true;
    return is_label(&t->columns[column]) ? !is_constant(t, column) : has_values(t, column);
}

void sb_table_keep_constant(struct sb_table *t, size_t column)
{
    const struct sb_table_cell *const cell = sb_table_at(t, 0, column);
    if (is_label(&t->columns[column]) && cell->type >= SB_CELL_TEXT &&
        !(cell->text && strcmp(cell->text, USUAL_SCENARIO) == 0))
        sb_table_constant(t, column);
}

void sb_table_note_constants(struct sb_table *t)
{
    struct sb_str text = SB_STR_INIT;
    for (size_t i = 0; i < t->num_constants; i++) {
        const struct sb_table_constant *const c = &t->constants[i];
        sb_str_printf(&text, "%s%s ", i ? ", " : "", c->name);
        if (c->cell.type == SB_CELL_TEXT)
            sb_str_puts(&text, c->cell.text);
        else
            sb_str_printf(&text, "%.0f", c->cell.value);
    }
    if (text.length)
        sb_table_note(t, "All rows: %s.", sb_str_text(&text));
    t->texts.failed = t->texts.failed || text.failed;
    sb_str_release(&text);
}

/* Looks up the columns of "KEY,KEY?"; *index is owned by the caller, also on failure. */
static int choose(struct sb_table *t, const char *keys, size_t **index, size_t *count,
                  struct sb_error *err)
{
    size_t capacity = 0;
    char key[SB_MAX_KEY];
    int rc = 0;
    for (const char *p = keys; rc == 0 && sb_next_word(&p, key, sizeof(key));) {
        const bool optional = sb_take_optional(key);
        size_t column = 0;
        rc = find_column(t, key, "--columns", &column, err);
        if (rc == 0 && sb_grow(index, &capacity, *count + 1, sizeof(**index), TAG))
            rc = sb_error_nomem(err, "columns", *count);
        if (rc == 0 && optional && !sb_table_tells(t, column))
            sb_table_keep_constant(t, column);
        else if (rc == 0)
            (*index)[(*count)++] = column;
    }
    if (rc == 0 && *count == 0) {
        rc = sb_error_set(err, SB_EINVAL, "--columns: %s",
                          *keys ? "none of them tells anything" : "expected KEY,...");
        if (*keys)
            sb_error_hint(err, "a column without '?' is always shown");
    }
    return rc;
}

int sb_table_select(struct sb_table *t, const char *keys, struct sb_error *err)
{
    size_t count = 0, *index = NULL;
    int rc = choose(t, keys, &index, &count, err);
    if (rc == 0) {
        sb_table_note_constants(t);
        sb_table_keep_rules(t);
        rc = permute(t, index, count, err);
    }
    sb_free(index);
    return rc;
}

int sb_table_units(struct sb_table *t, const char *units, struct sb_error *err)
{
    char word[SB_MAX_KEY];
    for (const char *p = units; sb_next_word(&p, word, sizeof(word));) {
        const struct sb_unit *unit;
        size_t column = 0;
        char *equals = strchr(word, '=');
        if (!equals)
            return sb_error_set(err, SB_EINVAL, "--units: expected COLUMN=UNIT, got '%s'", word);
        *equals = '\0';
        int rc = find_column(t, word, "--units", &column, err);
        if (rc == 0)
            rc = find_unit(&t->columns[column], "--units", equals + 1, &unit, err);
        if (rc)
            return rc;
        sb_table_set_unit(t, column, unit);
    }
    return 0;
}

int sb_table_order(struct sb_table *t, const char *group, const char *sort, struct sb_error *err)
{
    char keys[MAX_SORT][SB_MAX_KEY];
    size_t count = 0, column = 0;
    int rc = 0;
    for (size_t r = 0; (group || sort) && r < t->num_rows; r++)
        t->cells[r * t->num_columns].rule = false; /* lines of the order before */
    if (group) {
        rc = find_column(t, group, "--group", &column, err);
        if (rc == 0)
            rc = sb_table_group(t, column, err);
    }
    const char *p = sort ? sort : "";
    while (count < MAX_SORT && sb_next_word(&p, keys[count], sizeof(keys[count])))
        count++;
    if (count == MAX_SORT && *p)
        return sb_error_set(err, SB_EINVAL, "--sort: more than %d keys", MAX_SORT);
    while (rc == 0 && count-- > 0) { /* sorting is stable: the first key comes last */
        const bool descending = keys[count][0] == '-';
        rc = find_column(t, keys[count] + descending, "--sort", &column, err);
        if (rc == 0)
            rc = sb_table_sort(t, column, descending, err);
    }
    return rc;
}
