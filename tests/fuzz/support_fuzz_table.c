/* The table of targets, apart from what they share, so that a program of one target links only what
 * that one reaches. See fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <stddef.h>

const struct fuzz_target fuzz_targets[] = {
    {"json", fuzz_json},
    {"rle", fuzz_rle},
    {"polygon", fuzz_polygon},
    {"results", fuzz_results},
    {"annotations", fuzz_annotations},
    {"panoptic", fuzz_panoptic},
    {NULL, NULL},
};
