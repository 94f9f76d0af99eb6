/*
 * The inner loops of every CPU level that this machine has, function by function, against plain
 * definitions in double: every tile size, odd lengths, and guards around every output that must
 * stay untouched.
 */
#include "engine/kernels/simd.h"

#include "base/mem.h"
#include "base/rng.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GUARD      64 /* floats before and after an output */
#define GUARD_FILL 12345.0f

static struct sb_rng rng;

/* A 64-byte aligned array of random values between guards. */
static float *guarded(size_t n)
{
    float *p = sb_malloc((n + 2 * GUARD) * sizeof(*p), SB_MEM_TAG(SB_MEM_DATA, 0));
    assert_non_null(p);
    for (size_t i = 0; i < n + 2 * GUARD; i++)
        p[i] = i < GUARD || i >= GUARD + n ? GUARD_FILL : (float)sb_rng_normal(&rng);
    return p + GUARD;
}

/* Frees it; fails when a guard was written to. */
static void release(float *p, size_t n)
{
    for (size_t i = 0; i < GUARD; i++)
        assert_true(p[(ptrdiff_t)i - GUARD] == GUARD_FILL && p[n + i] == GUARD_FILL);
    sb_free(p - GUARD);
}

static void assert_near(float got, double want, double scale)
{
    if (!(fabs((double)got - want) <= 2e-6 * (1 + scale)))
        fail_msg("%.9g, expected %.9g", (double)got, want);
}

static double act_of(enum sb_act act, double x)
{
    const double sigmoid = 1 / (1 + exp(-x));
    if (act == SB_ACT_RELU)
        return x > 0 ? x : 0;
    return act == SB_ACT_SWISH ? x * sigmoid : act == SB_ACT_SIGMOID ? sigmoid : x;
}

/* One tile of r rows and j blocks with `blocks` blocks of k and parts of the epilogue by mask. */
static void check_gemm(const struct sb_simd *simd, size_t rows, size_t j, size_t blocks, int mask)
{
    const size_t steps = blocks * 16 - (mask & 32 ? 8 : 0);
    const size_t a_step = rows * 16 + 32, c_step = rows * 16 + 16, width = j * 16;
    const size_t a_size = blocks * a_step, b_size = blocks * 16 * width, c_size = j * c_step;
    float *a = guarded(a_size), *b = guarded(b_size), *c = guarded(c_size);
    float *residual = guarded(c_size), *scale = guarded(width), *shift = guarded(width);
    const size_t partial_step = rows * 16, partial_size = j * partial_step;
    float *before = guarded(c_size), *partial = guarded(partial_size);
    memcpy(before, c, c_size * sizeof(*c));
    const struct sb_gemm_tile tile = {
        .a = a,
        .a_step = a_step,
        .blocks = blocks,
        .half = mask & 32,
        .b = b,
        .c = c,
        .c_step = c_step,
        .scale = mask & 1 ? scale : NULL,
        .shift = mask & 2 ? shift : NULL,
        .residual = mask & 4 ? residual : NULL,
        .relu = mask & 8,
        .partial = mask & 16 ? partial : NULL,
        .partial_step = partial_step,
    };
    simd->gemm[j - 1][rows](&tile);
    for (size_t i = 0; i < c_size; i++) {
        const size_t block = i / c_step, row = i % c_step / 16, col = block * 16 + i % 16;
        if (row >= rows) { /* the gap between blocks */
            assert_true(c[i] == before[i]);
            continue;
        }
        double sum = mask & 16 ? (double)partial[block * partial_step + i % c_step] : 0;
        for (size_t k = 0; k < steps; k++)
            sum += (double)a[k / 16 * a_step + row * 16 + k % 16] * (double)b[k * width + col];
        sum = sum * (mask & 1 ? (double)scale[col] : 1) + (mask & 2 ? (double)shift[col] : 0) +
              (mask & 4 ? (double)residual[i] : 0);
        assert_near(c[i], act_of(mask & 8 ? SB_ACT_RELU : SB_ACT_NONE, sum),
                    sqrt((double)blocks * 16) * 4);
    }
    release(a, a_size);
    release(b, b_size);
    release(c, c_size);
    release(residual, c_size);
    release(before, c_size);
    release(partial, partial_size);
    release(scale, width);
    release(shift, width);
}

static void check_gather(const struct sb_simd *simd, size_t rows, size_t j, size_t k)
{
    const size_t c_step = rows * 16, width = j * 16;
    float *a = guarded(1000), *b = guarded(k * width), *c = guarded(j * c_step);
    int32_t offsets[64];
    for (size_t i = 0; i < k; i++)
        offsets[i] = (int32_t)sb_rng_below(&rng, (uint32_t)(1000 - rows));
    const struct sb_gather_tile tile = {
        .gemm = {.b = b, .c = c, .c_step = c_step}, .a = a, .offsets = offsets, .k = k};
    simd->gather[j - 1][rows](&tile);
    for (size_t i = 0; i < j * c_step; i++) {
        const size_t row = i % c_step / 16, col = i / c_step * 16 + i % 16;
        double sum = 0;
        for (size_t q = 0; q < k; q++)
            sum += (double)a[(size_t)offsets[q] + row] * (double)b[q * width + col];
        assert_near(c[i], sum, sqrt((double)k) * 4);
    }
    release(a, 1000);
    release(b, k * width);
    release(c, j * c_step);
}

static void check_tiles(const struct sb_simd *simd)
{
    for (size_t j = 1; j <= (size_t)simd->panel_blocks; j++) {
        for (size_t rows = 1; rows <= (size_t)simd->tile_rows; rows++) {
            for (int mask = 0; mask < 64; mask++)
                check_gemm(simd, rows, j, 1 + (size_t)mask % 5, mask);
            check_gemm(simd, rows, j, 16, 0); /* the longest sum in one part */
            check_gemm(simd, rows, j, 37, 0); /* several parts */
            check_gather(simd, rows, j, 1);
            check_gather(simd, rows, j, 64);
        }
    }
}

static void check_act(const struct sb_simd *simd)
{
    const float edges[16] = {0,     -0.0f,  1,   -1,   20,     -20,     87,    -87,
                             88.7f, -88.7f, 200, -200, 1e-30f, -1e-30f, 1e30f, -1e30f};
    for (int act = SB_ACT_NONE; act <= SB_ACT_SIGMOID; act++) {
        const size_t n = 48;
        float *row = guarded(n), *before = guarded(n);
        memcpy(row, edges, sizeof(edges));
        memcpy(before, row, n * sizeof(*row));
        simd->act((enum sb_act)act, row, n);
        for (size_t i = 0; i < n; i++)
            assert_near(row[i], act_of((enum sb_act)act, (double)before[i]),
                        act == SB_ACT_SIGMOID ? 0 : fabs((double)before[i]));
        release(row, n);
        release(before, n);
    }
}

static void check_epilogue(const struct sb_simd *simd)
{
    const size_t n = 7 * 16;
    for (int mask = 0; mask < 8; mask++) {
        float *row = guarded(n), *before = guarded(n), *residual = guarded(n);
        float *scale = guarded(16), *shift = guarded(16);
        memcpy(before, row, n * sizeof(*row));
        const struct sb_row_epilogue e = {.scale = mask & 1 ? scale : NULL,
                                          .shift = mask & 2 ? shift : NULL,
                                          .residual = mask & 4 ? residual : NULL,
                                          .act = SB_ACT_SWISH};
        simd->epilogue(&e, row, 7);
        for (size_t i = 0; i < n; i++) {
            const double x = (double)before[i] * (mask & 1 ? (double)scale[i % 16] : 1) +
                             (mask & 2 ? (double)shift[i % 16] : 0) +
                             (mask & 4 ? (double)residual[i] : 0);
            assert_near(row[i], act_of(SB_ACT_SWISH, x), 4);
        }
        release(row, n);
        release(before, n);
        release(residual, n);
        release(scale, 16);
        release(shift, 16);
    }
}

static void check_sums(const struct sb_simd *simd)
{
    for (size_t pixels = 1; pixels < 70; pixels += 3) {
        float *in = guarded(pixels * 16);
        double sums[16];
        for (int c = 0; c < 16; c++)
            sums[c] = c;
        simd->add_pixels(sums, in, pixels);
        for (size_t c = 0; c < 16; c++) {
            double want = (double)c;
            for (size_t i = 0; i < pixels; i++)
                want += (double)in[i * 16 + c];
            assert_near((float)sums[c], want, 16);
        }
        release(in, pixels * 16);
    }
}

static void check_layouts(const struct sb_simd *simd)
{
    for (size_t pixels = 1; pixels < 10; pixels++) {
        for (int channels = 1; channels <= 16; channels++) {
            const size_t stride = pixels + 3, n = (size_t)(channels - 1) * stride + pixels;
            float *plain = guarded(n), *blocked = guarded(pixels * 16), *back = guarded(n);
            memcpy(back, plain, n * sizeof(*back));
            simd->to_blocked(blocked, plain, stride, pixels, channels);
            for (size_t i = 0; i < pixels * 16; i++) {
                const size_t c = i % 16;
                assert_true(blocked[i] == (c < (size_t)channels ? plain[c * stride + i / 16] : 0));
            }
            for (int c = 0; c < channels; c++)
                memset(back + (size_t)c * stride, 0, pixels * sizeof(*back));
            simd->to_plain(back, stride, blocked, pixels, channels);
            assert_memory_equal(back, plain, n * sizeof(*back));
            release(plain, n);
            release(blocked, pixels * 16);
            release(back, n);
        }
    }
}

static void on_every_cpu(void (*check)(const struct sb_simd *))
{
    rng = sb_rng_seed(1);
    for (int cpu = 0; cpu <= (int)sb_cpu_detect(); cpu++) {
        const struct sb_simd *simd = sb_simd((enum sb_cpu)cpu);
        assert_int_equal(simd->cpu, cpu);
        check(simd);
    }
}

static void test_simd__tiles(void **state)
{
    (void)state;
    on_every_cpu(check_tiles);
}

static void test_simd__activations(void **state)
{
    (void)state;
    on_every_cpu(check_act);
}

static void test_simd__epilogues(void **state)
{
    (void)state;
    on_every_cpu(check_epilogue);
}

static void test_simd__sums_of_pixels(void **state)
{
    (void)state;
    on_every_cpu(check_sums);
}

static void test_simd__layouts(void **state)
{
    (void)state;
    on_every_cpu(check_layouts);
}

static void test_cpu__levels_have_names(void **state)
{
    (void)state;
    struct sb_error err;
    enum sb_cpu cpu;
    assert_ok(sb_cpu_parse("portable", &cpu, &err), &err);
    assert_int_equal(cpu, SB_CPU_PORTABLE);
    assert_ok(sb_cpu_parse(sb_cpu_name(sb_cpu_detect()), &cpu, &err), &err);
    assert_int_equal(cpu, sb_cpu_detect());
    assert_int_equal(sb_cpu_parse("neon", &cpu, &err), SB_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simd__tiles),     cmocka_unit_test(test_simd__activations),
        cmocka_unit_test(test_simd__epilogues), cmocka_unit_test(test_simd__sums_of_pixels),
        cmocka_unit_test(test_simd__layouts),   cmocka_unit_test(test_cpu__levels_have_names),
    };
    return cmocka_run_group_tests_name("engine/simd", tests, NULL, NULL);
}
