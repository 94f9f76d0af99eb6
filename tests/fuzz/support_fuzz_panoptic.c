/*
 * The readers of panoptic files on any bytes. Annotations: what is accepted is matched against
 * itself on pixels from the input, and the counts must add up. PNG: rows are read to the end, or to
 * an error.
 */
#include "base/mem.h"
#include "datasets/png_rows.h"
#include "eval/panoptic_match.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define PNG_FLAG  0x80 /* of the first byte */
#define SIGNATURE 8    /* bytes of a PNG */
#define WIDTH     16   /* pixels in a row of segment ids */

static void check_error(const struct sb_error *err, size_t size)
{
    FUZZ_CHECK((err->code == SB_EFORMAT || err->code == SB_EUNSUPPORTED) && err->message[0]);
    FUZZ_CHECK(err->offset <= (int64_t)size);
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* PNG's check sum of a chunk. */
static uint32_t crc32_of(const uint8_t *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Gives the chunks the check sums that libpng wants, which no mutation finds. */
static void mend_chunks(uint8_t *png, size_t size)
{
    for (size_t at = SIGNATURE; size >= 12 && at <= size - 12;) {
        const size_t length = big_endian(png + at);
        if (length > size - at - 12)
            return;
        uint8_t *const sum = png + at + 8 + length;
        const uint32_t crc = crc32_of(png + at + 4, length + 4);
        for (int i = 0; i < 4; i++)
            sum[i] = (uint8_t)(crc >> (24 - 8 * i));
        at += length + 12;
    }
}

static void try_png(const uint8_t *data, size_t size)
{
    uint8_t *const png = malloc(size ? size : 1);
    struct sb_png_rows *rows;
    struct sb_error err;
    sb_error_init(&err);
    FUZZ_CHECK(png != NULL);
    memcpy(png, data, size);
    mend_chunks(png, size);
    int rc = sb_png_rows_open(&rows, png, size, &err);
    if (rc == 0) {
        int width, height;
        unsigned sum = 0;
        sb_png_rows_size(rows, &width, &height);
        FUZZ_CHECK(width > 0 && height > 0);
        for (int y = 0; rc == 0 && y < height; y++) {
            const uint8_t *row;
            rc = sb_png_rows_next(rows, &row);
            if (rc == 0)
                sum += row[0] + row[3 * (size_t)width - 1];
        }
        FUZZ_CHECK(sum <= 510u * (unsigned)height); /* so that the rows are read */
        sb_png_rows_close(&rows);
    }
    if (rc)
        check_error(&err, size);
    free(png);
}

/* The pixels of both images, a byte for the segment ids of each. */
static int count_pixels(struct sb_id_pairs *pairs, const uint8_t *pixels, size_t size,
                        struct sb_error *err)
{
    int rc = 0;
    sb_id_pairs_clear(pairs);
    while (rc == 0 && size > 0) {
        uint8_t truth[3 * WIDTH] = {0}, predicted[3 * WIDTH] = {0};
        const size_t width = size / 2 < WIDTH ? (size + 1) / 2 : WIDTH;
        for (size_t x = 0; x < width; x++) {
            truth[3 * x] = pixels[2 * x];
            predicted[3 * x] = 2 * x + 1 < size ? pixels[2 * x + 1] : 0;
        }
        rc = sb_id_pairs_add_row(pairs, truth, predicted, width, err);
        pixels += 2 * width < size ? 2 * width : size;
        size -= 2 * width < size ? 2 * width : size;
    }
    return rc ? rc : sb_id_pairs_sort(pairs, err);
}

/* Matches image i of both; what it adds must not exceed what there is. */
static void check_match(const struct sb_panoptic_set *truth,
                        const struct sb_panoptic_set *predicted, size_t i,
                        struct sb_panoptic_scratch *scratch)
{
    struct sb_error err;
    sb_error_init(&err);
    struct sb_panoptic_tally *const tallies = calloc(truth->category_count + 1, sizeof(*tallies));
    const size_t hits = scratch->hit_count;
    FUZZ_CHECK(tallies != NULL);
    if (sb_panoptic_match(truth, i, predicted, i, scratch, tallies, &err)) {
        check_error(&err, SIZE_MAX / 2);
    } else {
        int64_t tp = 0, fp = 0, fn = 0;
        for (size_t k = 0; k < truth->category_count; k++) {
            FUZZ_CHECK(tallies[k].tp >= 0 && tallies[k].fp >= 0 && tallies[k].fn >= 0);
            tp += tallies[k].tp;
            fp += tallies[k].fp;
            fn += tallies[k].fn;
        }
        FUZZ_CHECK((size_t)tp == scratch->hit_count - hits);
        FUZZ_CHECK((size_t)fp <= predicted->images[i].count);
        FUZZ_CHECK((size_t)fn <= truth->images[i].count);
        for (size_t h = hits; h < scratch->hit_count; h++)
            FUZZ_CHECK(scratch->hits[h].iou > 0.5 &&
                       (size_t)scratch->hits[h].category < truth->category_count);
    }
    free(tallies);
}

/* The text as ground truth and as its own prediction, up to the first NUL; pixels follow it. */
static void try_annotations(const uint8_t *data, size_t size)
{
    const uint8_t *const nul = memchr(data, 0, size);
    const size_t length = nul ? (size_t)(nul - data) : size;
    const struct sb_map text = {
        .data = fuzz_padded_text(data, length), .size = length, .borrowed = true};
    struct sb_panoptic_set truth, predicted;
    struct sb_panoptic_scratch scratch = {0};
    struct sb_error err;
    sb_error_init(&err);
    if (sb_panoptic_read_truth(&truth, &text, "truth", NULL, &err)) {
        check_error(&err, length);
    } else {
        if (sb_panoptic_read_prediction(&predicted, &text, "prediction", &truth, NULL, &err))
            fuzz_broken(err.message, __FILE__, __LINE__);
        FUZZ_CHECK(truth.image_count == predicted.image_count);
        FUZZ_CHECK(truth.segment_count == predicted.segment_count);
        FUZZ_CHECK(count_pixels(&scratch.pairs, data + length, size - length, &err) == 0);
        for (size_t i = 0; i < truth.image_count; i++)
            check_match(&truth, &predicted, i, &scratch);
        sb_panoptic_scratch_release(&scratch);
        sb_panoptic_set_release(&predicted);
        sb_panoptic_set_release(&truth);
    }
    free((char *)text.data);
}

/* The first byte chooses which of the two. */
void fuzz_panoptic(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    if (data[0] & PNG_FLAG)
        try_png(data + 1, size - 1);
    else
        try_annotations(data + 1, size - 1);
}
