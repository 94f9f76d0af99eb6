/* What this program was built from. Written by scripts/build_info.sh and linked into the program;
 * test programs have their own (tests/build_info.c), so that a commit does not relink them. */
#ifndef SB_BASE_BUILD_H
#define SB_BASE_BUILD_H

#include <stdbool.h>

struct sb_build {
    const char *version;  /* "0.1.0" */
    const char *commit;   /* 40 hex digits; NULL when not built from a repository */
    bool dirty;           /* tracked files differed from the commit */
    const char *compiler; /* "gcc (Debian 12.2.0-14) 12.2.0" */
    const char *flags;    /* without warnings and include paths */
};
extern const struct sb_build sb_build;

#endif
