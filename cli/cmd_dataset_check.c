/* spinebench dataset check and stats: what is wrong in a COCO data set, and what is in it. */
#include "cli/cmd_dataset.h"

#include "base/pool.h"
#include "cli/cli.h"
#include "datasets/coco_check.h"
#include "reports/table.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 10 /* findings of a kind that are printed */

static const char *images_dir;
static int64_t threads;

static void print_finding(void *ctx, enum sb_finding kind, const char *text)
{
    size_t *shown = ctx;
    if (shown[kind]++ < SHOWN)
        printf("%s: %s\n", sb_finding_name(kind), text);
}

static int load(const struct sb_arguments *args, sb_finding_fn found, void *ctx,
                struct sb_coco_stats *stats, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 1, 1, "one annotation file GT.json", err);
    if (rc)
        return rc;
    struct sb_pool *pool = sb_pool_new((int)threads, err);
    if (!pool)
        return err->code;
    rc = sb_coco_check(args->words[0], images_dir, pool, found, ctx, stats, err);
    sb_pool_free(&pool);
    return rc;
}

static void print_totals(const struct sb_coco_stats *s)
{
    printf("%zu images, %zu annotations, %zu categories\n", s->set.num_images, s->annotations,
           s->set.num_categories);
    printf("annotations per image: %.2f, at most %zu; %zu images without any\n",
           s->set.num_images ? (double)s->annotations / (double)s->set.num_images : 0,
           s->most_per_image, s->empty_images);
    printf("small %zu, medium %zu, large %zu (area below 32^2, to 96^2, above); crowds %zu\n",
           s->small, s->medium, s->large, s->crowds);
    printf("sides of boxes: %.4g to %.4g pixels\n", s->shortest_side, s->longest_side);
}

static int print_categories(const struct sb_coco_stats *s, struct sb_error *err)
{
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "id", NULL, SB_RIGHT);
    sb_table_column(&t, "category", NULL, SB_LEFT);
    sb_table_column(&t, "annotations", NULL, SB_RIGHT);
    for (size_t i = 0; i < s->set.num_categories; i++) {
        sb_table_row(&t);
        sb_table_integer(&t, (long long)s->set.categories[i].id);
        sb_table_cell(&t, "%s", s->set.categories[i].name);
        sb_table_integer(&t, (long long)s->per_category[i]);
    }
    sb_table_write(&t, sb_table_format("text"), &out);
    const int rc = out.failed ? sb_error_nomem(err, "the table", out.length) : 0;
    printf("\n%s", sb_str_text(&out));
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

static int run_check(const struct sb_arguments *args, struct sb_error *err)
{
    size_t shown[SB_FINDINGS] = {0}, total = 0;
    struct sb_coco_stats stats;
    int rc = load(args, print_finding, shown, &stats, err);
    if (rc)
        return rc;
    for (int k = 0; k < SB_FINDINGS; k++) {
        total += k == SB_FINDING_UNUSED_CATEGORY ? 0 : stats.findings[k]; /* common in subsets */
        if (stats.findings[k] > SHOWN)
            printf("%s: %zu more\n", sb_finding_name((enum sb_finding)k),
                   stats.findings[k] - SHOWN);
    }
    print_totals(&stats);
    sb_coco_stats_release(&stats);
    if (total == 0) {
        printf("nothing wrong was found%s\n", images_dir ? "" : " (image files not looked at)");
        return 0;
    }
    return sb_error_set(err, SB_ECHECK, "%s: %zu finding%s", args->words[0], total,
                        total == 1 ? "" : "s");
}

static int run_stats(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_coco_stats stats;
    int rc = load(args, NULL, NULL, &stats, err);
    if (rc)
        return rc;
    print_totals(&stats);
    rc = print_categories(&stats, err);
    sb_coco_stats_release(&stats);
    return rc;
}

int cmd_dataset_check(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("images", 0, "DIR", "also decode every image file in this folder",
                      &images_dir),
        SB_OPT_INT("threads", 't', "N", "default: all CPUs", &threads, 1, 1024),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "dataset check GT.json [--images DIR]",
        "Looks for missing and broken images, sizes that differ, ids used twice, unknown images\n"
        "and categories, empty boxes, boxes outside of their image, degenerate polygons and "
        "unused\n"
        "categories. Prints up to ten of each kind. Exit code 1 when there is any, but for unused\n"
        "categories, which subsets have.",
        options, "example: spinebench dataset check instances_val2017.json --images val2017"};
    images_dir = NULL;
    threads = sb_cpu_count();
    return sb_cli_run("dataset check", &help, argc, argv, run_check);
}

int cmd_dataset_stats(int argc, char **argv)
{
    static const struct sb_option options[] = {SB_OPT_END};
    static const struct sb_command_help help = {
        "dataset stats GT.json",
        "Counts images, annotations per image, size and category of a COCO annotation file.",
        options, NULL};
    images_dir = NULL;
    threads = 1;
    return sb_cli_run("dataset stats", &help, argc, argv, run_stats);
}
