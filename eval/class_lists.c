/* Grouping by class: a counting sort. See class_lists.h. */
#include "eval/class_lists.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

int sb_class_lists_build(struct sb_class_lists *lists, const struct sb_class_rows *rows,
                         struct sb_error *err)
{
    const size_t count = rows->count, categories = rows->categories;
    memset(lists, 0, sizeof(*lists));
    if (count > UINT32_MAX - 1)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 objects or detections");
    size_t *start = sb_calloc(categories + 2, sizeof(*start), TAG);
    lists->order = sb_malloc(count * sizeof(*lists->order), TAG);
    lists->start = start;
    lists->classes = categories;
    if (!start || !lists->order) {
        sb_class_lists_release(lists);
        return sb_error_nomem(err, "lists of classes", count * sizeof(*lists->order));
    }
    /* start[k + 2] counts class k; after the sums start[k + 1] is where it begins and, once its
     * rows are placed, where it ends */
    for (size_t i = 0; i < count; i++) {
        if (rows->image[i] >= 0 && rows->category[i] >= 0)
            start[rows->category[i] + 2]++;
    }
    for (size_t k = 2; k < categories + 2; k++)
        start[k] += start[k - 1];
    for (size_t i = 0; i < count; i++) {
        if (rows->image[i] >= 0 && rows->category[i] >= 0)
            lists->order[start[rows->category[i] + 1]++] = (uint32_t)i;
    }
    return 0;
}

/* Repeats the rows of each class. */
static int repeat(struct sb_class_lists *lists, const uint32_t *times, struct sb_error *err)
{
    size_t total = 0, n = 0;
    for (size_t k = 0; k < lists->classes; k++) {
        const size_t rows = lists->start[k + 1] - lists->start[k];
        if (rows > 0 && times[k] > (UINT32_MAX - 1 - total) / rows)
            return sb_error_set(err, SB_EUNSUPPORTED,
                                "more than 2^32 - 2 objects or detections: categories are listed "
                                "again and again");
        total += times[k] * rows;
    }
    uint32_t *const order = sb_malloc(total * sizeof(*order), TAG);
    if (!order)
        return sb_error_nomem(err, "lists of classes", total * sizeof(*order));
    for (size_t k = 0; k < lists->classes; k++) {
        const size_t first = lists->start[k], rows = lists->start[k + 1] - first;
        for (uint32_t i = 0; rows > 0 && i < times[k]; i++, n += rows)
            memcpy(order + n, lists->order + first, rows * sizeof(*order));
    }
    sb_free(lists->order);
    lists->order = order;
    lists->start[lists->classes] = n;
    return 0;
}

int sb_class_lists_join(struct sb_class_lists *lists, const struct sb_class_rows *rows,
                        const uint32_t *times, struct sb_error *err)
{
    int rc = sb_class_lists_build(lists, rows, err);
    if (rc == 0 && times)
        rc = repeat(lists, times, err);
    if (rc) {
        sb_class_lists_release(lists);
        return rc;
    }
    lists->start[1] = lists->start[lists->classes];
    lists->classes = 1;
    return 0;
}

void sb_class_lists_release(struct sb_class_lists *lists)
{
    sb_free(lists->start);
    sb_free(lists->order);
    memset(lists, 0, sizeof(*lists));
}
