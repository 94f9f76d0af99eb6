/* JUnit XML, the form in which CI systems take results: one suite of cases. */
#ifndef SB_REPORTS_JUNIT_H
#define SB_REPORTS_JUNIT_H

#include "base/str.h"

#include <stddef.h>

enum sb_junit_status { SB_JUNIT_PASSED, SB_JUNIT_FAILED, SB_JUNIT_SKIPPED };

struct sb_junit_case {
    const char *group, *name;
    enum sb_junit_status status;
    const char *message; /* why it failed or was skipped, one line; NULL when it passed */
    const char *details; /* more text; may be NULL */
};

/* Appends the document. Texts are escaped; characters that XML forbids are replaced by '?'. */
void sb_junit_write(const char *suite, const struct sb_junit_case *cases, size_t count,
                    struct sb_str *out);

#endif
