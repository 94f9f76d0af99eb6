/* What all commands share: parsing, errors, exit codes. See cli.h. */
#include "cli/cli.h"

#include "base/str.h"
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

static struct sb_ranks *cli_ranks;

struct sb_ranks *sb_cli_ranks(void)
{
    return cli_ranks;
}

void sb_cli_set_ranks(struct sb_ranks *ranks)
{
    cli_ranks = ranks;
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
    const bool first = sb_ranks_rank(cli_ranks) == 0;
    sb_error_init(&err);
    int rc = sb_options_parse(help, argc, argv, &args, &err);
    const bool common = rc != 0; /* all ranks have the same words */
    if (rc == 0)
        rc = run(&args, &err);
    sb_arguments_release(&args);
    if (rc == 0 || rc == SB_OPTIONS_HELP)
        return SB_EXIT_OK;
    if (common || sb_ranks_count(cli_ranks) == 1 || sb_ranks_failed(cli_ranks))
        return first ? sb_cli_error(command, &err) : sb_exit_code(rc);
    const int code = sb_cli_error(command, &err);
    sb_ranks_abort(cli_ranks, code);
    return code;
}

static void print_subcommands(const char *command, const char *description,
                              const struct sb_subcommand *table)
{
    printf("usage: spinebench %s", command);
    for (const struct sb_subcommand *s = table; s->name; s++)
        printf("%s%s", s == table ? " " : "|", s->name);
    struct sb_str text = SB_STR_INIT;
    sb_str_fill(&text, description, 0, 0, SB_HELP_WIDTH);
    printf(" [options]\n\n%s\n\n", sb_str_text(&text));
    sb_str_release(&text);
    for (const struct sb_subcommand *s = table; s->name; s++)
        printf("  %s %-8s %s\n", command, s->name, s->summary);
    printf("\n'spinebench %s NAME --help' tells more.\n", command);
}

int sb_cli_subcommands(const char *command, const char *description,
                       const struct sb_subcommand *table, int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_subcommands(command, description, table);
        return SB_EXIT_OK;
    }
    for (const struct sb_subcommand *s = table; argc > 1 && s->name; s++) {
        if (strcmp(s->name, argv[1]) == 0)
            return s->run(argc - 1, argv + 1);
    }
    struct sb_error err;
    const char *near = NULL;
    for (const struct sb_subcommand *s = table; argc > 1 && s->name && !near; s++)
        near = sb_name_is_near(argv[1], s->name) ? s->name : NULL;
    if (argc > 1)
        sb_error_set(&err, SB_EINVAL, "unknown subcommand '%s'", argv[1]);
    else
        sb_error_set(&err, SB_EINVAL, "missing subcommand");
    if (near)
        sb_error_hint(&err, "did you mean %s?", near);
    else
        sb_error_hint(&err, "'spinebench %s --help' lists them", command);
    return sb_cli_error(command, &err);
}
