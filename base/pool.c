/* Thread pool. One generation counter starts a run, one countdown ends it; both are watched with a
 * bounded spin before sleeping on a condition variable. See pool.h. */
#include "base/pool.h"

#include "base/mem.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define SPIN_ROUNDS 2000 /* about 20-50 us of pause instructions */

struct worker {
    struct sb_pool *pool;
    pthread_t thread;
    int index;
    /* jobs of the current run, taken by any worker; alone in their cache line */
    _Alignas(64) atomic_size_t next_job;
    size_t end;
};

struct sb_pool {
    int threads;
    struct worker *workers; /* by index; the caller is the first */
    int started;            /* threads that really run, for cleanup */
    pthread_mutex_t lock;
    pthread_cond_t start_cond;
    pthread_cond_t done_cond;
    atomic_uint generation; /* one more per run */
    atomic_int busy;        /* workers that have not finished the current run */
    atomic_int stop;
    int ranges; /* of jobs in the current run, held by the first workers */
    sb_job_fn fn;
    void *ctx;
};

static inline void cpu_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_jobs(struct sb_pool *pool, int worker)
{
    for (int i = 0; i < pool->ranges; i++) {
        struct worker *owner = &pool->workers[(worker + i) % pool->ranges];
        size_t job = atomic_fetch_add(&owner->next_job, 1);
        for (; job < owner->end; job = atomic_fetch_add(&owner->next_job, 1))
            pool->fn(pool->ctx, job, worker);
    }
}

/* Waits until the generation differs from `seen`; returns the new one. */
static unsigned wait_for_run(struct sb_pool *pool, unsigned seen)
{
    for (int i = 0; i < SPIN_ROUNDS; i++) {
        const unsigned now = atomic_load(&pool->generation);
        if (now != seen)
            return now;
        cpu_pause();
    }
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->generation) == seen)
        pthread_cond_wait(&pool->start_cond, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    return atomic_load(&pool->generation);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct sb_pool *pool = w->pool;
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_run(pool, seen);
        if (atomic_load(&pool->stop))
            return NULL;
        take_jobs(pool, w->index);
        if (atomic_fetch_sub(&pool->busy, 1) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done_cond);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

static void start_run(struct sb_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->start_cond);
    pthread_mutex_unlock(&pool->lock);
}

struct sb_pool *sb_pool_new(int threads, struct sb_error *err)
{
    if (threads < 1 || threads > 1024) {
        sb_error_set(err, SB_EINVAL, "%d threads, expected 1 to 1024", threads);
        return NULL;
    }
    struct sb_pool *pool = sb_calloc(1, sizeof(*pool), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!pool) {
        sb_error_nomem(err, "a thread pool", sizeof(*pool));
        return NULL;
    }
    pool->threads = threads;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start_cond, NULL);
    pthread_cond_init(&pool->done_cond, NULL);
    pool->workers = sb_calloc((size_t)threads, sizeof(*pool->workers), SB_MEM_TAG(SB_MEM_DATA, 0));
    for (int i = 1; pool->workers && i < threads; i++) {
        struct worker *w = &pool->workers[i];
        w->pool = pool;
        w->index = i;
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            break;
        pool->started = i;
    }
    if (!pool->workers || pool->started != threads - 1) {
        sb_error_set(err, SB_ENOMEM, "cannot start %d threads", threads);
        sb_pool_free(&pool);
    }
    return pool;
}

void sb_pool_free(struct sb_pool **pool_ptr)
{
    struct sb_pool *pool = *pool_ptr;
    if (!pool)
        return;
    atomic_store(&pool->stop, 1);
    start_run(pool);
    for (int i = 1; i <= pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->start_cond);
    pthread_cond_destroy(&pool->done_cond);
    pthread_mutex_destroy(&pool->lock);
    sb_free(pool->workers);
    sb_free(pool);
    *pool_ptr = NULL;
}

int sb_pool_threads(const struct sb_pool *pool)
{
    return pool ? pool->threads : 1;
}

/* Cuts the jobs into ranges whose lengths differ by one at most. */
static void deal_out(struct sb_pool *pool, size_t jobs, int ranges)
{
    const size_t each = jobs / (size_t)ranges, more = jobs % (size_t)ranges;
    size_t first = 0;
    pool->ranges = ranges;
    for (int i = 0; i < ranges; i++) {
        struct worker *w = &pool->workers[i];
        atomic_store(&w->next_job, first);
        first += each + ((size_t)i < more);
        w->end = first;
    }
}

static void run(struct sb_pool *pool, size_t jobs, int ranges, sb_job_fn fn, void *ctx)
{
    if (!pool || pool->threads == 1 || jobs <= 1) {
        for (size_t job = 0; job < jobs; job++)
            fn(ctx, job, 0);
        return;
    }
    pool->fn = fn;
    pool->ctx = ctx;
    deal_out(pool, jobs, ranges);
    atomic_store(&pool->busy, pool->threads - 1);
    start_run(pool);
    take_jobs(pool, 0);
    for (int i = 0; i < SPIN_ROUNDS && atomic_load(&pool->busy) > 0; i++)
        cpu_pause();
    if (atomic_load(&pool->busy) == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->busy) > 0)
        pthread_cond_wait(&pool->done_cond, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void sb_pool_run(struct sb_pool *pool, size_t jobs, sb_job_fn fn, void *ctx)
{
    run(pool, jobs, 1, fn, ctx);
}

void sb_pool_run_near(struct sb_pool *pool, size_t jobs, sb_job_fn fn, void *ctx)
{
    run(pool, jobs, sb_pool_threads(pool), fn, ctx);
}

struct meeting {
    sb_job_fn fn;
    void *ctx;
    int expected;
    atomic_int arrived;
};

static void meet(void *ctx, size_t job, int worker)
{
    struct meeting *m = ctx;
    (void)job;
    atomic_fetch_add(&m->arrived, 1);
    while (atomic_load(&m->arrived) < m->expected)
        sched_yield();
    m->fn(m->ctx, (size_t)worker, worker);
}

void sb_pool_run_everywhere(struct sb_pool *pool, sb_job_fn fn, void *ctx)
{
    struct meeting m = {.fn = fn, .ctx = ctx, .expected = sb_pool_threads(pool)};
    atomic_init(&m.arrived, 0);
    sb_pool_run(pool, (size_t)m.expected, meet, &m);
}

int sb_cpu_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    const int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}
