/* Names of the level tags. See level.h. */
#include "models/level.h"

#include <stddef.h>

const char *sb_level_name(enum sb_level level)
{
    static const char *const names[SB_LEVEL_COUNT] = {"none", "L1", "L2", "L3",   "L4",
                                                      "L5",   "L6", "L7", "stem", "head"};
    return (size_t)level < SB_LEVEL_COUNT ? names[level] : "unknown";
}
