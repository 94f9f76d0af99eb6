/*
 * Runs the examples of README.md, CONTRIBUTING.md and docs/: each block that opens with ```console
 * holds "$ COMMAND" lines, each followed by what the command prints on stdout and stderr, compared
 * as test_lines_match() does. After a line <!-- output varies --> only success is asked for. The
 * blocks of a document run in order in one scratch folder that shows the source tree through links.
 * "make TARGET" lines of ```sh blocks are only asked whether the target exists.
 */
#include "tests/runner.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

enum block { PROSE, CONSOLE, OTHER_BLOCK };

struct document {
    char dir[512]; /* where its commands run */
    enum block block;
    bool output_varies;     /* said before the current block */
    size_t line;            /* number of the current line */
    struct sb_str command;  /* of the example being read; empty if none */
    struct sb_str expected; /* what it should print */
};

static void run_example(struct document *d)
{
    if (d->command.length == 0)
        return;
    struct test_run run;
    test_run_shell(d->dir, sb_str_text(&d->command), &run);
    if (run.status != 0)
        fail_msg("before line %zu: '%s' exits with %d:\n%s", d->line, sb_str_text(&d->command),
                 run.status, sb_str_text(&run.out));
    if (!d->output_varies)
        test_assert_lines(sb_str_text(&d->command), sb_str_text(&d->expected),
                          sb_str_text(&run.out));
    test_run_release(&run);
    sb_str_clear(&d->command);
    sb_str_clear(&d->expected);
}

static void console_line(struct document *d, const char *line)
{
    if (strncmp(line, "$ ", 2) == 0) {
        run_example(d);
        sb_str_printf(&d->command, "exec 2>&1; %s", line + 2);
    } else {
        sb_str_printf(&d->expected, "%s\n", line);
    }
}

static void check_make_target(struct document *d, const char *line)
{
    char command[256];
    struct test_run run;
    snprintf(command, sizeof(command), "make -n -C \"$SPINEBENCH_SOURCE\" %.*s",
             (int)strcspn(line, "#"), line);
    test_run_shell(d->dir, command, &run);
    if (run.status != 0)
        fail_msg("line %zu: 'make %s' does not work:\n%s", d->line, line, sb_str_text(&run.err));
    test_run_release(&run);
}

static void handle_line(struct document *d, const char *line)
{
    const bool fence = strncmp(line, "```", 3) == 0;
    d->line++;
    if (fence && d->block == PROSE) {
        d->block = strcmp(line, "```console") == 0 ? CONSOLE : OTHER_BLOCK;
    } else if (fence) {
        run_example(d);
        d->block = PROSE;
        d->output_varies = false;
    } else if (d->block == CONSOLE) {
        console_line(d, line);
    } else if (d->block == OTHER_BLOCK && strncmp(line, "make ", 5) == 0) {
        check_make_target(d, line + 5);
    } else if (strcmp(line, "<!-- output varies -->") == 0) {
        d->output_varies = true;
    }
}

/* Links to the source tree, but a build folder with the program under test. */
static void show_source_tree(const char *dir)
{
    struct test_run run;
    test_run_shell(dir,
                   "ln -s \"$SPINEBENCH_SOURCE\"/* .; rm -rf build build-*\n"
                   "mkdir build; ln -s \"$SPINEBENCH\" build/spinebench",
                   &run);
    assert_int_equal(run.status, 0);
    test_run_release(&run);
}

static void run_document(void **state)
{
    struct document d = {.block = PROSE};
    struct sb_str text = SB_STR_INIT;
    snprintf(d.dir, sizeof(d.dir), "%s", test_fresh_dir());
    show_source_tree(d.dir);
    assert_true(test_read_file(*state, &text));
    for (char *line = text.data, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        handle_line(&d, line);
    }
    assert_int_equal(d.block, PROSE); /* an open block would hide its examples */
    sb_str_release(&d.command);
    sb_str_release(&d.expected);
    sb_str_release(&text);
}

int main(void)
{
    static const char *const documents[] = {"../README.md", "../CONTRIBUTING.md", "../docs/*.md",
                                            NULL};
    return test_each_file("docs", documents, run_document);
}
