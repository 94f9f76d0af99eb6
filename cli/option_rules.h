/* Options that go with each other or not: the rules of an option table (options.h). */
#ifndef SB_CLI_OPTION_RULES_H
#define SB_CLI_OPTION_RULES_H

#include "cli/options.h"

/* SB_EINVAL, with what to add or to leave out, where a rule of the table finds an option that would
 * change nothing. given: one per entry of the table, true for options on the command line. */
int sb_option_rules_check(const struct sb_option *table, const bool *given, struct sb_error *err);

#endif
