/*
 * Thread pool: N workers (the caller is worker 0) take job indices from atomic counters, so a slow
 * worker leaves jobs to the others. They wait with a bounded spin, then sleep. Where a busy program
 * has one of the CPUs, an interrupted worker is waited for only while it has a job in hand, and
 * workers move off each other's CPUs.
 *
 *     static void row(void *ctx, size_t job, int worker) { ... }
 *     sb_pool_run(pool, n_rows, row, &args);
 *
 * A run has fewer than 2^32 - 1 jobs. sb_pool_run() may not be called from inside a job. One pool
 * is used by one caller at a time.
 */
#ifndef SB_BASE_POOL_H
#define SB_BASE_POOL_H

#include "base/error.h"

#include <stddef.h>

struct sb_pool;

typedef void (*sb_job_fn)(void *ctx, size_t job, int worker);

/* threads >= 1; 1 starts no thread. NULL and err on failure. */
struct sb_pool *sb_pool_new(int threads, struct sb_error *err);
void sb_pool_free(struct sb_pool **pool);
/* Workers, the caller included; 1 for NULL. */
int sb_pool_threads(const struct sb_pool *pool);
/* Runs fn(ctx, job, worker) for job 0..jobs-1, worker 0..threads-1; returns when all are done. Jobs
 * are begun in order. pool NULL runs them in order on the caller. */
void sb_pool_run(struct sb_pool *pool, size_t jobs, sb_job_fn fn, void *ctx);

/* As sb_pool_run(), but every worker begins with a range of jobs of its own, the w-th of equal
 * ones, and takes from those of others when it has done with it. Where job i of one run reads what
 * job i of the run before wrote, it finds it in its own CPU's caches. A worker's jobs are not in
 * order. */
void sb_pool_run_near(struct sb_pool *pool, size_t jobs, sb_job_fn fn, void *ctx);

/* Runs fn(ctx, i, i) once on every worker i; each waits for all to have come, so that none takes
 * two.
 */
void sb_pool_run_everywhere(struct sb_pool *pool, sb_job_fn fn, void *ctx);

/* CPUs this process may run on (its affinity mask), at least 1. */
int sb_cpu_count(void);

#endif
