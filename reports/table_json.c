/*
 * Tables as JSON: {"name", "title", "notes", "origin": {"records", "runs", "command"}, "columns":
 * [{"key", "name", "unit", "shown_unit", "source"}], "rows":
 * [{KEY: {"value", "low", "high", "text", "source"}}]}. Values are in base units; a missing value
 * is null with a "why".
 */
#include "reports/table_format.h"

#include "base/json.h"

#include <string.h>

static void write_column(struct sb_jw *w, const struct sb_table_column *column)
{
    const bool plain = column->quantity == SB_QUANTITY_NONE;
    const char *suffix = sb_base_suffix(column->quantity);
    sb_jw_object(w, NULL);
    sb_jw_string(w, "key", column->key);
    sb_jw_string(w, "name", column->name);
    sb_jw_string(w, "unit", plain ? column->unit : suffix + (*suffix == '_'));
    sb_jw_string(w, "shown_unit", column->unit);
    sb_jw_string(w, "source", column->source ? sb_source_name(column->source) : NULL);
    sb_jw_end(w);
}

static void write_number(struct sb_jw *w, const struct sb_table_column *column,
                         const struct sb_table_cell *e)
{
    struct sb_cell_texts texts;
    sb_cell_texts(column, e, &texts);
    sb_jw_double(w, "value", e->value);
    if (e->has_interval) {
        sb_jw_double(w, "low", e->low);
        sb_jw_double(w, "high", e->high);
    }
    sb_jw_string(w, "text", texts.value);
    if (*sb_cell_mark(column, e))
        sb_jw_string(w, "source", sb_source_name(e->source));
}

static void write_cell(struct sb_jw *w, const struct sb_table_column *column,
                       const struct sb_table_cell *e)
{
    if (e->type == SB_CELL_EMPTY)
        return;
    sb_jw_object(w, column->key);
    if (e->type == SB_CELL_NUMBER)
        write_number(w, column, e);
    else if (e->type == SB_CELL_TEXT)
        sb_jw_string(w, "value", e->raw ? e->raw : e->text);
    else
        sb_jw_null(w, "value");
    if (e->type == SB_CELL_MISSING)
        sb_jw_string(w, "why", e->text);
    sb_jw_end(w);
}

static void write_origin(struct sb_jw *w, const struct sb_origin *origin)
{
    if (!origin->records && !origin->command)
        return;
    sb_jw_object(w, "origin");
    sb_jw_string(w, "records", origin->records);
    sb_jw_string(w, "runs", origin->runs);
    struct sb_str command = SB_STR_INIT;
    if (origin->command)
        sb_str_printf(&command, "%s --format json", origin->command);
    sb_jw_string(w, "command", origin->command ? sb_str_text(&command) : NULL);
    w->out->failed = w->out->failed || command.failed;
    sb_str_release(&command);
    sb_jw_end(w);
}

/* What is the same in every row: {"size": 640, "engine": "native"}. */
static void write_constants(struct sb_jw *w, const struct sb_table *t)
{
    if (t->num_constants == 0)
        return;
    sb_jw_object(w, "all_rows");
    for (size_t i = 0; i < t->num_constants; i++) {
        const struct sb_table_constant *const c = &t->constants[i];
        if (c->cell.type == SB_CELL_TEXT)
            sb_jw_string(w, c->key, c->cell.raw ? c->cell.raw : c->cell.text);
        else
            sb_jw_double(w, c->key, c->cell.value);
    }
    sb_jw_end(w);
}

static void write_json(const struct sb_table *t, struct sb_str *out)
{
    struct sb_jw w;
    sb_jw_init(&w, out, 1);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "name", t->name);
    sb_jw_string(&w, "title", t->title);
    sb_jw_array(&w, "notes");
    for (size_t i = 0; i < t->num_notes; i++)
        sb_jw_string(&w, NULL, t->notes[i]);
    sb_jw_end(&w);
    write_constants(&w, t);
    write_origin(&w, &t->origin);
    sb_jw_array(&w, "columns");
    for (size_t c = 0; c < t->num_columns; c++)
        write_column(&w, &t->columns[c]);
    sb_jw_end(&w);
    sb_jw_array(&w, "rows");
    for (size_t r = 0; r < t->num_rows; r++) {
        sb_jw_object(&w, NULL);
        for (size_t c = 0; c < t->num_columns; c++)
            write_cell(&w, &t->columns[c], sb_table_at(t, r, c));
        sb_jw_end(&w);
    }
    sb_jw_end(&w);
    sb_jw_end(&w);
    sb_str_puts(out, "\n");
}

const struct sb_table_format sb_table_as_json = {"json", "json", write_json};
