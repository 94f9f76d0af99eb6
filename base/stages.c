/*
 * Three overlapping stages. All state is counters under one lock; every change wakes everybody,
 * which costs nothing at the rate of whole images. See stages.h.
 */
#include "base/stages.h"

#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct run {
    const struct sb_stages *stages;
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t known;          /* items there are, as far as known */
    bool asking;           /* a loader asks for more */
    size_t next_load;      /* items handed to loaders */
    bool *loaded;          /* per slot: its item is ready for work */
    size_t worked;         /* items through work */
    size_t finished;       /* items through finish */
    size_t end;            /* items from here on are not wanted: the first that failed, or the
                              number of all once it is known; SIZE_MAX before */
    bool working;          /* the calling thread may still add to `worked` */
    struct sb_error error; /* of item `end`, when that failed */
    int rc;
};

static void lock(struct run *r)
{
    pthread_mutex_lock(&r->lock);
}

static void unlock(struct run *r)
{
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void wait_for_change(struct run *r)
{
    pthread_cond_wait(&r->changed, &r->lock);
}

/* Under the lock: the run ends before `item`, unless an earlier one has failed already. */
static void fail(struct run *r, size_t item, int rc, const struct sb_error *err)
{
    if (item >= r->end)
        return;
    r->end = item;
    r->rc = rc;
    r->error = *err;
}

/* Under the lock, which is given up meanwhile: asks whether there are more items. */
static void ask_for_more(struct run *r)
{
    const size_t known = r->known;
    r->asking = true;
    unlock(r);
    const size_t more = r->stages->more(r->ctx, known);
    lock(r);
    r->asking = false;
    r->known += more;
    if (more == 0 && known < r->end)
        r->end = known;
    pthread_cond_broadcast(&r->changed);
}

/* Under the lock: waits for the next item to load; false when none is wanted any more. */
static bool next_to_load(struct run *r, size_t *item)
{
    while (r->next_load < r->end) {
        const bool room = r->next_load < r->finished + r->stages->slots;
        if (room && r->next_load < r->known) {
            *item = r->next_load++;
            return true;
        }
        if (room && !r->asking)
            ask_for_more(r);
        else
            wait_for_change(r);
    }
    return false;
}

static void *load_items(void *arg)
{
    struct run *const r = arg;
    const struct sb_stages *const s = r->stages;
    struct sb_error err;
    size_t item;
    lock(r);
    while (next_to_load(r, &item)) {
        unlock(r);
        sb_error_init(&err);
        const int rc = s->load(r->ctx, item, &err);
        lock(r);
        if (rc)
            fail(r, item, rc, &err);
        else
            r->loaded[item % s->slots] = true;
        pthread_cond_broadcast(&r->changed);
    }
    unlock(r);
    return NULL;
}

static void *finish_items(void *arg)
{
    struct run *const r = arg;
    struct sb_error err;
    lock(r);
    for (;;) {
        while (r->finished >= r->worked && r->working)
            wait_for_change(r);
        if (r->finished >= r->worked || r->finished >= r->end)
            break;
        const size_t item = r->finished;
        unlock(r);
        sb_error_init(&err);
        const int rc = r->stages->finish(r->ctx, item, &err);
        lock(r);
        if (rc) {
            fail(r, item, rc, &err);
            break;
        }
        r->finished++;
        pthread_cond_broadcast(&r->changed);
    }
    unlock(r);
    return NULL;
}

/* Under the lock: waits until item can be worked on; false when it is not wanted any more. */
static bool wait_for_item(struct run *r, size_t item)
{
    const struct sb_stages *const s = r->stages;
    while (item < r->end && (!r->loaded[item % s->slots] || item >= r->finished + s->backlog))
        wait_for_change(r);
    return item < r->end;
}

static void work_items(struct run *r)
{
    struct sb_error err;
    lock(r);
    for (size_t item = 0; wait_for_item(r, item); item++) {
        r->loaded[item % r->stages->slots] = false;
        unlock(r);
        sb_error_init(&err);
        const int rc = r->stages->work(r->ctx, item, &err);
        lock(r);
        if (rc)
            fail(r, item, rc, &err);
        else
            r->worked = item + 1;
        pthread_cond_broadcast(&r->changed);
    }
    r->working = false;
    unlock(r);
}

/* Starts the threads, works, joins those that started. */
static int run_threads(struct run *r, pthread_t *threads)
{
    int started = 0;
    const int wanted = r->stages->loaders + 1;
    bool ok = true;
    for (; ok && started < wanted; started += ok)
        ok = pthread_create(&threads[started], NULL, started == 0 ? finish_items : load_items, r) ==
             0;
    if (!ok) {
        lock(r);
        r->end = 0;
        r->working = false;
        r->rc = sb_error_set(&r->error, SB_ENOMEM, "cannot start %d threads", wanted);
        unlock(r);
    } else {
        work_items(r);
    }
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return r->rc;
}

int sb_stages_run(const struct sb_stages *stages, void *ctx, struct sb_error *err)
{
    assert(stages->loaders >= 1 && stages->slots >= 2);
    assert(stages->backlog >= 1 && stages->backlog <= stages->slots);
    struct run r;
    memset(&r, 0, sizeof(r));
    r.stages = stages;
    r.ctx = ctx;
    r.known = stages->items;
    r.end = stages->more ? SIZE_MAX : stages->items;
    r.working = true;
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    r.loaded = sb_calloc(stages->slots, sizeof(*r.loaded), tag);
    pthread_t *const threads = sb_calloc((size_t)stages->loaders + 1, sizeof(*threads), tag);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.changed, NULL);
    int rc = SB_ENOMEM;
    if (r.loaded && threads)
        rc = run_threads(&r, threads);
    else
        sb_error_nomem(&r.error, "threads", (size_t)stages->loaders * sizeof(*threads));
    if (rc && err)
        *err = r.error;
    pthread_cond_destroy(&r.changed);
    pthread_mutex_destroy(&r.lock);
    sb_free(threads);
    sb_free(r.loaded);
    return rc;
}
