/* What all commands share: parsing, errors, exit codes. See cli.h. */
#include "cli/cli.h"

#include <stdio.h>

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
    char text[6144];
    sb_error_text(err, text, sizeof(text));
    fflush(stdout);
    fprintf(stderr, "spinebench %s: %s\n", command, text);
    return sb_exit_code(err->code);
}

int sb_cli_run(const char *command, const struct sb_command_help *help, int argc, char **argv,
               sb_command_fn run)
{
    struct sb_arguments args;
    struct sb_error err;
    sb_error_init(&err);
    int rc = sb_options_parse(help, argc, argv, &args, &err);
    if (rc == 0)
        rc = run(&args, &err);
    sb_arguments_release(&args);
    if (rc == 0 || rc == SB_OPTIONS_HELP)
        return SB_EXIT_OK;
    return sb_cli_error(command, &err);
}
