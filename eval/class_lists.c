/* Grouping by class: a counting sort. See class_lists.h. */
#include "eval/class_lists.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

int sb_class_lists_build(struct sb_class_lists *lists, const int32_t *image,
                         const int32_t *category, size_t count, size_t categories, bool one_class,
                         struct sb_error *err)
{
    memset(lists, 0, sizeof(*lists));
    if (count > UINT32_MAX - 1)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 objects or detections");
    size_t *start = sb_calloc(categories + 2, sizeof(*start), TAG);
    lists->order = sb_malloc(count * sizeof(*lists->order), TAG);
    lists->start = start;
    if (!start || !lists->order) {
        sb_class_lists_release(lists);
        return sb_error_nomem(err, "lists of classes", count * sizeof(*lists->order));
    }
    /* start[k + 2] counts class k; after the sums start[k + 1] is where it begins and, once its
     * rows are placed, where it ends */
    for (size_t i = 0; i < count; i++) {
        if (image[i] >= 0 && category[i] >= 0)
            start[category[i] + 2]++;
    }
    for (size_t k = 2; k < categories + 2; k++)
        start[k] += start[k - 1];
    for (size_t i = 0; i < count; i++) {
        if (image[i] >= 0 && category[i] >= 0)
            lists->order[start[category[i] + 1]++] = (uint32_t)i;
    }
    lists->classes = categories;
    if (one_class) {
        lists->classes = 1;
        start[1] = start[categories];
    }
    return 0;
}

void sb_class_lists_release(struct sb_class_lists *lists)
{
    sb_free(lists->start);
    sb_free(lists->order);
    memset(lists, 0, sizeof(*lists));
}
