/* Segmentations as masks. See coco_mask.h. */
#include "eval/coco_mask.h"

#include "base/mem.h"

#include <string.h>

void sb_mask_scratch_init(struct sb_mask_scratch *scratch, const struct sb_coco_params *params)
{
    scratch->takes_short = params->rules[SB_RULE_SHORT_POLYGONS] == SB_SHORT_POLYGONS_EMPTY;
}

void sb_mask_scratch_release(struct sb_mask_scratch *scratch)
{
    sb_rle_scratch_release(&scratch->rle);
    sb_rle_release(&scratch->part);
    sb_rle_release(&scratch->checked);
    sb_rle_code_release(&scratch->code);
    sb_free(scratch->points);
    memset(scratch, 0, sizeof(*scratch));
}

/* Adds where in the file a mask could not be made. */
static int at_value(struct sb_scan *s, const char *at, int rc)
{
    if (rc == SB_EFORMAT) {
        if (s->path)
            sb_error_file(s->err, s->path);
        sb_error_offset(s->err, at - s->begin);
    }
    return rc;
}

/* Adds the polygon of `numbers` numbers in scratch->points to *mask; the first one starts it. */
static int add_polygon(uint32_t h, uint32_t w, size_t numbers, bool is_first, struct sb_rle *mask,
                       struct sb_mask_scratch *scratch, struct sb_error *err)
{
    struct sb_rle *const out = is_first ? mask : &scratch->part;
    const int rc = sb_rle_from_polygon(out, h, w, scratch->points, numbers / 2, &scratch->rle, err);
    return rc || is_first ? rc : sb_rle_merge(mask, out, false, &scratch->rle, err);
}

/* Union of the polygons at s->pos into *mask, or a check of them for NULL. An odd number at the end
 * of a polygon is not used. */
static int read_polygons(struct sb_scan *s, uint32_t h, uint32_t w, struct sb_rle *mask,
                         struct sb_mask_scratch *scratch)
{
    bool first = true;
    size_t polygons = 0;
    const char *const start = s->pos;
    int rc = sb_scan_open_array(s);
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1) {
        const char *const at = s->pos;
        size_t numbers;
        rc = sb_scan_all_doubles(s, &scratch->points, &scratch->points_capacity, &numbers);
        if (rc)
            return rc;
        const bool is_short = scratch->takes_short && numbers < 6;
        scratch->short_polygons += is_short;
        numbers = is_short ? 0 : numbers;
        if (polygons == 0 && numbers <= 4 && !is_short)
            return sb_scan_fail(s, at, "the first polygon has %zu numbers, expected more than 4",
                                numbers);
        rc = mask ? add_polygon(h, w, numbers, polygons == 0, mask, scratch, s->err)
                  : sb_rle_check_polygon(scratch->points, numbers / 2, s->err);
        rc = at_value(s, at, rc);
        polygons++;
    }
    if (rc || polygons > 0)
        return rc;
    if (!scratch->takes_short)
        return sb_scan_fail(s, start, "the segmentation is an empty list");
    scratch->short_polygons++;
    return mask ? sb_rle_from_polygon(mask, h, w, scratch->points, 0, &scratch->rle, s->err) : 0;
}

static int decode(struct sb_scan *s, struct sb_rle *mask, struct sb_mask_scratch *scratch)
{
    return at_value(s, scratch->code.counts_at, sb_rle_from_code(mask, &scratch->code, s->err));
}

int sb_coco_mask_scan(struct sb_scan *s, uint32_t h, uint32_t w, struct sb_rle *mask,
                      struct sb_mask_scratch *scratch)
{
    if (sb_scan_peek(s) == SB_SCAN_ARRAY)
        return read_polygons(s, h, w, mask, scratch);
    if (sb_scan_peek(s) != SB_SCAN_OBJECT)
        return sb_scan_expected(s, "a segmentation (polygons or a run-length code)");
    const int rc = sb_rle_scan(s, &scratch->code);
    return rc ? rc : decode(s, mask, scratch);
}

int sb_coco_mask_check(struct sb_scan *s, struct sb_mask_scratch *scratch)
{
    if (sb_scan_peek(s) == SB_SCAN_ARRAY)
        return read_polygons(s, 0, 0, NULL, scratch);
    return sb_coco_mask_scan(s, 0, 0, &scratch->checked, scratch);
}

int sb_coco_mask_scan_result(struct sb_scan *s, struct sb_rle *mask,
                             struct sb_mask_scratch *scratch)
{
    if (sb_scan_peek(s) != SB_SCAN_OBJECT)
        return sb_scan_expected(s, "a compressed run-length code");
    const int rc = sb_rle_scan(s, &scratch->code);
    if (rc == 0 && !scratch->code.compressed)
        return sb_scan_fail(s, scratch->code.counts_at,
                            "results need compressed counts, found a list");
    return rc ? rc : decode(s, mask, scratch);
}

int sb_coco_mask_from_box(const double box[4], uint32_t h, uint32_t w, struct sb_rle *mask,
                          struct sb_mask_scratch *scratch, struct sb_error *err)
{
    const double x0 = box[0], y0 = box[1], x1 = box[0] + box[2], y1 = box[1] + box[3];
    const double corners[] = {x0, y0, x0, y1, x1, y1, x1, y0};
    return sb_rle_from_polygon(mask, h, w, corners, 4, &scratch->rle, err);
}
