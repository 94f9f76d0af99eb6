/* Masks of the library: text in and out. See library.h and include/spinebench/eval.h. */
#include "eval/library.h"

#include "base/mem.h"
#include "datasets/rle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD_BYTES 64 /* of {"size":[H,W],"counts":""} with 10 digits each */

/* Checks mask i and adds what its text may take; leaves its runs in *rle. */
static int check_mask(const struct sb_library_masks *m, size_t i, struct sb_rle *rle, size_t *bytes,
                      struct sb_error *err)
{
    const int32_t rank = m->image[i];
    if (!m->texts[i])
        return sb_error_set(err, SB_EINVAL, "%s.masks[%zu] is NULL, expected run-length text",
                            m->what, i);
    const size_t length = strlen(m->texts[i]);
    struct sb_error why;
    const int rc = sb_rle_from_text(rle, (uint32_t)m->gt->height[rank],
                                    (uint32_t)m->gt->width[rank], m->texts[i], length, &why);
    *bytes += 2 * length + HEAD_BYTES; /* a backslash is written as two */
    return rc ? sb_error_set(err, rc, "%s.masks[%zu]: %s", m->what, i, why.message) : 0;
}

static char *put_mask(char *out, const char *text, int32_t height, int32_t width)
{
    out += snprintf(out, HEAD_BYTES, "{\"size\":[%" PRId32 ",%" PRId32 "],\"counts\":\"", height,
                    width);
    for (; *text; text++) {
        if (*text == '\\')
            *out++ = '\\';
        *out++ = *text;
    }
    *out++ = '"';
    *out++ = '}';
    return out;
}

int sb_library_masks_load(const struct sb_library_masks *masks, struct sb_map *map,
                          uint64_t *shape_at, double *areas, struct sb_error *err)
{
    const struct sb_library_masks *const m = masks;
    struct sb_rle rle = {0};
    size_t bytes = 0;
    char *text;
    int rc = 0;
    if (m->count > 0 && !m->texts)
        return sb_error_set(err, SB_EINVAL, "%s.masks is NULL, expected %zu entries", m->what,
                            m->count);
    for (size_t i = 0; rc == 0 && i < m->count; i++) {
        if (m->image[i] < 0)
            continue;
        rc = check_mask(m, i, &rle, &bytes, err);
        if (rc == 0 && areas)
            areas[i] = sb_rle_area(&rle);
    }
    sb_rle_release(&rle);
    if (rc == 0)
        rc = sb_map_new(map, bytes, &text, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < m->count; i++) {
        const int32_t rank = m->image[i];
        if (rank < 0)
            continue;
        shape_at[i] = (uint64_t)(text - map->data);
        text = put_mask(text, m->texts[i], m->gt->height[rank], m->gt->width[rank]);
    }
    return 0;
}

/* The text of a finished mask, or the error that kept it from being made. */
static int64_t give_text(int rc, struct sb_rle *rle, char *text, size_t size, struct sb_error *err,
                         struct spinebench_error *error)
{
    struct sb_str out = SB_STR_INIT;
    if (rc == 0) {
        sb_rle_to_text(rle, &out);
        if (out.failed)
            rc = sb_error_nomem(err, "a mask's text", rle->count);
    }
    sb_rle_release(rle);
    int64_t length = sb_library_error(error, err);
    if (rc == 0) {
        length = (int64_t)out.length;
        if (size > 0)
            snprintf(text, size, "%s", sb_str_text(&out));
    }
    sb_str_release(&out);
    return length;
}

int64_t spinebench_mask_from_bytes(char *text, size_t size, const uint8_t *mask, uint32_t height,
                                   uint32_t width, size_t stride, struct spinebench_error *error)
{
    struct sb_rle rle = {0};
    struct sb_error err;
    sb_error_init(&err);
    int rc = 0;
    if (!mask || (!text && size > 0))
        rc = sb_error_set(&err, SB_EINVAL, "%s is NULL", mask ? "text" : "mask");
    else if (stride < width)
        rc = sb_error_set(&err, SB_EINVAL, "stride is %zu, expected at least the width %u", stride,
                          width);
    else
        rc = sb_rle_from_mask(&rle, height, width, mask, stride, &err);
    return give_text(rc, &rle, text, size, &err, error);
}

int64_t spinebench_mask_from_polygons(char *text, size_t size, const double *points,
                                      const size_t *point_counts, size_t polygons, uint32_t height,
                                      uint32_t width, struct spinebench_error *error)
{
    struct sb_rle rle = {0}, part = {0};
    struct sb_rle_scratch scratch = {0};
    struct sb_error err;
    sb_error_init(&err);
    int rc = 0;
    if (!points || !point_counts || (!text && size > 0))
        rc = sb_error_set(&err, SB_EINVAL, "%s is NULL",
                          !points        ? "points"
                          : point_counts ? "text"
                                         : "point_counts");
    else if (polygons == 0)
        rc = sb_error_set(&err, SB_EINVAL, "polygons is 0, expected at least 1");
    for (size_t i = 0; rc == 0 && i < polygons; i++) {
        struct sb_rle *const out = i == 0 ? &rle : &part;
        rc = sb_rle_from_polygon(out, height, width, points, point_counts[i], &scratch, &err);
        if (rc == 0 && i > 0)
            rc = sb_rle_merge(&rle, &part, false, &scratch, &err);
        points += 2 * point_counts[i];
    }
    sb_rle_release(&part);
    sb_rle_scratch_release(&scratch);
    return give_text(rc, &rle, text, size, &err, error);
}
