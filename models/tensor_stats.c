/* Statistics of arrays: one pass in doubles, shifted by the first value so that the variance of
 * values far from zero keeps its digits. See tensor_stats.h. */
#include "models/tensor_stats.h"

#include "base/mem.h"
#include "base/pool.h"

#include <math.h>
#include <pthread.h>

#define TAG   SB_MEM_TAG(SB_MEM_DATA, 0)
#define CHUNK 512 /* values converted at a time */

struct sums {
    double shift, sum, squares; /* of value - shift */
};

static void add_value(struct sb_tensor_stats *s, struct sums *sums, double value)
{
    if (!isfinite(value)) {
        s->nonfinite++;
        return;
    }
    if (s->finite == 0) {
        sums->shift = s->min = s->max = value;
    }
    s->finite++;
    if (value < s->min)
        s->min = value;
    if (value > s->max)
        s->max = value;
    const double d = value - sums->shift;
    sums->sum += d;
    sums->squares += d * d;
}

struct sb_tensor_stats sb_tensor_stats_of(const struct sb_tensor *t)
{
    struct sb_tensor_stats s = {.min = NAN, .max = NAN, .mean = NAN, .deviation = NAN};
    struct sums sums = {0};
    double chunk[CHUNK];
    if (t->dtype == SB_OPAQUE)
        return s;
    for (size_t done = 0; done < t->count; done += CHUNK) {
        const size_t n = t->count - done < CHUNK ? t->count - done : CHUNK;
        sb_dtype_to_f64(t->dtype, t->data + done * sb_dtype_bytes(t->dtype), n, chunk);
        for (size_t i = 0; i < n; i++)
            add_value(&s, &sums, chunk[i]);
    }
    if (s.finite) {
        const double n = (double)s.finite;
        const double variance = sums.squares / n - (sums.sum / n) * (sums.sum / n);
        s.mean = sums.shift + sums.sum / n;
        s.deviation = variance > 0 ? sqrt(variance) : 0;
    }
    return s;
}

struct work {
    const struct sb_tensors *file;
    struct sb_tensor_stats *out;
    pthread_mutex_t lock;
    size_t failed; /* first array that failed */
    int rc;
    struct sb_error *err;
};

static void stats_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    struct work *w = ctx;
    struct sb_error err;
    const struct sb_tensor *t = sb_tensors_at(w->file, job);
    const int rc = sb_tensors_verify(w->file, t, &err);
    if (rc == 0)
        w->out[job] = sb_tensor_stats_of(t);
    sb_tensors_discard(w->file, t);
    if (rc == 0)
        return;
    pthread_mutex_lock(&w->lock);
    if (w->rc == 0 || job < w->failed) {
        w->rc = rc;
        w->failed = job;
        if (w->err)
            *w->err = err;
    }
    pthread_mutex_unlock(&w->lock);
}

int sb_tensor_stats_all(const struct sb_tensors *file, struct sb_tensor_stats **out,
                        struct sb_error *err)
{
    const size_t n = sb_tensors_count(file);
    struct work w = {.file = file, .err = err};
    *out = NULL;
    w.out = sb_calloc(n, sizeof(*w.out), TAG);
    if (!w.out)
        return sb_error_nomem(err, "statistics", n * sizeof(*w.out));
    struct sb_pool *pool = sb_pool_new(sb_cpu_count(), err);
    if (!pool) {
        sb_free(w.out);
        return SB_ENOMEM;
    }
    pthread_mutex_init(&w.lock, NULL);
    sb_pool_run(pool, n, stats_job, &w);
    pthread_mutex_destroy(&w.lock);
    sb_pool_free(&pool);
    if (w.rc)
        sb_free(w.out);
    else
        *out = w.out;
    return w.rc;
}
