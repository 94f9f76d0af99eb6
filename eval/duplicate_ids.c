/* Repeated annotation ids. See duplicate_ids.h. */
#include "eval/duplicate_ids.h"

#include "base/mem.h"
#include "base/rng.h"
#include "eval/metric.h"

#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define FREE        UINT32_MAX
#define WINDOW_BITS 16 /* bitmap bits per annotation */

/* Quick proof that no id repeats: ascending, or all different in a bitmap of the ids near the
 * lowest. False when neither shows it. */
static bool surely_distinct(const int64_t *ids, size_t count)
{
    bool ascending = true;
    int64_t lowest = count ? ids[0] : 0;
    for (size_t i = 1; i < count; i++) {
        ascending = ascending && ids[i - 1] < ids[i];
        lowest = ids[i] < lowest ? ids[i] : lowest;
    }
    if (ascending)
        return true;
    const size_t words = count * WINDOW_BITS / 64 + 1;
    uint64_t *const seen = sb_calloc(words, sizeof(*seen), TAG);
    bool distinct = seen != NULL;
    for (size_t i = 0; distinct && i < count; i++) {
        const uint64_t at = (uint64_t)ids[i] - (uint64_t)lowest;
        distinct = at / 64 < words && !(seen[at / 64] >> (at % 64) & 1);
        if (distinct)
            seen[at / 64] |= (uint64_t)1 << (at % 64);
    }
    sb_free(seen);
    return distinct;
}

/* last[i] = the last row with the id of row i; *repeats = rows that are not their own last. */
static int find_last(const int64_t *ids, size_t count, uint32_t *last, size_t *repeats)
{
    size_t slots = 16;
    while (slots < 2 * count)
        slots *= 2;
    uint32_t *const table = sb_malloc(slots * sizeof(*table), TAG);
    if (!table)
        return SB_ENOMEM;
    memset(table, 0xff, slots * sizeof(*table));
    *repeats = 0;
    for (size_t i = count; i-- > 0;) { /* from the end: who comes first is the last */
        size_t slot = (size_t)sb_rng_mix((uint64_t)ids[i]) & (slots - 1);
        while (table[slot] != FREE && ids[table[slot]] != ids[i])
            slot = (slot + 1) & (slots - 1);
        if (table[slot] == FREE)
            table[slot] = (uint32_t)i;
        last[i] = table[slot];
        *repeats += last[i] != i;
    }
    sb_free(table);
    return 0;
}

/* Rows in the order in which pycocotools lists them: by image, file order inside; returns how many.
 * under: the image of each. */
static size_t list_rows(const struct sb_coco_gt *gt, const struct sb_coco_params *params,
                        const uint32_t *last, size_t *image_start, uint32_t *listed, int32_t *under)
{
    /* with categories, and in LVIS always, only annotations of known ones are looked up */
    const bool keeps_unknown = !params->use_cats && params->metric->protocol != SB_PROTOCOL_LVIS;
    size_t total = 0;
    for (size_t i = 0; i < gt->count; i++) {
        if (gt->image[i] >= 0)
            image_start[gt->image[i] + 1]++;
    }
    for (size_t i = 0; i < gt->images.count; i++)
        image_start[i + 1] += image_start[i];
    total = image_start[gt->images.count];
    for (size_t i = 0; i < gt->count; i++) {
        if (gt->image[i] >= 0)
            listed[image_start[gt->image[i]]++] = (uint32_t)i;
    }
    size_t kept = 0;
    for (size_t i = 0; i < total; i++) {
        if (!keeps_unknown && gt->category[listed[i]] < 0)
            continue;
        under[kept] = gt->image[listed[i]];
        listed[kept++] = last[listed[i]];
    }
    return kept;
}

/* *column = its values at rows[0..count). NULL stays NULL. */
static int gather(void *column_ptr, const uint32_t *rows, size_t count, size_t bytes)
{
    char *column;
    memcpy(&column, column_ptr, sizeof(column));
    if (!column)
        return 0;
    char *const fresh = sb_calloc(count, bytes, TAG);
    if (!fresh)
        return SB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        memcpy(fresh + i * bytes, column + rows[i] * bytes, bytes);
    sb_free(column);
    memcpy(column_ptr, &fresh, sizeof(fresh));
    return 0;
}

static int rewrite(struct sb_coco_gt *gt, const struct sb_coco_params *params, const uint32_t *rows,
                   size_t count)
{
    if (gather(&gt->image, rows, count, sizeof(*gt->image)) ||
        gather(&gt->category, rows, count, sizeof(*gt->category)) ||
        gather(&gt->box, rows, count, sizeof(*gt->box)) ||
        gather(&gt->area, rows, count, sizeof(*gt->area)) ||
        gather(&gt->flags, rows, count, sizeof(*gt->flags)) ||
        gather(&gt->shape_at, rows, count, sizeof(*gt->shape_at)) ||
        gather(&gt->shape_from, rows, count, sizeof(*gt->shape_from)) ||
        gather(&gt->keypoints, rows, count, 3 * params->keypoint_count * sizeof(double)))
        return SB_ENOMEM;
    gt->count = count;
    return 0;
}

int sb_count_repeats(const int64_t *ids, size_t count, size_t *repeats, struct sb_error *err)
{
    *repeats = 0;
    if (count >= FREE)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 annotations");
    if (surely_distinct(ids, count))
        return 0;
    uint32_t *const last = sb_malloc(count * sizeof(*last), TAG);
    const int rc = last ? find_last(ids, count, last, repeats) : SB_ENOMEM;
    sb_free(last);
    return rc ? sb_error_nomem(err, "repeated annotation ids", count * sizeof(*last)) : 0;
}

int sb_resolve_duplicates(struct sb_coco_gt *gt, const int64_t *ids,
                          const struct sb_coco_params *params, size_t *repeats,
                          struct sb_error *err)
{
    *repeats = 0;
    if (gt->count >= FREE)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 annotations");
    if (surely_distinct(ids, gt->count))
        return 0;
    uint32_t *const last = sb_malloc(gt->count * sizeof(*last), TAG);
    uint32_t *const listed = sb_malloc(gt->count * sizeof(*listed), TAG);
    size_t *const image_start = sb_calloc(gt->images.count + 1, sizeof(*image_start), TAG);
    int32_t *under = sb_malloc(gt->count * sizeof(*under), TAG);
    const bool ok = last && listed && image_start && under;
    int rc = ok ? find_last(ids, gt->count, last, repeats) : SB_ENOMEM;
    if (rc == 0 && *repeats > 0) {
        rc = rewrite(gt, params, listed, list_rows(gt, params, last, image_start, listed, under));
        gt->listed_image = under; /* ownership moves */
        under = NULL;
    }
    sb_free(under);
    sb_free(last);
    sb_free(listed);
    sb_free(image_start);
    return rc ? sb_error_nomem(err, "repeated annotation ids", gt->count * sizeof(*last)) : 0;
}
