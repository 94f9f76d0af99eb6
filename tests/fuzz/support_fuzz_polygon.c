/*
 * Polygons with any coordinates: a mask covers its image exactly, and where the coordinates are
 * moderate it is the one that the definition gives.
 */
#include "datasets/rle.h"
#include "tests/datasets/support_polygon.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

#define MAX_NUMBERS 32
#define MAX_SIDE    48
#define WALKED      60 /* pixels: beyond, the definition's walk takes long */

/* Coordinates from 16-bit integers in some unit, or as they are in memory. */
static size_t read_numbers(const uint8_t *data, size_t size, double *xy)
{
    static const double units[] = {1, 5, 10, 256};
    const unsigned how = *data++;
    size_t n = 0;
    for (size--; how & 128 && size >= 8 && n < MAX_NUMBERS; size -= 8, data += 8)
        memcpy(&xy[n++], data, 8);
    for (; !(how & 128) && size >= 2 && n < MAX_NUMBERS; size -= 2, data += 2)
        xy[n++] = (double)(int16_t)(data[0] | data[1] << 8) / units[how & 3];
    return n;
}

void fuzz_polygon(const uint8_t *data, size_t size)
{
    double xy[MAX_NUMBERS];
    if (size < 3)
        return;
    const uint32_t h = data[0] % MAX_SIDE, w = data[1] % MAX_SIDE;
    const size_t points = read_numbers(data + 2, size - 2, xy) / 2;
    struct sb_rle rle = {0};
    struct sb_rle_scratch scratch = {0};
    struct sb_error err = {0};
    bool moderate = points > 0;
    for (size_t i = 0; i < 2 * points; i++)
        moderate = moderate && fabs(xy[i]) <= WALKED;
    if (sb_rle_from_polygon(&rle, h, w, xy, points, &scratch, &err) == 0) {
        uint32_t total = 0;
        for (size_t i = 0; i < rle.count; i++)
            total += rle.runs[i];
        FUZZ_CHECK(total == h * w);
        FUZZ_CHECK(!moderate || test_polygon_matches_walk(&rle, xy, points));
    } else {
        FUZZ_CHECK(err.code == SB_EFORMAT && !moderate);
    }
    sb_rle_release(&rle);
    sb_rle_scratch_release(&scratch);
}
