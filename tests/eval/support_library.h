/* What the tests of the library share: a random data set as arrays, and its checks. */
#ifndef SB_TESTS_EVAL_SUPPORT_LIBRARY_H
#define SB_TESTS_EVAL_SUPPORT_LIBRARY_H

#include <spinebench/eval.h>

#define IMAGES     12
#define CATEGORIES 3
#define OBJECTS    150
#define FOUND      400
#define SIDE       64 /* pixels */
#define POINTS     17
#define MASK_BYTES 512

/* A random data set. Ids are spread and out of order. */
struct data {
    int64_t image_ids[IMAGES], category_ids[CATEGORIES];
    int32_t heights[IMAGES], widths[IMAGES];
    double crowd_indices[IMAGES];
    char category_frequencies[CATEGORIES];
    size_t negative_counts[IMAGES], not_exhaustive_counts[IMAGES];
    int64_t negative_ids[IMAGES * CATEGORIES], not_exhaustive_ids[IMAGES * CATEGORIES];
    int64_t ids[OBJECTS], image_id[OBJECTS], category_id[OBJECTS];
    double bbox[OBJECTS * 4], area[OBJECTS], keypoints[OBJECTS * POINTS * 3];
    uint8_t iscrowd[OBJECTS], ignore[OBJECTS];
    int32_t num_keypoints[OBJECTS];
    char mask_text[OBJECTS][MASK_BYTES];
    const char *masks[OBJECTS];
    int64_t found_image[FOUND], found_category[FOUND];
    double found_bbox[FOUND * 4], score[FOUND], found_keypoints[FOUND * POINTS * 3];
    char found_mask_text[FOUND][MASK_BYTES];
    const char *found_masks[FOUND];
};

extern const char *const test_category_names[CATEGORIES];
extern const double test_sigmas[POINTS]; /* for any protocol */

/* Release with test_free(). */
struct data *make_data(uint64_t seed);
struct spinebench_objects objects_of(const struct data *d);
struct spinebench_detections detections_of(const struct data *d);
/* Defaults with kept arrays. */
struct spinebench_options options_of(int32_t similarity, int32_t threads);

/* The same text, statistics and arrays, to the last bit. */
void assert_same(const struct spinebench_result *a, const struct spinebench_result *b);
/* A call that must succeed, or fail with a status and a message that has `part`. */
void assert_fine(int rc, const struct spinebench_error *error);
void assert_failed(int rc, const struct spinebench_error *error, int status, const char *part);

#endif
