/* spinebench merge: files of records into one. */
#include "bench/merge.h"
#include "bench/record.h"
#include "cli/cli.h"
#include "reports/rows.h"

#include <stdio.h>

static const char *output;
static bool keep_going;

static void tell_skipped(void *ctx, const struct sb_error *err)
{
    (void)ctx;
    sb_cli_error("merge: left out", err);
}

/* Says of which rows the accuracy is not shown, or is of something else than the times. */
static int tell_unlike(const struct sb_records *records, struct sb_error *err)
{
    struct sb_report_rows rows;
    struct sb_str text = SB_STR_INIT;
    int rc = sb_report_rows_collect(&rows, records, SB_ROWS_MODEL, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < rows.count && rc == 0; i++) {
        const struct sb_cell *cell = &rows.items[i].cell;
        sb_row_accuracy_remark(&rows, &rows.items[i], &text);
        rc = text.failed ? sb_error_nomem(err, "a message", text.length) : 0;
        if (rc == 0 && text.length)
            fprintf(stderr, "spinebench merge: note: %s at %lld, %s: %s\n", cell->model,
                    (long long)cell->size, cell->engine ? cell->engine : "no engine",
                    sb_str_text(&text));
    }
    sb_report_rows_release(&rows);
    sb_str_release(&text);
    return rc;
}

static int run_merge(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_records records;
    size_t dropped = 0;
    sb_records_init(&records);
    int rc = sb_arguments_expect(args, 1, 100000, "at least one RUN.jsonl", err);
    if (rc == 0 && !output)
        rc = sb_error_set(err, SB_EINVAL, "missing option: -o OUT.jsonl");
    for (size_t i = 0; i < args->count && rc == 0; i++)
        rc = sb_records_read(&records, args->words[i], keep_going ? tell_skipped : NULL, NULL, err);
    if (rc == 0 && records.count == 0)
        rc = sb_error_set(err, SB_EFORMAT, "there are no records in %s",
                          args->count == 1 ? args->words[0] : "these files");
    if (rc == 0)
        rc = sb_records_drop_repeated(&records, &dropped, err);
    if (rc == 0)
        rc = sb_records_write(&records, output, err);
    if (rc == 0)
        printf("%s: %zu record%s of %zu file%s, %zu repeated ones left out\n", output,
               records.count, sb_plural(records.count), args->count, sb_plural(args->count),
               dropped);
    if (rc == 0)
        rc = tell_unlike(&records, err);
    sb_records_release(&records);
    return rc;
}

int cmd_merge(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "OUT.jsonl", "the joined file", &output),
        SB_OPT_FLAG("keep-going", 0, "leave bad lines out instead of stopping", &keep_going),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "merge RUN.jsonl... -o OUT.jsonl",
        "Joins files of records, so that accuracy, costs, latency and memory of a model that\n"
        "were measured at different times stand in one row of a report. Records keep their\n"
        "order; one that repeats an earlier one word for word is left out. Where a row would\n"
        "show the accuracy of other weights, another commit or machine than its times, or has\n"
        "several that are unlike, a note says so, here and below the tables of a report.",
        options, NULL};
    output = NULL;
    keep_going = false;
    return sb_cli_run("merge", &help, argc, argv, run_merge);
}
