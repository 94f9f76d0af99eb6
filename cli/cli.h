/*
 * The commands. Adding one takes three steps: write cli/cmd_NAME.c with cmd_NAME(), declare it
 * here, add its line to the table in main.c. A command returns an exit code from sb_exit_code();
 * it prints data on stdout, everything else through sb_cli_error() and progress on stderr.
 */
#ifndef SB_CLI_CLI_H
#define SB_CLI_CLI_H

#include "base/error.h"

#define SB_EXIT_OK     0
#define SB_EXIT_FAILED 1 /* a check or gate failed */
#define SB_EXIT_USAGE  2 /* usage, bad input, I/O */
#define SB_EXIT_NOISY  3 /* too noisy to tell */

/* The exit code for a result: 0, or from a negative enum sb_err. */
int sb_exit_code(int rc);
/* Prints "spinebench COMMAND: MESSAGE" and the hint on stderr; returns the exit code. */
int sb_cli_error(const char *command, const struct sb_error *err);

int cmd_version(int argc, char **argv);

#endif
