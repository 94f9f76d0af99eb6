/*
 * Pictures of the embedded data set for fine-grained classification: one creature of 24 made-up
 * species on a blurred background, 128 x 128 pixels. The species of a super-category share their
 * body plan and most of their colours; what tells them apart is small: the number of wing bars,
 * spots, stripes or petals, a cap, an eye line, a forked tail. As in iNaturalist 2018, the training
 * split is long-tailed (class frequency falls as 1 / rank) and every other split is balanced.
 *
 * A picture depends on (seed, split, index) alone, in integer arithmetic.
 */
#ifndef SB_DATASETS_SYNTH_SPECIES_H
#define SB_DATASETS_SYNTH_SPECIES_H

#include "datasets/image.h"

#include <stdint.h>

#define SB_SPECIES_SIZE  128 /* pixels per side */
#define SB_SPECIES_COUNT 24

struct sb_species {
    const char *name;          /* "Pictavis simplex" */
    const char *supercategory; /* "Aves" */
};
/* Category id = index. */
const struct sb_species *sb_species_get(int index);

/* Paints picture `index` of the split; *species tells of which species. */
int sb_species_make(uint64_t seed, const char *split, uint64_t index, struct sb_image *out,
                    int *species, struct sb_error *err);

#endif
