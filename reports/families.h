/* Families of models: variants of one design at several sizes, which plots join by a curve. */
#ifndef SB_REPORTS_FAMILIES_H
#define SB_REPORTS_FAMILIES_H

#include "base/texts.h"

#include <stddef.h>

/* "retinanet-spinenet-49s" -> "retinanet-spinenet", "retinanet-resnet-50-fpn" ->
 * "retinanet-resnet-fpn": the name without its first part that starts with a digit. */
const char *sb_family_of(struct sb_texts *texts, const char *model);

/* Distinct families in order of appearance. */
struct sb_families {
    const char **names; /* owned array */
    size_t count, capacity;
    struct sb_texts texts;
};
void sb_families_release(struct sb_families *families);
/* The number of the model's family, added if it is new; 0 when out of memory (texts.failed). */
size_t sb_families_index(struct sb_families *families, const char *model);

#endif
