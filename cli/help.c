/* Help from option tables. See help.h. */
#include "cli/help.h"

#include <stdbool.h>
#include <string.h>

#define HELP_COLUMN  29 /* where the texts of options begin */
#define USAGE_COLUMN 18 /* where a usage goes on: behind "usage: spinebench " */

static size_t column_of(const struct sb_str *out)
{
    const char *text = sb_str_text(out), *newline = strrchr(text, '\n');
    return sb_text_width(newline ? newline + 1 : text);
}

/* The next part of a usage: up to a blank outside of brackets, or the end of the line. */
static size_t usage_part(const char *text)
{
    int depth = 0;
    size_t n = 0;
    for (; text[n] && text[n] != '\n' && (text[n] != ' ' || depth > 0); n++)
        depth += (text[n] == '(' || text[n] == '[') - (text[n] == ')' || text[n] == ']');
    return n;
}

/* One form of the command: brackets are kept whole where they fit into a line. */
static void put_form(const char *text, struct sb_str *out)
{
    sb_str_puts(out, "spinebench");
    while (*text && *text != '\n') {
        struct sb_str part = SB_STR_INIT;
        const size_t n = usage_part(text), used = column_of(out);
        sb_str_append(&part, text, n);
        if (used + 1 + n > SB_HELP_WIDTH && used > USAGE_COLUMN)
            sb_str_printf(out, "\n%*s", USAGE_COLUMN, "");
        else
            sb_str_puts(out, " ");
        sb_str_fill(out, sb_str_text(&part), column_of(out), USAGE_COLUMN, SB_HELP_WIDTH);
        sb_str_release(&part);
        text += n + (text[n] == ' ');
    }
    sb_str_puts(out, "\n");
}

/* A form per line; those after the first bring their own "spinebench ". */
static void put_usage(const char *usage, struct sb_str *out)
{
    const char *form = usage;
    sb_str_puts(out, "usage: ");
    put_form(form, out);
    while ((form = strstr(form, "\n       spinebench ")) != NULL) {
        form += strlen("\n       spinebench ");
        sb_str_puts(out, "       ");
        put_form(form, out);
    }
}

/* Paragraphs are filled anew; lines that begin with a blank stay, as do empty ones. */
static void put_description(const char *text, struct sb_str *out)
{
    struct sb_str paragraph = SB_STR_INIT;
    for (const char *line = text; *line; line += *line == '\n') {
        const size_t n = strcspn(line, "\n");
        const bool kept = *line == ' ' || n == 0;
        const bool ends = !line[n] || line[n + 1] == ' ' || line[n + 1] == '\n';
        if (kept) {
            sb_str_append(out, line, n);
            sb_str_puts(out, "\n");
        } else {
            sb_str_puts(&paragraph, paragraph.length ? " " : "");
            sb_str_append(&paragraph, line, n);
        }
        if (!kept && ends) {
            sb_str_fill(out, sb_str_text(&paragraph), 0, 0, SB_HELP_WIDTH);
            sb_str_puts(out, "\n");
            sb_str_clear(&paragraph);
        }
        line += n;
    }
    out->failed = out->failed || paragraph.failed;
    sb_str_release(&paragraph);
}

static void put_option(char letter, const char *name, const char *metavar, const char *text,
                       struct sb_str *out)
{
    struct sb_str left = SB_STR_INIT;
    if (letter)
        sb_str_printf(&left, "  -%c, ", letter);
    sb_str_printf(&left, "%s--%s%s%s", letter ? "" : "      ", name, metavar ? " " : "",
                  metavar ? metavar : "");
    sb_str_puts(out, sb_str_text(&left));
    if (left.length >= HELP_COLUMN)
        sb_str_printf(out, "\n%*s", HELP_COLUMN, "");
    else
        sb_str_printf(out, "%*s", HELP_COLUMN - (int)left.length, "");
    sb_str_fill(out, text, HELP_COLUMN, HELP_COLUMN, SB_HELP_WIDTH);
    sb_str_puts(out, "\n");
    out->failed = out->failed || left.failed;
    sb_str_release(&left);
}

void sb_help_text(const struct sb_command_help *help, struct sb_str *out)
{
    put_usage(help->usage, out);
    sb_str_puts(out, "\n");
    put_description(help->description, out);
    sb_str_puts(out, "\noptions:\n");
    for (const struct sb_option *o = help->options; (o = sb_option_at(o)); o++)
        put_option(o->letter, o->name, o->metavar, o->help, out);
    put_option('h', "help", NULL, "this text", out);
    if (help->epilogue)
        sb_str_printf(out, "\n%s\n", help->epilogue);
}
