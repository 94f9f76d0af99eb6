/* Tables for people and scripts. See table_output.h. */
#include "cli/table_output.h"

#include "reports/table_format.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Columns of the terminal that standard output is; 0 when it is none or does not say. */
static size_t terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

void sb_cli_put_table(const struct sb_table *t, const struct sb_table_format *format,
                      struct sb_str *out)
{
    const size_t width = terminal_width();
    if (width > 0 && format == &sb_table_as_text && !t->texts.failed)
        sb_table_write_text(t, width, out);
    else
        sb_table_write(t, format, out);
}

/* Whether `known` has the whole name as a word. */
static bool has_word(const char *known, const char *name)
{
    const size_t n = strlen(name);
    for (const char *p = known; *p; p += strspn(p, ", ")) {
        const size_t word = strcspn(p, ", ");
        if (word == n && strncmp(p, name, n) == 0)
            return true;
        p += word;
    }
    return false;
}

int sb_cli_format(const char *name, const char *known, const struct sb_table_format **format,
                  struct sb_error *err)
{
    *format = has_word(known, name) ? sb_table_format(name) : NULL;
    if (*format)
        return 0;
    sb_error_set(err, SB_EINVAL, "--format: unknown format '%s'", name);
    return sb_error_hint(err, "expected %s", known);
}
