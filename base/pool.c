/*
 * Thread pool. One generation counter starts a run, one countdown of jobs ends it; both are watched
 * with a bounded spin before sleeping on a condition variable. A worker that the system does not
 * let run is waited for only where it has a job in hand: one that comes late finds its run over.
 * See pool.h.
 */
#include "base/pool.h"

#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SPIN_ROUNDS 2000 /* about 20-50 us of pause instructions */

struct worker {
    struct sb_pool *pool;
    pthread_t thread;
    int index;
    atomic_int cpu; /* where it was last seen, -1 before */
    /* Jobs of a run, taken by any worker: its generation in the upper half, the next job in the
     * lower one, so that nobody takes a job of a run that he does not know. Alone in their cache
     * line. */
    _Alignas(64) _Atomic uint64_t next;
    atomic_size_t end;
};

struct sb_pool {
    int threads;
    struct worker *workers; /* by index; the caller is the first */
    int started;            /* threads that really run, for cleanup */
    pthread_mutex_t lock;
    pthread_cond_t start_cond;
    pthread_cond_t done_cond;
    _Atomic uint32_t generation; /* one more per run */
    atomic_size_t left;          /* jobs of the current run that are not done */
    atomic_int stop;
    sb_job_fn fn; /* of the current run: for those who have a job of it */
    void *ctx;
};

static inline void cpu_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static uint64_t ticket(uint32_t generation, size_t job)
{
    return (uint64_t)generation << 32 | job;
}

/* Takes the next job of a range; false where there is none of this run any more. */
static bool take_job(struct worker *owner, uint32_t generation, size_t *job)
{
    uint64_t next = atomic_load(&owner->next);
    while (next >> 32 == generation && (uint32_t)next < atomic_load(&owner->end)) {
        *job = (uint32_t)next;
        if (atomic_compare_exchange_weak(&owner->next, &next, next + 1))
            return true;
    }
    return false;
}

static void take_jobs(struct sb_pool *pool, int worker, uint32_t generation)
{
    size_t job;
    for (int i = 0; i < pool->threads; i++) {
        struct worker *owner = &pool->workers[(worker + i) % pool->threads];
        while (take_job(owner, generation, &job)) {
            pool->fn(pool->ctx, job, worker);
            if (atomic_fetch_sub(&pool->left, 1) == 1 && worker > 0) {
                pthread_mutex_lock(&pool->lock);
                pthread_cond_signal(&pool->done_cond);
                pthread_mutex_unlock(&pool->lock);
            }
        }
    }
}

/* Moves worker `index` to a CPU where none of those before it was last seen, where there is one:
 * the system leaves two of them on one CPU rather than share another with a busy program, and then
 * they have half of what they could have. Later the system may move it as it likes. */
static void keep_apart(struct sb_pool *pool, int index)
{
    struct worker *own = &pool->workers[index];
    cpu_set_t all, unused;
    const int cpu = sched_getcpu();
    bool shared = false;
    for (int i = 0; i < index; i++)
        shared = shared || atomic_load(&pool->workers[i].cpu) == cpu;
    atomic_store(&own->cpu, cpu);
    if (!shared || cpu < 0 || sched_getaffinity(0, sizeof(all), &all) != 0)
        return;
    unused = all;
    for (int i = 0; i < index; i++) {
        const int taken = atomic_load(&pool->workers[i].cpu);
        if (taken >= 0)
            CPU_CLR(taken, &unused);
    }
    if (CPU_COUNT(&unused) == 0 || sched_setaffinity(0, sizeof(unused), &unused) != 0)
        return;
    atomic_store(&own->cpu, sched_getcpu());
    (void)sched_setaffinity(0, sizeof(all), &all); /* as it was: it can only have become smaller */
}

/* Waits until the generation differs from `seen`; returns the new one. */
static uint32_t wait_for_run(struct sb_pool *pool, uint32_t seen)
{
    for (int i = 0; i < SPIN_ROUNDS; i++) {
        const uint32_t now = atomic_load(&pool->generation);
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
    uint32_t seen = 0;
    for (;;) {
        seen = wait_for_run(pool, seen);
        if (atomic_load(&pool->stop))
            return NULL;
        keep_apart(pool, w->index);
        take_jobs(pool, w->index, seen);
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
    for (int i = 0; pool->workers && i < threads; i++)
        atomic_init(&pool->workers[i].cpu, -1);
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

/* Cuts the jobs of a run into ranges whose lengths differ by one at most, held by the first
 * workers. Nobody holds a job, but others may still look for jobs of the run before: they must not
 * meet its number with a new end. */
static void deal_out(struct sb_pool *pool, size_t jobs, int ranges, uint32_t generation)
{
    const size_t each = jobs / (size_t)ranges, more = jobs % (size_t)ranges;
    size_t first = 0;
    for (int i = 0; i < pool->threads; i++) {
        struct worker *w = &pool->workers[i];
        const size_t count = i < ranges ? each + ((size_t)i < more) : 0;
        atomic_store(&w->next, ticket(generation, UINT32_MAX));
        atomic_store(&w->end, first + count);
        atomic_store(&w->next, ticket(generation, first));
        first += count;
    }
}

static void run(struct sb_pool *pool, size_t jobs, int ranges, sb_job_fn fn, void *ctx)
{
    if (!pool || pool->threads == 1 || jobs <= 1) {
        for (size_t job = 0; job < jobs; job++)
            fn(ctx, job, 0);
        return;
    }
    assert(jobs < UINT32_MAX);
    const uint32_t generation = atomic_load(&pool->generation) + 1;
    pool->fn = fn;
    pool->ctx = ctx;
    atomic_store(&pool->workers[0].cpu, sched_getcpu());
    atomic_store(&pool->left, jobs);
    deal_out(pool, jobs, ranges, generation);
    start_run(pool);
    take_jobs(pool, 0, generation);
    for (int i = 0; i < SPIN_ROUNDS && atomic_load(&pool->left) > 0; i++)
        cpu_pause();
    if (atomic_load(&pool->left) == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->left) > 0)
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
