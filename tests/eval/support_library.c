/* See support_library.h. */
#include "tests/eval/support_library.h"

#include "base/rng.h"

#include "tests/test.h"

#include <string.h>

const double test_sigmas[POINTS] = {.1, .1, .1, .1, .1, .1, .1, .1, .1,
                                    .1, .1, .1, .1, .1, .1, .1, .1};
const char *const test_category_names[CATEGORIES] = {"one", "two \"quoted\"", "three"};

static void make_mask(struct sb_rng *rng, const double box[4], char text[MASK_BYTES])
{
    uint8_t pixels[SIDE * SIDE] = {0};
    struct spinebench_error error;
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++)
            pixels[y * SIDE + x] = x >= box[0] && x < box[0] + box[2] && y >= box[1] &&
                                   y < box[1] + box[3] && sb_rng_below(rng, 200) > 0;
    }
    const int64_t length =
        spinebench_mask_from_bytes(text, MASK_BYTES, pixels, SIDE, SIDE, SIDE, &error);
    assert_in_range(length, 1, MASK_BYTES - 1);
}

static void make_box(struct sb_rng *rng, double box[4])
{
    for (int i = 0; i < 4; i++)
        box[i] = (double)sb_rng_below(rng, i < 2 ? 300 : 200) / 8;
}

static void make_keypoints(struct sb_rng *rng, const double box[4], double *points)
{
    for (int k = 0; k < POINTS; k++) {
        *points++ = box[0] + sb_rng_double(rng) * box[2];
        *points++ = box[1] + sb_rng_double(rng) * box[3];
        *points++ = sb_rng_below(rng, 3);
    }
}

static void make_objects(struct data *d, struct sb_rng *rng)
{
    for (int i = 0; i < OBJECTS; i++) {
        d->ids[i] = i == 7 ? 0 : 1000 - 3 * i; /* one id is 0 */
        d->image_id[i] = d->image_ids[sb_rng_below(rng, IMAGES)];
        d->category_id[i] = d->category_ids[sb_rng_below(rng, CATEGORIES)];
        make_box(rng, d->bbox + 4 * i);
        d->area[i] = sb_rng_below(rng, 3000);
        d->iscrowd[i] = sb_rng_below(rng, 10) == 0;
        d->ignore[i] = sb_rng_below(rng, 9) == 0;
        make_keypoints(rng, d->bbox + 4 * i, d->keypoints + 3 * POINTS * i);
        d->num_keypoints[i] = (int32_t)sb_rng_below(rng, 5);
        make_mask(rng, d->bbox + 4 * i, d->mask_text[i]);
        d->masks[i] = d->mask_text[i];
    }
    d->ids[11] = d->ids[10]; /* one repeats */
    d->ids[13] = -5;
    d->ids[14] = -6;
}

/* What LVIS and CrowdPose say of images and categories. */
static void make_lists(struct data *d, struct sb_rng *rng)
{
    size_t negatives = 0, not_exhaustives = 0;
    for (size_t i = 0; i < IMAGES; i++) {
        d->crowd_indices[i] = sb_rng_double(rng);
        for (size_t k = 0; k < CATEGORIES; k++) {
            const uint32_t kind = sb_rng_below(rng, 4);
            if (kind == 0)
                d->negative_ids[negatives++] = d->category_ids[k];
            if (kind == 1)
                d->not_exhaustive_ids[not_exhaustives++] = d->category_ids[k];
            d->negative_counts[i] += kind == 0;
            d->not_exhaustive_counts[i] += kind == 1;
        }
    }
    memcpy(d->category_frequencies, "fcr", CATEGORIES);
}

struct data *make_data(uint64_t seed)
{
    struct data *const d = test_calloc(1, sizeof(*d));
    struct sb_rng rng = sb_rng_seed(seed);
    for (int i = 0; i < IMAGES; i++) {
        d->image_ids[i] = 900 - 70 * (int64_t)i;
        d->heights[i] = d->widths[i] = SIDE;
    }
    for (int k = 0; k < CATEGORIES; k++)
        d->category_ids[k] = 30 - 9 * k;
    make_objects(d, &rng);
    make_lists(d, &rng);
    for (int i = 0; i < FOUND; i++) { /* an object, moved */
        const size_t from = sb_rng_below(&rng, OBJECTS);
        double *const box = d->found_bbox + 4 * (size_t)i;
        d->found_image[i] = d->image_id[from];
        d->found_category[i] =
            sb_rng_below(&rng, 20) ? d->category_id[from] : 4711; /* some unknown */
        d->score[i] = sb_rng_below(&rng, 50) / 50.0;
        for (int c = 0; c < 4; c++)
            box[c] = d->bbox[4 * from + (size_t)c] + sb_rng_below(&rng, 16) / 8.0;
        make_keypoints(&rng, box, d->found_keypoints + (size_t)3 * POINTS * (size_t)i);
        memcpy(d->found_keypoints + (size_t)3 * POINTS * (size_t)i,
               d->keypoints + 3 * POINTS * from, sizeof(double) * 3 * (POINTS - 4));
        make_mask(&rng, box, d->found_mask_text[i]);
        d->found_masks[i] = d->found_mask_text[i];
    }
    return d;
}

struct spinebench_objects objects_of(const struct data *d)
{
    const struct spinebench_objects o = {
        .size = sizeof(o),
        .image_count = IMAGES,
        .image_ids = d->image_ids,
        .image_heights = d->heights,
        .image_widths = d->widths,
        .category_count = CATEGORIES,
        .category_ids = d->category_ids,
        .category_names = test_category_names,
        .count = OBJECTS,
        .ids = d->ids,
        .image_id = d->image_id,
        .category_id = d->category_id,
        .bbox = d->bbox,
        .area = d->area,
        .iscrowd = d->iscrowd,
        .ignore = d->ignore,
        .crowd_indices = d->crowd_indices,
        .category_frequencies = d->category_frequencies,
        .negative_counts = d->negative_counts,
        .negative_ids = d->negative_ids,
        .not_exhaustive_counts = d->not_exhaustive_counts,
        .not_exhaustive_ids = d->not_exhaustive_ids,
        .masks = d->masks,
        .keypoints = d->keypoints,
        .num_keypoints = d->num_keypoints,
    };
    return o;
}

struct spinebench_detections detections_of(const struct data *d)
{
    const struct spinebench_detections f = {
        .size = sizeof(f),
        .count = FOUND,
        .image_id = d->found_image,
        .category_id = d->found_category,
        .score = d->score,
        .bbox = d->found_bbox,
        .masks = d->found_masks,
        .keypoints = d->found_keypoints,
    };
    return f;
}

struct spinebench_options options_of(int32_t similarity, int32_t threads)
{
    struct spinebench_options options;
    spinebench_options_defaults(&options, sizeof(options), similarity);
    options.threads = threads;
    options.arrays = 1;
    options.dilation_ratio = 0.1; /* boundaries only; the default's are 2 pixels here */
    return options;
}

void assert_fine(int rc, const struct spinebench_error *error)
{
    if (rc)
        fail_msg("status %d: %s", rc, error->message);
    assert_int_equal(error->status, 0);
    assert_string_equal(error->message, "");
}

void assert_failed(int rc, const struct spinebench_error *error, int status, const char *part)
{
    assert_int_equal(rc, status);
    assert_int_equal(error->status, status);
    if (!strstr(error->message, part))
        fail_msg("'%s' does not contain '%s'", error->message, part);
}

void assert_same(const struct spinebench_result *a, const struct spinebench_result *b)
{
    struct spinebench_error error;
    assert_string_equal(spinebench_result_text(a), spinebench_result_text(b));
    assert_int_equal(spinebench_result_unknown(a), spinebench_result_unknown(b));
    for (size_t i = 0; i < spinebench_result_stats(a); i++) {
        struct spinebench_stat x = {.size = sizeof(x)}, y = {.size = sizeof(y)};
        assert_int_equal(spinebench_result_stat(a, i, &x), 0);
        assert_int_equal(spinebench_result_stat(b, i, &y), 0);
        assert_true(x.value == y.value);
    }
    for (int32_t which = SPINEBENCH_PRECISION; which <= SPINEBENCH_RECALL; which++) {
        const double *x, *y;
        size_t shape_x[5], shape_y[5], count = 1;
        assert_fine(spinebench_result_array(a, which, &x, shape_x, &error), &error);
        assert_fine(spinebench_result_array(b, which, &y, shape_y, &error), &error);
        assert_memory_equal(shape_x, shape_y, sizeof(shape_x));
        for (int i = 0; i < 5; i++)
            count *= shape_x[i] ? shape_x[i] : 1;
        assert_memory_equal(x, y, count * sizeof(double));
    }
}
