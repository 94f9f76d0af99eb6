/* The build that test programs say they come from: a fixed one, see base/build.h. */
#include "base/build.h"

const struct sb_build sb_build = {
    .version = "test",
    .commit = "0123456789abcdef0123456789abcdef01234567",
    .dirty = false,
    .compiler = "test compiler",
    .flags = "-O2",
};
