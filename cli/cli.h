/*
 * The commands. Adding one takes three steps: write cli/cmd_NAME.c with cmd_NAME(), declare it
 * here, add its line to the table in main.c. A command returns an exit code; it prints data on
 * stdout, progress and messages on stderr. Most are an option table and a function:
 *
 *     static int run(const struct sb_arguments *args, struct sb_error *err) { ...; return 0; }
 *
 *     int cmd_version(int argc, char **argv)
 *     {
 *         return sb_cli_run("version", &help, argc, argv, run);
 *     }
 */
#ifndef SB_CLI_CLI_H
#define SB_CLI_CLI_H

#include "base/error.h"
#include "base/ranks.h"
#include "cli/options.h"

#define SB_EXIT_OK     0
#define SB_EXIT_FAILED 1 /* a check or gate failed */
#define SB_EXIT_USAGE  2 /* usage, bad input, I/O */
#define SB_EXIT_NOISY  3 /* too noisy to tell */

/* The exit code for a result: 0, or from a negative enum sb_err. */
int sb_exit_code(int rc);
/* The ranks of this run: NULL for the plain program, and before main() has set them. */
struct sb_ranks *sb_cli_ranks(void);
void sb_cli_set_ranks(struct sb_ranks *ranks);

/* Prints "spinebench COMMAND: MESSAGE" and the hint on stderr; returns the exit code. */
int sb_cli_error(const char *command, const struct sb_error *err);

/* The work of a command: 0 or a negative sb_err with err filled. */
typedef int (*sb_command_fn)(const struct sb_arguments *args, struct sb_error *err);
/* Parses the options, prints the help where asked, else calls run; prints its error, of several
 * ranks once. Returns the exit code. argv[0] is the command's name, `command` what messages call it
 * ("eval coco"). */
int sb_cli_run(const char *command, const struct sb_command_help *help, int argc, char **argv,
               sb_command_fn run);

/* A command made of subcommands, as "eval coco": run gets argv with the subcommand's name first. */
struct sb_subcommand {
    const char *name; /* NULL ends the table */
    int (*run)(int argc, char **argv);
    const char *summary;
};
/* Runs the subcommand that argv[1] names, or prints the help; returns the exit code. */
int sb_cli_subcommands(const char *command, const char *description,
                       const struct sb_subcommand *table, int argc, char **argv);

int cmd_bench(int argc, char **argv);
int cmd_classify(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_cost(int argc, char **argv);
int cmd_dataset(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_detect(int argc, char **argv);
int cmd_env(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_forward(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_kernels(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_models(int argc, char **argv);
int cmd_paper(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_weights(int argc, char **argv);

#endif
