/* Rows collected by the parallel readers. See coco_rows.h. */
#include "eval/coco_rows.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void *sb_rows_add(struct sb_rows *rows, size_t bytes, struct sb_error *err)
{
    if (rows->count == rows->capacity &&
        sb_grow(&rows->data, &rows->capacity, rows->count + 1, bytes, TAG)) {
        sb_error_nomem(err, "rows of a data set", rows->count * bytes);
        return NULL;
    }
    return memset((char *)rows->data + rows->count++ * bytes, 0, bytes);
}

int sb_rows_read_numbers(struct sb_rows *rows, struct sb_scan *s, size_t count)
{
    const size_t need = rows->number_count + count;
    if (sb_grow(&rows->numbers, &rows->number_capacity, need, sizeof(double), TAG))
        return sb_error_nomem(s->err, "keypoints", need * sizeof(double));
    const int rc = sb_scan_doubles(s, rows->numbers + rows->number_count, count);
    rows->number_count = need;
    return rc;
}

void sb_rows_clear(struct sb_rows *rows)
{
    rows->count = 0;
    rows->number_count = 0;
}

void sb_rows_release(struct sb_rows *rows)
{
    sb_free(rows->data);
    sb_free(rows->numbers);
    memset(rows, 0, sizeof(*rows));
}

size_t sb_rows_estimate(size_t need, size_t done, size_t total)
{
    const double factor = done ? 1.03 * (double)total / (double)done : 1.0;
    const double guess = (double)need * factor;
    return guess > (double)need && guess < 1e15 ? (size_t)guess + 16 : need;
}

int sb_column_grow(void *column_ptr, bool wanted, size_t count, size_t bytes, struct sb_error *err)
{
    if (!wanted)
        return 0;
    void *column;
    memcpy(&column, column_ptr, sizeof(column));
    void *const fresh = sb_realloc(column, count, bytes, TAG);
    if (!fresh)
        return sb_error_nomem(err, "columns of a data set", count * bytes);
    memcpy(column_ptr, &fresh, sizeof(fresh));
    return 0;
}

int sb_moved_error(struct sb_error *err, const uint64_t *at, const uint64_t *from, size_t i)
{
    if (from && at[i] != UINT64_MAX && err->offset >= 0)
        sb_error_offset(err, err->offset - (int64_t)at[i] + (int64_t)from[i]);
    return err->code;
}
