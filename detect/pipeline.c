/* A model over a list of images. See pipeline.h. */
#include "detect/pipeline.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/stages.h"

#include <string.h>

struct run {
    const struct sb_pipeline_options *options;
    const struct sb_pipeline_steps *steps;
    struct sb_journal journal;
    size_t first;             /* items of the list that the journal already had */
    struct sb_error **broken; /* per slot: why its image is left out, or NULL; owned */
    struct sb_str lines;      /* of the image in finish */
    int64_t work_ns;
};

size_t sb_pipeline_slots(const struct sb_pipeline_options *options)
{
    return (size_t)options->loaders + SB_PIPELINE_BACKLOG;
}

static const struct sb_image_item *image_of(const struct run *r, size_t item)
{
    return &r->options->list->items[r->first + item];
}

static size_t slot_of(const struct run *r, size_t item)
{
    return item % sb_pipeline_slots(r->options);
}

/* True for what is wrong with an image, not with the machine. */
static bool is_broken(int rc)
{
    return rc == SB_EFORMAT || rc == SB_EIO || rc == SB_EUNSUPPORTED;
}

static int load(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    const size_t slot = slot_of(r, item);
    const int rc = r->steps->load(r->steps->ctx, image_of(r, item), slot, err);
    if (!is_broken(rc) || !r->options->skip_broken)
        return rc;
    r->broken[slot] = sb_malloc(sizeof(*err), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!r->broken[slot])
        return sb_error_nomem(err, "an error", sizeof(*err));
    *r->broken[slot] = *err;
    return 0;
}

static int work(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    const size_t slot = slot_of(r, item);
    if (r->broken[slot])
        return 0;
    const int64_t start = sb_now_ns();
    const int rc = r->steps->work(r->steps->ctx, slot, item % SB_PIPELINE_BACKLOG, err);
    r->work_ns += sb_now_ns() - start;
    return rc;
}

static int finish_broken(struct run *r, size_t slot, struct sb_error *err)
{
    struct sb_error *const why = r->broken[slot];
    r->broken[slot] = NULL;
    if (r->options->on_broken)
        r->options->on_broken(r->options->ctx, why);
    const int rc = sb_journal_append(&r->journal, NULL, 0, why->message, err);
    sb_free(why);
    return rc;
}

static int finish_image(struct run *r, size_t item, struct sb_error *err)
{
    size_t count = 0;
    sb_str_clear(&r->lines);
    const int rc = r->steps->finish(r->steps->ctx, image_of(r, item), slot_of(r, item),
                                    item % SB_PIPELINE_BACKLOG, &r->lines, &count, err);
    return rc ? rc : sb_journal_append(&r->journal, &r->lines, count, NULL, err);
}

static int finish(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    const size_t slot = slot_of(r, item);
    const int rc = r->broken[slot] ? finish_broken(r, slot, err) : finish_image(r, item, err);
    if (rc == 0)
        sb_progress_update(r->options->progress, r->first + item + 1);
    return rc;
}

/* After a run that stopped: writes what is complete and says how to go on. */
static void write_complete(struct run *r, struct sb_error *err)
{
    const size_t n = r->journal.images;
    const char *const file = r->options->results;
    const bool image =
        n < r->options->list->count && strcmp(err->path, r->options->list->items[n].path) == 0;
    const char *const skip =
        image && is_broken(err->code) ? "; --skip-broken leaves broken images out" : "";
    const bool written = n > 0 && sb_journal_publish(&r->journal, file, NULL) == 0;
    if (n == 0)
        sb_error_hint(err, "nothing was written%s", skip);
    else
        sb_error_hint(
            err, "the %zu image%s before it %s in %.200s%s; --resume goes on from there%s", n,
            n == 1 ? "" : "s", n == 1 ? "is" : "are", file, written ? "" : ".journal", skip);
    sb_journal_close(&r->journal, n > 0);
}

static int run_stages(struct run *r, struct sb_error *err)
{
    const size_t slots = sb_pipeline_slots(r->options);
    r->broken = sb_calloc(slots, sizeof(struct sb_error *), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!r->broken)
        return sb_error_nomem(err, "images in flight", slots * sizeof(struct sb_error *));
    const struct sb_stages stages = {.items = r->options->list->count - r->first,
                                     .slots = slots,
                                     .backlog = SB_PIPELINE_BACKLOG,
                                     .loaders = r->options->loaders,
                                     .load = load,
                                     .work = work,
                                     .finish = finish};
    const int rc = sb_stages_run(&stages, r, err);
    for (size_t i = 0; i < slots; i++)
        sb_free(r->broken[i]);
    sb_free(r->broken);
    sb_str_release(&r->lines);
    return rc;
}

int sb_pipeline_run(const struct sb_pipeline_options *options,
                    const struct sb_pipeline_steps *steps, struct sb_pipeline_summary *summary,
                    struct sb_error *err)
{
    struct run r;
    const int64_t start = sb_now_ns();
    memset(&r, 0, sizeof(r));
    memset(summary, 0, sizeof(*summary));
    r.options = options;
    r.steps = steps;
    int rc = sb_journal_open(&r.journal, options->results, options->settings, steps->format,
                             options->list, options->resume, err);
    if (rc)
        return rc;
    r.first = r.journal.images;
    summary->resumed = r.first - r.journal.broken;
    rc = run_stages(&r, err);
    summary->images = r.journal.images - r.journal.broken;
    summary->broken = r.journal.broken;
    summary->lines = r.journal.lines;
    summary->work_ns = r.work_ns;
    if (rc == 0)
        rc = sb_journal_publish(&r.journal, options->results, err);
    else
        write_complete(&r, err);
    sb_journal_close(&r.journal, rc != 0);
    summary->elapsed_ns = sb_now_ns() - start;
    return rc;
}
