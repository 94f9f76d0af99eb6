/* spinebench dataset check and stats: what is wrong in a data set, and what is in it. */
#include "cli/cmd_dataset.h"

#include "base/file.h"
#include "base/pool.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "datasets/coco_check.h"
#include "datasets/list_check.h"
#include "reports/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 10 /* findings of a kind that are printed */

static struct sb_check_folders folders;
static const char *synsets;
static int64_t threads;

static void print_finding(void *ctx, enum sb_finding kind, const char *text)
{
    size_t *shown = ctx;
    if (shown[kind]++ < SHOWN)
        printf("%s: %s\n", sb_finding_name(kind), text);
}

/* What one file is judged by: annotations or a list. */
struct judged {
    bool is_list;
    struct sb_coco_stats coco;
    struct sb_list_stats list;
};

static int load_list(const char *path, struct sb_pool *pool, sb_finding_fn found, void *ctx,
                     struct sb_list_stats *stats, struct sb_error *err)
{
    struct sb_label_list list;
    const bool files = folders.images || sb_is_dir(path);
    int rc = sb_label_list_load(&list, path, folders.images ? folders.images : "", synsets, err);
    if (rc)
        return rc;
    rc = sb_list_check(&list, found && files, pool, found, ctx, stats, err);
    sb_label_list_release(&list);
    return rc;
}

static int load(const struct sb_arguments *args, sb_finding_fn found, void *ctx,
                struct judged *judged, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 1, 1, "one annotation file GT.json, list or folder", err);
    if (rc)
        return rc;
    const char *const path = args->words[0];
    struct sb_pool *pool = sb_pool_new((int)threads, err);
    if (!pool)
        return err->code;
    judged->is_list = sb_label_list_is_plain(path);
    if (judged->is_list && folders.segments)
        rc = sb_error_set(err, SB_EINVAL, "--segments: %s is no panoptic file", path);
    else if (!judged->is_list && synsets && sb_is_file(path))
        rc = sb_error_set(err, SB_EINVAL, "--synsets: %s is no list of labels", path);
    else if (judged->is_list)
        rc = load_list(path, pool, found, ctx, &judged->list, err);
    else
        rc = sb_coco_check(path, &folders, pool, found, ctx, &judged->coco, err);
    sb_pool_free(&pool);
    return rc;
}

static void release(struct judged *judged)
{
    if (judged->is_list)
        sb_list_stats_release(&judged->list);
    else
        sb_coco_stats_release(&judged->coco);
}

static void print_coco_totals(const struct sb_coco_stats *s)
{
    const struct sb_coco_counts *const all = &s->all;
    printf("%zu image%s, %zu annotation%s, %zu categor%s\n", s->set.num_images,
           sb_plural(s->set.num_images), all->annotations, sb_plural(all->annotations),
           s->set.num_categories, s->set.num_categories == 1 ? "y" : "ies");
    if (all->annotations == 0)
        return;
    printf("annotations per image: %.2f, at most %zu; %zu image%s without any\n",
           s->set.num_images ? (double)all->annotations / (double)s->set.num_images : 0,
           s->most_per_image, s->crowding[0], sb_plural(s->crowding[0]));
    const struct sb_spread *const sizes = &s->category_sizes;
    if (s->set.num_categories)
        printf("annotations per category: %zu to %zu, median %zu\n", sizes->fewest, sizes->most,
               sizes->median);
    if (all->small + all->medium + all->large + all->crowds > 0)
        printf("small %zu, medium %zu, large %zu (area below 32^2, to 96^2, above); crowds %zu\n",
               all->small, all->medium, all->large, all->crowds);
    if (s->longest_side > 0)
        printf("sides of boxes: %.4g to %.4g pixels\n", s->shortest_side, s->longest_side);
}

static void print_list_totals(const struct sb_list_stats *s)
{
    printf("%zu image%s, %zu labelled, %zu class%s\n", s->images, sb_plural(s->images), s->labelled,
           s->num_classes, s->num_classes == 1 ? "" : "es");
    if (s->num_classes)
        printf("images per class: %zu to %zu, median %zu\n", s->class_sizes.fewest,
               s->class_sizes.most, s->class_sizes.median);
}

static void print_totals(const struct judged *judged)
{
    if (judged->is_list)
        print_list_totals(&judged->list);
    else
        print_coco_totals(&judged->coco);
}

static int finish_table(struct sb_table *t, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    sb_cli_put_table(t, sb_table_format("text"), &out);
    const int rc = out.failed ? sb_error_nomem(err, "the table", out.length) : 0;
    printf("\n%s", sb_str_text(&out));
    sb_str_release(&out);
    sb_table_release(t);
    return rc;
}

/* Images by how many annotations they have. */
static int print_crowding(const struct sb_coco_stats *s, struct sb_error *err)
{
    struct sb_table t;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "annotations", NULL, SB_LEFT);
    sb_table_column(&t, "images", NULL, SB_RIGHT);
    for (int i = 0; i < SB_CROWDING_BINS; i++) {
        const size_t from = i ? sb_crowding_limits[i - 1] + 1 : 0, to = sb_crowding_limits[i];
        sb_table_row(&t);
        if (i + 1 == SB_CROWDING_BINS)
            sb_table_cell(&t, "%zu and more", from);
        else if (from == to)
            sb_table_cell(&t, "%zu", from);
        else
            sb_table_cell(&t, "%zu to %zu", from, to);
        sb_table_integer(&t, (long long)s->crowding[i]);
    }
    return finish_table(&t, err);
}

static int print_categories(const struct sb_coco_stats *s, struct sb_error *err)
{
    static const char *const columns[] = {"annotations", "small", "medium", "large", "crowds"};
    const struct sb_coco_counts *const all = &s->all;
    const bool sized = all->small + all->medium + all->large + all->crowds > 0;
    struct sb_table t;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "id", NULL, SB_RIGHT);
    sb_table_column(&t, "category", NULL, SB_LEFT);
    for (size_t i = 0; i < (sized ? sizeof(columns) / sizeof(columns[0]) : 1); i++)
        sb_table_column(&t, columns[i], NULL, SB_RIGHT);
    for (size_t i = 0; i < s->set.num_categories; i++) {
        const struct sb_coco_counts *const n = &s->per_category[i];
        sb_table_row(&t);
        sb_table_integer(&t, (long long)s->set.categories[i].id);
        sb_table_cell(&t, "%s", s->set.categories[i].name);
        sb_table_integer(&t, (long long)n->annotations);
        if (!sized)
            continue;
        sb_table_integer(&t, (long long)n->small);
        sb_table_integer(&t, (long long)n->medium);
        sb_table_integer(&t, (long long)n->large);
        sb_table_integer(&t, (long long)n->crowds);
    }
    return finish_table(&t, err);
}

static int print_classes(const struct sb_list_stats *s, struct sb_error *err)
{
    struct sb_table t;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "class", NULL, SB_RIGHT);
    sb_table_column(&t, "images", NULL, SB_RIGHT);
    for (size_t i = 0; i < s->num_classes; i++) {
        sb_table_row(&t);
        sb_table_integer(&t, (long long)s->classes[i].label);
        sb_table_integer(&t, (long long)s->classes[i].images);
    }
    return finish_table(&t, err);
}

static int run_check(const struct sb_arguments *args, struct sb_error *err)
{
    size_t shown[SB_FINDINGS] = {0}, total = 0;
    struct judged judged;
    int rc = load(args, print_finding, shown, &judged, err);
    if (rc)
        return rc;
    const size_t *const findings = judged.is_list ? judged.list.findings : judged.coco.findings;
    const bool looked = folders.images || (judged.is_list && sb_is_dir(args->words[0]));
    for (int k = 0; k < SB_FINDINGS; k++) {
        total += k == SB_FINDING_UNUSED_CATEGORY ? 0 : findings[k]; /* common in subsets */
        if (findings[k] > SHOWN)
            printf("%s: %zu more\n", sb_finding_name((enum sb_finding)k), findings[k] - SHOWN);
    }
    print_totals(&judged);
    release(&judged);
    if (total == 0) {
        printf("nothing wrong was found%s\n", looked ? "" : " (image files not looked at)");
        return 0;
    }
    return sb_error_set(err, SB_ECHECK, "%s: %zu finding%s", args->words[0], total,
                        sb_plural(total));
}

static int run_stats(const struct sb_arguments *args, struct sb_error *err)
{
    struct judged judged;
    int rc = load(args, NULL, NULL, &judged, err);
    if (rc)
        return rc;
    print_totals(&judged);
    if (!judged.is_list)
        rc = print_crowding(&judged.coco, err);
    if (rc == 0)
        rc =
            judged.is_list ? print_classes(&judged.list, err) : print_categories(&judged.coco, err);
    release(&judged);
    return rc;
}

int cmd_dataset_check(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("images", 0, "DIR", "also decode every image file in this folder",
                      &folders.images),
        SB_OPT_STRING("segments", 0, "DIR", "also compare the PNGs of a panoptic file with it",
                      &folders.segments),
        SB_OPT_STRING("synsets", 0, "FILE",
                      "order of ImageNet's classes, a line 'n01440764 ...' each", &synsets),
        SB_OPT_INT("threads", 't', "N", "default: all CPUs", &threads, 1, 1024),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "dataset check GT.json|LIST|FOLDER [--images DIR] [--segments DIR]",
        "Looks through COCO annotations (instances, keypoints, panoptic), LVIS, iNaturalist's\n"
        "JSON, lists of labelled images and folders of classes, as 'classify --list' reads them:\n"
        "missing and broken images, sizes that differ, images, categories and annotations listed\n"
        "twice, unknown images and categories, empty boxes, boxes outside of their image,\n"
        "degenerate polygons, broken masks, wrong keypoints, panoptic segments that are not those\n"
        "of their PNG, images without a label, and unused categories. Prints up to ten of each\n"
        "kind and the number of all, and what the set holds; 'dataset stats' has a row for each\n"
        "category. Exit code 1 when anything is found but unused categories, which subsets have.",
        options,
        "examples:\n"
        "  spinebench dataset check instances_val2017.json --images val2017\n"
        "  spinebench dataset check panoptic_val2017.json --segments panoptic_val2017\n"
        "  spinebench dataset check imagenet/val --synsets LOC_synset_mapping.txt"};
    memset(&folders, 0, sizeof(folders));
    synsets = NULL;
    threads = sb_cpu_count();
    return sb_cli_run("dataset check", &help, argc, argv, run_check);
}

int cmd_dataset_stats(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("synsets", 0, "FILE",
                      "order of ImageNet's classes, a line 'n01440764 ...' each", &synsets),
        SB_OPT_END};
    static const struct sb_command_help help = {
        "dataset stats GT.json|LIST|FOLDER",
        "Counts images, annotations per image, size and category of what 'dataset check' reads,\n"
        "or images per class of a list.",
        options, NULL};
    memset(&folders, 0, sizeof(folders));
    synsets = NULL;
    threads = 1;
    return sb_cli_run("dataset stats", &help, argc, argv, run_stats);
}
