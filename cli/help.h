/* The text of --help, made from a command's table. */
#ifndef SB_CLI_HELP_H
#define SB_CLI_HELP_H

#include "base/str.h"
#include "cli/options.h"

#define SB_HELP_WIDTH 80 /* columns */

/* Appends usage, description, options and epilogue. Usage and description are filled anew, so where
 * lines end in the source does not matter; those of a description that begin with a blank, and the
 * epilogue, are kept. */
void sb_help_text(const struct sb_command_help *help, struct sb_str *out);

#endif
