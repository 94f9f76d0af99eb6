/* The HTML page. See page.h. */
#include "reports/page.h"

#include "base/embed.h"
#include "reports/html.h"

#include <string.h>

#define MAX_ROWS 400 /* longer tables stay in files of their own, so that the page stays small */

/* Appends an embedded file of the page. */
static void put_file(const char *name, struct sb_str *out)
{
    for (const struct sb_embedded *f = sb_page_files; f->name; f++) {
        if (strcmp(f->name, name) == 0)
            sb_str_append(out, (const char *)f->data, f->size);
    }
}

static bool is_shown(const struct sb_exhibit *e)
{
    return !e->is_table || e->table.num_rows <= MAX_ROWS;
}

static const char *title_of(const struct sb_exhibit *e)
{
    return e->is_table ? e->table.title : e->figure.title;
}

static void put_id(const struct sb_exhibit *e, struct sb_str *out)
{
    sb_str_printf(out, "%s-%s", e->is_table ? "table" : "figure",
                  e->is_table ? e->table.name : e->figure.name);
}

static void put_contents(const struct sb_document *d, const struct sb_records *records,
                         struct sb_str *out)
{
    sb_str_puts(out, "<nav aria-label=\"contents\"><ul>\n");
    for (size_t i = 0; i < d->count; i++) {
        if (!is_shown(&d->exhibits[i]))
            continue;
        sb_str_puts(out, "<li><a href=\"#");
        put_id(&d->exhibits[i], out);
        sb_str_puts(out, "\">");
        sb_html_text(out, title_of(&d->exhibits[i]));
        sb_str_puts(out, "</a></li>\n");
    }
    if (sb_page_count_pictures(records))
        sb_str_puts(out, "<li><a href=\"#pictures\">Worst images</a></li>\n");
    if (sb_page_has_models(records))
        sb_str_puts(out, "<li><a href=\"#model-view\">Model view</a></li>\n");
    sb_str_puts(out, "</ul></nav>\n");
}

/* Bad lines that --keep-going left out. */
static void put_left_out(const struct sb_document *d, struct sb_str *out)
{
    if (d->num_left_out == 0)
        return;
    sb_str_printf(out,
                  "<section id=\"left-out\" class=\"left-out\">\n<h2>Left out: %zu bad line%s of "
                  "the records</h2>\n<ul>\n",
                  d->num_left_out, sb_plural(d->num_left_out));
    for (size_t i = 0; i < d->num_left_out && i < SB_MOST_LEFT_OUT; i++) {
        sb_str_puts(out, "<li><code>");
        sb_html_text(out, d->left_out[i]);
        sb_str_puts(out, "</code></li>\n");
    }
    if (d->num_left_out > SB_MOST_LEFT_OUT)
        sb_str_printf(out, "<li>and %zu more</li>\n", d->num_left_out - SB_MOST_LEFT_OUT);
    sb_str_puts(out, "</ul>\n</section>\n");
}

static void put_head(const struct sb_document *d, const struct sb_records *records,
                     struct sb_str *out)
{
    sb_str_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>");
    sb_html_text(out, d->title);
    sb_str_puts(out, "</title>\n<style>\n");
    put_file("page.css", out);
    sb_str_puts(out, "</style>\n</head>\n<body>\n"
                     "<a class=\"skip\" href=\"#content\">Skip the contents</a>\n"
                     "<header>\n<h1>");
    sb_html_text(out, d->title);
    sb_str_puts(out, "</h1>\n<p class=\"origin\">Records: ");
    sb_html_text(out, d->origin.records);
    sb_str_puts(out, "; ");
    sb_html_text(out, d->origin.runs);
    sb_str_puts(out,
                ". Values are printed in the paper, computed from shapes alone, or measured on "
                "the machine named; every column says which.</p>\n");
    put_contents(d, records, out);
    sb_str_puts(out, "</header>\n<main id=\"content\">\n");
    put_left_out(d, out);
}

static int put_exhibit(const struct sb_exhibit *e, struct sb_str *out, struct sb_error *err)
{
    int rc = 0;
    sb_str_puts(out, "<section id=\"");
    put_id(e, out);
    sb_str_puts(out, "\">\n<h2>");
    sb_html_text(out, title_of(e));
    sb_str_puts(out, "</h2>\n");
    if (e->is_table) {
        sb_table_html(&e->table, out);
    } else {
        sb_str_puts(out, "<figure>\n");
        rc = sb_figure_svg(&e->figure, out, err);
        sb_str_puts(out, "</figure>\n<p class=\"note\">");
        sb_html_text(out, e->figure.note);
        sb_str_puts(out, "</p>\n");
        sb_html_origin(&e->figure.origin, out);
    }
    sb_str_puts(out, "</section>\n");
    return rc;
}

int sb_page_write(const struct sb_document *d, const struct sb_records *records, struct sb_str *out,
                  struct sb_error *err)
{
    int rc = 0;
    put_head(d, records, out);
    for (size_t i = 0; i < d->count && rc == 0; i++) {
        if (is_shown(&d->exhibits[i]))
            rc = put_exhibit(&d->exhibits[i], out, err);
    }
    sb_page_pictures(records, out);
    if (rc == 0)
        rc = sb_page_models(records, out, err);
    sb_str_puts(out, "</main>\n<script>\n");
    put_file("page.js", out);
    sb_str_puts(out, "</script>\n</body>\n</html>\n");
    return rc == 0 && out->failed ? sb_error_nomem(err, "the page", out->length) : rc;
}
