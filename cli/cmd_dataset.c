/* spinebench dataset: make, and the subcommands of cmd_dataset_check.c. */
#include "cli/cmd_dataset.h"

#include "base/pool.h"
#include "base/progress.h"
#include "cli/cli.h"
#include "datasets/synth_export.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct {
    const char *set, *dir, *split;
    int64_t seed, images, threads;
    bool quiet;
} make_options;

static int run_make(const struct sb_arguments *args, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 0, 0, "no argument", err);
    if (rc)
        return rc;
    const bool species = strcmp(make_options.set, "species") == 0;
    if (!species && strcmp(make_options.set, "scenes") != 0)
        return sb_error_set(err, SB_EINVAL, "--set: expected scenes or species, got '%s'",
                            make_options.set);
    if (!make_options.dir) {
        sb_error_set(err, SB_EINVAL, "-o is missing: where to write");
        return sb_error_hint(err, "for example: -o data");
    }
    const struct sb_synth_options o = {species ? SB_SYNTH_SPECIES : SB_SYNTH_SCENES,
                                       make_options.dir, make_options.split,
                                       (uint64_t)make_options.seed, (size_t)make_options.images};
    struct sb_pool *pool = sb_pool_new((int)make_options.threads, err);
    if (!pool)
        return err->code;
    struct sb_progress progress;
    struct sb_synth_written written;
    sb_progress_start(&progress, "making", "images", o.images, make_options.quiet);
    rc = sb_synth_write(&o, pool, &progress, &written, err);
    sb_progress_finish(&progress);
    sb_pool_free(&pool);
    if (rc)
        return rc;
    printf("%s: %zu image%s, %zu annotation%s, digest %016" PRIx64 "\nimages in %s\n",
           sb_str_text(&written.annotations), o.images, sb_plural(o.images), written.objects,
           sb_plural(written.objects), written.digest, sb_str_text(&written.images));
    sb_synth_written_release(&written);
    return 0;
}

static int cmd_dataset_make(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "DIR", "folder to write to", &make_options.dir),
        SB_OPT_STRING("set", 0, "NAME", "scenes (COCO) or species (iNaturalist); default scenes",
                      &make_options.set),
        SB_OPT_STRING("split", 0, "NAME", "train, val, ...; each has other images; default val",
                      &make_options.split),
        SB_OPT_INT("seed", 0, "N", "default 1", &make_options.seed, 0, INT64_MAX),
        SB_OPT_INT("images", 0, "M", "how many; default 100", &make_options.images, 1, 1000000),
        SB_OPT_INT("threads", 't', "N", "default: all CPUs", &make_options.threads, 1, 1024),
        SB_OPT_FLAG("quiet", 'q', "no progress", &make_options.quiet),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "dataset make -o DIR [options]",
        "Makes the embedded data set; the same seed gives the same images everywhere.\n"
        "  scenes   256x256, cluttered, 13 classes, 8 to 220 pixels, masks and crowd\n"
        "           regions, as COCO: DIR/annotations/instances_SPLIT.json,\n"
        "           DIR/SPLIT/*.png\n"
        "  species  128x128, 24 species in 4 super-categories, long-tailed in split\n"
        "           train, as iNaturalist: DIR/SPLIT.json, DIR/SPLIT.txt,\n"
        "           DIR/SPLIT/SUPER/ID/*.png",
        options, "example: spinebench dataset make -o data --split val --seed 1 --images 100"};
    memset(&make_options, 0, sizeof(make_options));
    make_options.set = "scenes";
    make_options.split = "val";
    make_options.seed = 1;
    make_options.images = 100;
    make_options.threads = sb_cpu_count();
    return sb_cli_run("dataset make", &help, argc, argv, run_make);
}

int cmd_dataset(int argc, char **argv)
{
    static const struct sb_subcommand table[] = {
        {"make", cmd_dataset_make, "writes the embedded data set"},
        {"check", cmd_dataset_check, "what is wrong in a data set"},
        {"stats", cmd_dataset_stats, "what is in a data set"},
        {NULL, NULL, NULL},
    };
    return sb_cli_subcommands("dataset",
                              "Makes the embedded data set; checks and counts COCO, LVIS, "
                              "iNaturalist, ImageNet and lists.",
                              table, argc, argv);
}
