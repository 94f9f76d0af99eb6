/* spinebench compare: two files of records, cell by cell. */
#include "base/str.h"
#include "bench/compare.h"
#include "bench/merge.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "reports/table_select.h"
#include "reports/view.h"

#include <stdio.h>
#include <string.h>

static const char *output, *format_name;
static double min_effect;
static bool ignore_engine, json;

static int keep(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    return sb_records_add(ctx, record, err);
}

/* Base and head, which are the same in every row of two files, below the table instead: for people,
 * who have to read it in one look. */
static void put_names_below(struct sb_table *t)
{
    static const char *const keys[] = {"base", "head"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && t->num_rows > 0; i++) {
        const int column = sb_table_find_column(t, keys[i]);
        if (column < 0 || sb_table_tells(t, (size_t)column))
            continue;
        const struct sb_table_cell *const cell = sb_table_at(t, 0, (size_t)column);
        if (cell->type == SB_CELL_TEXT)
            sb_table_note(t, "%s: %s", i ? "Head" : "Base", cell->text);
        sb_table_drop_column(t, (size_t)column);
    }
}

static int print_verdicts(const struct sb_records *verdicts, const struct sb_compare_summary *s,
                          struct sb_error *err)
{
    const struct sb_view *view;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    int rc = sb_view_find("gate", &view, err);
    if (rc == 0)
        rc = sb_view_table(&t, view, verdicts, err);
    if (rc)
        return rc;
    if (!json && (strcmp(format_name, "text") == 0 || strcmp(format_name, "markdown") == 0))
        put_names_below(&t);
    sb_cli_put_table(&t, sb_table_format(json ? "json" : format_name), &out);
    if (!json && strcmp(format_name, "text") == 0)
        sb_str_printf(&out,
                      "cells in both: %zu, in one file only: %zu; verdicts: %zu regressed, %zu "
                      "improved, %zu the same, %zu unresolved\n",
                      s->cells, s->unmatched, s->regressed, s->improved, s->same, s->unresolved);
    if (!json && strcmp(format_name, "text") == 0 && s->other_data)
        sb_str_printf(&out,
                      "%zu accuracies are of data sets that share a name only: evaluate both "
                      "on the same annotations\n",
                      s->other_data);
    if (!json && s->failed)
        sb_str_printf(&out, "OUTPUT CHECKS FAILED in %zu cell%s, whose times count for nothing\n",
                      s->failed, sb_plural(s->failed));
    if (out.failed)
        rc = sb_error_nomem(err, "the table", out.length);
    else
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

/* "a.jsonl, commit 0123456789ab, machine 89abcdef": what was compared. */
static void put_name(const struct sb_records *records, const char *path, struct sb_str *out)
{
    const struct sb_run_record *first = NULL;
    bool several = false;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_run_record *const run = &records->items[i].u.run;
        if (records->items[i].kind != SB_RECORD_RUN)
            continue;
        first = first ? first : run;
        several = several || !sb_same_text(run->commit, first->commit) ||
                  run->dirty != first->dirty || !sb_same_text(run->machine, first->machine);
    }
    sb_str_puts(out, path);
    if (several)
        sb_str_puts(out, ", several commits or machines");
    else if (first)
        sb_str_printf(
            out, ", commit %.12s%s, machine %s", first->commit ? first->commit : "unknown",
            first->dirty ? " with changes" : "", first->machine ? first->machine : "unknown");
}

static int compare_files(const char *base_path, const char *head_path, struct sb_error *err)
{
    struct sb_records base, head, verdicts;
    struct sb_compare_summary summary;
    struct sb_compare_options o;
    sb_records_init(&base);
    sb_records_init(&head);
    sb_records_init(&verdicts);
    sb_compare_options_defaults(&o);
    o.min_effect = min_effect / 100;
    o.ignore_engine = ignore_engine;
    struct sb_str base_name = SB_STR_INIT, head_name = SB_STR_INIT;
    int rc = sb_records_read(&base, base_path, NULL, NULL, err);
    if (rc == 0)
        rc = sb_records_read(&head, head_path, NULL, NULL, err);
    if (rc == 0) {
        put_name(&base, base_path, &base_name);
        put_name(&head, head_path, &head_name);
        o.base = sb_str_text(&base_name);
        o.head = sb_str_text(&head_name);
        rc = base_name.failed || head_name.failed ? sb_error_nomem(err, "names", 0) : 0;
    }
    if (rc == 0)
        rc = sb_compare_records(&base, &head, &o, keep, &verdicts, &summary, err);
    if (rc == 0 && verdicts.count == 0)
        rc = sb_error_set(err, SB_EINVAL, "the files hold nothing to compare");
    if (rc == 0 && output)
        rc = sb_records_write(&verdicts, output, err);
    if (rc == 0)
        rc = print_verdicts(&verdicts, &summary, err);
    if (rc == 0 && verdicts.count == summary.unmatched) {
        rc = sb_error_set(err, SB_EINVAL, "no cell is in both files");
        sb_error_hint(err, "a cell is a model with its size, batch, threads and engine; "
                           "--ignore-engine pairs rows of other engines, too");
    }
    if (rc == 0 && summary.failed) {
        rc = sb_error_set(err, SB_ECHECK, "output checks failed in %zu cell%s", summary.failed,
                          sb_plural(summary.failed));
        sb_error_hint(err, "rows with the verdict FAILED name them; 'bench' with --threads 1 or "
                           "--engine openblas narrows it down");
    }
    sb_str_release(&base_name);
    sb_str_release(&head_name);
    sb_records_release(&base);
    sb_records_release(&head);
    sb_records_release(&verdicts);
    return rc;
}

static int run_compare(const struct sb_arguments *args, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 2, 2, "BASE.jsonl HEAD.jsonl", err);
    const struct sb_table_format *format;
    if (rc == 0)
        rc = sb_cli_format(format_name, SB_ALL_FORMATS, &format, err);
    return rc ? rc : compare_files(args->words[0], args->words[1], err);
}

int cmd_compare(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_DOUBLE("min-effect", 0, "P", "smallest difference that counts, in % (default: 2)",
                      &min_effect, 0, 1000),
        SB_OPT_FLAG("ignore-engine", 0, "compare rows that differ in the engine alone",
                    &ignore_engine),
        SB_OPT_STRING("output", 'o', "FILE.jsonl", "the verdicts as records", &output),
        SB_OPT_STRING("format", 0, "NAME", "text (default), markdown, csv, latex, json",
                      &format_name),
        SB_OPT_FLAG("json", 0, "the same as --format json", &json),
        SB_OPT_EXCLUDES("json", "format"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "compare BASE.jsonl HEAD.jsonl [options]",
        "Compares two files of records cell by cell: latency (ratio of medians with a 95 %\n"
        "interval), memory, costs and accuracy, and the geometric mean of the latencies.\n"
        "Files measured one after the other also differ by what the machine did meanwhile;\n"
        "'gate' interleaves two programs and takes that out. The exit code is 1 where an\n"
        "output check failed, 2 where no cell is in both files, and 0 otherwise, whatever the\n"
        "verdicts.",
        options, NULL};
    output = NULL;
    format_name = "text";
    min_effect = 2;
    ignore_engine = json = false;
    return sb_cli_run("compare", &help, argc, argv, run_compare);
}
