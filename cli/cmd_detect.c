/* spinebench detect: images to COCO results. The work is in detect/detect_run.h. */
#include "base/file.h"
#include "cli/cli.h"
#include "cli/image_run.h"
#include "detect/detect_run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Option targets, reset by cmd_detect(). */
static struct sb_image_run run;
static const char *annotations, *draw_dir;
static double score_threshold, draw_threshold, soft_sigma;
static bool soft_nms;

/* Everything else that one run needs, released together. */
struct request {
    struct sb_coco_images set;
    struct sb_image_list list;
    struct sb_class_map classes;
    struct sb_detector *detector;
    struct sb_str output; /* the default path of the results */
};

static void release(struct request *r)
{
    sb_detector_free(&r->detector);
    sb_class_map_release(&r->classes);
    sb_image_list_release(&r->list);
    sb_coco_images_release(&r->set);
    sb_image_run_release(&run);
    sb_str_release(&r->output);
}

/* Drawings without -o: the results lie beside them, in a folder that vanishes again when the run
 * leaves nothing there. */
static int default_output(struct request *r, struct sb_error *err)
{
    if (run.output)
        return 0;
    sb_str_printf(&r->output, "%s/detections.json", draw_dir);
    if (r->output.failed)
        return sb_error_nomem(err, "a path", strlen(draw_dir));
    run.output = sb_str_text(&r->output);
    return sb_make_dirs(draw_dir, err);
}

static int check_options(const struct sb_arguments *args, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 1, SIZE_MAX,
                                 run.merge ? "results files to merge" : "a MODEL", err);
    if (rc)
        return rc;
    if (!run.output && (!draw_dir || run.merge)) {
        sb_error_set(err, SB_EINVAL, "-o FILE is missing");
        return run.merge ? err->code : sb_error_hint(err, "or --draw DIR, which then holds it");
    }
    if (run.merge)
        return 0;
    if (annotations && args->count > 1)
        return sb_error_set(err, SB_EINVAL, "IMAGE arguments beside --annotations");
    if (!annotations && args->count < 2)
        return sb_error_set(err, SB_EINVAL,
                            "no images: give IMAGE files, or --annotations with --images");
    return 0;
}

static int list_images(const struct sb_arguments *args, struct request *r, struct sb_error *err)
{
    int rc = 0;
    if (annotations) {
        rc = sb_coco_images_load(annotations, &r->set, err);
        if (rc == 0)
            rc = sb_image_list_from_coco(&r->list, &r->set, run.images_dir, err);
    } else {
        rc = sb_image_list_from_paths(&r->list, args->words + 1, args->count - 1, err);
    }
    if (rc == 0 && run.max_images)
        sb_image_list_truncate(&r->list, (size_t)run.max_images);
    if (rc == 0)
        rc = sb_image_run_shard(&run, &r->list, err);
    if (rc == 0)
        sb_image_list_shard(&r->list, run.shard_index, run.shards);
    return rc;
}

static int make_detector(struct request *r, struct sb_error *err)
{
    struct sb_detector_options options;
    sb_detector_options_defaults(&options);
    options.plan = run.plan;
    options.score_threshold = score_threshold;
    options.soft_sigma = soft_nms ? soft_sigma : 0;
    options.apply_exif = run.exif;
    options.keep_image = draw_dir != NULL;
    r->detector = sb_detector_new(run.model, &run.weights, &options, err);
    return r->detector ? 0 : err->code;
}

/* What else decides results. */
static void describe(void)
{
    const struct sb_model *const m = run.model;
    sb_image_run_describe(&run);
    sb_jw_double(&run.writer, "score_threshold", m->postprocess.score_threshold);
    sb_jw_double(&run.writer, "nms_threshold", m->postprocess.nms_threshold);
    sb_jw_int(&run.writer, "max_detections", m->postprocess.max_detections);
    sb_jw_double(&run.writer, "soft_nms", soft_nms ? soft_sigma : 0);
}

static int print_json(const struct sb_pipeline_summary *s, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &out, 1);
    sb_jw_object(&w, NULL);
    sb_image_run_json(&run, s, "results", &w);
    sb_jw_uint(&w, "detections", s->lines);
    sb_jw_end(&w);
    const int rc = out.failed ? sb_error_nomem(err, "the summary", out.length) : 0;
    if (rc == 0)
        printf("%s\n", sb_str_text(&out));
    sb_str_release(&out);
    return rc;
}

static int print_summary(const struct sb_pipeline_summary *s, struct sb_error *err)
{
    if (!sb_image_run_prints())
        return 0;
    if (run.json)
        return print_json(s, err);
    printf("%s: %zu detection%s on ", run.output, s->lines, sb_plural(s->lines));
    sb_image_run_print(&run, s, "boxes and scores");
    return 0;
}

static int detect(struct request *r, struct sb_error *err)
{
    struct sb_progress progress;
    struct sb_pipeline_summary summary;
    const struct sb_detect_job job = {.detector = r->detector,
                                      .classes = &r->classes,
                                      .draw_dir = draw_dir,
                                      .draw_threshold = draw_threshold};
    const struct sb_pipeline_options options = sb_image_run_pipeline(&run, &r->list, &progress);
    sb_progress_start(&progress, "detecting", "images", r->list.count,
                      run.quiet || !sb_image_run_prints());
    int rc = sb_detect_run(&job, &options, &summary, err);
    sb_progress_finish(&progress);
    if (rc == 0)
        rc = sb_image_run_finish(&run, &summary, err);
    if (rc == 0)
        rc = print_summary(&summary, err);
    return rc;
}

static int run_detect(const struct sb_arguments *args, struct sb_error *err)
{
    struct request r;
    memset(&r, 0, sizeof(r));
    int rc = sb_ranks_agree(sb_cli_ranks(), check_options(args, err), err);
    if (rc)
        return rc;
    if (run.merge)
        return sb_image_run_merge(&run, args, true, err);
    rc = sb_ranks_agree(sb_cli_ranks(), list_images(args, &r, err), err);
    if (rc == 0)
        rc = sb_image_run_load(&run, args->words[0], err);
    if (rc == 0) {
        rc =
            sb_class_map_init(&r.classes, run.model->num_classes, annotations ? &r.set : NULL, err);
        if (rc == 0)
            sb_class_map_add_names(&r.classes, run.model);
        if (rc == 0)
            rc = make_detector(&r, err);
        rc = sb_ranks_agree(sb_cli_ranks(), rc, err);
    }
    if (rc == 0) {
        describe();
        rc = sb_image_run_agree(&run, &r.list, annotations, err);
    }
    if (rc == 0)
        sb_image_run_warn_missing(&run, &r.list);
    if (rc == 0)
        rc = sb_ranks_agree(sb_cli_ranks(), default_output(&r, err), err);
    if (rc == 0)
        rc = detect(&r, err);
    if (rc && r.output.length)
        rmdir(draw_dir);
    release(&r);
    return rc;
}

int cmd_detect(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "FILE",
                      "COCO results file to write (default with --draw: DIR/detections.json)",
                      &run.output),
        SB_OPT_STRING("annotations", 0, "GT.json", "COCO file that lists the images", &annotations),
        SB_OPT_STRING("images", 0, "DIR", "folder of the images of --annotations", &run.images_dir),
        SB_OPT_IMAGE_RUN(&run),
        SB_OPT_STRING("draw", 0, "DIR", "draw the boxes of each image into DIR/NAME.png",
                      &draw_dir),
        SB_OPT_DOUBLE("draw-threshold", 0, "S", "lowest score to draw (default: 0.3)",
                      &draw_threshold, 0, 1),
        SB_OPT_DOUBLE("score-threshold", 0, "S", "keep scores above S (default: the model's)",
                      &score_threshold, 0, 1),
        SB_OPT_FLAG("soft-nms", 0, "lower the scores of overlapping boxes, drop none", &soft_nms),
        SB_OPT_DOUBLE("soft-nms-sigma", 0, "S", "width of --soft-nms (default: 0.5)", &soft_sigma,
                      0.001, 100),
        SB_OPT_NEEDS("annotations", "images"),
        SB_OPT_NEEDS("images", "annotations"),
        SB_OPT_NEEDS("draw-threshold", "draw"),
        SB_OPT_NEEDS("soft-nms-sigma", "soft-nms"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "detect MODEL [-o FILE] [options] (--annotations GT.json --images DIR | IMAGE...)\n"
        "       spinebench detect --merge -o FILE SHARD.json...",
        "Runs a detector on images (JPEG, PNG) and writes COCO results: boxes in pixels of the\n"
        "image, and masks for Mask R-CNN. Decoding, the network and post-processing overlap;\n"
        "results do not depend on threads. Without --annotations, image ids are the numbers\n"
        "that the files are named after, else 1, 2, 3, ...\n"
        "What is complete is kept in FILE.journal until the run ends: after a crash, --resume\n"
        "goes on there and gives the same bytes. An image that cannot be read ends the run with\n"
        "exit code 2 after the images before it are written, unless --skip-broken is given.\n"
        "Machines share the work as shards (--shard I/N, then --merge, which refuses parts that\n"
        "are missing or of another run), or as ranks of spinebench-mpi; both give the same bytes.",
        options,
        "examples:\n"
        "  spinebench detect retinanet-spinenet-49 --weights model.ckpt -o dets.json \\\n"
        "      --annotations instances_val2017.json --images val2017\n"
        "  spinebench detect my-model.json --weights w.safetensors -o d.json photo.jpg\n"
        "  spinebench detect tiny-retinanet-spinenet photo.jpg --draw out"};
    sb_image_run_defaults(&run, "detect");
    annotations = draw_dir = NULL;
    score_threshold = -1;
    draw_threshold = 0.3;
    soft_sigma = 0.5;
    soft_nms = false;
    return sb_cli_run("detect", &help, argc, argv, run_detect);
}
