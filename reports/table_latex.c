/*
 * Tables as LaTeX for \input: a table environment with booktabs rules (\usepackage{booktabs}). The
 * interval stands small behind its value; reasons of missing values follow the table. Comments at
 * the top say where it comes from.
 */
#include "base/file.h"
#include "reports/table_format.h"

#include <stdlib.h>
#include <string.h>

static const char *escape_of(char c)
{
    switch (c) {
    case '\\':
        return "\\textbackslash{}";
    case '~':
        return "\\textasciitilde{}";
    case '^':
        return "\\textasciicircum{}";
    case '<':
        return "\\textless{}";
    case '>':
        return "\\textgreater{}";
    case '|':
        return "\\textbar{}";
    case '\n':
        return " ";
    default:
        return NULL;
    }
}

static void put_escaped(struct sb_str *out, const char *text)
{
    for (; *text; text++) {
        const char *escape = escape_of(*text);
        if (escape)
            sb_str_puts(out, escape);
        else if (strncmp(text, "µ", strlen("µ")) == 0)
            sb_str_puts(out, "\\textmu{}"), text += strlen("µ") - 1;
        else
            sb_str_printf(out, "%s%c", strchr("#$%&_{}", *text) ? "\\" : "", *text);
    }
}

static void put_heading(const struct sb_table *t, struct sb_str *out)
{
    struct sb_str heading = SB_STR_INIT;
    for (size_t c = 0; c < t->num_columns; c++) {
        sb_str_clear(&heading);
        sb_column_heading(&t->columns[c], &heading);
        sb_str_puts(out, c ? " & " : "");
        put_escaped(out, sb_str_text(&heading));
    }
    for (size_t c = 0; c < t->num_columns && sb_table_has_sources(t); c++) {
        const char *source = sb_source_name(t->columns[c].source);
        sb_str_puts(out, c ? " & " : " \\\\\n");
        sb_str_printf(out, "%s%s%s", *source ? "{\\footnotesize " : "", source, *source ? "}" : "");
    }
    sb_str_puts(out, " \\\\\n\\midrule\n");
    out->failed = out->failed || heading.failed;
    sb_str_release(&heading);
}

/* "$12.3$", "$1.23\times10^{-9}$" */
static void put_math(struct sb_str *out, const char *text)
{
    const char *e = strchr(text, 'e');
    if (e)
        sb_str_printf(out, "$%.*s\\times10^{%ld}$", (int)(e - text), text, strtol(e + 1, NULL, 10));
    else
        sb_str_printf(out, "$%s$", text);
}

static void put_number(const struct sb_table_column *column, const struct sb_table_cell *e,
                       struct sb_str *out)
{
    struct sb_cell_texts texts;
    sb_cell_texts(column, e, &texts);
    put_math(out, texts.value);
    if (e->has_interval)
        sb_str_printf(out, " {\\scriptsize $[%s, %s]$}", texts.low, texts.high);
    const char *mark = sb_cell_mark(column, e);
    if (*mark)
        sb_str_printf(out, "\\textsuperscript{%s}", mark);
    if (e->flag)
        sb_str_printf(out, "\\textsuperscript{%s}", e->flag);
}

static void put_cell(const struct sb_table_column *column, const struct sb_table_cell *e,
                     struct sb_str *out)
{
    if (e->type == SB_CELL_TEXT)
        put_escaped(out, e->text);
    else if (e->type == SB_CELL_NUMBER)
        put_number(column, e, out);
    else if (e->type == SB_CELL_MISSING)
        sb_str_puts(out, "--");
    if (e->type == SB_CELL_MISSING && e->note)
        sb_str_printf(out, "\\textsuperscript{%d}", e->note);
}

static void put_notes(const struct sb_table *t, struct sb_str *out)
{
    for (size_t i = 0; i < t->num_reasons; i++) {
        sb_str_printf(out, "\\par\\footnotesize\\textsuperscript{%zu} ", i + 1);
        put_escaped(out, t->reasons[i]);
        sb_str_puts(out, "\n");
    }
    const unsigned marks = sb_table_marks(t);
    for (int s = 1; s < SB_SOURCES; s++) {
        if (marks & 1u << s)
            sb_str_printf(out, "\\par\\footnotesize\\textsuperscript{%s} %s\n",
                          sb_source_mark((enum sb_source)s), sb_source_name((enum sb_source)s));
    }
}

static void put_caption(const struct sb_table *t, struct sb_str *out)
{
    sb_str_puts(out, "\\caption{");
    put_escaped(out, t->title ? t->title : t->name);
    for (size_t i = 0; i < t->num_notes; i++) {
        sb_str_puts(out, sb_ends_with(sb_str_text(out), ".") ? " " : ". ");
        put_escaped(out, t->notes[i]);
    }
    sb_str_printf(out, "}\n\\label{tab:%s}\n", t->name);
}

static void write_latex(const struct sb_table *t, struct sb_str *out)
{
    sb_origin_comments(&t->origin, "% ", " --format latex", out);
    sb_str_puts(out, "\\begin{table}\n\\centering\n");
    put_caption(t, out);
    sb_str_puts(out, "\\begin{tabular}{");
    for (size_t c = 0; c < t->num_columns; c++)
        sb_str_puts(out, t->columns[c].align == SB_RIGHT ? "r" : "l");
    sb_str_puts(out, "}\n\\toprule\n");
    put_heading(t, out);
    for (size_t r = 0; r < t->num_rows; r++) {
        sb_str_puts(out, sb_table_has_rule(t, r) ? "\\midrule\n" : "");
        for (size_t c = 0; c < t->num_columns; c++) {
            sb_str_puts(out, c ? " & " : "");
            put_cell(&t->columns[c], sb_table_at(t, r, c), out);
        }
        sb_str_puts(out, " \\\\\n");
    }
    sb_str_puts(out, "\\bottomrule\n\\end{tabular}\n");
    put_notes(t, out);
    sb_str_puts(out, "\\end{table}\n");
}

const struct sb_table_format sb_table_as_latex = {"latex", "tex", write_latex};
