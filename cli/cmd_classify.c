/* spinebench classify: images to ranked classes. The work is in detect/classifier.h. */
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/model_weights.h"
#include "detect/classifier.h"

#include <stdio.h>
#include <string.h>

#define MAX_LOADERS 4

/* Option targets, reset by cmd_classify(). */
static struct sb_weights_choice weights_choice;
static const char *list_path, *images_dir, *output, *engine_name, *shard;
static int64_t threads, size, max_images, top, first_class;
static bool resume, skip_broken, json, quiet, exif;

/* Everything one run needs, released together. */
struct request {
    struct sb_model *model;
    struct sb_weights weights;
    struct sb_label_list labels;
    struct sb_str settings;
};

static void release(struct request *r)
{
    sb_label_list_release(&r->labels);
    sb_weights_release(&r->weights);
    sb_model_free(&r->model);
    sb_str_release(&r->settings);
}

static int list_images(const struct sb_arguments *args, struct request *r, struct sb_error *err)
{
    size_t index = 1, shards = 1;
    int rc = shard ? sb_shard_parse(shard, &index, &shards, err) : 0;
    if (rc)
        return rc;
    if (!list_path && args->count < 2)
        return sb_error_set(err, SB_EINVAL, "no images: give IMAGE files, or --list FILE");
    if (list_path && args->count > 1)
        return sb_error_set(err, SB_EINVAL, "IMAGE arguments beside --list");
    if (list_path)
        rc = sb_label_list_load(&r->labels, list_path, images_dir ? images_dir : "", err);
    else
        rc = sb_label_list_from_paths(&r->labels, args->words + 1, args->count - 1, err);
    if (rc)
        return rc;
    if (max_images && (size_t)max_images < r->labels.images.count)
        sb_label_list_truncate(&r->labels, (size_t)max_images);
    sb_label_list_shard(&r->labels, index, shards);
    return 0;
}

/* What a resumed run must have in common with the one it goes on with. */
static int describe(struct request *r, struct sb_error *err)
{
    char digest[32], list[32];
    struct sb_jw w;
    snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)r->weights.digest);
    snprintf(list, sizeof(list), "%016llx",
             (unsigned long long)sb_image_list_digest(&r->labels.images));
    sb_jw_init(&w, &r->settings, 0);
    sb_jw_object(&w, NULL);
    sb_jw_int(&w, "journal", 1);
    sb_jw_string(&w, "model", r->model->name);
    sb_jw_string(&w, "weights", digest);
    sb_jw_string(&w, "engine", engine_name);
    sb_jw_int(&w, "size", r->model->image_h);
    sb_jw_int(&w, "top", top);
    sb_jw_int(&w, "first_class", first_class);
    sb_jw_bool(&w, "exif", exif);
    sb_jw_uint(&w, "images", r->labels.images.count);
    sb_jw_string(&w, "list", list);
    sb_jw_end(&w);
    return r->settings.failed ? sb_error_nomem(err, "the settings", r->settings.length) : 0;
}

static void report_broken(void *ctx, const struct sb_error *err)
{
    (void)ctx;
    sb_cli_error("classify: skipped", err);
}

static int print_json(const struct request *r, const struct sb_classify_summary *s,
                      struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    const double seconds = (double)s->run.elapsed_ns / 1e9;
    sb_jw_init(&w, &out, 1);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "model", r->model->name);
    sb_jw_string(&w, "weights", r->weights.source);
    sb_jw_string(&w, "predictions", output);
    sb_jw_uint(&w, "images", s->run.images);
    sb_jw_uint(&w, "resumed", s->run.resumed);
    sb_jw_uint(&w, "broken", s->run.broken);
    sb_jw_uint(&w, "labelled", s->labelled);
    sb_jw_uint(&w, "top1", s->top1);
    sb_jw_uint(&w, "top5", s->top5);
    sb_jw_double(&w, "seconds", seconds);
    sb_jw_double(&w, "images_per_second", (double)(s->run.images - s->run.resumed) / seconds);
    sb_jw_end(&w);
    const int rc = out.failed ? sb_error_nomem(err, "the summary", out.length) : 0;
    if (rc == 0)
        printf("%s\n", sb_str_text(&out));
    sb_str_release(&out);
    return rc;
}

static void print_text(const struct request *r, const struct sb_classify_summary *s)
{
    printf("%s: %zu images", output, s->run.images);
    if (s->run.broken)
        printf(", %zu broken ones left out", s->run.broken);
    if (s->run.resumed)
        printf(" (%zu from before)", s->run.resumed);
    printf("; %.2f images/s\n",
           (double)(s->run.images - s->run.resumed) * 1e9 / (double)s->run.elapsed_ns);
    if (s->labelled)
        printf("of %zu labelled images: top-1 %zu (%.2f%%), top-5 %zu (%.2f%%)\n", s->labelled,
               s->top1, 100.0 * (double)s->top1 / (double)s->labelled, s->top5,
               100.0 * (double)s->top5 / (double)s->labelled);
    if (!weights_choice.path)
        printf("the weights are untrained (%s): the classes mean nothing\n", r->weights.source);
}

static int classify(struct request *r, struct sb_error *err)
{
    struct sb_progress progress;
    struct sb_classify_summary summary;
    struct sb_classify_options classify_options;
    sb_classify_options_defaults(&classify_options);
    int rc = sb_engine_parse(engine_name, &classify_options.plan.engine, err);
    if (rc)
        return rc;
    if (threads)
        classify_options.plan.threads = (int)threads;
    classify_options.top = (int)top;
    classify_options.first_class = (int)first_class;
    classify_options.apply_exif = exif;
    const int cpus = threads ? (int)threads : sb_cpu_count();
    const struct sb_pipeline_options options = {.list = &r->labels.images,
                                                .results = output,
                                                .settings = sb_str_text(&r->settings),
                                                .resume = resume,
                                                .skip_broken = skip_broken,
                                                .loaders = cpus < MAX_LOADERS ? cpus : MAX_LOADERS,
                                                .progress = &progress,
                                                .on_broken = report_broken};
    sb_progress_start(&progress, "classifying", "images", r->labels.images.count, quiet);
    rc = sb_classify_run(r->model, &r->weights, &classify_options, &r->labels, &options, &summary,
                         err);
    sb_progress_finish(&progress);
    if (rc)
        return rc;
    if (json)
        return print_json(r, &summary, err);
    print_text(r, &summary);
    return 0;
}

static int run_classify(const struct sb_arguments *args, struct sb_error *err)
{
    struct request r;
    memset(&r, 0, sizeof(r));
    int rc = sb_arguments_expect(args, 1, SIZE_MAX, "a MODEL", err);
    if (rc)
        return rc;
    if (!output)
        return sb_error_set(err, SB_EINVAL, "-o FILE is missing");
    rc = list_images(args, &r, err);
    const struct sb_model_options options = {.size = (int)size, .batch = 1};
    if (rc == 0) {
        r.model = sb_model_open(args->words[0], &options, err);
        rc = r.model ? sb_weights_choose(&weights_choice, r.model, &r.weights, err) : err->code;
    }
    if (rc == 0)
        rc = describe(&r, err);
    if (rc == 0)
        rc = classify(&r, err);
    release(&r);
    return rc;
}

int cmd_classify(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "FILE", "predictions to write, JSON Lines", &output),
        SB_OPT_WEIGHTS(&weights_choice),
        SB_OPT_STRING("list", 0, "FILE", "images and labels: a text list or iNaturalist JSON",
                      &list_path),
        SB_OPT_STRING("images", 0, "DIR", "folder of the images of --list", &images_dir),
        SB_OPT_INT("top", 0, "K", "classes per image (default: 5)", &top, 1, 100000),
        SB_OPT_INT("first-class", 0, "N",
                   "class of label 0 (default: 0; 1 skips a background class)", &first_class, 0,
                   100000),
        SB_OPT_INT("size", 0, "N", "input size in pixels (default: the model's own)", &size, 1,
                   65536),
        SB_OPT_INT("threads", 't', "T", "threads of the network (default: all CPUs)", &threads, 1,
                   1024),
        SB_OPT_STRING("engine", 0, "E", "native or openblas (default: native with AVX2)",
                      &engine_name),
        SB_OPT_FLAG("exif", 0, "turn photos by their EXIF orientation", &exif),
        SB_OPT_INT("max-images", 0, "N", "only the first N images", &max_images, 1, INT32_MAX),
        SB_OPT_STRING("shard", 0, "I/N", "only part I of N equal parts, I from 1", &shard),
        SB_OPT_FLAG("resume", 0, "go on with a run that was stopped", &resume),
        SB_OPT_FLAG("skip-broken", 0, "report images that cannot be read and go on", &skip_broken),
        SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
        SB_OPT_FLAG("quiet", 'q', "no progress", &quiet),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "classify MODEL -o FILE [options] (--list FILE --images DIR | IMAGE...)",
        "Runs a classification model on images (JPEG, PNG) and writes a line of JSON per image:\n"
        "{\"id\", \"image\", \"label\", \"classes\", \"scores\"}, the best classes first. A list "
        "has a\n"
        "line 'PATH LABEL' per image, or is JSON as iNaturalist's. Shards 1 to N, one after the\n"
        "other in one file, are the bytes of a whole run. FILE.journal, --resume and broken\n"
        "images work as in 'spinebench detect'.",
        options,
        "examples:\n"
        "  spinebench classify spinenet-49-imagenet --weights model.ckpt --first-class 1 \\\n"
        "      --list val.txt --images val -o predictions.jsonl\n"
        "  spinebench classify my-model.json --weights w.safetensors -o p.jsonl photo.jpg\n"};
    weights_choice = (struct sb_weights_choice){NULL, SB_NO_SEED, false};
    list_path = images_dir = output = shard = NULL;
    engine_name = sb_engine_name(sb_engine_default());
    threads = size = max_images = first_class = 0;
    top = 5;
    resume = skip_broken = json = quiet = exif = false;
    return sb_cli_run("classify", &help, argc, argv, run_classify);
}
