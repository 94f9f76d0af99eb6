/* Diagnosis of results files. See diagnose.h. */
#include "cli/diagnose.h"

#include "base/file.h"
#include "bench/diagnosis_records.h"
#include "cli/diagnose_pictures.h"
#include "cli/table_output.h"
#include "eval/coco_summary.h"
#include "reports/table.h"
#include "reports/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RESAMPLES 1000

/* What the text shows, in order. */
static const char *const tables[] = {"accuracy",   "errors",      "categories", "category-errors",
                                     "confusions", "calibration", "thresholds"};

int sb_diagnose_start(struct sb_diagnose_session *s, const struct sb_diagnose_options *options,
                      const char *gt_path, struct sb_error *err)
{
    memset(s, 0, sizeof(*s));
    s->options = options;
    s->gt_path = gt_path;
    s->writer.fd = -1;
    sb_run_identity_new(&s->identity);
    if (!options->records)
        return 0;
    struct sb_record run;
    uint64_t digest;
    int rc = sb_file_digest(gt_path, &digest, err);
    if (rc)
        return rc;
    snprintf(s->data_digest, sizeof(s->data_digest), "%016" PRIx64, digest);
    sb_environment_read(&s->env, "");
    sb_record_init(&run, SB_RECORD_RUN);
    sb_run_record_fill(&run, &s->identity, &s->env, "spinebench eval coco --diagnose");
    rc = sb_record_writer_open(&s->writer, options->records, err);
    if (rc == 0)
        rc = sb_record_write(&s->writer, &run, err);
    if (rc)
        sb_record_writer_close(&s->writer);
    return rc;
}

/* Name of the results: as given, else the file's without ".json". */
static void name_results(const struct sb_diagnose_session *s,
                         const struct sb_diagnose_subject *subject, char name[256])
{
    const char *const given = subject->number < s->options->names->count
                                  ? s->options->names->items[subject->number]
                                  : sb_path_base(subject->path);
    snprintf(name, 256, "%s", given);
    if (sb_ends_with(name, ".json"))
        name[strlen(name) - 5] = '\0';
}

/* Where the records of one results file go. */
struct sink {
    struct sb_records records;
    struct sb_record_writer *writer; /* NULL for none */
};

static int keep_record(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    struct sink *const sink = ctx;
    const int rc = sb_records_add(&sink->records, record, err);
    return rc || !sink->writer ? rc : sb_record_write(sink->writer, record, err);
}

static int print_tables(const struct sb_records *records, struct sb_str *out, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && rc == 0; i++) {
        const struct sb_view *view;
        struct sb_table t;
        rc = sb_view_find(tables[i], &view, err);
        if (rc == 0)
            rc = sb_view_table(&t, view, records, err);
        if (rc)
            break;
        sb_str_puts(out, t.num_rows ? "\n" : "");
        if (t.num_rows)
            sb_cli_put_table(&t, sb_table_format("text"), out);
        sb_table_release(&t);
    }
    return rc;
}

/* Records of a diagnosis: into the file, and as tables into the text unless JSON is asked for. */
static int show(struct sb_diagnose_session *s, const struct sb_diagnosis *d, const char *name,
                const struct sb_diagnose_subject *subject, struct sb_str *text,
                struct sb_error *err)
{
    struct sink sink = {.writer = s->writer.fd < 0 ? NULL : &s->writer};
    const struct sb_accuracy_source source = {
        .run = s->identity.id,
        .cell = {.model = name, .size = SB_NO_INT, .batch = SB_NO_INT, .threads = SB_NO_INT},
        .dataset = sb_path_base(s->gt_path),
        .images = (int64_t)d->images,
        .data_digest = *s->data_digest ? s->data_digest : NULL,
        .why_no_weights = "detections were evaluated, of weights that are not known here",
        .why_no_data = "only records need it",
        .why_no_images = "detections were evaluated, of pictures that are not known here",
    };
    sb_records_init(&sink.records);
    int rc = sb_diagnosis_records(d, s->has_base ? &s->base : NULL, s->base_name, subject->gt,
                                  &source, keep_record, &sink, err);
    const struct sb_diagnose_pictures pictures = {s->gt_path, s->options->images, s->options->draw,
                                                  (size_t)s->options->worst};
    if (rc == 0 && pictures.images)
        rc = sb_diagnose_draw(&pictures, d, subject->gt, subject->dt, &source, keep_record, &sink,
                              err);
    if (rc == 0 && text)
        rc = print_tables(&sink.records, text, err);
    sb_records_release(&sink.records);
    return rc;
}

int sb_diagnose_results(struct sb_diagnose_session *s, const struct sb_diagnose_subject *subject,
                        struct sb_pool *pool, struct sb_str *out, struct sb_jw *w,
                        struct sb_error *err)
{
    const struct sb_diagnosis_options options = {(size_t)s->options->resamples,
                                                 (uint64_t)s->options->seed};
    struct sb_diagnosis d;
    char name[256];
    int rc = sb_diagnose(&d, subject->gt, subject->dt, subject->params, &options, pool, err);
    if (rc)
        return rc;
    name_results(s, subject, name);
    rc = show(s, &d, name, subject, w ? NULL : out, err);
    if (rc == 0 && w)
        rc = sb_diagnosis_json(&d, s->has_base ? &s->base : NULL, subject->gt, w, "diagnosis", err);
    if (s->has_base || rc) {
        sb_diagnosis_release(&d);
        return rc;
    }
    s->base = d;
    s->has_base = true;
    snprintf(s->base_name, sizeof(s->base_name), "%s", name);
    return 0;
}

int sb_diagnose_finish(struct sb_diagnose_session *s, struct sb_error *err)
{
    return s->writer.fd < 0 ? 0 : sb_record_writer_commit(&s->writer, err);
}

void sb_diagnose_release(struct sb_diagnose_session *s)
{
    if (s->has_base)
        sb_diagnosis_release(&s->base);
    sb_record_writer_close(&s->writer);
    memset(s, 0, sizeof(*s));
}

/* Data that is loaded, to records and text. */
static int diagnose_loaded(const struct sb_diagnose_files *files, const struct sb_coco_gt *gt,
                           const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                           const struct sb_accuracy_source *source, struct sb_pool *pool,
                           sb_record_fn emit, void *ctx, struct sb_str *text, struct sb_error *err)
{
    const struct sb_diagnosis_options options = {RESAMPLES, 1};
    const struct sb_diagnose_pictures pictures = {files->annotations, files->images, NULL,
                                                  files->worst};
    struct sb_coco_summary summary;
    struct sb_diagnosis d;
    int rc = sb_diagnose(&d, gt, dt, params, &options, pool, err);
    if (rc)
        return rc;
    rc = sb_coco_summarize(&d.eval, SB_NUMPY_WHOLE, &summary, err);
    if (rc == 0) {
        sb_coco_summary_text(&summary, text);
        rc = sb_diagnosis_records(&d, NULL, NULL, gt, source, emit, ctx, err);
    }
    if (rc == 0)
        rc = sb_diagnose_draw(&pictures, &d, gt, dt, source, emit, ctx, err);
    sb_diagnosis_release(&d);
    return rc;
}

int sb_diagnose_files(const struct sb_diagnose_files *files,
                      const struct sb_accuracy_source *source, struct sb_pool *pool,
                      sb_record_fn emit, void *ctx, struct sb_str *text, struct sb_error *err)
{
    struct sb_coco_params params;
    struct sb_coco_gt gt;
    struct sb_coco_dt dt;
    sb_coco_params_defaults(&params, SB_IOU_BBOX);
    int rc = sb_coco_gt_load(&gt, files->annotations, &params, pool, err);
    if (rc)
        return rc;
    rc = sb_coco_dt_load(&dt, files->results, &gt, &params, pool, err);
    if (rc == 0) {
        rc = diagnose_loaded(files, &gt, &dt, &params, source, pool, emit, ctx, text, err);
        sb_coco_dt_release(&dt);
    }
    sb_coco_gt_release(&gt);
    return rc;
}
