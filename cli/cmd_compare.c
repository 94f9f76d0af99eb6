/* spinebench compare: two files of records, cell by cell. */
#include "bench/compare.h"
#include "bench/merge.h"
#include "cli/cli.h"
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
    sb_table_write(&t, sb_table_format(json ? "json" : format_name), &out);
    if (!json && strcmp(format_name, "text") == 0)
        sb_str_printf(&out,
                      "%zu cells in both: %zu regressed, %zu improved, %zu the same, %zu "
                      "unresolved; %zu cells in one file only\n",
                      s->cells, s->regressed, s->improved, s->same, s->unresolved, s->unmatched);
    if (!json && s->failed)
        sb_str_printf(&out, "OUTPUT CHECKS FAILED in %zu cells: their times count for nothing\n",
                      s->failed);
    if (out.failed)
        rc = sb_error_nomem(err, "the table", out.length);
    else
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
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
    o.base = base_path;
    o.head = head_path;
    int rc = sb_records_read(&base, base_path, NULL, NULL, err);
    if (rc == 0)
        rc = sb_records_read(&head, head_path, NULL, NULL, err);
    if (rc == 0)
        rc = sb_compare_records(&base, &head, &o, keep, &verdicts, &summary, err);
    if (rc == 0 && verdicts.count == 0)
        rc = sb_error_set(err, SB_EINVAL, "the files hold nothing to compare");
    if (rc == 0 && output)
        rc = sb_records_write(&verdicts, output, err);
    if (rc == 0)
        rc = print_verdicts(&verdicts, &summary, err);
    if (rc == 0 && summary.failed) {
        rc = sb_error_set(err, SB_ECHECK, "output checks failed in %zu cells", summary.failed);
        sb_error_hint(err, "rows with the verdict FAILED name them; 'bench' with --threads 1 or "
                           "--engine openblas narrows it down");
    }
    sb_records_release(&base);
    sb_records_release(&head);
    sb_records_release(&verdicts);
    return rc;
}

static int run_compare(const struct sb_arguments *args, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 2, 2, "BASE.jsonl HEAD.jsonl", err);
    if (rc == 0 && !sb_table_format(format_name)) {
        sb_error_set(err, SB_EINVAL, "unknown format '%s'", format_name);
        rc = sb_error_hint(err, "one of text, markdown, csv, latex, json");
    }
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
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "compare BASE.jsonl HEAD.jsonl [options]",
        "Compares two files of records cell by cell: latency (ratio of medians with a 95 %\n"
        "interval), memory, costs and accuracy, and the geometric mean of the latencies.\n"
        "Files measured one after the other also differ by what the machine did meanwhile;\n"
        "'gate' interleaves two programs and takes that out. The exit code is 1 where an\n"
        "output check failed, and 0 otherwise, whatever the verdicts.",
        options, NULL};
    output = NULL;
    format_name = "text";
    min_effect = 2;
    ignore_engine = json = false;
    return sb_cli_run("compare", &help, argc, argv, run_compare);
}
