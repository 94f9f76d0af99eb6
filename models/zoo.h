/* The specs that are compiled into the program: models/zoo/NAME.json. */
#ifndef SB_MODELS_ZOO_H
#define SB_MODELS_ZOO_H

#include "base/embed.h"
#include "base/error.h"

/* The embedded file NAME.json, or NULL. */
const struct sb_embedded *sb_zoo_find(const char *name);

/* SB_ENOTFOUND for a name that is not in the zoo, with the nearest names as hint. */
int sb_zoo_unknown(const char *name, struct sb_error *err);

#endif
