/*
 * Compressed run-length codes: what is accepted sums to the image, survives being written and read
 * again, and agrees with its pixels in area, box and overlap.
 */
#include "datasets/rle.h"
#include "eval/mask_iou.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PIXELS 512 /* masks up to this size are painted */

static void check_text(const struct sb_rle *rle)
{
    struct sb_str text = SB_STR_INIT;
    struct sb_rle again = {0};
    struct sb_error err;
    sb_rle_to_text(rle, &text);
    FUZZ_CHECK(!text.failed);
    FUZZ_CHECK(sb_rle_from_text(&again, rle->h, rle->w, sb_str_text(&text), text.length, &err) ==
               0);
    FUZZ_CHECK(again.count == rle->count);
    FUZZ_CHECK(rle->count == 0 ||
               memcmp(again.runs, rle->runs, rle->count * sizeof(*rle->runs)) == 0);
    sb_rle_release(&again);
    sb_str_release(&text);
}

/* x, y, width, height of the painted pixels. */
static uint32_t measure_pixels(const uint8_t *pixels, uint32_t h, uint32_t w, double box[4])
{
    uint32_t area = 0, x0 = w, y0 = h, x1 = 0, y1 = 0;
    for (uint32_t i = 0; i < h * w; i++) {
        const uint32_t y = i / w, x = i % w;
        if (!pixels[i])
            continue;
        area++;
        x0 = x < x0 ? x : x0;
        x1 = x > x1 ? x : x1;
        y0 = y < y0 ? y : y0;
        y1 = y > y1 ? y : y1;
    }
    box[0] = x0;
    box[1] = y0;
    box[2] = x1 - x0 + 1;
    box[3] = y1 - y0 + 1;
    return area;
}

static void check_pixels(const struct sb_rle *rle)
{
    const size_t size = (size_t)rle->h * rle->w;
    uint8_t *const pixels = malloc(size ? size : 1);
    double box[4], expected[4];
    struct sb_rle again = {0};
    struct sb_error err;
    FUZZ_CHECK(pixels != NULL);
    sb_rle_to_mask(rle, pixels, rle->w);
    const uint32_t area = measure_pixels(pixels, rle->h, rle->w, expected);
    FUZZ_CHECK(sb_rle_area(rle) == area);
    sb_rle_box(rle, box);
    /* a box that has no pixel follows the original's arithmetic; a column that is spanned by a run
     * may be full height */
    FUZZ_CHECK(area == 0 || (box[0] == expected[0] && box[2] == expected[2]));
    FUZZ_CHECK(sb_rle_from_mask(&again, rle->h, rle->w, pixels, rle->w, &err) == 0);
    FUZZ_CHECK(sb_rle_area(&again) == area);
    sb_rle_release(&again);
    free(pixels);
}

static void check_overlap(const struct sb_rle *rle)
{
    struct sb_mask a = {0};
    struct sb_error err;
    int64_t cut_short = 0;
    struct sb_rle_scratch scratch = {0};
    FUZZ_CHECK(sb_rle_copy(&a.rle, rle, &err) == 0);
    sb_mask_update(&a);
    const double iou = sb_mask_iou(&a, &a, false, true, &cut_short);
    FUZZ_CHECK(iou >= 0 && iou <= 1);
    FUZZ_CHECK(!a.regular || a.area == 0 || iou == 1);
    FUZZ_CHECK(sb_rle_merge(&a.rle, rle, true, &scratch, &err) == 0);
    FUZZ_CHECK(sb_rle_area(&a.rle) <= sb_rle_area(rle));
    sb_rle_scratch_release(&scratch);
    sb_mask_release(&a);
}

/* Height and width in two bytes each, then the code. */
void fuzz_rle(const uint8_t *data, size_t size)
{
    if (size < 4)
        return;
    const uint32_t h = data[0] | (uint32_t)data[1] << (data[1] & 15);
    const uint32_t w = data[2] | (uint32_t)data[3] << (data[3] & 15);
    struct sb_rle rle = {0};
    struct sb_error err = {0};
    char *const text = malloc(size - 4 ? size - 4 : 1); /* no byte beyond the end may be read */
    FUZZ_CHECK(text != NULL);
    memcpy(text, data + 4, size - 4);
    if (sb_rle_from_text(&rle, h, w, text, size - 4, &err) == 0) {
        uint64_t total = 0;
        for (size_t i = 0; i < rle.count; i++)
            total += rle.runs[i];
        FUZZ_CHECK(total == (uint64_t)h * w);
        check_text(&rle);
        check_overlap(&rle);
        if (h <= MAX_PIXELS && w <= MAX_PIXELS && h * w <= MAX_PIXELS)
            check_pixels(&rle);
    } else {
        FUZZ_CHECK(err.code == SB_EFORMAT && err.message[0]);
    }
    free(text);
    sb_rle_release(&rle);
}
