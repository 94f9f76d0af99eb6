/* Tables as Markdown (GitHub's pipe tables): the unit and source under each title. */
#include "reports/table_format.h"

#include <string.h>

/* Text that must not end a cell or start markup. */
static void put_escaped(struct sb_str *out, const char *text)
{
    for (size_t used; *text; text += used) {
        const size_t control = *text == '\n' ? 0 : sb_control_bytes(text);
        used = control ? control : 1;
        if (control) {
            sb_str_puts(out, "\\"); /* the backslash that follows */
            sb_control_text(text, out);
            continue;
        }
        if (strchr("|\\*_`<", *text))
            sb_str_puts(out, "\\");
        sb_str_append(out, *text == '\n' ? " " : text, 1);
    }
}

static void put_heading(const struct sb_table *t, struct sb_str *out)
{
    struct sb_str heading = SB_STR_INIT;
    for (size_t c = 0; c < t->num_columns; c++) {
        const char *source = sb_source_name(t->columns[c].source);
        sb_str_clear(&heading);
        sb_column_heading(&t->columns[c], &heading);
        sb_str_puts(out, "| ");
        put_escaped(out, sb_str_text(&heading));
        sb_str_printf(out, "%s%s ", *source ? "<br>" : "", source);
    }
    sb_str_puts(out, "|\n");
    for (size_t c = 0; c < t->num_columns; c++)
        sb_str_puts(out, t->columns[c].align == SB_RIGHT ? "| ---: " : "| --- ");
    sb_str_puts(out, "|\n");
    out->failed = out->failed || heading.failed;
    sb_str_release(&heading);
}

static void put_cell(const struct sb_table *t, size_t row, size_t column, struct sb_str *out)
{
    const struct sb_table_cell *e = sb_table_at(t, row, column);
    if (e->type == SB_CELL_TEXT) {
        put_escaped(out, e->text);
    } else if (e->type == SB_CELL_MISSING) {
        sb_str_puts(out, "–");
        if (e->note)
            sb_str_printf(out, "<sup>%d</sup>", e->note);
    } else {
        sb_cell_plain(t, row, column, out);
    }
}

static void put_notes(const struct sb_table *t, struct sb_str *out)
{
    for (size_t i = 0; i < t->num_reasons; i++) {
        sb_str_printf(out, "%s<sup>%zu</sup> ", i ? "<br>\n" : "\n", i + 1);
        put_escaped(out, t->reasons[i]);
    }
    sb_str_puts(out, t->num_reasons ? "\n" : "");
    const unsigned marks = sb_table_marks(t);
    for (int s = 1, first = 1; s < SB_SOURCES; s++) {
        if (marks & 1u << s) {
            sb_str_printf(out, "%s%s: %s", first ? "\n" : ", ", sb_source_mark((enum sb_source)s),
                          sb_source_name((enum sb_source)s));
            first = 0;
        }
    }
    sb_str_puts(out, marks ? "\n" : "");
    for (size_t i = 0; i < t->num_notes; i++) {
        sb_str_puts(out, i ? "<br>\n" : "\n");
        put_escaped(out, t->notes[i]);
    }
    sb_str_puts(out, t->num_notes ? "\n" : "");
}

/* Commands stand between backticks, which they cannot hold: nothing to escape. */
static void put_origin(const struct sb_table *t, struct sb_str *out)
{
    const struct sb_origin *const o = &t->origin;
    struct sb_str records = SB_STR_INIT;
    if (!o->records && !o->command)
        return;
    sb_origin_records_text(o, &records);
    sb_str_puts(out, "\n<sub>");
    put_escaped(out, sb_str_text(&records));
    sb_str_puts(out, o->records ? "." : "");
    if (o->command)
        sb_str_printf(out, "%sMade by `%s --format markdown`", o->records ? " " : "", o->command);
    sb_str_puts(out, "</sub>\n");
    out->failed = out->failed || records.failed;
    sb_str_release(&records);
}

static void write_markdown(const struct sb_table *t, struct sb_str *out)
{
    if (t->title) {
        sb_str_puts(out, "### ");
        put_escaped(out, t->title);
        sb_str_puts(out, "\n\n");
    }
    put_heading(t, out);
    for (size_t r = 0; r < t->num_rows; r++) {
        for (size_t c = 0; c < t->num_columns; c++) {
            sb_str_puts(out, "| ");
            put_cell(t, r, c, out);
            sb_str_puts(out, " ");
        }
        sb_str_puts(out, "|\n");
    }
    put_notes(t, out);
    put_origin(t, out);
}

const struct sb_table_format sb_table_as_markdown = {"markdown", "md", write_markdown};
