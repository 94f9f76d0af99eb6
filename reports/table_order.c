/* Order of a table's rows: sorting and grouping. See table.h. */
#include "reports/table.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* What rows are compared by. */
struct order {
    const struct sb_table *table;
    size_t column;
    bool descending;
};

/* < 0 when row a comes before row b. */
static int compare_cells(const struct order *order, size_t a, size_t b)
{
    const struct sb_table_cell *x = sb_table_at(order->table, a, order->column);
    const struct sb_table_cell *y = sb_table_at(order->table, b, order->column);
    const bool has_x = x->type >= SB_CELL_TEXT, has_y = y->type >= SB_CELL_TEXT;
    if (!has_x || !has_y)
        return has_y - has_x;
    int sign;
    if (x->type != y->type)
        sign = x->type == SB_CELL_NUMBER ? -1 : 1;
    else if (x->type == SB_CELL_TEXT)
        sign = strcmp(x->text, y->text);
    else
        sign = (x->value > y->value) - (x->value < y->value);
    return order->descending ? -sign : sign;
}

/* Stable merge sort of index[0..count), scratch as large. */
static void sort_rows(const struct order *order, size_t *index, size_t *scratch, size_t count)
{
    if (count < 2)
        return;
    const size_t half = count / 2;
    sort_rows(order, index, scratch, half);
    sort_rows(order, index + half, scratch, count - half);
    memcpy(scratch, index, count * sizeof(*index));
    size_t a = 0, b = half;
    for (size_t i = 0; i < count; i++) {
        const bool take_a =
            b == count || (a < half && compare_cells(order, scratch[a], scratch[b]) <= 0);
        index[i] = take_a ? scratch[a++] : scratch[b++];
    }
}

/* Rows in the order that index names. */
static int permute(struct sb_table *t, const size_t *index, struct sb_error *err)
{
    const size_t width = t->num_columns, count = t->num_rows * width;
    struct sb_table_cell *cells = sb_calloc(count, sizeof(*cells), TAG);
    if (!cells)
        return sb_error_nomem(err, "a table", count * sizeof(*cells));
    for (size_t r = 0; r < t->num_rows; r++)
        memcpy(cells + r * width, t->cells + index[r] * width, width * sizeof(*cells));
    sb_free(t->cells);
    t->cells = cells;
    t->cap_cells = count;
    return 0;
}

/* True when two rows belong to the same group: equal text or number in the column. */
static bool same_group(const struct sb_table *t, size_t column, size_t a, size_t b)
{
    const struct sb_table_cell *x = sb_table_at(t, a, column), *y = sb_table_at(t, b, column);
    if (x->type != y->type)
        return false;
    if (x->type == SB_CELL_NUMBER)
        return x->value == y->value;
    return x->type != SB_CELL_TEXT || strcmp(x->text, y->text) == 0;
}

static bool starts_group(const struct sb_table *t, size_t row)
{
    return t->group_column >= 0 && !same_group(t, (size_t)t->group_column, row - 1, row);
}

bool sb_table_has_rule(const struct sb_table *t, size_t row)
{
    if (row == 0)
        return false;
    return sb_table_at(t, row, 0)->rule || starts_group(t, row);
}

void sb_table_keep_rules(struct sb_table *t)
{
    for (size_t r = 0; t->num_columns && r < t->num_rows; r++)
        t->cells[r * t->num_columns].rule = sb_table_has_rule(t, r);
}

int sb_table_sort(struct sb_table *t, size_t column, bool descending, struct sb_error *err)
{
    const size_t n = t->num_rows;
    size_t *index = sb_calloc(2 * n, sizeof(*index), TAG);
    if (!index)
        return sb_error_nomem(err, "the order of rows", n * sizeof(*index));
    for (size_t r = 0; r < n; r++)
        index[r] = r;
    const struct order order = {t, column, descending};
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && !starts_group(t, end);)
            end++;
        sort_rows(&order, index + begin, index + n, end - begin);
    }
    const int rc = permute(t, index, err);
    sb_free(index);
    return rc;
}

/* Appends row `first` and all later ones of its group that are not taken yet; the new count. */
static size_t take_group(const struct sb_table *t, size_t first, bool *taken, size_t *index,
                         size_t count)
{
    for (size_t r = first; r < t->num_rows; r++) {
        if (!taken[r] && same_group(t, (size_t)t->group_column, first, r)) {
            taken[r] = true;
            index[count++] = r;
        }
    }
    return count;
}

int sb_table_group(struct sb_table *t, size_t column, struct sb_error *err)
{
    const size_t n = t->num_rows;
    size_t *index = sb_calloc(n, sizeof(*index), TAG);
    bool *taken = sb_calloc(n, sizeof(*taken), TAG);
    int rc = index && taken ? 0 : sb_error_nomem(err, "the order of rows", n * sizeof(*index));
    t->group_column = (int)column;
    size_t count = 0;
    for (size_t first = 0; first < n && rc == 0; first++) {
        if (!taken[first])
            count = take_group(t, first, taken, index, count);
    }
    if (rc == 0)
        rc = permute(t, index, err);
    sb_free(index);
    sb_free(taken);
    return rc;
}
