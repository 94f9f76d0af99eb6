/* The steps of spinebench demo: images, recognition, evaluation, drawings. See demo.h. */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "bench/accuracy.h"
#include "bench/accuracy_records.h"
#include "bench/environment.h"
#include "bench/session.h"
#include "cli/demo.h"
#include "cli/diagnose.h"
#include "detect/classifier.h"
#include "detect/detect_set.h"
#include "models/tensors.h"
#include "models/weights.h"
#include "models/zoo.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first two are the comparison at equal cost. */
static const struct {
    const char *name;
    bool classifies;
    const char *weights[SB_DEMO_RUNS];
} known[SB_DEMO_MODELS] = {
    {"tiny-retinanet-spinenet",
     false,
     {"tiny-retinanet-spinenet", "tiny-retinanet-spinenet-seed2", "tiny-retinanet-spinenet-seed3"}},
    {"tiny-retinanet-resnet-fpn",
     false,
     {"tiny-retinanet-resnet-fpn", "tiny-retinanet-resnet-fpn-seed2",
      "tiny-retinanet-resnet-fpn-seed3"}},
    {"tiny-retinanet-r0-sp53", false, {"tiny-retinanet-r0-sp53", NULL, NULL}},
    {"tiny-retinanet-r23-sp30", false, {"tiny-retinanet-r23-sp30", NULL, NULL}},
    {"tiny-maskrcnn-spinenet", false, {"tiny-maskrcnn-spinenet", NULL, NULL}},
    {"tiny-spinenet-species", true, {"tiny-spinenet-species", NULL, NULL}},
    {"tiny-resnet-species", true, {"tiny-resnet-species", NULL, NULL}},
};

/* Models whose weights are compiled in. */
void sb_demo_init(struct sb_demo *d)
{
    for (size_t i = 0; i < SB_DEMO_MODELS; i++) {
        struct sb_demo_model *const m = &d->models[d->num_models];
        *m = (struct sb_demo_model){.name = known[i].name, .classifies = known[i].classifies};
        for (size_t k = 0; k < SB_DEMO_RUNS; k++) {
            if (known[i].weights[k] && sb_zoo_weights(known[i].weights[k]))
                m->weights[m->runs++] = known[i].weights[k];
        }
        d->num_models += m->runs > 0;
    }
    sb_records_init(&d->records);
}

void sb_demo_release(struct sb_demo *d)
{
    sb_records_release(&d->records);
    sb_str_release(&d->scenes_gt);
    sb_str_release(&d->scenes_images);
    sb_str_release(&d->species_list);
    sb_str_release(&d->species_images);
    sb_str_release(&d->accuracy);
    sb_pool_free(&d->pool);
}

int sb_demo_path(const struct sb_demo *d, struct sb_str *path, struct sb_error *err,
                 const char *fmt, ...)
{
    char name[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof(name), fmt, args);
    va_end(args);
    sb_str_clear(path);
    sb_str_printf(path, "%s/%s", d->dir, name);
    return path->failed ? sb_error_nomem(err, "a path", strlen(d->dir)) : 0;
}

/* -- what was done before ---------------------------------------------------------------------- */

static int results_path(const struct sb_demo *d, const struct sb_demo_model *m, size_t run,
                        struct sb_str *path, struct sb_error *err)
{
    return sb_demo_path(d, path, err, m->classifies ? "predictions-%s.jsonl" : "detections-%s.json",
                        m->weights[run]);
}

/* Removes the files that say that a step is done. */
static int forget(const struct sb_demo *d, struct sb_error *err)
{
    static const char *const names[] = {"bench.jsonl", "bench.jsonl.part",
                                        "scenes/annotations/instances_val.json", "species/val.txt"};
    struct sb_str path = SB_STR_INIT;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
        rc = sb_demo_path(d, &path, err, "%s", names[i]);
        if (rc == 0)
            unlink(sb_str_text(&path));
    }
    for (size_t i = 0; i < d->num_models; i++) {
        for (size_t k = 0; rc == 0 && k < d->models[i].runs; k++) {
            rc = results_path(d, &d->models[i], k, &path, err);
            if (rc == 0)
                unlink(sb_str_text(&path));
        }
    }
    sb_str_release(&path);
    return rc;
}

/* What a demo that goes on must have in common with the one before: program, images, threads. */
static void describe(const struct sb_demo *d, struct sb_str *out)
{
    struct sb_record build;
    struct sb_jw w;
    sb_record_init(&build, SB_RECORD_RUN);
    sb_build_to_record(&build);
    sb_jw_init(&w, out, 0);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "version", build.u.run.version);
    sb_jw_string(&w, "commit", build.u.run.commit);
    sb_jw_int(&w, "images", d->images);
    sb_jw_int(&w, "seed", SB_DEMO_SEED);
    sb_jw_int(&w, "threads", d->threads);
    sb_jw_end(&w);
    sb_str_puts(out, "\n");
}

int sb_demo_begin(struct sb_demo *d, struct sb_error *err)
{
    struct sb_str settings = SB_STR_INIT, path = SB_STR_INIT;
    struct sb_map before = {0};
    describe(d, &settings);
    int rc = settings.failed ? sb_error_nomem(err, "the settings", settings.length)
                             : sb_make_dirs(d->dir, err);
    if (rc == 0)
        rc = sb_demo_path(d, &path, err, "demo.json");
    if (rc == 0 && sb_is_file(sb_str_text(&path)))
        rc = sb_map_open(&before, sb_str_text(&path), err);
    const bool same =
        before.size == settings.length && memcmp(before.data, settings.data, before.size) == 0;
    sb_map_release(&before);
    if (rc == 0 && same)
        fprintf(stderr, "going on in %s with what is there\n", d->dir);
    else if (rc == 0)
        rc = forget(d, err);
    if (rc == 0)
        rc = sb_write_file(sb_str_text(&path), settings.data, settings.length, err);
    sb_str_release(&path);
    sb_str_release(&settings);
    return rc;
}

/* -- steps ------------------------------------------------------------------------------------- */

int sb_demo_bench(struct sb_demo *d, struct sb_error *err)
{
    struct sb_session_cell cells[SB_DEMO_MODELS];
    char weights[SB_DEMO_MODELS][100];
    struct sb_session_options o;
    struct sb_session_result result;
    struct sb_environment env;
    struct sb_str path = SB_STR_INIT;
    int rc = sb_demo_path(d, &path, err, "bench.jsonl");
    sb_session_options_defaults(&o);
    o.measure.time.stop.max_ns = 2000000000;
    for (size_t i = 0; i < d->num_models; i++) {
        const struct sb_demo_model *const m = &d->models[i];
        snprintf(weights[i], sizeof(weights[i]), "%s%s", SB_EMBEDDED_WEIGHTS, m->weights[0]);
        cells[i] = (struct sb_session_cell){.model = m->name,
                                            .weights = weights[i],
                                            .batch = 1,
                                            .threads = d->threads,
                                            .engine = sb_engine_default()};
    }
    o.cells = cells;
    o.num_cells = d->num_models;
    o.output = sb_str_text(&path);
    o.resume = true;
    o.command = "spinebench demo";
    o.weights_text = "embedded";
    o.quiet = d->quiet;
    sb_environment_read(&env, "");
    if (rc == 0)
        rc = sb_session_run(&o, &env, &d->records, &result, err);
    if (rc == SB_EINVAL || rc == SB_EFORMAT) { /* kept by another build or machine: measured anew */
        o.resume = false;
        rc = sb_session_run(&o, &env, &d->records, &result, err);
    }
    if (rc == 0 && result.failed_checks)
        rc = sb_error_set(err, SB_ECHECK, "the output check of %zu model%s failed",
                          result.failed_checks, sb_plural(result.failed_checks));
    sb_str_release(&path);
    return rc;
}

static int make_set(struct sb_demo *d, enum sb_synth_set set, const char *folder, const char *done,
                    struct sb_error *err)
{
    struct sb_progress progress;
    struct sb_synth_written written = {0};
    struct sb_str path = SB_STR_INIT, file = SB_STR_INIT;
    int rc = sb_demo_path(d, &path, err, "%s", folder);
    if (rc == 0)
        rc = sb_demo_path(d, &file, err, "%s/%s", folder, done);
    const struct sb_synth_options o = {set, sb_str_text(&path), "val", SB_DEMO_SEED,
                                       (size_t)d->images};
    if (rc == 0 && !sb_is_file(sb_str_text(&file))) {
        sb_progress_start(&progress, folder, "images", o.images, d->quiet);
        rc = sb_synth_write(&o, d->pool, &progress, &written, err);
        sb_progress_finish(&progress);
        sb_synth_written_release(&written);
    }
    sb_str_release(&file);
    sb_str_release(&path);
    return rc;
}

int sb_demo_make_images(struct sb_demo *d, struct sb_error *err)
{
    int rc = make_set(d, SB_SYNTH_SCENES, "scenes", "annotations/instances_val.json", err);
    if (rc == 0)
        rc = make_set(d, SB_SYNTH_SPECIES, "species", "val.txt", err);
    if (rc == 0)
        rc = sb_demo_path(d, &d->scenes_gt, err, "scenes/annotations/instances_val.json");
    if (rc == 0)
        rc = sb_demo_path(d, &d->scenes_images, err, "scenes/val");
    if (rc == 0)
        rc = sb_demo_path(d, &d->species_list, err, "species/val.txt");
    if (rc == 0)
        rc = sb_demo_path(d, &d->species_images, err, "species");
    return rc;
}

static int load(const struct sb_demo_model *m, size_t run, struct sb_model **model,
                struct sb_weights *weights, struct sb_error *err)
{
    char path[160];
    snprintf(path, sizeof(path), "%s%s", SB_EMBEDDED_WEIGHTS, m->weights[run]);
    *model = sb_model_open(m->name, NULL, err);
    return *model ? sb_weights_load(weights, (*model)->graph, path, NULL, err) : err->code;
}

static int detect(struct sb_demo *d, const struct sb_demo_model *m, size_t run, const char *results,
                  struct sb_progress *progress, struct sb_error *err)
{
    struct sb_model *model = NULL;
    struct sb_weights weights = {0};
    struct sb_pipeline_summary summary = {0};
    int rc = load(m, run, &model, &weights, err);
    const struct sb_detect_set set = {.model = model,
                                      .weights = &weights,
                                      .annotations = sb_str_text(&d->scenes_gt),
                                      .images = sb_str_text(&d->scenes_images),
                                      .results = results,
                                      .score_threshold = -1,
                                      .threads = d->threads,
                                      .progress = progress};
    if (rc == 0)
        rc = sb_detect_set_run(&set, &summary, err);
    sb_weights_release(&weights);
    sb_model_free(&model);
    return rc;
}

static int classify(struct sb_demo *d, const struct sb_demo_model *m, size_t run,
                    const char *results, struct sb_progress *progress, struct sb_error *err)
{
    struct sb_model *model = NULL;
    struct sb_weights weights = {0};
    struct sb_label_list labels = {0};
    struct sb_classify_options options;
    struct sb_classify_summary summary = {0};
    sb_classify_options_defaults(&options);
    options.plan.threads = d->threads;
    int rc = load(m, run, &model, &weights, err);
    if (rc == 0)
        rc = sb_label_list_load(&labels, sb_str_text(&d->species_list),
                                sb_str_text(&d->species_images), NULL, err);
    const struct sb_pipeline_options pipeline = {.list = &labels.images,
                                                 .results = results,
                                                 .settings = "{}", /* never resumed */
                                                 .loaders = 1,
                                                 .progress = progress};
    if (rc == 0)
        rc = sb_classify_run(model, &weights, &options, &labels, &pipeline, &summary, err);
    sb_label_list_release(&labels);
    sb_weights_release(&weights);
    sb_model_free(&model);
    return rc;
}

static int recognize(struct sb_demo *d, const struct sb_demo_model *m, size_t run,
                     struct sb_error *err)
{
    struct sb_progress progress;
    struct sb_str path = SB_STR_INIT;
    int rc = results_path(d, m, run, &path, err);
    if (rc == 0 && !sb_is_file(sb_str_text(&path))) {
        sb_progress_start(&progress, m->weights[run], "images", (size_t)d->images, d->quiet);
        rc = m->classifies ? classify(d, m, run, sb_str_text(&path), &progress, err)
                           : detect(d, m, run, sb_str_text(&path), &progress, err);
        sb_progress_finish(&progress);
    }
    sb_str_release(&path);
    return rc;
}

int sb_demo_recognize(struct sb_demo *d, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < d->num_models; i++) {
        for (size_t k = 0; rc == 0 && k < d->models[i].runs; k++)
            rc = recognize(d, &d->models[i], k, err);
    }
    return rc;
}

/* -- evaluation -------------------------------------------------------------------------------- */

static int emit(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    struct sb_demo *const d = ctx;
    sb_record_to_json(record, &d->accuracy);
    if (d->accuracy.failed)
        return sb_error_nomem(err, "the records", d->accuracy.length);
    return sb_records_add(&d->records, record, err);
}

/* One training run: the interval is that over images, and what explains the AP is recorded too. */
static int diagnose_detector(struct sb_demo *d, struct sb_demo_model *m,
                             const struct sb_accuracy_source *source, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT, text = SB_STR_INIT;
    const size_t before = d->records.count;
    int rc = results_path(d, m, 0, &path, err);
    const struct sb_diagnose_files files = {sb_str_text(&d->scenes_gt),
                                            sb_str_text(&d->scenes_images), sb_str_text(&path),
                                            m == d->models ? SB_DEMO_WORST : 0};
    if (rc == 0)
        rc = sb_diagnose_files(&files, source, d->pool, emit, d, &text, err);
    for (size_t i = before; rc == 0 && i < d->records.count; i++) {
        const struct sb_record *const r = &d->records.items[i];
        if (r->kind == SB_RECORD_ACCURACY && strcmp(r->u.accuracy.metric, "AP") == 0)
            m->ap[0] = r->u.accuracy.value;
    }
    sb_str_release(&text);
    sb_str_release(&path);
    return rc;
}

/* Several training runs: means with their intervals. */
static int average_detector(struct sb_demo *d, struct sb_demo_model *m,
                            const struct sb_accuracy_source *source, struct sb_error *err)
{
    struct sb_coco_result results[SB_DEMO_RUNS];
    struct sb_str path = SB_STR_INIT;
    size_t done = 0;
    int rc = 0;
    while (rc == 0 && done < m->runs) {
        rc = results_path(d, m, done, &path, err);
        if (rc == 0)
            rc = sb_coco_evaluate_files(sb_str_text(&d->scenes_gt), sb_str_text(&path), SB_IOU_BBOX,
                                        d->pool, &results[done], err);
        if (rc == 0) {
            m->ap[done] = results[done].stats[0];
            done++;
        }
    }
    if (rc == 0)
        rc = sb_accuracy_records(results, done, source, emit, d, err);
    while (done > 0)
        sb_coco_result_release(&results[--done]);
    sb_str_release(&path);
    return rc;
}

static int evaluate_classifier(struct sb_demo *d, const struct sb_demo_model *m,
                               const struct sb_accuracy_source *source, struct sb_error *err)
{
    struct sb_label_list labels = {0};
    struct sb_topk topk;
    struct sb_str path = SB_STR_INIT;
    int rc = results_path(d, m, 0, &path, err);
    if (rc == 0)
        rc = sb_label_list_load(&labels, sb_str_text(&d->species_list), "", NULL, err);
    if (rc == 0)
        rc = sb_topk_evaluate(&topk, &labels, sb_str_text(&path), err);
    if (rc == 0) {
        rc = sb_topk_records(&topk, source, emit, d, err);
        sb_topk_release(&topk);
    }
    sb_label_list_release(&labels);
    sb_str_release(&path);
    return rc;
}

/* "one training run, 25600 images seen": the note of a model's accuracies. */
static int describe_training(const struct sb_demo_model *m, char *note, size_t size,
                             struct sb_error *err)
{
    char path[160], length[48] = "";
    snprintf(path, sizeof(path), "%s%s", SB_EMBEDDED_WEIGHTS, m->weights[0]);
    struct sb_tensors *file = sb_tensors_open(path, err);
    if (!file)
        return err->code;
    if (sb_tensors_images_seen(file))
        snprintf(length, sizeof(length), ", %lld images seen",
                 (long long)sb_tensors_images_seen(file));
    sb_tensors_free(&file);
    if (!m->classifies && m->runs > 1)
        snprintf(note, size, "mean of %zu training runs%s each; the interval is over these",
                 m->runs, length);
    else
        snprintf(note, size, "one training run%s", length);
    return 0;
}

static int evaluate(struct sb_demo *d, struct sb_demo_model *m, const char *run,
                    struct sb_error *err)
{
    char data_digest[24], images_digest[24], note[128];
    uint64_t digest;
    const struct sb_accuracy_set set = {
        .annotations = sb_str_text(m->classifies ? &d->species_list : &d->scenes_gt),
        .images = sb_str_text(m->classifies ? &d->species_images : &d->scenes_images)};
    int rc = sb_file_digest(set.annotations, &digest, err);
    if (rc == 0)
        rc = sb_accuracy_images_digest(&set, m->classifies, images_digest, err);
    if (rc)
        return rc;
    snprintf(data_digest, sizeof(data_digest), "%016" PRIx64, digest);
    rc = describe_training(m, note, sizeof(note), err);
    if (rc)
        return rc;
    const struct sb_accuracy_source source = {
        .run = run,
        .cell = {.model = m->name, .size = SB_NO_INT, .batch = 1, .threads = SB_NO_INT},
        .dataset = m->classifies ? "embedded species" : "embedded scenes",
        .images = d->images,
        .note = note,
        .weights = "embedded",
        .data_digest = data_digest,
        .images_digest = images_digest,
        .why_no_weights = "the commit names the embedded weights"};
    if (m->classifies)
        return evaluate_classifier(d, m, &source, err);
    return m->runs > 1 ? average_detector(d, m, &source, err)
                       : diagnose_detector(d, m, &source, err);
}

/* The run that the bench's records belong to. */
static const char *run_of(const struct sb_demo *d)
{
    return d->records.count ? d->records.items[0].run : "";
}

int sb_demo_evaluate(struct sb_demo *d, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < d->num_models; i++)
        rc = evaluate(d, &d->models[i], run_of(d), err);
    if (rc == 0)
        rc = sb_demo_path(d, &path, err, "accuracy.jsonl");
    if (rc == 0)
        rc = sb_write_file(sb_str_text(&path), d->accuracy.data, d->accuracy.length, err);
    sb_str_release(&path);
    return rc;
}

int sb_demo_draw(struct sb_demo *d, struct sb_error *err)
{
    struct sb_model *model = NULL;
    struct sb_weights weights = {0};
    struct sb_pipeline_summary summary = {0};
    struct sb_str results = SB_STR_INIT, drawn = SB_STR_INIT;
    int rc = load(&d->models[0], 0, &model, &weights, err);
    if (rc == 0)
        rc = sb_demo_path(d, &drawn, err, "drawn");
    if (rc == 0)
        rc = sb_make_dirs(sb_str_text(&drawn), err);
    if (rc == 0)
        rc = sb_demo_path(d, &results, err, "drawn/detections.json");
    const struct sb_detect_set set = {.model = model,
                                      .weights = &weights,
                                      .annotations = sb_str_text(&d->scenes_gt),
                                      .images = sb_str_text(&d->scenes_images),
                                      .results = sb_str_text(&results),
                                      .score_threshold = -1,
                                      .max_images = SB_DEMO_DRAWN,
                                      .draw_dir = sb_str_text(&drawn),
                                      .draw_threshold = SB_DEMO_DRAW_THRESHOLD,
                                      .threads = d->threads};
    if (rc == 0)
        rc = sb_detect_set_run(&set, &summary, err);
    sb_str_release(&drawn);
    sb_str_release(&results);
    sb_weights_release(&weights);
    sb_model_free(&model);
    return rc;
}
