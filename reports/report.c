/* From records to a folder with a report. See report.h. */
#include "reports/report.h"

#include "base/file.h"
#include "reports/document.h"
#include "reports/figure_gnuplot.h"
#include "reports/figures.h"
#include "reports/page.h"
#include "reports/paper_records.h"
#include "reports/provenance.h"
#include "reports/view.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_ROWS_IN_TEXT 60

/* What a report shows, in reading order. */
static const struct {
    bool is_figure;
    const char *name;
} contents[] = {
    {false, "models"},
    {true, "accuracy"},
    {true, "paper"},
    {true, "latency"},
    {true, "distribution"},
    {false, "accuracy"},
    {true, "levels"},
    {false, "per-level"},
    {true, "memory"},
    {false, "memory-phases"},
    {false, "peers"},
    {true, "verdicts"},
    {false, "gate"},
    {true, "history"},
    {false, "history"},
    {true, "errors"},
    {false, "errors"},
    {true, "precision"},
    {true, "categories"},
    {false, "categories"},
    {false, "category-errors"},
    {false, "confusion-matrix"},
    {false, "confusions"},
    {true, "calibration"},
    {false, "calibration"},
    {false, "thresholds"},
    {true, "roofline"},
    {false, "per-op"},
    {false, "per-block"},
    {false, "per-node"},
    {false, "paper-table-1"},
    {false, "paper-table-2"},
    {false, "paper-table-3"},
    {false, "paper-table-4"},
    {false, "paper-table-5"},
    {false, "paper-table-6"},
    {false, "paper-table-7"},
    {false, "paper-table-8"},
    {false, "paper-table-9"},
    {false, "paper-table-10"},
    {false, "zoo-retinanet"},
    {false, "zoo-maskrcnn"},
    {false, "runs"},
};

/* Where a table or figure over records of these kinds comes from. preset: prints the table; NULL:
 * a figure, or the whole report. Texts are kept in the document. */
static struct sb_origin origin_of(struct sb_document *d, const struct sb_records *records,
                                  unsigned kinds, const struct sb_report_options *o,
                                  const char *preset)
{
    struct sb_origin_option options[3];
    size_t count = 0;
    options[count++] = preset ? (struct sb_origin_option){"--preset", preset}
                              : (struct sb_origin_option){"-o", "DIR"};
    if (!preset && o->plot)
        options[count++] = (struct sb_origin_option){"--plot", o->plot};
    if (o->keep_going)
        options[count++] = (struct sb_origin_option){"--keep-going", NULL};
    struct sb_origin origin = {0};
    struct sb_str command = SB_STR_INIT;
    sb_origin_command(o->inputs, o->num_inputs, options, count, &command);
    sb_origin_read(&origin, records, kinds, o->inputs, o->num_inputs, &d->texts);
    origin.command = sb_texts_keep(&d->texts, sb_str_text(&command));
    d->texts.failed = d->texts.failed || command.failed;
    sb_str_release(&command);
    return origin;
}

/* True when some model was run by several engines. */
static bool has_peers(const struct sb_records *records)
{
    const char *engine = NULL;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_TIME || !r->cell.engine)
            continue;
        if (engine && strcmp(engine, r->cell.engine) != 0)
            return true;
        engine = r->cell.engine;
    }
    return false;
}

/* The table of a view; none, which is no error, where no record is about a model of the paper's. */
static int make_table(struct sb_table *t, const struct sb_view *view, const struct sb_paper *paper,
                      const struct sb_records *records, bool *made, struct sb_error *err)
{
    const struct sb_paper_table *source;
    *made = true;
    if (!view->paper)
        return sb_view_table(t, view, records, err);
    const int rc = sb_paper_find(paper, view->paper, &source, err);
    *made = rc == 0 && sb_paper_has_records(source, records);
    return *made ? sb_view_paper_table(t, view, paper, records, err) : rc;
}

/* Adds a view's table unless it has no rows. */
static int add_view(struct sb_document *d, const char *name, const struct sb_paper *paper,
                    const struct sb_records *records, const struct sb_report_options *o,
                    struct sb_error *err)
{
    const struct sb_view *view;
    struct sb_table t;
    bool made = false;
    int rc = sb_view_find(name, &view, err);
    if (rc == 0)
        rc = make_table(&t, view, paper, records, &made, err);
    if (rc || !made)
        return rc;
    if (t.num_rows == 0) {
        sb_table_release(&t);
        return 0;
    }
    const struct sb_origin origin = origin_of(d, records, view->kinds, o, view->name);
    sb_table_set_origin(&t, &origin);
    return sb_document_add_table(d, &t, t.num_rows <= MAX_ROWS_IN_TEXT, err);
}

/* Adds a figure unless the records give it nothing to show. */
static int add_figure(struct sb_document *d, const char *name, const struct sb_records *records,
                      const struct sb_report_options *o, struct sb_error *err)
{
    const struct sb_figure_maker *maker;
    struct sb_figure f;
    int rc = sb_figure_maker_find(name, &maker, err);
    if (rc == 0)
        rc = sb_figure_make(&f, maker, records, err);
    if (rc)
        return rc;
    if (f.num_panels == 0) {
        sb_figure_release(&f);
        return 0;
    }
    const struct sb_origin origin = origin_of(d, records, maker->kinds, o, NULL);
    sb_figure_set_origin(&f, &origin);
    return sb_document_add_figure(d, &f, err);
}

static int collect(struct sb_document *d, const struct sb_records *records,
                   const struct sb_report_options *o, struct sb_error *err)
{
    struct sb_paper paper;
    int rc = sb_paper_open(&paper, err);
    if (rc)
        return rc;
    d->origin = origin_of(d, records, 0, o, NULL);
    const bool peers = has_peers(records);
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]) && rc == 0; i++) {
        const char *name = contents[i].name;
        if (contents[i].is_figure)
            rc = add_figure(d, name, records, o, err);
        else if (peers || strcmp(name, "peers") != 0)
            rc = add_view(d, name, &paper, records, o, err);
    }
    sb_paper_release(&paper);
    if (rc == 0 && d->texts.failed)
        rc = sb_error_nomem(err, "a report", 0);
    return rc;
}

/* DIR/FOLDER/NAME.EXTENSION; folder "" for DIR itself. */
static int write_in(const char *dir, const char *folder, const char *name, const char *extension,
                    const struct sb_str *text, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, "%s/%s%s%s.%s", dir, folder, *folder ? "/" : "", name, extension);
    const int rc = path.failed || text->failed
                       ? sb_error_nomem(err, "a file", text->length)
                       : sb_write_file(path.data, sb_str_text(text), text->length, err);
    sb_str_release(&path);
    return rc;
}

static int write_tables(const struct sb_document *d, const char *dir, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < d->count && rc == 0; i++) {
        const struct sb_table *t = &d->exhibits[i].table;
        for (size_t k = 0; d->exhibits[i].is_table && k < d->num_formats && rc == 0; k++) {
            const struct sb_table_format *format = sb_table_format(d->formats[k]);
            struct sb_str text = SB_STR_INIT;
            sb_table_write(t, format, &text);
            rc = write_in(dir, "tables", t->name, format->extension, &text, err);
            sb_str_release(&text);
        }
    }
    return rc;
}

/* Draws the figures. Without gnuplot, data and scripts are written, and why is remembered. */
static int draw_figures(struct sb_document *d, const char *dir, const char *const *extensions,
                        size_t count, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < d->count && rc == 0; i++) {
        if (d->exhibits[i].is_table)
            continue;
        const struct sb_figure *f = &d->exhibits[i].figure;
        rc = sb_figure_draw(f, dir, extensions, *d->no_plots ? 0 : count, err);
        if (rc == SB_EUNSUPPORTED) {
            d->no_plots = sb_texts_keep(&d->texts, err->message);
            rc = 0;
        }
    }
    return rc;
}

static int make_folders(const struct sb_report_options *o, struct sb_str *plots,
                        struct sb_error *err)
{
    struct sb_str tables = SB_STR_INIT;
    sb_str_printf(&tables, "%s/tables", o->dir);
    sb_str_printf(plots, "%s/plots", o->dir);
    int rc = tables.failed || plots->failed ? sb_error_nomem(err, "a file name", 0)
                                            : sb_make_dirs(plots->data, err);
    if (rc == 0 && o->num_formats)
        rc = sb_make_dirs(tables.data, err);
    sb_str_release(&tables);
    return rc;
}

static int write_page(const struct sb_document *d, const struct sb_records *records,
                      const char *dir, struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT;
    int rc = sb_page_write(d, records, &text, err);
    if (rc == 0)
        rc = write_in(dir, "", "report", "html", &text, err);
    sb_str_release(&text);
    return rc;
}

static int write_document(struct sb_document *d, const struct sb_records *records,
                          const struct sb_report_options *o, struct sb_error *err)
{
    struct sb_str plots = SB_STR_INIT, text = SB_STR_INIT;
    int rc = make_folders(o, &plots, err);
    if (rc == 0)
        rc = draw_figures(d, plots.data, o->extensions, o->num_extensions, err);
    if (rc == 0)
        rc = write_tables(d, o->dir, err);
    if (*d->no_plots)
        d->num_drawn = 0;
    if (rc == 0) {
        sb_document_markdown(d, &text);
        rc = write_in(o->dir, "", "report", "md", &text, err);
    }
    if (rc == 0)
        rc = write_page(d, records, o->dir, err);
    sb_str_release(&plots);
    sb_str_release(&text);
    return rc;
}

int sb_report_write(const struct sb_records *records, const struct sb_report_options *options,
                    struct sb_report_result *result, struct sb_error *err)
{
    struct sb_document d;
    memset(result, 0, sizeof(*result));
    sb_document_init(&d, "Benchmark report");
    d.formats = options->formats;
    d.num_formats = options->num_formats;
    d.drawn = options->extensions;
    d.num_drawn = options->num_extensions;
    d.left_out = options->left_out;
    d.num_left_out = options->num_left_out;
    if (options->num_extensions == 0)
        d.no_plots = "drawings were not asked for";
    int rc = collect(&d, records, options, err);
    if (rc == 0)
        rc = write_document(&d, records, options, err);
    for (size_t i = 0; i < d.count; i++) {
        result->tables += d.exhibits[i].is_table;
        result->figures += !d.exhibits[i].is_table;
    }
    snprintf(result->no_plots, sizeof(result->no_plots), "%s", d.no_plots);
    sb_document_release(&d);
    return rc;
}
