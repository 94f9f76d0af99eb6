/* The reference kernel. See reference.h. */
#include "bench/reference.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "bench/statistics.h"
#include "engine/kernels/gemm.h"

#include <stdint.h>

#define WARMUP  8
#define REPEATS 64
#define N       ((size_t)SB_REFERENCE_SIZE)

struct products {
    float *matrices; /* per job A, B and C */
};

static void multiply(void *ctx, size_t job, int worker)
{
    const struct products *p = ctx;
    float *a = p->matrices + job * 3 * N * N;
    (void)worker;
    sb_gemm(a + 2 * N * N, N, a, N, a + N * N, N, N, N, N);
}

/* Nanoseconds of REPEATS rounds, after WARMUP rounds that do not count. */
static void time_products(struct sb_pool *pool, struct products *p, double times[REPEATS])
{
    for (int i = -WARMUP; i < REPEATS; i++) {
        const int64_t before = sb_now_ns();
        sb_pool_run(pool, (size_t)sb_pool_threads(pool), multiply, p);
        times[i < 0 ? 0 : i] = (double)(sb_now_ns() - before);
    }
}

int sb_reference_time(int threads, double *ns, struct sb_error *err)
{
    const size_t count = (size_t)threads * 3 * N * N;
    double times[REPEATS];
    struct products p = {sb_malloc(count * sizeof(float), SB_MEM_TAG(SB_MEM_DATA, 0))};
    int rc = p.matrices ? 0 : sb_error_nomem(err, "the reference kernel", count * sizeof(float));
    if (rc == 0)
        rc = sb_gemm_setup(err);
    struct sb_pool *pool = rc == 0 ? sb_pool_new(threads, err) : NULL;
    if (rc == 0 && !pool)
        rc = err->code;
    if (rc == 0) {
        for (size_t i = 0; i < count; i++)
            p.matrices[i] = (float)(i % 7) - 3;
        time_products(pool, &p, times);
        *ns = sb_summarize(times, REPEATS).median;
    }
    sb_pool_free(&pool);
    sb_free(p.matrices);
    return rc;
}
