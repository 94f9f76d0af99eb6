/* Sets of categories, one after the other in one array. See category_sets.h. */
#include "eval/category_sets.h"

#include "base/error.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

int sb_category_sets_init(struct sb_category_sets *sets, size_t images)
{
    memset(sets, 0, sizeof(*sets));
    sets->start = sb_calloc(images + 1, sizeof(*sets->start), TAG);
    return sets->start ? 0 : SB_ENOMEM;
}

int sb_category_sets_add(struct sb_category_sets *sets, int32_t category)
{
    if (sb_grow(&sets->members, &sets->capacity, sets->count + 1, sizeof(*sets->members), TAG))
        return SB_ENOMEM;
    sets->members[sets->count++] = category;
    return 0;
}

static int ascending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

void sb_category_sets_end(struct sb_category_sets *sets, size_t image)
{
    const size_t first = sets->start[image];
    sets->start[image + 1] = sets->count;
    if (sets->count > first)
        qsort(sets->members + first, sets->count - first, sizeof(*sets->members), ascending);
}

bool sb_category_sets_has(const struct sb_category_sets *sets, size_t image, int32_t category)
{
    if (!sets->start || sets->start[image] == sets->start[image + 1])
        return false;
    const size_t first = sets->start[image];
    return bsearch(&category, sets->members + first, sets->start[image + 1] - first,
                   sizeof(*sets->members), ascending) != NULL;
}

void sb_category_sets_release(struct sb_category_sets *sets)
{
    sb_free(sets->start);
    sb_free(sets->members);
    memset(sets, 0, sizeof(*sets));
}
