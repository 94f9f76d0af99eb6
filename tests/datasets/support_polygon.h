/* The definition of a polygon's mask, step by step, for tests of the faster one. */
#ifndef SB_TESTS_DATASETS_SUPPORT_POLYGON_H
#define SB_TESTS_DATASETS_SUPPORT_POLYGON_H

#include "datasets/rle.h"

/* Walks the outline in fifths of a pixel and compares the places where it crosses the middle of a
 * column with the mask's runs. Coordinates within +-10000. */
bool test_polygon_matches_walk(const struct sb_rle *rle, const double *xy, size_t points);

#endif
