/* A detector over a list of images. See detect_run.h. */
#include "detect/detect_run.h"

#include "base/file.h"
#include "base/mem.h"
#include "detect/draw.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct run {
    const struct sb_detect_job *job;
    size_t num_inputs;
    struct sb_detector_input *inputs; /* per slot */
    struct sb_detector_output outputs[SB_PIPELINE_BACKLOG];
    struct sb_detections dets; /* of the image in finish */
};

static int load(void *ctx, const struct sb_image_item *item, size_t slot, struct sb_error *err)
{
    const struct run *const r = ctx;
    return sb_detector_load(r->job->detector, item->path, &r->inputs[slot], err);
}

static int work(void *ctx, size_t slot, size_t output, struct sb_error *err)
{
    struct run *const r = ctx;
    return sb_detector_run(r->job->detector, &r->inputs[slot], &r->outputs[output], err);
}

/* DIR/NAME.png for FOLDER/NAME.jpg; free with sb_free(). */
static char *drawing_path(const char *dir, const char *image_path)
{
    struct sb_str name = SB_STR_INIT;
    const char *const base = sb_path_base(image_path);
    const char *const dot = strrchr(base, '.');
    sb_str_append(&name, base, dot ? (size_t)(dot - base) : strlen(base));
    sb_str_puts(&name, ".png");
    char *const path = name.failed ? NULL : sb_path_join(dir, sb_str_text(&name));
    sb_str_release(&name);
    return path;
}

struct planned {
    char *path; /* of the drawing, owned */
    const char *image;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct planned *)a)->path, ((const struct planned *)b)->path);
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Every image has a drawing of its own, and none takes the place of its image. */
static int check_planned(struct planned *planned, size_t count, struct sb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (is_same_file(planned[i].path, planned[i].image)) {
            sb_error_set(err, SB_EINVAL, "the drawing would replace the image");
            sb_error_file(err, planned[i].image);
            return sb_error_hint(err, "--draw needs another folder");
        }
    }
    qsort(planned, count, sizeof(*planned), by_path);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(planned[i - 1].path, planned[i].path) == 0) {
            sb_error_set(err, SB_EINVAL, "the drawings of '%s' and '%s' would be the same file",
                         planned[i - 1].image, planned[i].image);
            sb_error_file(err, planned[i].path);
            return sb_error_hint(err, "draw images of the same name in runs of their own");
        }
    }
    return 0;
}

static int check_drawings(const char *dir, const struct sb_image_list *list, struct sb_error *err)
{
    struct planned *const planned = sb_calloc(list->count + 1, sizeof(*planned), TAG);
    int rc = planned ? 0 : sb_error_nomem(err, "drawings", list->count * sizeof(*planned));
    size_t count = 0;
    for (; rc == 0 && count < list->count; count++) {
        planned[count].image = list->items[count].path;
        planned[count].path = drawing_path(dir, planned[count].image);
        if (!planned[count].path)
            rc = sb_error_nomem(err, "a path", strlen(planned[count].image));
    }
    if (rc == 0)
        rc = check_planned(planned, count, err);
    for (size_t i = 0; planned && i < count; i++)
        sb_free(planned[i].path);
    sb_free(planned);
    return rc;
}

static const char *name_of(const struct sb_class_map *classes, int64_t category_id)
{
    for (int i = 1; i < classes->num_classes; i++)
        if (classes->ids[i] == category_id)
            return classes->names[i];
    return NULL;
}

/* What to draw of the detections, and their masks; out and masks have room for all. */
static int collect_drawings(const struct run *r, struct sb_drawing *out, struct sb_rle *masks,
                            size_t *count, struct sb_error *err)
{
    const struct sb_detections *const d = &r->dets;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < d->count; i++) {
        if (d->score[i] < r->job->draw_threshold)
            continue;
        struct sb_drawing *const to = &out[*count];
        memcpy(to->box, d->box[i], sizeof(to->box));
        to->score = d->score[i];
        to->category_id = d->category_id[i];
        to->name = name_of(r->job->classes, d->category_id[i]);
        to->mask = NULL;
        if (d->mask && d->mask[i].counts) {
            const struct sb_rle_text *const m = &d->mask[i];
            rc = sb_rle_from_text(&masks[*count], (uint32_t)m->h, (uint32_t)m->w, m->counts,
                                  strlen(m->counts), err);
            to->mask = &masks[*count];
        }
        (*count)++;
    }
    return rc;
}

static int draw(struct run *r, const struct sb_image_item *item, struct sb_image *image,
                struct sb_error *err)
{
    const size_t n = r->dets.count;
    struct sb_drawing *const drawings = sb_calloc(n, sizeof(*drawings), TAG);
    struct sb_rle *const masks = sb_calloc(n, sizeof(*masks), TAG);
    char *const path = drawing_path(r->job->draw_dir, item->path);
    size_t count = 0;
    int rc = 0;
    if (drawings && masks && path)
        rc = collect_drawings(r, drawings, masks, &count, err);
    else
        rc = sb_error_nomem(err, "a drawing", n * sizeof(*drawings));
    if (rc == 0) {
        sb_draw_detections(image, drawings, count);
        rc = sb_make_dirs(r->job->draw_dir, err);
    }
    if (rc == 0)
        rc = sb_image_save_png(image, path, err);
    for (size_t i = 0; masks && i < n; i++)
        sb_rle_release(&masks[i]);
    sb_free(masks);
    sb_free(drawings);
    sb_free(path);
    return rc;
}

static int finish(void *ctx, const struct sb_image_item *item, size_t slot, size_t output,
                  struct sb_str *lines, size_t *count, struct sb_error *err)
{
    struct run *const r = ctx;
    sb_detections_clear(&r->dets);
    int rc = sb_detector_finish(r->job->detector, &r->outputs[output], item->id, r->job->classes,
                                &r->dets, err);
    for (size_t i = 0; rc == 0 && i < r->dets.count; i++) {
        rc = sb_detections_append_json(&r->dets, i, lines, err);
        sb_str_puts(lines, "\n");
    }
    *count = r->dets.count;
    if (rc == 0 && r->job->draw_dir)
        rc = draw(r, item, &r->inputs[slot].image, err);
    return rc;
}

static int allocate(struct run *r, struct sb_error *err)
{
    int rc = 0;
    r->inputs = sb_calloc(r->num_inputs, sizeof(*r->inputs), TAG);
    if (!r->inputs)
        return sb_error_nomem(err, "images in flight", r->num_inputs * sizeof(*r->inputs));
    for (size_t i = 0; rc == 0 && i < r->num_inputs; i++)
        rc = sb_detector_input_init(r->job->detector, &r->inputs[i], err);
    for (size_t i = 0; rc == 0 && i < SB_PIPELINE_BACKLOG; i++)
        rc = sb_detector_output_init(r->job->detector, &r->outputs[i], err);
    return rc;
}

static void release(struct run *r)
{
    for (size_t i = 0; r->inputs && i < r->num_inputs; i++)
        sb_detector_input_release(&r->inputs[i]);
    for (size_t i = 0; i < SB_PIPELINE_BACKLOG; i++)
        sb_detector_output_release(&r->outputs[i]);
    sb_free(r->inputs);
    sb_detections_release(&r->dets);
}

int sb_detect_run(const struct sb_detect_job *job, const struct sb_pipeline_options *options,
                  struct sb_pipeline_summary *summary, struct sb_error *err)
{
    struct run r;
    memset(&r, 0, sizeof(r));
    memset(summary, 0, sizeof(*summary));
    r.job = job;
    r.num_inputs = sb_pipeline_slots(options);
    sb_detections_init(&r.dets);
    const struct sb_pipeline_steps steps = {
        .format = {"image_id", true}, .ctx = &r, .load = load, .work = work, .finish = finish};
    int rc = job->draw_dir ? check_drawings(job->draw_dir, options->list, err) : 0;
    if (rc == 0)
        rc = allocate(&r, err);
    rc = sb_ranks_agree(options->ranks, rc, err);
    if (rc == 0)
        rc = sb_pipeline_run(options, &steps, summary, err);
    release(&r);
    return rc;
}
