/*
 * The stored outputs of the reference models: one folder per case with a spec.json and .npy arrays.
 * Cases whose name starts with mini_ live in tests/golden/, the others in the test data; a test
 * skips where its case is absent.
 */
#ifndef SB_TESTS_GOLDEN_CASE_H
#define SB_TESTS_GOLDEN_CASE_H

#include "base/npy.h"
#include "models/model.h"

struct golden_case {
    const char *name;
    struct sb_model model; /* no graph, and only what post-processing needs */
    int rpn_pre_nms_top_k; /* Mask R-CNN; 0 otherwise */
    int rpn_post_nms_top_k;
    double rpn_nms_threshold;
    double box_weights[4];
};

/* Path of a file of a case; skips the test where it is absent. */
const char *golden_path(const char *case_name, const char *file);
/* Path of the case as a model spec: its model.json, or what scripts/spec_from_reference.py makes of
 * its spec.json. Valid until the next call. */
const char *golden_model_spec(const char *case_name);
/* Reads spec.json. */
void golden_open(struct golden_case *c, const char *name);
/* NAME.npy; release with sb_npy_release(). */
struct sb_npy golden_array(const struct golden_case *c, const char *name);
/* NAME.npy of shape (1, h, w, channels) as (channels, h, w) values; free with sb_free(). */
float *golden_planar(const struct golden_case *c, const char *name);
/* Largest difference of two arrays; fails the test, saying where, when it exceeds the tolerance. */
void golden_assert_close(const char *what, const float *ours, const float *theirs, size_t count,
                         double tolerance);

#endif
