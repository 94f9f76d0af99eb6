/* The specs that are compiled into the program: models/zoo/NAME.json; and models/weights/. */
#ifndef SB_MODELS_ZOO_H
#define SB_MODELS_ZOO_H

#include "base/embed.h"
#include "base/error.h"

/* The embedded file NAME.json, or NULL. */
const struct sb_embedded *sb_zoo_find(const char *name);

/* Weights that were trained for a model of the zoo and are compiled in, by the name of their file
 * without its end: the model's, or the model's and a run ("NAME-seed2"); NULL if there are none.
 * SB_EMBEDDED_WEIGHTS before the name makes it a path that weights are loaded from. */
const struct sb_embedded *sb_zoo_weights(const char *name);
#define SB_EMBEDDED_WEIGHTS "embedded:"
/* What follows it in such a path; NULL for the path of a file. */
const char *sb_zoo_weights_name(const char *path);

/* SB_ENOTFOUND for a name that is not in the zoo, with the nearest names as hint. */
int sb_zoo_unknown(const char *name, struct sb_error *err);

#endif
