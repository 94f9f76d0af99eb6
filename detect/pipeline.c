/* Detection over a list of images. See pipeline.h. */
#include "detect/pipeline.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/stages.h"
#include "detect/draw.h"
#include "detect/journal.h"

#include <stdio.h>
#include <string.h>

#define BACKLOG 2 /* network outputs kept at a time: one being filled, one being read */
#define TAG     SB_MEM_TAG(SB_MEM_DATA, 0)

/* Data of an item from load to finish. */
struct slot {
    struct sb_detector_input input;
    bool broken;
    struct sb_error error; /* when broken */
};

struct run {
    const struct sb_detect_job *job;
    struct sb_journal journal;
    size_t first; /* items of the list that the journal already had */
    size_t num_slots;
    struct slot *slots;
    struct sb_detector_output outputs[BACKLOG];
    struct sb_detections dets; /* of the image in finish */
};

static const struct sb_image_item *image_of(const struct run *r, size_t item)
{
    return &r->job->list->items[r->first + item];
}

/* True for what is wrong with an image, not with the machine. */
static bool is_broken(int rc)
{
    return rc == SB_EFORMAT || rc == SB_EIO || rc == SB_EUNSUPPORTED;
}

static int load(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    struct slot *const s = &r->slots[item % r->num_slots];
    const int rc = sb_detector_load(r->job->detector, image_of(r, item)->path, &s->input, err);
    s->broken = is_broken(rc);
    if (!s->broken || !r->job->skip_broken)
        return rc;
    s->error = *err;
    return 0;
}

static int work(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    const struct slot *const s = &r->slots[item % r->num_slots];
    if (s->broken)
        return 0;
    return sb_detector_run(r->job->detector, &s->input, &r->outputs[item % BACKLOG], err);
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

static int draw(struct run *r, size_t item, struct sb_error *err)
{
    const size_t n = r->dets.count;
    struct sb_image *const image = &r->slots[item % r->num_slots].input.image;
    struct sb_drawing *const drawings = sb_calloc(n, sizeof(*drawings), TAG);
    struct sb_rle *const masks = sb_calloc(n, sizeof(*masks), TAG);
    char *const path = drawing_path(r->job->draw_dir, image_of(r, item)->path);
    size_t count = 0;
    int rc = 0;
    if (drawings && masks && path)
        rc = collect_drawings(r, drawings, masks, &count, err);
    else
        rc = sb_error_nomem(err, "a drawing", n * sizeof(*drawings));
    if (rc == 0) {
        sb_draw_detections(image, drawings, count);
        rc = sb_image_save_png(image, path, err);
    }
    for (size_t i = 0; masks && i < n; i++)
        sb_rle_release(&masks[i]);
    sb_free(masks);
    sb_free(drawings);
    sb_free(path);
    return rc;
}

static int finish_broken(struct run *r, const struct slot *s, struct sb_error *err)
{
    if (r->job->on_broken)
        r->job->on_broken(r->job->ctx, &s->error);
    return sb_journal_append(&r->journal, NULL, s->error.message, err);
}

static int finish_image(struct run *r, size_t item, struct sb_error *err)
{
    const struct sb_detect_job *const job = r->job;
    sb_detections_clear(&r->dets);
    int rc = sb_detector_finish(job->detector, &r->outputs[item % BACKLOG], image_of(r, item)->id,
                                job->classes, &r->dets, err);
    if (rc == 0 && job->draw_dir)
        rc = draw(r, item, err);
    return rc ? rc : sb_journal_append(&r->journal, &r->dets, NULL, err);
}

static int finish(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    const struct slot *const s = &r->slots[item % r->num_slots];
    const int rc = s->broken ? finish_broken(r, s, err) : finish_image(r, item, err);
    sb_progress_update(r->job->progress, r->first + item + 1);
    return rc;
}

static int allocate(struct run *r, struct sb_error *err)
{
    int rc = 0;
    r->num_slots = (size_t)r->job->loaders + BACKLOG;
    r->slots = sb_calloc(r->num_slots, sizeof(*r->slots), TAG);
    if (!r->slots)
        return sb_error_nomem(err, "images in flight", r->num_slots * sizeof(*r->slots));
    for (size_t i = 0; rc == 0 && i < r->num_slots; i++)
        rc = sb_detector_input_init(r->job->detector, &r->slots[i].input, err);
    for (size_t i = 0; rc == 0 && i < BACKLOG; i++)
        rc = sb_detector_output_init(r->job->detector, &r->outputs[i], err);
    return rc;
}

static void release(struct run *r)
{
    for (size_t i = 0; r->slots && i < r->num_slots; i++)
        sb_detector_input_release(&r->slots[i].input);
    for (size_t i = 0; i < BACKLOG; i++)
        sb_detector_output_release(&r->outputs[i]);
    sb_free(r->slots);
    sb_detections_release(&r->dets);
}

/* After a run that stopped: writes what is complete and says how to go on. */
static void write_complete(struct run *r, struct sb_error *err)
{
    const size_t n = r->journal.images;
    const char *const skip = is_broken(err->code) ? "; --skip-broken leaves broken images out" : "";
    if (n > 0 && sb_journal_publish(&r->journal, r->job->results, NULL) == 0)
        sb_error_hint(err, "the %zu image%s before it %s in %.200s; --resume goes on from there%s",
                      n, n == 1 ? "" : "s", n == 1 ? "is" : "are", r->job->results, skip);
    else
        sb_error_hint(err, "nothing was written%s", skip);
    sb_journal_close(&r->journal, n > 0);
}

static int run_stages(struct run *r, struct sb_error *err)
{
    int rc = allocate(r, err);
    const struct sb_stages stages = {.items = r->job->list->count - r->first,
                                     .slots = r->num_slots,
                                     .backlog = BACKLOG,
                                     .loaders = r->job->loaders,
                                     .load = load,
                                     .work = work,
                                     .finish = finish};
    if (rc == 0)
        rc = sb_stages_run(&stages, r, err);
    release(r);
    return rc;
}

int sb_detect_run(const struct sb_detect_job *job, struct sb_detect_summary *summary,
                  struct sb_error *err)
{
    struct run r;
    const int64_t start = sb_now_ns();
    memset(&r, 0, sizeof(r));
    memset(summary, 0, sizeof(*summary));
    r.job = job;
    sb_detections_init(&r.dets);
    int rc = sb_journal_open(&r.journal, job->results, job->settings, job->list, job->resume, err);
    if (rc)
        return rc;
    r.first = r.journal.images;
    summary->resumed = r.first - r.journal.broken;
    rc = run_stages(&r, err);
    summary->images = r.journal.images - r.journal.broken;
    summary->broken = r.journal.broken;
    summary->detections = r.journal.detections;
    if (rc == 0)
        rc = sb_journal_publish(&r.journal, job->results, err);
    else
        write_complete(&r, err);
    sb_journal_close(&r.journal, rc != 0);
    summary->elapsed_ns = sb_now_ns() - start;
    return rc;
}
