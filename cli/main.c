/* spinebench: the command table, dispatch and the final check that stdout was written. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifndef SB_VERSION
#define SB_VERSION "unknown"
#endif

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"version", cmd_version, "version and build"},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

int cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("spinebench %s\n", SB_VERSION);
    return SB_EXIT_OK;
}

int sb_exit_code(int rc)
{
    if (rc == SB_OK)
        return SB_EXIT_OK;
    if (rc == SB_ECHECK)
        return SB_EXIT_FAILED;
    return rc == SB_ENOISY ? SB_EXIT_NOISY : SB_EXIT_USAGE;
}

int sb_cli_error(const char *command, const struct sb_error *err)
{
    char text[2048];
    sb_error_text(err, text, sizeof(text));
    fflush(stdout);
    fprintf(stderr, "spinebench %s: %s\n", command, text);
    return sb_exit_code(err->code);
}

static void print_usage(FILE *out)
{
    fprintf(out, "usage: spinebench COMMAND [options]\n\n"
                 "Benchmarks and evaluates multi-scale recognition models.\n\ncommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n'spinebench COMMAND --help' tells more. Exit codes: 0 ok, 1 a check failed,\n"
                 "2 usage or bad input, 3 too noisy to tell.\n");
}

/* Reports must not be lost silently on a full disk or a closed pipe. */
static int check_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "spinebench: cannot write to standard output: %s\n", strerror(errno));
    return SB_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return SB_EXIT_USAGE;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return check_stdout(SB_EXIT_OK);
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return check_stdout(commands[i].run(argc - 1, argv + 1));
    }
    fprintf(stderr, "spinebench: unknown command '%s'\nhint: 'spinebench --help' lists them\n",
            argv[1]);
    return SB_EXIT_USAGE;
}
