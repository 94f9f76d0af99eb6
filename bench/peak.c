/* Peak arithmetic and memory bandwidth. See peak.h. */
#include "bench/peak.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define REPEATS 5
/* Enough independent chains to cover latency x ports on every core so far. */
#define CHAINS       12
#define FMA_ROUNDS   400000
#define MIN_ELEMENTS ((size_t)8 << 20)  /* per array: 32 MiB */
#define MAX_ELEMENTS ((size_t)64 << 20) /* 256 MiB */

/* Runs `rounds` x CHAINS multiply-adds; the result keeps the compiler from dropping them. */
typedef float (*fma_fn)(long rounds);

struct fma_kernel {
    const char *isa;
    fma_fn run;
    int lanes;
};

/* Compilers vectorize this as they like; the floor for machines without a kernel of their own. */
static float fma_portable(long rounds)
{
    float acc[CHAINS * 4] = {0};
    for (long r = 0; r < rounds; r++) {
        for (int i = 0; i < CHAINS * 4; i++)
            acc[i] = acc[i] * 0.999f + 0.001f;
    }
    float sum = 0;
    for (int i = 0; i < CHAINS * 4; i++)
        sum += acc[i];
    return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static float fma_avx2(long rounds)
{
    const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
    __m256 acc[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        acc[i] = _mm256_set1_ps((float)i);
    for (long r = 0; r < rounds; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            acc[i] = _mm256_fmadd_ps(acc[i], a, b);
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm256_add_ps(acc[0], acc[i]);
    return _mm256_cvtss_f32(acc[0]);
}

__attribute__((target("avx512f"))) static float fma_avx512(long rounds)
{
    const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
    __m512 acc[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        acc[i] = _mm512_set1_ps((float)i);
    for (long r = 0; r < rounds; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            acc[i] = _mm512_fmadd_ps(acc[i], a, b);
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm512_add_ps(acc[0], acc[i]);
    return _mm512_cvtss_f32(acc[0]);
}
#endif

static struct fma_kernel choose_kernel(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        return (struct fma_kernel){"avx512f", fma_avx512, 16};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (struct fma_kernel){"avx2", fma_avx2, 8};
#endif
    return (struct fma_kernel){"portable", fma_portable, 4};
}

/* What the jobs of both measurements share. */
struct work {
    struct fma_kernel kernel;
    float *a, *b, *c;
    size_t chunk; /* elements per job */
    float *sinks; /* one per job */
};

static void fma_job(void *ctx, size_t job, int worker)
{
    struct work *w = ctx;
    (void)worker;
    w->sinks[job] = w->kernel.run(FMA_ROUNDS);
}

static void triad_job(void *ctx, size_t job, int worker)
{
    const struct work *w = ctx;
    (void)worker;
    float *restrict a = w->a + job * w->chunk;
    const float *restrict b = w->b + job * w->chunk, *restrict c = w->c + job * w->chunk;
    for (size_t i = 0; i < w->chunk; i++)
        a[i] = b[i] + 3.0f * c[i];
}

/* Shortest of several runs of one job per thread, in seconds. */
static double best_seconds(struct sb_pool *pool, int threads, sb_job_fn job, struct work *w)
{
    double best = 1e300;
    for (int i = 0; i < REPEATS; i++) {
        const int64_t before = sb_now_ns();
        sb_pool_run(pool, (size_t)threads, job, w);
        const double seconds = (double)(sb_now_ns() - before) / 1e9;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static size_t array_elements(long long cache_bytes)
{
    const size_t wanted = cache_bytes > 0 ? (size_t)cache_bytes : 0; /* x 4 bytes = 4 caches */
    if (wanted < MIN_ELEMENTS)
        return MIN_ELEMENTS;
    return wanted < MAX_ELEMENTS ? wanted : MAX_ELEMENTS;
}

int sb_measure_peak(int threads, long long cache_bytes, struct sb_peak *out, struct sb_error *err)
{
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    const size_t elements = array_elements(cache_bytes);
    struct work w = {.kernel = choose_kernel(), .chunk = elements / (size_t)threads};
    w.a = sb_calloc(3 * elements, sizeof(float), tag);
    w.sinks = sb_calloc((size_t)threads, sizeof(float), tag);
    struct sb_pool *pool = sb_pool_new(threads, err);
    int rc = pool ? 0 : err->code;
    if (rc == 0 && (!w.a || !w.sinks))
        rc = sb_error_nomem(err, "arrays to measure bandwidth", 3 * elements * sizeof(float));
    if (rc == 0) {
        w.b = w.a + elements;
        w.c = w.b + elements;
        const double fma = best_seconds(pool, threads, fma_job, &w);
        const double triad = best_seconds(pool, threads, triad_job, &w);
        out->flops = 2.0 * FMA_ROUNDS * CHAINS * w.kernel.lanes * threads / fma;
        out->bytes_per_s = 12.0 * (double)w.chunk * threads / triad;
        out->isa = w.kernel.isa;
    }
    sb_pool_free(&pool);
    sb_free(w.a);
    sb_free(w.sinks);
    return rc;
}
