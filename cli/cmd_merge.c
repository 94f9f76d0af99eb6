/* spinebench merge: files of records into one. */
#include "bench/merge.h"
#include "bench/record.h"
#include "cli/cli.h"

#include <stdio.h>

static const char *output;
static bool keep_going;

static void tell_skipped(void *ctx, const struct sb_error *err)
{
    (void)ctx;
    sb_cli_error("merge: left out", err);
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
    if (rc == 0)
        rc = sb_records_drop_repeated(&records, &dropped, err);
    if (rc == 0)
        rc = sb_records_write(&records, output, err);
    if (rc == 0)
        printf("%s: %zu records of %zu files, %zu repeated ones left out\n", output, records.count,
               args->count, dropped);
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
        "order; one that repeats an earlier one word for word is left out.",
        options, NULL};
    output = NULL;
    keep_going = false;
    return sb_cli_run("merge", &help, argc, argv, run_merge);
}
