/* The order of ImageNet's classes: a file with a synset at the start of each line, as
 * LOC_synset_mapping.txt ("n01440764 tench, Tinca tinca") has them. */
#ifndef SB_DATASETS_SYNSETS_H
#define SB_DATASETS_SYNSETS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_SYNSET_LENGTH 9 /* n and eight digits */

struct sb_synset {
    char id[SB_SYNSET_LENGTH + 1];
    int64_t label; /* its line, counted from 0 */
};

struct sb_synsets {
    struct sb_synset *items; /* by id, owned */
    size_t count, capacity;
};

/* SB_EFORMAT with the line for one that does not start with a synset, or with one that was there.
 */
int sb_synsets_load(struct sb_synsets *synsets, const char *path, struct sb_error *err);
void sb_synsets_release(struct sb_synsets *synsets);

/* True for a word that is n and eight digits. */
bool sb_is_synset(const char *word, size_t length);
/* The label of a synset, -1 for one that the file does not have. */
int64_t sb_synset_label(const struct sb_synsets *synsets, const char *id);

#endif
