/* spinebench detect: images to COCO results. The work is in detect/detect_run.h. */
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/model_weights.h"
#include "datasets/merge_results.h"
#include "detect/detect_run.h"

#include <stdio.h>
#include <string.h>

#define MAX_LOADERS 4

/* Option targets, reset by cmd_detect(). */
static struct sb_weights_choice weights_choice;
static const char *annotations, *images_dir, *output, *draw_dir, *engine_name, *shard;
static int64_t threads, size, max_images;
static double score_threshold, draw_threshold, soft_sigma;
static bool soft_nms, resume, skip_broken, json, quiet, exif, merge;

/* Everything one run needs, released together. */
struct request {
    struct sb_model *model;
    struct sb_weights weights;
    struct sb_coco_images set;
    struct sb_image_list list;
    struct sb_class_map classes;
    struct sb_detector *detector;
    struct sb_str settings;
};

static void release(struct request *r)
{
    sb_detector_free(&r->detector);
    sb_class_map_release(&r->classes);
    sb_image_list_release(&r->list);
    sb_coco_images_release(&r->set);
    sb_weights_release(&r->weights);
    sb_model_free(&r->model);
    sb_str_release(&r->settings);
}

static int check_options(const struct sb_arguments *args, struct sb_error *err)
{
    if (!output)
        return sb_error_set(err, SB_EINVAL, "-o FILE is missing");
    if (merge)
        return sb_arguments_expect(args, 1, SIZE_MAX, "results files to merge", err);
    int rc = sb_arguments_expect(args, 1, SIZE_MAX, "a MODEL", err);
    if (rc)
        return rc;
    if (!annotations != !images_dir)
        return sb_error_set(err, SB_EINVAL, "--annotations and --images belong together");
    if (annotations && args->count > 1)
        return sb_error_set(err, SB_EINVAL, "IMAGE arguments beside --annotations");
    if (!annotations && args->count < 2)
        return sb_error_set(err, SB_EINVAL,
                            "no images: give IMAGE files, or --annotations with --images");
    return 0;
}

static int list_images(const struct sb_arguments *args, struct request *r, struct sb_error *err)
{
    size_t index = 1, shards = 1;
    int rc = shard ? sb_shard_parse(shard, &index, &shards, err) : 0;
    if (rc == 0 && annotations) {
        rc = sb_coco_images_load(annotations, &r->set, err);
        if (rc == 0)
            rc = sb_image_list_from_coco(&r->list, &r->set, images_dir, err);
    } else if (rc == 0) {
        rc = sb_image_list_from_paths(&r->list, args->words + 1, args->count - 1, err);
    }
    if (rc)
        return rc;
    if (max_images)
        sb_image_list_truncate(&r->list, (size_t)max_images);
    sb_image_list_shard(&r->list, index, shards);
    return 0;
}

static int load_model(const char *name, struct request *r, struct sb_error *err)
{
    const struct sb_model_options options = {.size = (int)size, .batch = 1};
    r->model = sb_model_open(name, &options, err);
    if (!r->model)
        return err->code;
    return sb_weights_choose(&weights_choice, r->model, &r->weights, err);
}

static int make_detector(struct request *r, struct sb_error *err)
{
    struct sb_detector_options options;
    sb_detector_options_defaults(&options);
    const int rc = sb_engine_parse(engine_name, &options.plan.engine, err);
    if (rc)
        return rc;
    if (threads)
        options.plan.threads = (int)threads;
    options.score_threshold = score_threshold;
    options.soft_sigma = soft_nms ? soft_sigma : 0;
    options.apply_exif = exif;
    options.keep_image = draw_dir != NULL;
    r->detector = sb_detector_new(r->model, &r->weights, &options, err);
    return r->detector ? 0 : err->code;
}

/* What a resumed run must have in common with the one it goes on with. */
static int describe(struct request *r, struct sb_error *err)
{
    const struct sb_model *const m = r->model;
    char digest[32], list[32];
    struct sb_jw w;
    snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)r->weights.digest);
    snprintf(list, sizeof(list), "%016llx", (unsigned long long)sb_image_list_digest(&r->list));
    sb_jw_init(&w, &r->settings, 0);
    sb_jw_object(&w, NULL);
    sb_jw_int(&w, "journal", 1);
    sb_jw_string(&w, "model", m->name);
    sb_jw_string(&w, "weights", digest);
    sb_jw_string(&w, "engine", engine_name);
    sb_jw_int(&w, "height", m->image_h);
    sb_jw_int(&w, "width", m->image_w);
    sb_jw_double(&w, "score_threshold", m->postprocess.score_threshold);
    sb_jw_double(&w, "nms_threshold", m->postprocess.nms_threshold);
    sb_jw_int(&w, "max_detections", m->postprocess.max_detections);
    sb_jw_double(&w, "soft_nms", soft_nms ? soft_sigma : 0);
    sb_jw_bool(&w, "exif", exif);
    sb_jw_uint(&w, "images", r->list.count);
    sb_jw_string(&w, "list", list);
    sb_jw_end(&w);
    return r->settings.failed ? sb_error_nomem(err, "the settings", r->settings.length) : 0;
}

static void report_broken(void *ctx, const struct sb_error *err)
{
    (void)ctx;
    sb_cli_error("detect: skipped", err);
}

static int loader_count(void)
{
    const int n = threads ? (int)threads : sb_cpu_count();
    return n < MAX_LOADERS ? n : MAX_LOADERS;
}

static int print_json(const struct request *r, const struct sb_pipeline_summary *s,
                      struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    const double seconds = (double)s->elapsed_ns / 1e9;
    sb_jw_init(&w, &out, 1);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "model", r->model->name);
    sb_jw_string(&w, "weights", r->weights.source);
    sb_jw_string(&w, "results", output);
    sb_jw_uint(&w, "images", s->images);
    sb_jw_uint(&w, "resumed", s->resumed);
    sb_jw_uint(&w, "broken", s->broken);
    sb_jw_uint(&w, "detections", s->lines);
    sb_jw_double(&w, "seconds", seconds);
    sb_jw_double(&w, "images_per_second", (double)(s->images - s->resumed) / seconds);
    sb_jw_double(&w, "network_share", (double)s->work_ns / (double)s->elapsed_ns);
    sb_jw_end(&w);
    const int rc = out.failed ? sb_error_nomem(err, "the summary", out.length) : 0;
    if (rc == 0)
        printf("%s\n", sb_str_text(&out));
    sb_str_release(&out);
    return rc;
}

static void print_text(const struct request *r, const struct sb_pipeline_summary *s)
{
    const double seconds = (double)s->elapsed_ns / 1e9;
    printf("%s: %zu detections on %zu images", output, s->lines, s->images);
    if (s->broken)
        printf(", %zu broken ones left out", s->broken);
    if (s->resumed)
        printf(" (%zu from before)", s->resumed);
    printf("; %.2f images/s\n", (double)(s->images - s->resumed) / seconds);
    if (!weights_choice.path)
        printf("the weights are untrained (%s): boxes and scores mean nothing\n",
               r->weights.source);
}

static int detect(struct request *r, struct sb_error *err)
{
    struct sb_progress progress;
    struct sb_pipeline_summary summary;
    const struct sb_detect_job job = {.detector = r->detector,
                                      .classes = &r->classes,
                                      .draw_dir = draw_dir,
                                      .draw_threshold = draw_threshold};
    const struct sb_pipeline_options options = {.list = &r->list,
                                                .results = output,
                                                .settings = sb_str_text(&r->settings),
                                                .resume = resume,
                                                .skip_broken = skip_broken,
                                                .loaders = loader_count(),
                                                .progress = &progress,
                                                .on_broken = report_broken};
    sb_progress_start(&progress, "detecting", "images", r->list.count, quiet);
    const int rc = sb_detect_run(&job, &options, &summary, err);
    sb_progress_finish(&progress);
    if (rc)
        return rc;
    if (json)
        return print_json(r, &summary, err);
    print_text(r, &summary);
    return 0;
}

static int run_merge(const struct sb_arguments *args, struct sb_error *err)
{
    uint64_t elements = 0;
    const int rc = sb_results_merge(args->words, args->count, output, &elements, err);
    if (rc == 0)
        printf("%s: %llu detections\n", output, (unsigned long long)elements);
    return rc;
}

static int run_detect(const struct sb_arguments *args, struct sb_error *err)
{
    struct request r;
    memset(&r, 0, sizeof(r));
    int rc = check_options(args, err);
    if (rc)
        return rc;
    if (merge)
        return run_merge(args, err);
    rc = list_images(args, &r, err);
    if (rc == 0)
        rc = load_model(args->words[0], &r, err);
    if (rc == 0)
        rc = sb_class_map_init(&r.classes, r.model->num_classes, annotations ? &r.set : NULL, err);
    if (rc == 0)
        rc = make_detector(&r, err);
    if (rc == 0)
        rc = describe(&r, err);
    if (rc == 0)
        rc = detect(&r, err);
    release(&r);
    return rc;
}

int cmd_detect(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "FILE", "COCO results file to write", &output),
        SB_OPT_WEIGHTS(&weights_choice),
        SB_OPT_STRING("annotations", 0, "GT.json", "COCO file that lists the images", &annotations),
        SB_OPT_STRING("images", 0, "DIR", "folder of the images of --annotations", &images_dir),
        SB_OPT_STRING("draw", 0, "DIR", "draw the boxes of each image into DIR/NAME.png",
                      &draw_dir),
        SB_OPT_DOUBLE("draw-threshold", 0, "S", "lowest score to draw (default: 0.3)",
                      &draw_threshold, 0, 1),
        SB_OPT_INT("size", 0, "N", "input size in pixels (default: the model's own)", &size, 1,
                   65536),
        SB_OPT_INT("threads", 't', "T", "threads of the network (default: all CPUs)", &threads, 1,
                   1024),
        SB_OPT_STRING("engine", 0, "E", "native or openblas (default: native with AVX2)",
                      &engine_name),
        SB_OPT_DOUBLE("score-threshold", 0, "S", "keep scores above S (default: the model's)",
                      &score_threshold, 0, 1),
        SB_OPT_FLAG("soft-nms", 0, "lower the scores of overlapping boxes, drop none", &soft_nms),
        SB_OPT_DOUBLE("soft-nms-sigma", 0, "S", "width of --soft-nms (default: 0.5)", &soft_sigma,
                      0.001, 100),
        SB_OPT_FLAG("exif", 0, "turn photos by their EXIF orientation", &exif),
        SB_OPT_INT("max-images", 0, "N", "only the first N images", &max_images, 1, INT32_MAX),
        SB_OPT_STRING("shard", 0, "I/N", "only part I of N equal parts, I from 1", &shard),
        SB_OPT_FLAG("merge", 0, "join the results files of shards, given in order", &merge),
        SB_OPT_FLAG("resume", 0, "go on with a run that was stopped", &resume),
        SB_OPT_FLAG("skip-broken", 0, "report images that cannot be read and go on", &skip_broken),
        SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
        SB_OPT_FLAG("quiet", 'q', "no progress", &quiet),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "detect MODEL -o FILE [options] (--annotations GT.json --images DIR | IMAGE...)\n"
        "       spinebench detect --merge -o FILE SHARD.json...",
        "Runs a detector on images (JPEG, PNG) and writes COCO results: boxes in pixels of the\n"
        "image, and masks for Mask R-CNN. Decoding, the network and post-processing overlap;\n"
        "results do not depend on threads. Without --annotations, image ids are the numbers\n"
        "that the files are named after, else 1, 2, 3, ...\n"
        "What is complete is kept in FILE.journal until the run ends: after a crash, --resume\n"
        "goes on there and gives the same bytes. An image that cannot be read ends the run with\n"
        "exit code 2 after the images before it are written, unless --skip-broken is given.",
        options,
        "examples:\n"
        "  spinebench detect retinanet-spinenet-49 --weights model.ckpt -o dets.json \\\n"
        "      --annotations instances_val2017.json --images val2017\n"
        "  spinebench detect my-model.json --weights w.safetensors -o d.json photo.jpg --draw "
        "out\n"};
    annotations = images_dir = output = draw_dir = shard = NULL;
    engine_name = sb_engine_name(sb_engine_default());
    weights_choice = (struct sb_weights_choice){NULL, SB_NO_SEED, false};
    threads = size = max_images = 0;
    score_threshold = -1;
    draw_threshold = 0.3;
    soft_sigma = 0.5;
    soft_nms = resume = skip_broken = json = quiet = exif = merge = false;
    return sb_cli_run("detect", &help, argc, argv, run_detect);
}
