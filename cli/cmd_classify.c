/* spinebench classify: images to ranked classes. The work is in detect/classifier.h. */
#include "cli/cli.h"
#include "cli/image_run.h"
#include "detect/classifier.h"

#include <stdio.h>

/* Option targets, reset by cmd_classify(). */
static struct sb_image_run run;
static const char *list_path, *synsets;
static int64_t top, first_class;

static int list_images(const struct sb_arguments *args, struct sb_label_list *labels,
                       struct sb_error *err)
{
    int rc = 0;
    if (!list_path && args->count < 2)
        return sb_error_set(err, SB_EINVAL, "no images: give IMAGE files, or --list FILE");
    if (list_path && args->count > 1)
        return sb_error_set(err, SB_EINVAL, "IMAGE arguments beside --list");
    if (list_path)
        rc = sb_label_list_load(labels, list_path, run.images_dir ? run.images_dir : "", synsets,
                                err);
    else
        rc = sb_label_list_from_paths(labels, args->words + 1, args->count - 1, err);
    if (rc == 0 && run.max_images && (size_t)run.max_images < labels->images.count)
        sb_label_list_truncate(labels, (size_t)run.max_images);
    if (rc == 0)
        rc = sb_image_run_shard(&run, &labels->images, err);
    if (rc == 0)
        sb_label_list_shard(labels, run.shard_index, run.shards);
    return rc;
}

/* What else decides results. */
static void describe(void)
{
    sb_image_run_describe(&run);
    sb_jw_int(&run.writer, "top", top);
    sb_jw_int(&run.writer, "first_class", first_class < 0 ? run.model->first_class : first_class);
}

static int print_json(const struct sb_classify_summary *s, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &out, 1);
    sb_jw_object(&w, NULL);
    sb_image_run_json(&run, &s->run, "predictions", &w);
    sb_jw_uint(&w, "labelled", s->labelled);
    sb_jw_uint(&w, "top1", s->top1);
    sb_jw_uint(&w, "top5", s->top5);
    sb_jw_end(&w);
    const int rc = out.failed ? sb_error_nomem(err, "the summary", out.length) : 0;
    if (rc == 0)
        printf("%s\n", sb_str_text(&out));
    sb_str_release(&out);
    return rc;
}

static int print_summary(const struct sb_classify_summary *s, struct sb_error *err)
{
    if (!sb_image_run_prints())
        return 0;
    if (run.json)
        return print_json(s, err);
    printf("%s: ", run.output);
    sb_image_run_print(&run, &s->run, "the classes");
    if (s->labelled)
        printf("of %zu labelled image%s: top-1 %zu (%.2f%%), top-5 %zu (%.2f%%)\n", s->labelled,
               sb_plural(s->labelled), s->top1, 100.0 * (double)s->top1 / (double)s->labelled,
               s->top5, 100.0 * (double)s->top5 / (double)s->labelled);
    return 0;
}

/* Says before hours of work that a list is not of the model's classes. */
static void warn_labels(const struct sb_label_list *labels)
{
    const int64_t last = sb_classify_last_label(run.model, (int)first_class);
    const size_t above = sb_label_list_above(labels, last);
    if (last >= 0 && above > 0 && sb_image_run_prints())
        fprintf(stderr,
                "spinebench classify: images with labels above %lld, the last that the model can "
                "predict, which will count as wrong: %zu of %zu\n",
                (long long)last, above, labels->images.count);
}

static int classify(const struct sb_label_list *labels, struct sb_error *err)
{
    struct sb_progress progress;
    struct sb_classify_summary summary;
    struct sb_classify_options classify_options;
    sb_classify_options_defaults(&classify_options);
    classify_options.plan = run.plan;
    classify_options.top = (int)top;
    classify_options.first_class = (int)first_class;
    classify_options.apply_exif = run.exif;
    const struct sb_pipeline_options options =
        sb_image_run_pipeline(&run, &labels->images, &progress);
    sb_progress_start(&progress, "classifying", "images", labels->images.count,
                      run.quiet || !sb_image_run_prints());
    int rc = sb_classify_run(run.model, &run.weights, &classify_options, labels, &options, &summary,
                             err);
    sb_progress_finish(&progress);
    if (rc == 0)
        rc = sb_image_run_finish(&run, &summary.run, err);
    if (rc == 0)
        rc = print_summary(&summary, err);
    return rc;
}

static int run_classify(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_label_list labels = {.names = NULL};
    int rc = sb_arguments_expect(args, 1, SIZE_MAX, run.merge ? "files to join" : "a MODEL", err);
    if (rc == 0 && !run.output)
        rc = sb_error_set(err, SB_EINVAL, "-o FILE is missing");
    rc = sb_ranks_agree(sb_cli_ranks(), rc, err);
    if (rc)
        return rc;
    if (run.merge)
        return sb_image_run_merge(&run, args, false, err);
    rc = sb_ranks_agree(sb_cli_ranks(), list_images(args, &labels, err), err);
    if (rc == 0)
        rc = sb_image_run_load(&run, args->words[0], err);
    if (rc == 0) {
        describe();
        rc = sb_image_run_agree(&run, &labels.images, list_path, err);
    }
    if (rc == 0) {
        sb_image_run_warn_missing(&run, &labels.images);
        warn_labels(&labels);
    }
    if (rc == 0)
        rc = classify(&labels, err);
    sb_label_list_release(&labels);
    sb_image_run_release(&run);
    return rc;
}

int cmd_classify(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "FILE", "predictions to write, JSON Lines", &run.output),
        SB_OPT_STRING("list", 0, "FILE",
                      "images and labels: text, iNaturalist JSON, a folder of classes", &list_path),
        SB_OPT_STRING("synsets", 0, "FILE",
                      "order of ImageNet's classes, a line 'n01440764 ...' each", &synsets),
        SB_OPT_STRING("images", 0, "DIR", "folder of the images of --list", &run.images_dir),
        SB_OPT_IMAGE_RUN(&run),
        SB_OPT_INT("top", 0, "K", "classes per image (default: 5)", &top, 1, 100000),
        SB_OPT_INT("first-class", 0, "N",
                   "class of label 0 (default: the model's; 1 skips a background class)",
                   &first_class, 0, 100000),
        SB_OPT_NEEDS("images,synsets", "list"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "classify MODEL -o FILE [options] (--list FILE --images DIR | IMAGE...)\n"
        "       spinebench classify --merge -o FILE SHARD.jsonl...",
        "Runs a classification model on images (JPEG, PNG) and writes a line of JSON per image:\n"
        "{\"id\", \"image\", \"label\", \"classes\", \"scores\"}, the best classes first. A list "
        "has a\n"
        "line 'PATH LABEL' per image, or is JSON as iNaturalist's, ImageNet's list of validation\n"
        "images, or a folder with a folder per class. FILE.journal, --resume, broken\n"
        "images, --shard with --merge and ranks work as in 'spinebench detect'.",
        options,
        "examples:\n"
        "  spinebench classify spinenet-49-imagenet --weights model.ckpt \\\n"
        "      --list val.txt --images val -o predictions.jsonl\n"
        "  spinebench classify tiny-spinenet-species picture.png -o p.jsonl\n"
        "  spinebench classify my-model.json --weights w.safetensors -o p.jsonl photo.jpg"};
    sb_image_run_defaults(&run, "classify");
    list_path = synsets = NULL;
    first_class = -1;
    top = 5;
    return sb_cli_run("classify", &help, argc, argv, run_classify);
}
