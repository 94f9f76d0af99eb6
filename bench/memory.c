/* Resident memory from /proc/self. See memory.h. */
#include "bench/memory.h"

#include "base/mem.h"
#include "base/pool.h"
#include "bench/record.h"
#include "engine/kernels/gemm.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PRODUCT ((size_t)1024)

/* A field of /proc/self/status that is given in kB. */
static int64_t status_bytes(const char *field)
{
    FILE *fp = fopen("/proc/self/status", "r");
    int64_t bytes = SB_NO_INT;
    char line[256];
    const size_t n = strlen(field);
    while (fp && bytes == SB_NO_INT && fgets(line, sizeof(line), fp)) {
        char *end;
        if (strncmp(line, field, n) != 0 || line[n] != ':')
            continue;
        const long long kb = strtoll(line + n + 1, &end, 10);
        if (strncmp(end, " kB", 3) == 0)
            bytes = kb * 1024;
    }
    if (fp)
        fclose(fp);
    return bytes;
}

int64_t sb_resident_bytes(void)
{
    return status_bytes("VmRSS");
}

int64_t sb_peak_resident_bytes(void)
{
    return status_bytes("VmHWM");
}

static bool reset_peak(void)
{
    FILE *fp = fopen("/proc/self/clear_refs", "w");
    if (!fp)
        return false;
    const bool written = fputs("5", fp) >= 0;
    return fclose(fp) == 0 && written;
}

/* "START-END PERMS OFFSET DEVICE INODE PATH": asks for the pages of a mapped file, of OpenBLAS only
 * where it is used. An older kernel refuses, and they count where they are first touched. */
static void populate(const char *line, bool blas)
{
    char *end;
    const unsigned long start = strtoul(line, &end, 16);
    if (*end != '-')
        return;
    const unsigned long stop = strtoul(end + 1, &end, 16);
    if (end[0] == ' ' && end[1] == 'r' && strchr(end, '/') && (blas || !strstr(end, "openblas")))
        (void)madvise((void *)start, stop - start, MADV_POPULATE_READ); /* NOLINT */
}

static void make_code_resident(bool blas)
{
    char line[PATH_MAX + 128];
    FILE *fp = fopen("/proc/self/maps", "r");
    while (fp && fgets(line, sizeof(line), fp))
        populate(line, blas);
    if (fp)
        fclose(fp);
}

/* A product that no cache blocking of OpenBLAS takes whole, so that it fills its buffers; all
 * matrices are the same ones, only read or of the thread's own. */
static void multiply(void *ctx, size_t job, int worker)
{
    const float *zeros = ctx;
    float *out = (float *)ctx + (job + 1) * PRODUCT * PRODUCT;
    (void)worker;
    sb_gemm(out, PRODUCT, zeros, PRODUCT, zeros, PRODUCT, PRODUCT, PRODUCT, PRODUCT);
}

static int fill_openblas(int threads, struct sb_error *err)
{
    const size_t count = ((size_t)threads + 1) * PRODUCT * PRODUCT;
    struct sb_error none;
    if (threads == 0 || sb_gemm_setup(&none)) /* plans that need it say so */
        return 0;
    float *zeros = sb_calloc(count, sizeof(*zeros), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!zeros)
        return sb_error_nomem(err, "a matrix product", count * sizeof(*zeros));
    struct sb_pool *pool = sb_pool_new(threads, err);
    if (pool)
        sb_pool_run_everywhere(pool, multiply, zeros);
    const int rc = pool ? 0 : err->code;
    sb_pool_free(&pool);
    sb_free(zeros);
    return rc;
}

int sb_memory_settle(int blas_threads, struct sb_error *err)
{
    const int rc = fill_openblas(blas_threads, err);
    make_code_resident(blas_threads > 0);
    return rc;
}

void sb_memory_probe_start(struct sb_memory_probe *probe)
{
    struct sb_mem_stats stats;
    malloc_trim(0);
    probe->works = reset_peak();
    probe->start_bytes = sb_resident_bytes();
    sb_mem_reset_peaks();
    sb_mem_get_stats(&stats);
    probe->start_taken = stats.current_taken_bytes;
}

int64_t sb_memory_probe_taken(const struct sb_memory_probe *probe)
{
    struct sb_mem_stats stats;
    sb_mem_get_stats(&stats);
    return (int64_t)stats.peak_taken_bytes - (int64_t)probe->start_taken;
}

int64_t sb_memory_probe_peak(const struct sb_memory_probe *probe)
{
    const int64_t peak = sb_peak_resident_bytes();
    if (!probe->works || probe->start_bytes == SB_NO_INT || peak == SB_NO_INT)
        return SB_NO_INT;
    return peak > probe->start_bytes ? peak - probe->start_bytes : 0;
}
