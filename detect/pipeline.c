/* A model over a list of images. See pipeline.h. */
#include "detect/pipeline.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/stages.h"

#include <string.h>
#include <time.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_CHUNK 8 /* images that a rank takes at a time */

/* Counters that the ranks share. */
enum { COUNTER_DEALT, COUNTER_FINISHED, COUNTERS };
/* Added to what is dealt when a rank fails: there is nothing more. */
#define STOP_DEALING ((int64_t)1 << 40)

struct run {
    const struct sb_pipeline_options *options;
    const struct sb_pipeline_steps *steps;
    struct sb_journal_run journals;
    struct sb_journal journal; /* of this rank */
    size_t *missing;           /* images to do, ascending; owned, the same on all ranks */
    size_t missing_count;
    struct sb_counters *counters;
    size_t *dealt;            /* image per item of this rank, as a ring; owned */
    size_t ring;              /* its size */
    int64_t left;             /* images not dealt yet, when last heard */
    struct sb_error **broken; /* per slot: why its image is left out, or NULL; owned */
    struct sb_str lines;      /* of the image in finish */
    size_t finished;          /* items of this rank */
    int64_t started_ns, last_ns, work_ns;
};

size_t sb_pipeline_slots(const struct sb_pipeline_options *options)
{
    return (size_t)options->loaders + SB_PIPELINE_BACKLOG;
}

static size_t image_index(const struct run *r, size_t item)
{
    return r->dealt[item % r->ring];
}

static const struct sb_image_item *image_of(const struct run *r, size_t item)
{
    return &r->options->list->items[image_index(r, item)];
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

/* Takes a chunk of the images that are left: smaller ones towards the end, so that all ranks end at
 * about the same time. */
static size_t take_chunk(void *ctx, size_t known)
{
    struct run *const r = ctx;
    const int64_t total = (int64_t)r->missing_count;
    const int64_t ranks = sb_ranks_count(r->options->ranks);
    int64_t size = r->left / (8 * ranks);
    size = size < 1 ? 1 : size > MAX_CHUNK ? MAX_CHUNK : size;
    const int64_t first = sb_counters_add(r->counters, COUNTER_DEALT, size);
    if (first >= total)
        return 0;
    if (size > total - first)
        size = total - first;
    for (int64_t i = 0; i < size; i++)
        r->dealt[(known + (size_t)i) % r->ring] = r->missing[first + i];
    r->left = total - first - size;
    return (size_t)size;
}

static int load(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    const size_t slot = slot_of(r, item);
    const int rc = r->steps->load(r->steps->ctx, image_of(r, item), slot, err);
    if (!is_broken(rc) || !r->options->skip_broken)
        return rc;
    r->broken[slot] = sb_malloc(sizeof(*err), TAG);
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

static int finish_broken(struct run *r, size_t item, struct sb_error *err)
{
    const size_t slot = slot_of(r, item);
    struct sb_error *const why = r->broken[slot];
    r->broken[slot] = NULL;
    if (r->options->on_broken)
        r->options->on_broken(r->options->ctx, why);
    const int rc = sb_journal_append(&r->journal, image_index(r, item), NULL, 0, why->message, err);
    sb_free(why);
    return rc;
}

static int finish_image(struct run *r, size_t item, struct sb_error *err)
{
    size_t count = 0;
    sb_str_clear(&r->lines);
    const int rc = r->steps->finish(r->steps->ctx, image_of(r, item), slot_of(r, item),
                                    item % SB_PIPELINE_BACKLOG, &r->lines, &count, err);
    return rc ? rc
              : sb_journal_append(&r->journal, image_index(r, item), &r->lines, count, NULL, err);
}

/* Shows progress over all ranks; only rank 0 is to be seen. */
static void show_progress(const struct run *r, int64_t finished)
{
    const size_t before = r->options->list->count - r->missing_count;
    if (sb_ranks_rank(r->options->ranks) == 0)
        sb_progress_update(r->options->progress, before + (size_t)finished);
}

static int finish(void *ctx, size_t item, struct sb_error *err)
{
    struct run *const r = ctx;
    const bool broken = r->broken[slot_of(r, item)] != NULL;
    const int rc = broken ? finish_broken(r, item, err) : finish_image(r, item, err);
    if (rc)
        return rc;
    r->finished++;
    r->last_ns = sb_now_ns();
    show_progress(r, sb_counters_add(r->counters, COUNTER_FINISHED, 1) + 1);
    return 0;
}

/* Rank 0, done with its own images, shows how the others get on. */
static void watch_others(struct run *r)
{
    const struct timespec pause = {0, 50000000};
    if (sb_ranks_rank(r->options->ranks) != 0)
        return;
    for (;;) {
        const int64_t finished = sb_counters_add(r->counters, COUNTER_FINISHED, 0);
        show_progress(r, finished);
        if (finished >= (int64_t)r->missing_count ||
            sb_counters_add(r->counters, COUNTER_DEALT, 0) >= STOP_DEALING)
            return;
        nanosleep(&pause, NULL);
    }
}

/* The images of this rank. *order is the place in the list of the image that an error is about. */
static int run_stages(struct run *r, int64_t *order, struct sb_error *err)
{
    const size_t slots = sb_pipeline_slots(r->options);
    r->started_ns = r->last_ns = sb_now_ns();
    r->left = (int64_t)r->missing_count;
    const struct sb_stages stages = {.slots = slots,
                                     .backlog = SB_PIPELINE_BACKLOG,
                                     .loaders = r->options->loaders,
                                     .load = load,
                                     .work = work,
                                     .finish = finish,
                                     .more = take_chunk};
    const int rc = sb_stages_run(&stages, r, err);
    if (rc) {
        sb_counters_add(r->counters, COUNTER_DEALT, STOP_DEALING);
        *order = (int64_t)image_index(r, r->finished);
    } else {
        watch_others(r);
    }
    for (size_t i = 0; i < slots; i++)
        sb_free(r->broken[i]);
    return rc;
}

/* What is lost is done again. */
static void tell_damage(const struct run *r, const struct sb_journal_set *set)
{
    struct sb_error what;
    if (!set->damaged_path || !r->options->on_damaged)
        return;
    sb_error_set(&what, SB_EFORMAT, "damaged; what was lost here is done again");
    sb_error_file(&what, set->damaged_path);
    sb_error_line(&what, (int64_t)set->damaged_line, 0);
    r->options->on_damaged(r->options->ctx, &what);
}

/* Reads the journals that are there, or removes them. *done: per image, owned by the caller. */
static int read_done(struct run *r, unsigned char *done, struct sb_pipeline_summary *summary,
                     struct sb_error *err)
{
    struct sb_journal_set set;
    if (sb_ranks_rank(r->options->ranks) != 0)
        return 0;
    if (!r->options->resume)
        return sb_journals_remove(r->options->results, err);
    const int rc = sb_journal_set_read(&set, &r->journals, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < r->options->list->count; i++)
        done[i] = set.entries[i].offset >= 0;
    tell_damage(r, &set);
    summary->resumed = set.images - set.broken;
    sb_journal_set_release(&set);
    return 0;
}

/* Which images are left to do, the same on all ranks. */
static int find_missing(struct run *r, struct sb_pipeline_summary *summary, struct sb_error *err)
{
    const size_t n = r->options->list->count;
    unsigned char *const done = sb_calloc(n, 1, TAG);
    r->missing = sb_calloc(n, sizeof(*r->missing), TAG);
    int rc = done && r->missing ? 0 : sb_error_nomem(err, "the images", n * sizeof(*r->missing));
    if (rc == 0)
        rc = read_done(r, done, summary, err);
    rc = sb_ranks_agree(r->options->ranks, rc, err);
    if (rc == 0) {
        int64_t resumed = (int64_t)summary->resumed;
        sb_ranks_broadcast(r->options->ranks, 0, done, n);
        sb_ranks_broadcast(r->options->ranks, 0, &resumed, sizeof(resumed));
        summary->resumed = (size_t)resumed;
        for (size_t i = 0; i < n; i++) {
            if (!done[i])
                r->missing[r->missing_count++] = i;
        }
    }
    sb_free(done);
    return rc;
}

static int prepare(struct run *r, struct sb_pipeline_summary *summary, struct sb_error *err)
{
    struct sb_ranks *const ranks = r->options->ranks;
    const size_t slots = sb_pipeline_slots(r->options);
    int rc = find_missing(r, summary, err);
    if (rc)
        return rc;
    r->counters = sb_counters_new(ranks, COUNTERS, err);
    if (!r->counters)
        return err->code;
    r->ring = slots + MAX_CHUNK;
    r->dealt = sb_calloc(r->ring, sizeof(*r->dealt), TAG);
    r->broken = sb_calloc(slots, sizeof(struct sb_error *), TAG);
    if (!r->dealt || !r->broken)
        rc = sb_error_nomem(err, "images in flight", r->ring * sizeof(*r->dealt));
    if (rc == 0)
        rc = sb_journal_open(&r->journal, &r->journals, sb_ranks_rank(ranks), r->options->resume,
                             err);
    return sb_ranks_agree(ranks, rc, err);
}

static void release(struct run *r)
{
    sb_journal_close(&r->journal);
    sb_counters_free(&r->counters);
    sb_str_release(&r->lines);
    sb_free(r->broken);
    sb_free(r->dealt);
    sb_free(r->missing);
}

/* A journal that another rank wrote is not where rank 0 looks for it. */
static int not_complete(const struct sb_journal_set *set, struct sb_error *err)
{
    const size_t first = sb_journal_set_prefix(set);
    sb_error_set(err, SB_EIO, "image %zu of %zu (%s) is in no journal that rank 0 can see",
                 first + 1, set->run->list->count, set->run->list->items[first].path);
    sb_error_file(err, set->run->results);
    return sb_error_hint(err,
                         "results must lie in a folder that all ranks share; --resume goes on");
}

/* After a run that stopped: says how to go on. */
static void explain(const struct run *r, size_t images, bool written, struct sb_error *err)
{
    const char *const file = r->options->results;
    const bool image = images < r->options->list->count &&
                       strcmp(err->path, r->options->list->items[images].path) == 0;
    const char *const skip =
        image && is_broken(err->code) ? "; --skip-broken leaves broken images out" : "";
    if (images == 0)
        sb_error_hint(err, "nothing was written%s", skip);
    else
        sb_error_hint(
            err, "the %zu image%s before it %s in %.200s%s; --resume goes on from there%s", images,
            sb_plural(images), images == 1 ? "is" : "are", file, written ? "" : ".journal", skip);
}

/* Rank 0 makes the results file of all that is complete: `rc` says how the run went. */
static int publish(struct run *r, int rc, struct sb_pipeline_summary *summary, struct sb_error *err)
{
    struct sb_journal_set set;
    struct sb_error local;
    struct sb_error *const e = rc ? &local : err; /* the first error stays */
    sb_error_init(&local);
    int published = sb_journal_set_read(&set, &r->journals, e);
    if (published)
        return rc ? rc : published;
    const size_t images = sb_journal_set_prefix(&set);
    if (rc == 0 && images < r->options->list->count)
        published = not_complete(&set, e);
    if (published == 0 && (rc == 0 || images > 0))
        published = sb_journal_set_publish(&set, images, e);
    for (size_t i = 0; i < images; i++) {
        summary->broken += set.entries[i].broken;
        summary->lines += set.entries[i].lines;
    }
    summary->images = images - summary->broken;
    if (rc)
        explain(r, images, published == 0, err);
    const bool keep = rc ? set.images > 0 : published != 0;
    sb_journal_set_release(&set);
    if (!keep)
        sb_journals_remove(r->options->results, NULL);
    return rc ? rc : published;
}

/* What this rank did, and the time of all in the network. */
static void note_share(const struct run *r, struct sb_pipeline_summary *summary)
{
    summary->own = (struct sb_pipeline_share){.images = r->finished,
                                              .sent = sb_ranks_sent(r->options->ranks),
                                              .busy_ns = r->last_ns - r->started_ns,
                                              .work_ns = r->work_ns};
    summary->work_ns = r->work_ns;
    sb_ranks_sum(r->options->ranks, &summary->work_ns, 1);
}

/* Rank 0's counts of what was written are everybody's. */
static void tell_counts(struct run *r, struct sb_pipeline_summary *summary)
{
    uint64_t counts[3] = {summary->images, summary->broken, summary->lines};
    sb_ranks_broadcast(r->options->ranks, 0, counts, sizeof(counts));
    summary->images = counts[0];
    summary->broken = counts[1];
    summary->lines = counts[2];
}

static int run_all(struct run *r, struct sb_pipeline_summary *summary, struct sb_error *err)
{
    struct sb_ranks *const ranks = r->options->ranks;
    int64_t order = 0;
    int rc = run_stages(r, &order, err);
    sb_journal_close(&r->journal);
    rc = sb_ranks_agree_on(ranks, rc, order, err);
    int published = 0;
    if (sb_ranks_rank(ranks) == 0)
        published = publish(r, rc, summary, err);
    tell_counts(r, summary);
    published = sb_ranks_agree(ranks, rc ? 0 : published, err);
    return rc ? rc : published;
}

int sb_pipeline_run(const struct sb_pipeline_options *options,
                    const struct sb_pipeline_steps *steps, struct sb_pipeline_summary *summary,
                    struct sb_error *err)
{
    struct run r;
    struct sb_error local;
    const int64_t start = sb_now_ns();
    memset(&r, 0, sizeof(r));
    memset(summary, 0, sizeof(*summary));
    err = err ? err : &local;
    r.options = options;
    r.steps = steps;
    r.journals =
        (struct sb_journal_run){options->results, options->settings, steps->format, options->list};
    int rc = prepare(&r, summary, err);
    if (rc == 0)
        rc = run_all(&r, summary, err);
    if (rc == 0)
        note_share(&r, summary);
    release(&r);
    summary->elapsed_ns = sb_now_ns() - start;
    return rc;
}
