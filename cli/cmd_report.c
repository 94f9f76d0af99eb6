/* spinebench report: records to tables, figures and documents. */
#include "base/file.h"
#include "base/mem.h"
#include "bench/merge.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "reports/columns.h"
#include "reports/figures.h"
#include "reports/report.h"
#include "reports/view.h"

#include <stdio.h>
#include <string.h>

static const char *dir, *preset, *by, *columns, *where, *sort_by, *group, *units;
static struct sb_option_list formats, drawings;
static bool keep_going, no_plots, no_origin, list;

/* Bad lines that --keep-going left out. */
static struct {
    const char **lines; /* owned */
    size_t count, capacity;
    struct sb_texts texts;
} left_out;

static void print_list(void)
{
    printf("presets:\n");
    for (size_t i = 0; sb_view_at(i); i++)
        printf("  %-17s%s\n", sb_view_at(i)->name, sb_view_at(i)->title);
    printf("\nfigures:\n");
    for (size_t i = 0; sb_figure_maker_at(i); i++)
        printf("  %-12s %s\n", sb_figure_maker_at(i)->name, sb_figure_maker_at(i)->help);
    printf("\ncolumns:\n");
    for (size_t i = 0; sb_report_column_at(i); i++)
        printf("  %-12s %s\n", sb_report_column_at(i)->key, sb_report_column_at(i)->help);
}

static int read_by(const char *name, enum sb_rows_by *out, struct sb_error *err)
{
    for (int i = 0; i < SB_ROWS_BYS; i++) {
        if (strcmp(sb_rows_by_name((enum sb_rows_by)i), name) == 0) {
            *out = (enum sb_rows_by)i;
            return 0;
        }
    }
    sb_error_set(err, SB_EINVAL, "--by: no such kind of row '%s'", name);
    return sb_error_hint(err, "known: model, level, op, block, node");
}

/* The preset with what the other options change. */
static int chosen_view(struct sb_view *view, struct sb_error *err)
{
    const struct sb_view *base;
    int rc = sb_view_find(preset ? preset : "models", &base, err);
    if (rc)
        return rc;
    *view = *base;
    if (by && !sb_view_has_rows(base)) {
        sb_error_set(err, SB_EINVAL, "--by: the rows of '%s' are records, not models or parts",
                     base->name);
        return sb_error_hint(err, "--by goes with models, peers and per-...");
    }
    if (by)
        rc = read_by(by, &view->by, err);
    view->columns = columns ? columns : view->columns;
    view->sort = sort_by ? sort_by : view->sort;
    view->group = group ? group : columns ? NULL : view->group;
    view->where = where;
    view->units = units;
    view->note = columns && !preset ? NULL : view->note;
    return rc;
}

/* What makes this table again: the command that was given, its options in one order. */
static void set_origin(struct sb_table *t, const struct sb_view *view,
                       const struct sb_records *records, const struct sb_arguments *args)
{
    const struct sb_origin_option all[] = {
        {"--preset", preset}, {"--by", by},       {"--columns", columns}, {"--where", where},
        {"--sort", sort_by},  {"--group", group}, {"--units", units},
    };
    struct sb_origin_option given[sizeof(all) / sizeof(all[0]) + 1];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].value)
            given[count++] = all[i];
    }
    if (keep_going)
        given[count++] = (struct sb_origin_option){"--keep-going", NULL};
    struct sb_origin origin = {0};
    struct sb_str command = SB_STR_INIT;
    sb_origin_command(args->words, args->count, given, count, &command);
    origin.command = sb_str_text(&command);
    sb_origin_read(&origin, records, view->kinds, args->words, args->count, &t->texts);
    sb_table_set_origin(t, &origin);
    t->texts.failed = t->texts.failed || command.failed;
    sb_str_release(&command);
}

static int print_view(const struct sb_records *records, const struct sb_arguments *args,
                      struct sb_error *err)
{
    const char *name = formats.count ? formats.items[0] : "text";
    struct sb_view view;
    struct sb_table t;
    int rc = chosen_view(&view, err);
    if (rc == 0)
        rc = sb_view_table(&t, &view, records, err);
    if (rc)
        return rc;
    struct sb_str out = SB_STR_INIT;
    if (left_out.count)
        sb_table_note(&t, "Bad lines of the records that were left out: %zu.", left_out.count);
    if (!no_origin)
        set_origin(&t, &view, records, args);
    sb_cli_put_table(&t, sb_table_format(name), &out);
    rc = out.failed ? sb_error_nomem(err, "the table", out.length) : 0;
    if (rc == 0)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

/* "png,pdf" */
static void join(const struct sb_option_list *words, struct sb_str *out)
{
    for (size_t i = 0; i < words->count; i++)
        sb_str_printf(out, "%s%s", i ? "," : "", words->items[i]);
}

static int write_report(const struct sb_records *records, const struct sb_arguments *args,
                        struct sb_error *err)
{
    static const char *const default_formats[] = {"csv", "latex"};
    static const char *const default_drawings[] = {"png", "svg"};
    struct sb_report_options o = {.dir = dir, .inputs = args->words, .num_inputs = args->count};
    o.formats = formats.count ? formats.items : default_formats;
    o.num_formats = formats.count ? formats.count : 2;
    o.extensions = drawings.count ? drawings.items : default_drawings;
    o.left_out = left_out.lines;
    o.num_left_out = left_out.count;
    o.num_extensions = no_plots ? 0 : drawings.count ? drawings.count : 2;
    struct sb_str plot = SB_STR_INIT;
    join(&drawings, &plot);
    o.plot = drawings.count ? sb_str_text(&plot) : NULL;
    o.keep_going = keep_going;
    struct sb_report_result result;
    const int rc = plot.failed ? sb_error_nomem(err, "an option", plot.length)
                               : sb_report_write(records, &o, &result, err);
    sb_str_release(&plot);
    if (rc)
        return rc;
    if (*result.no_plots && !no_plots)
        fprintf(stderr, "spinebench report: figures are not drawn: %s\n", result.no_plots);
    printf("%s/report.md: %zu table%s, %zu figure%s\n", dir, result.tables,
           sb_plural(result.tables), result.figures, sb_plural(result.figures));
    return 0;
}

static int check_options(struct sb_error *err)
{
    static const char *const known[] = {"png", "svg", "pdf"};
    for (size_t i = 0; i < formats.count; i++) {
        const struct sb_table_format *format;
        if (sb_cli_format(formats.items[i], SB_ALL_FORMATS, &format, err) != 0)
            return (int)err->code;
    }
    for (size_t i = 0; i < drawings.count; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
            found = found || strcmp(known[k], drawings.items[i]) == 0;
        if (!found)
            return sb_error_set(err, SB_EINVAL, "--plot: expected png, svg or pdf, got '%s'",
                                drawings.items[i]);
    }
    if (!dir && formats.count > 1) {
        sb_error_set(err, SB_EINVAL, "--format: the table is printed in one format, got %zu",
                     formats.count);
        return sb_error_hint(err, "-o DIR writes the whole report, in several");
    }
    return 0;
}

/* A bad line that --keep-going leaves out: told, and kept with the name of its file alone, so that
 * a report does not depend on where records lie. */
static void tell_skipped(void *ctx, const struct sb_error *err)
{
    (void)ctx;
    struct sb_error named = *err;
    char text[2048];
    sb_error_text(err, text, sizeof(text));
    fprintf(stderr, "spinebench report: left out: %s\n", text);
    snprintf(named.path, sizeof(named.path), "%s", sb_path_base(err->path));
    named.hint[0] = '\0';
    sb_error_text(&named, text, sizeof(text));
    if (sb_grow(&left_out.lines, &left_out.capacity, left_out.count + 1, sizeof(*left_out.lines),
                SB_MEM_TAG(SB_MEM_DATA, 0)))
        left_out.texts.failed = true;
    else
        left_out.lines[left_out.count++] = sb_texts_keep(&left_out.texts, text);
}

/* A file given twice, or records that a merged file has too, must not count twice. Within one file
 * repeats are measurements that came out alike. */
static int drop_repeated(struct sb_records *records, struct sb_error *err)
{
    size_t dropped = 0;
    const int rc = sb_records_drop_repeated(records, &dropped, err);
    if (rc == 0 && dropped)
        fprintf(stderr, "spinebench report: left out: %zu record%s that repeat%s an earlier one\n",
                dropped, sb_plural(dropped), dropped == 1 ? "s" : "");
    return rc;
}

static int run_report(const struct sb_arguments *args, struct sb_error *err)
{
    int rc = list ? sb_arguments_expect(args, 0, 0, "nothing beside --list", err) : 0;
    if (list && rc == 0)
        print_list();
    if (list)
        return rc;
    rc = sb_arguments_expect(args, 1, 10000, "at least one RUN.jsonl", err);
    if (rc == 0)
        rc = check_options(err);
    struct sb_records records;
    sb_records_init(&records);
    for (size_t i = 0; i < args->count && rc == 0; i++)
        rc = sb_records_read(&records, args->words[i], keep_going ? tell_skipped : NULL, NULL, err);
    if (rc == 0 && records.count == 0)
        rc = sb_error_set(err, SB_EFORMAT, "there are no records in %s",
                          args->count == 1 ? args->words[0] : "these files");
    if (rc == 0 && args->count > 1)
        rc = drop_repeated(&records, err);
    if (rc == 0 && left_out.texts.failed)
        rc = sb_error_nomem(err, "bad lines", left_out.count);
    if (rc == 0)
        rc = dir ? write_report(&records, args, err) : print_view(&records, args, err);
    sb_records_release(&records);
    sb_free(left_out.lines);
    sb_texts_release(&left_out.texts);
    return rc;
}

int cmd_report(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "DIR", "write the whole report into this folder", &dir),
        SB_OPT_STRING("preset", 0, "NAME", "print this table (default: models)", &preset),
        SB_OPT_STRING("by", 0, "KIND", "rows are models, levels, ops, blocks or nodes", &by),
        SB_OPT_STRING("columns", 0, "KEY,...", "columns; KEY? only where it tells something",
                      &columns),
        SB_OPT_STRING("where", 0, "KEY=V,...", "rows: model=*spinenet*,size=640|896,latency<1s",
                      &where),
        SB_OPT_STRING("sort", 0, "KEY,...", "order of rows; -KEY for descending", &sort_by),
        SB_OPT_STRING("group", 0, "KEY", "rows with the same value are set apart", &group),
        SB_OPT_STRING("units", 0, "KEY=UNIT,...", "units of columns: latency=ms,peak=MiB", &units),
        SB_OPT_FLAG("no-origin", 0, "do not say where the table comes from: records, command",
                    &no_origin),
        SB_OPT_LIST("format", 0, "F,...",
                    "text, markdown, csv, latex, json (default: text; with -o csv and latex)",
                    &formats),
        SB_OPT_LIST("plot", 0, "F,...", "figures as png, svg, pdf (default: png, svg)", &drawings),
        SB_OPT_FLAG("no-plots", 0, "draw no figures; data and scripts are written", &no_plots),
        SB_OPT_FLAG("keep-going", 0, "leave out bad lines of records, naming them", &keep_going),
        SB_OPT_FLAG("list", 0, "list presets, figures and columns", &list),
        SB_OPT_ALONE("list", ""),
        SB_OPT_EXCLUDES("output", "preset,by,columns,where,sort,group,units,no-origin"),
        SB_OPT_NEEDS("plot,no-plots", "output"),
        SB_OPT_EXCLUDES("no-plots", "plot"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "report RUN.jsonl... [-o DIR | --preset NAME] [options]",
        "Turns records into tables and figures. With -o, DIR/report.html and report.md show all;\n"
        "DIR/tables and DIR/plots hold each in other formats, with the data and scripts of the\n"
        "figures. Without -o, one table is printed. The same records give the same bytes; of\n"
        "several files, a record that repeats an earlier one word for word counts once.",
        options,
        "examples:\n"
        "  spinebench report run.jsonl -o report\n"
        "  spinebench report run.jsonl --preset per-level --units time=ms --format latex\n"
        "  spinebench report a.jsonl b.jsonl --columns model,latency --sort -latency\n"
        "  spinebench report run.jsonl --preset paper-table-2 \\\n"
        "      --where 'AP_paper>45' --sort -AP_paper"};
    memset(&left_out, 0, sizeof(left_out));
    dir = preset = by = columns = where = sort_by = group = units = NULL;
    formats = drawings = (struct sb_option_list){0};
    keep_going = no_plots = no_origin = list = false;
    return sb_cli_run("report", &help, argc, argv, run_report);
}
