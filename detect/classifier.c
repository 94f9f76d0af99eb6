/* Classification over a list of images. See classifier.h. */
#include "detect/classifier.h"

#include "base/json.h"
#include "base/mem.h"
#include "datasets/image.h"
#include "datasets/preprocess.h"
#include "detect/topk.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct run {
    const struct sb_model *model;
    const struct sb_classify_options *options;
    const struct sb_label_list *labels;
    struct sb_plan *plan;
    size_t num_inputs, num_classes;
    float **inputs; /* per slot: (3, size, size), owned */
    float *logits[SB_PIPELINE_BACKLOG];
    struct sb_candidate *ranked; /* num_classes, owned */
    struct sb_classify_summary *summary;
};

void sb_classify_options_defaults(struct sb_classify_options *options)
{
    memset(options, 0, sizeof(*options));
    sb_plan_options_defaults(&options->plan);
    options->top = 5;
    options->first_class = -1;
}

static int load(void *ctx, const struct sb_image_item *item, size_t slot, struct sb_error *err)
{
    const struct run *const r = ctx;
    struct sb_image_options options;
    struct sb_image image;
    sb_image_options_defaults(&options);
    options.apply_exif = r->options->apply_exif;
    int rc = sb_image_load(item->path, &options, &image, err);
    if (rc)
        return rc;
    rc = sb_preprocess_classification(&image, r->model->image_h, r->inputs[slot], err);
    sb_image_release(&image);
    return rc;
}

static int work(void *ctx, size_t slot, size_t output, struct sb_error *err)
{
    struct run *const r = ctx;
    struct sb_shape shape;
    float *const in = sb_plan_input(r->plan, 0, &shape);
    memcpy(in, r->inputs[slot], sb_shape_count(shape) * sizeof(float));
    const int rc = sb_plan_run(r->plan, NULL, err);
    if (rc == 0)
        memcpy(r->logits[output], sb_plan_output(r->plan, "logits", &shape),
               r->num_classes * sizeof(float));
    return rc;
}

static int first_class(const struct sb_model *m, int given)
{
    return given < 0 ? m->first_class : given;
}

int64_t sb_classify_last_label(const struct sb_model *model, int given)
{
    return model->num_classes - 1 - first_class(model, given);
}

/* Softmax over all classes into r->ranked, without those below the first; returns how many. */
static size_t softmax(struct run *r, const float *logits)
{
    const size_t first = (size_t)first_class(r->model, r->options->first_class);
    float most = logits[0];
    double sum = 0;
    for (size_t i = 1; i < r->num_classes; i++)
        most = logits[i] > most ? logits[i] : most;
    for (size_t i = 0; i < r->num_classes; i++)
        sum += (double)expf(logits[i] - most);
    for (size_t i = first; i < r->num_classes; i++)
        r->ranked[i - first] = (struct sb_candidate){(float)((double)expf(logits[i] - most) / sum),
                                                     (int32_t)(i - first)};
    return r->num_classes - first;
}

static void count_hits(struct run *r, int64_t label, size_t n)
{
    if (label < 0)
        return;
    r->summary->labelled++;
    for (size_t i = 0; i < n && i < 5; i++) {
        if (r->ranked[i].index != label)
            continue;
        r->summary->top1 += i == 0;
        r->summary->top5++;
    }
}

static void write_line(const struct run *r, size_t image, size_t n, struct sb_str *line)
{
    struct sb_jw w;
    sb_str_printf(line, "{\"id\":%lld,\"image\":", (long long)r->labels->images.items[image].id);
    sb_jw_init(&w, line, 0);
    sb_jw_string(&w, NULL, r->labels->names[image]);
    if (r->labels->labels[image] >= 0)
        sb_str_printf(line, ",\"label\":%lld", (long long)r->labels->labels[image]);
    for (size_t i = 0; i < n; i++)
        sb_str_printf(line, "%s%d", i ? "," : ",\"classes\":[", r->ranked[i].index);
    for (size_t i = 0; i < n; i++) {
        sb_str_puts(line, i ? "," : "],\"scores\":[");
        sb_str_float(line, r->ranked[i].score);
    }
    sb_str_puts(line, "]}\n");
}

static int finish(void *ctx, const struct sb_image_item *item, size_t slot, size_t output,
                  struct sb_str *lines, size_t *count, struct sb_error *err)
{
    struct run *const r = ctx;
    (void)slot;
    const size_t image = (size_t)(item - r->labels->images.items);
    for (size_t i = 0; i < r->num_classes; i++)
        if (!isfinite(r->logits[output][i])) {
            sb_error_set(err, SB_EINVAL, "the network gives %g for class %zu",
                         (double)r->logits[output][i], i);
            return sb_error_file(err, item->path);
        }
    const size_t n = sb_top_k(r->ranked, softmax(r, r->logits[output]), (size_t)r->options->top);
    count_hits(r, r->labels->labels[image], n);
    write_line(r, image, n, lines);
    *count = 1;
    return 0;
}

static int check(const struct sb_model *m, const struct sb_classify_options *options,
                 struct sb_error *err)
{
    if (m->task != SB_TASK_CLASSIFY) {
        sb_error_set(err, SB_EINVAL, "model '%s' does not classify", m->name);
        return sb_error_hint(err, "'spinebench detect' runs detectors");
    }
    if (m->batch != 1 || m->image_h != m->image_w || m->padded_h != m->image_h)
        return sb_error_set(err, SB_EINVAL,
                            "classification at %d x %d, batch %d: expected a square", m->image_h,
                            m->image_w, m->batch);
    if (options->first_class >= m->num_classes)
        return sb_error_set(err, SB_EINVAL, "first class %d of a model with %d classes",
                            options->first_class, m->num_classes);
    return 0;
}

static int make_plan(struct run *r, const struct sb_weights *weights, struct sb_error *err)
{
    struct sb_shape shape;
    r->plan = sb_plan_new(r->model->graph, weights, &r->options->plan, err);
    if (!r->plan)
        return SB_EINVAL; /* err is set */
    if (!sb_plan_output(r->plan, "logits", &shape))
        return sb_error_set(err, SB_EINVAL, "the model has no output 'logits'");
    r->num_classes = sb_shape_count(shape);
    return 0;
}

static int allocate(struct run *r, struct sb_error *err)
{
    const size_t side = (size_t)r->model->image_h, pixels = 3 * side * side;
    r->inputs = sb_calloc(r->num_inputs, sizeof(*r->inputs), TAG);
    bool ok = r->inputs != NULL;
    for (size_t i = 0; ok && i < r->num_inputs; i++) {
        r->inputs[i] = sb_calloc(pixels, sizeof(float), TAG);
        ok = r->inputs[i] != NULL;
    }
    for (size_t i = 0; ok && i < SB_PIPELINE_BACKLOG; i++) {
        r->logits[i] = sb_calloc(r->num_classes, sizeof(float), TAG);
        ok = r->logits[i] != NULL;
    }
    r->ranked = ok ? sb_calloc(r->num_classes, sizeof(*r->ranked), TAG) : NULL;
    return r->ranked ? 0 : sb_error_nomem(err, "images in flight", pixels * sizeof(float));
}

static void release(struct run *r)
{
    sb_plan_free(&r->plan);
    for (size_t i = 0; r->inputs && i < r->num_inputs; i++)
        sb_free(r->inputs[i]);
    for (size_t i = 0; i < SB_PIPELINE_BACKLOG; i++)
        sb_free(r->logits[i]);
    sb_free(r->inputs);
    sb_free(r->ranked);
}

/* The hits of all ranks. */
static void sum_hits(struct sb_classify_summary *summary, struct sb_ranks *ranks)
{
    int64_t counts[3] = {(int64_t)summary->labelled, (int64_t)summary->top1,
                         (int64_t)summary->top5};
    sb_ranks_sum(ranks, counts, 3);
    summary->labelled = (size_t)counts[0];
    summary->top1 = (size_t)counts[1];
    summary->top5 = (size_t)counts[2];
}

int sb_classify_run(const struct sb_model *model, const struct sb_weights *weights,
                    const struct sb_classify_options *classify, const struct sb_label_list *labels,
                    const struct sb_pipeline_options *options, struct sb_classify_summary *summary,
                    struct sb_error *err)
{
    struct run r;
    memset(&r, 0, sizeof(r));
    memset(summary, 0, sizeof(*summary));
    r.model = model;
    r.options = classify;
    r.labels = labels;
    r.summary = summary;
    r.num_inputs = sb_pipeline_slots(options);
    const struct sb_pipeline_steps steps = {
        .format = {"id", false}, .ctx = &r, .load = load, .work = work, .finish = finish};
    int rc = check(model, classify, err);
    if (rc == 0)
        rc = make_plan(&r, weights, err);
    if (rc == 0)
        rc = allocate(&r, err);
    rc = sb_ranks_agree(options->ranks, rc, err);
    if (rc == 0)
        rc = sb_pipeline_run(options, &steps, &summary->run, err);
    if (rc == 0)
        sum_hits(summary, options->ranks);
    release(&r);
    return rc;
}
