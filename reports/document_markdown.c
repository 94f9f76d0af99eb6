/* Reports as Markdown. See document.h. */
#include "reports/document.h"

#include <string.h>

/* "png" where it was drawn: it shows everywhere; else the first that was. */
static const char *shown_extension(const struct sb_document *d)
{
    for (size_t i = 0; i < d->num_drawn; i++) {
        if (strcmp(d->drawn[i], "png") == 0)
            return d->drawn[i];
    }
    return d->num_drawn ? d->drawn[0] : NULL;
}

static void put_figure(const struct sb_document *d, const struct sb_exhibit *e, struct sb_str *out)
{
    const struct sb_figure *f = &e->figure;
    const char *extension = shown_extension(d);
    sb_str_printf(out, "\n### %s\n\n", f->title);
    if (extension)
        sb_str_printf(out, "![%s](plots/%s.%s)\n\n", f->title, f->name, extension);
    else
        sb_str_printf(out, "Not drawn: %s.\n\n", d->no_plots);
    sb_str_printf(out,
                  "%s\n\n<sub>Data: [plots/%s.dat](plots/%s.dat), script: "
                  "[plots/%s.gp](plots/%s.gp). Records: %s; %s. Made by `%s`</sub>\n",
                  f->note, f->name, f->name, f->name, f->name, f->origin.records, f->origin.runs,
                  f->origin.command);
}

static void put_table(const struct sb_document *d, const struct sb_exhibit *e, struct sb_str *out)
{
    sb_str_puts(out, "\n");
    sb_table_write(&e->table, sb_table_format("markdown"), out);
    for (size_t i = 0; i < d->num_formats; i++) {
        const struct sb_table_format *format = sb_table_format(d->formats[i]);
        sb_str_printf(out, "%s[%s](tables/%s.%s)", i ? ", " : "\n<sub>Also as ", format->name,
                      e->table.name, format->extension);
    }
    sb_str_puts(out, d->num_formats ? ".</sub>\n" : "");
}

/* Bad lines that --keep-going left out. */
static void put_left_out(const struct sb_document *d, struct sb_str *out)
{
    if (d->num_left_out)
        sb_str_printf(out, "\n**Left out: %zu bad line%s of the records**\n\n", d->num_left_out,
                      sb_plural(d->num_left_out));
    for (size_t i = 0; i < d->num_left_out && i < SB_MOST_LEFT_OUT; i++)
        sb_str_printf(out, "- `%s`\n", d->left_out[i]);
    if (d->num_left_out > SB_MOST_LEFT_OUT)
        sb_str_printf(out, "- and %zu more\n", d->num_left_out - SB_MOST_LEFT_OUT);
}

/* Tables that are too long for the text. */
static void put_list(const struct sb_document *d, struct sb_str *out)
{
    bool any = false;
    for (size_t i = 0; i < d->count && d->num_formats; i++) {
        const struct sb_exhibit *e = &d->exhibits[i];
        if (e->in_text)
            continue;
        sb_str_puts(out, any ? "" : "\n### More tables\n\n");
        any = true;
        const struct sb_table_format *format = sb_table_format(d->formats[0]);
        sb_str_printf(out, "- [%s](tables/%s.%s), %zu row%s\n", e->table.title, e->table.name,
                      format->extension, e->table.num_rows, sb_plural(e->table.num_rows));
    }
}

void sb_document_markdown(const struct sb_document *d, struct sb_str *out)
{
    sb_str_printf(out,
                  "# %s\n\nRecords: %s; %s.\n\nValues are marked paper (printed there), computed "
                  "(from shapes alone, the same everywhere) or measured (on the machine named).\n",
                  d->title, d->origin.records, d->origin.runs);
    put_left_out(d, out);
    for (size_t i = 0; i < d->count; i++) {
        const struct sb_exhibit *e = &d->exhibits[i];
        if (!e->is_table)
            put_figure(d, e, out);
        else if (e->in_text)
            put_table(d, e, out);
    }
    put_list(d, out);
}
