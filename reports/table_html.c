/* Tables as HTML. See html.h. */
#include "reports/html.h"

#include "reports/table_format.h"

void sb_html_text(struct sb_str *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            sb_str_puts(out, "&amp;");
        else if (*text == '<')
            sb_str_puts(out, "&lt;");
        else if (*text == '>')
            sb_str_puts(out, "&gt;");
        else if (*text == '"')
            sb_str_puts(out, "&quot;");
        else if ((unsigned char)*text >= ' ' && *text != 0x7f)
            sb_str_append(out, text, 1);
    }
}

static void put_heading(const struct sb_table_column *c, struct sb_str *out)
{
    struct sb_str heading = SB_STR_INIT;
    sb_column_heading(c, &heading);
    sb_str_printf(out, "<th scope=\"col\"%s><span class=\"h\">",
                  c->align == SB_RIGHT ? " class=\"n\"" : "");
    sb_html_text(out, sb_str_text(&heading));
    sb_str_puts(out, "</span>");
    if (c->source)
        sb_str_printf(out, "<span class=\"s s-%s\">%s</span>", sb_source_name(c->source),
                      sb_source_name(c->source));
    sb_str_puts(out, "</th>");
    out->failed = out->failed || heading.failed;
    sb_str_release(&heading);
}

static void put_number(const struct sb_table_column *column, const struct sb_table_cell *cell,
                       struct sb_str *out)
{
    struct sb_cell_texts texts;
    char exact[SB_NUMBER_SIZE];
    sb_cell_texts(column, cell, &texts);
    sb_exact_text(cell->value, exact);
    sb_str_printf(out, "<td class=\"n\" data-value=\"%s\">%s", exact, texts.value);
    if (cell->has_interval)
        sb_str_printf(out, " <span class=\"i\">[%s, %s]</span>", texts.low, texts.high);
    const char *mark = sb_cell_mark(column, cell);
    if (*mark)
        sb_str_printf(out, "<sup title=\"%s\">%s</sup>", sb_source_name(cell->source), mark);
    if (cell->flag)
        sb_str_printf(out, "<sup>%s</sup>", cell->flag);
    sb_str_puts(out, "</td>");
}

static void put_cell(const struct sb_table_column *column, const struct sb_table_cell *cell,
                     struct sb_str *out)
{
    const char *class = column->align == SB_RIGHT ? " class=\"n\"" : "";
    if (cell->type == SB_CELL_NUMBER) {
        put_number(column, cell, out);
    } else if (cell->type == SB_CELL_MISSING) {
        sb_str_printf(out, "<td%s><span class=\"m\" title=\"", class);
        sb_html_text(out, cell->text ? cell->text : "");
        sb_str_puts(out, "\">–</span>");
        if (cell->note)
            sb_str_printf(out, "<sup>%d</sup>", cell->note);
        sb_str_puts(out, "</td>");
    } else {
        sb_str_printf(out, "<td%s>", class);
        sb_html_text(out, cell->type == SB_CELL_TEXT ? cell->text : "");
        sb_str_puts(out, "</td>");
    }
}

static void put_notes(const struct sb_table *t, struct sb_str *out)
{
    for (size_t i = 0; i < t->num_reasons; i++) {
        sb_str_printf(out, "<p class=\"note\"><sup>%zu</sup> ", i + 1);
        sb_html_text(out, t->reasons[i]);
        sb_str_puts(out, "</p>\n");
    }
    const unsigned marks = sb_table_marks(t);
    for (int s = 1; s < SB_SOURCES; s++) {
        if (marks & 1u << s)
            sb_str_printf(out, "<p class=\"note\"><sup>%s</sup> %s</p>\n",
                          sb_source_mark((enum sb_source)s), sb_source_name((enum sb_source)s));
    }
    for (size_t i = 0; i < t->num_notes; i++) {
        sb_str_puts(out, "<p class=\"note\">");
        sb_html_text(out, t->notes[i]);
        sb_str_puts(out, "</p>\n");
    }
}

void sb_html_origin(const struct sb_origin *origin, struct sb_str *out)
{
    struct sb_str records = SB_STR_INIT;
    if (!origin->records && !origin->command)
        return;
    sb_origin_records_text(origin, &records);
    sb_str_puts(out, "<p class=\"note\">");
    sb_html_text(out, sb_str_text(&records));
    sb_str_puts(out, origin->records ? ". " : "");
    if (origin->command) {
        sb_str_puts(out, "Made by <code>");
        sb_html_text(out, origin->command);
        sb_str_puts(out, "</code>");
    }
    sb_str_puts(out, "</p>\n");
    out->failed = out->failed || records.failed;
    sb_str_release(&records);
}

void sb_table_html(const struct sb_table *t, struct sb_str *out)
{
    sb_str_puts(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    sb_html_text(out, t->title ? t->title : "table");
    sb_str_puts(out, "\">\n<table>\n<thead><tr>");
    for (size_t c = 0; c < t->num_columns; c++)
        put_heading(&t->columns[c], out);
    sb_str_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < t->num_rows; r++) {
        sb_str_puts(out, sb_table_has_rule(t, r) ? "<tr class=\"g\">" : "<tr>");
        for (size_t c = 0; c < t->num_columns; c++)
            put_cell(&t->columns[c], sb_table_at(t, r, c), out);
        sb_str_puts(out, "</tr>\n");
    }
    sb_str_puts(out, "</tbody>\n</table>\n</div>\n");
    put_notes(t, out);
    sb_html_origin(&t->origin, out);
}
