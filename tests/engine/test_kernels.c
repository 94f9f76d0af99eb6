/*
 * Every kernel on every layer that it takes, called directly (engine/layer_call.h): random odd
 * sizes, windows, strides and epilogues, at every CPU level, between guards, against the definition
 * in double; the same bits for one thread and three. What fails is printed as a line that says how
 * to get there.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "engine/layer_call.h"
#include "tests/engine/support_oracle.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Random layers of an op. */
static int layers_of(enum sb_op op)
{
    return op == SB_OP_CONV ? 100 : 25;
}

static struct sb_error err;

/*
 * How far a kernel may be off, as share of the output's deviation: sums of rounded products, and
 * Winograd's transforms on top. Twice that where an epilogue follows, which gives the channels
 * unequal factors and shrinks the deviation, and three times for reference kernels, whose sums BLAS
 * orders.
 */
#define DIRECT_LIMIT   2e-6
#define WINOGRAD_LIMIT 1e-5
#define BF16_LIMIT     2e-2 /* operands of eight bits */

static double limit_of(const struct sb_layer *layer, const struct sb_kernel *kernel)
{
    const double limit = strstr(kernel->name, "winograd") ? WINOGRAD_LIMIT
                         : strstr(kernel->name, "bf16")   ? BF16_LIMIT
                                                          : DIRECT_LIMIT;
    const bool reference = strstr(kernel->name, "openblas");
    const bool epilogue = layer->affine || layer->residual || layer->act != SB_ACT_NONE;
    return reference ? 3 * limit : epilogue ? 2 * limit : limit;
}

static int draw(struct sb_rng *rng, int low, int high)
{
    return low + (int)sb_rng_below(rng, (uint32_t)(high - low + 1));
}

static struct sb_window draw_window(struct sb_rng *rng, struct sb_shape in)
{
    static const int kernels[] = {1, 2, 3, 3, 3, 5, 7};
    struct sb_window w;
    const int k = kernels[draw(rng, 0, 6)];
    const bool same = draw(rng, 0, 1);
    w.kernel_h = k;
    w.kernel_w = draw(rng, 0, 5) ? k : draw(rng, 1, 3);
    w.stride_h = w.stride_w = draw(rng, 1, 2);
    w.pad_top = w.pad_bottom = same ? w.kernel_h / 2 : draw(rng, 0, w.kernel_h);
    w.pad_left = w.pad_right = same ? w.kernel_w / 2 : draw(rng, 0, w.kernel_w);
    if (!same)
        w.pad_bottom = draw(rng, 0, w.kernel_h - 1);
    while (in.h + w.pad_top + w.pad_bottom < w.kernel_h)
        w.pad_bottom++;
    while (in.w + w.pad_left + w.pad_right < w.kernel_w)
        w.pad_right++;
    return w;
}

static struct sb_layer draw_layer(struct sb_rng *rng, enum sb_op op)
{
    const bool large = op == SB_OP_CONV && draw(rng, 0, 3) == 0; /* for Winograd and full tiles */
    struct sb_layer l = {.op = op, .cout = draw(rng, 1, 70)};
    l.in.n = draw(rng, 1, 3);
    l.in.c = large ? draw(rng, 32, 70) : draw(rng, 1, 40);
    l.in.h = large ? draw(rng, 12, 26) : draw(rng, 1, 20);
    l.in.w = large ? draw(rng, 12, 26) : draw(rng, 1, 20);
    l.window = draw_window(rng, l.in);
    if (large && draw(rng, 0, 1))
        l.window = (struct sb_window){3, 3, 1, 1, 1, 1, 1, 1};
    if (op == SB_OP_DECONV) {
        const int k = draw(rng, 1, 4), s = draw(rng, 1, 3);
        l.window = (struct sb_window){k, k, s, s, 0, 0, 0, 0};
    }
    if (op == SB_OP_FC) /* enough outputs for a deviation */
        l.in.n += 20;
    if (op == SB_OP_MAXPOOL) /* a window in the padding alone has no largest value */
        l.window.pad_top = l.window.pad_left = 0, l.window.pad_bottom = l.window.kernel_h - 1,
        l.window.pad_right = l.window.kernel_w - 1;
    l.out_h = draw(rng, 1, 40);
    l.out_w = draw(rng, 1, 40);
    l.act = (enum sb_act)draw(rng, 0, 3);
    if (op == SB_OP_ACT && l.act == SB_ACT_NONE)
        l.act = SB_ACT_RELU;
    if (op == SB_OP_ROI_ALIGN)
        l.window = (struct sb_window){.kernel_h = draw(rng, 1, 14)};
    l.affine = draw(rng, 0, 1);
    l.residual = draw(rng, 0, 1);
    l.gate = draw(rng, 0, 1);
    return l;
}

static void describe(const struct sb_layer *l, char text[300])
{
    char in[SB_SHAPE_TEXT];
    const struct sb_window *w = &l->window;
    snprintf(text, 300,
             "%s of %s, %lld out, %dx%d / %dx%d, pad %d %d %d %d, resize %lldx%lld, %s%s%s%s",
             sb_op_name(l->op), sb_shape_text(l->in, in), (long long)l->cout, w->kernel_h,
             w->kernel_w, w->stride_h, w->stride_w, w->pad_top, w->pad_left, w->pad_bottom,
             w->pad_right, (long long)l->out_h, (long long)l->out_w, sb_act_name(l->act),
             l->affine ? ", affine" : "", l->residual ? ", residual" : "", l->gate ? ", gate" : "");
}

/* The layer by definition; free() it. */
static double *oracle(const struct sb_layer_call *c)
{
    const struct sb_graph *g = c->graph;
    double **values = calloc(g->num_nodes, sizeof(*values));
    int inputs = 0;
    for (size_t n = 0; n < g->num_nodes; n++) {
        const size_t count = sb_shape_count(g->nodes[n].shape);
        values[n] = calloc(count, sizeof(**values));
        if (g->nodes[n].op == SB_OP_INPUT) {
            for (size_t i = 0; i < count; i++)
                values[n][i] = (double)c->plain[inputs][i];
            inputs++;
        } else {
            oracle_run(g, &c->weights, (int)n, values);
        }
    }
    double *out = values[c->output];
    values[c->output] = NULL;
    for (size_t n = 0; n < g->num_nodes; n++)
        free(values[n]);
    free(values);
    return out;
}

/* Largest difference over the deviation of `want` (over its largest value where all are alike). */
static double relative_error(const float *got, const double *want, size_t n)
{
    double sum = 0, squares = 0, worst = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        sum += want[i];
        squares += want[i] * want[i];
        largest = fmax(largest, fabs(want[i]));
        if (!(fabs((double)got[i] - want[i]) <= worst)) /* NaN counts */
            worst = fabs((double)got[i] - want[i]);
    }
    const double mean = sum / (double)n;
    const double variance = squares / (double)n - mean * mean;
    const double deviation = variance > 1e-12 * largest * largest ? sqrt(variance) : largest;
    return deviation > 0 ? worst / deviation : worst;
}

/* RoIAlign's definition is in test_region.c; here its reference kernel, the first to run, stands
 * for it. */
static double *in_double(const float *values, size_t count)
{
    double *out = malloc(count * sizeof(*out));
    assert_non_null(out);
    for (size_t i = 0; i < count; i++)
        out[i] = (double)values[i];
    return out;
}

/* Runs the kernel; its values, to be freed, or NULL when it does not take the layer. */
static float *run_kernel(const struct sb_layer *layer, const struct sb_kernel *kernel,
                         const struct sb_layer_options *options, double **want, size_t *count)
{
    struct sb_layer_call c;
    const int rc = sb_layer_call_init(&c, layer, kernel, options, &err);
    if (rc == SB_EUNSUPPORTED)
        return NULL;
    assert_ok(rc, &err);
    *count = sb_shape_count(c.call.out);
    float *values = malloc(*count * sizeof(*values));
    assert_non_null(values);
    for (int i = 0; i < 2; i++) { /* the second run finds a used workspace and output */
        assert_ok(sb_layer_call_run(&c, &err), &err);
        const char *broken = sb_layer_call_broken(&c);
        if (broken)
            fail_msg("%s on %s writes over %s", kernel->name, sb_cpu_name(options->cpu), broken);
    }
    sb_layer_call_output(&c, values);
    if (!*want)
        *want = layer->op == SB_OP_ROI_ALIGN ? in_double(values, *count) : oracle(&c);
    sb_layer_call_release(&c);
    return values;
}

/* How often each kernel ran, so that one that no layer reaches is noticed. */
static struct {
    const struct sb_kernel *kernel;
    int runs;
} seen[64];

static void count_run(const struct sb_kernel *kernel)
{
    size_t i = 0;
    while (seen[i].kernel && seen[i].kernel != kernel)
        i++;
    assert_true(i < sizeof(seen) / sizeof(seen[0]));
    seen[i].kernel = kernel;
    seen[i].runs++;
}

static int runs_of(const struct sb_kernel *kernel)
{
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
        if (seen[i].kernel == kernel)
            return seen[i].runs;
    return 0;
}

static void check_kernel(const struct sb_layer *layer, const struct sb_kernel *kernel,
                         enum sb_cpu cpu, uint64_t seed, double **want)
{
    const double limit = limit_of(layer, kernel);
    struct sb_layer_options options = {cpu, 1, seed, seed % 2 == 1};
    size_t n = 0;
    float *one = run_kernel(layer, kernel, &options, want, &n);
    if (!one)
        return;
    options.threads = 3;
    float *three = run_kernel(layer, kernel, &options, want, &n);
    const double error = relative_error(one, *want, n);
    char text[300];
    describe(layer, text);
    if (!(error <= limit))
        fail_msg("%s, %s, seed %llu: error %g of the deviation for %s", kernel->name,
                 sb_cpu_name(cpu), (unsigned long long)seed, error, text);
    if (memcmp(one, three, n * sizeof(*one)) != 0)
        fail_msg("%s, %s, seed %llu: three threads give other bits for %s", kernel->name,
                 sb_cpu_name(cpu), (unsigned long long)seed, text);
    count_run(kernel);
    free(one);
    free(three);
}

/* Kernels of the native engine; those in bfloat16 come before them in their engine's table. */
static bool is_float(const struct sb_kernel *kernel)
{
    const struct sb_kernel *const *k = sb_kernel_table(SB_ENGINE_NATIVE);
    while (*k && *k != kernel)
        k++;
    return *k != NULL;
}

/* The reference kernels do not know of CPU levels. */
static void check_layer(const struct sb_layer *layer, uint64_t seed)
{
    double *want = NULL;
    for (int engine = SB_ENGINE_OPENBLAS; engine <= SB_ENGINE_NATIVE_BF16; engine++) {
        const int levels = engine == SB_ENGINE_OPENBLAS ? 0 : (int)sb_cpu_detect();
        const struct sb_kernel *const *k = sb_kernel_table((enum sb_engine)engine);
        for (; *k && !(engine == SB_ENGINE_NATIVE_BF16 && is_float(*k)); k++)
            for (int cpu = 0; cpu <= levels && (*k)->op == layer->op; cpu++)
                check_kernel(layer, *k, (enum sb_cpu)cpu, seed, &want);
    }
    free(want);
}

static bool needs_others(enum sb_op op)
{
    return op == SB_OP_PROPOSALS || op == SB_OP_DETECTIONS || op == SB_OP_SELECT;
}

static void test_kernels__equal_the_definition_between_guards(void **state)
{
    (void)state;
    const char *chosen = getenv("KERNEL_SEED"); /* one seed again, from a failure's message */
    for (int op = SB_OP_CONV; op < SB_OP_COUNT; op++) {
        for (int i = 0; i < layers_of((enum sb_op)op) && !needs_others((enum sb_op)op); i++) {
            const uint64_t seed = (uint64_t)op * 1000 + (uint64_t)i;
            if (chosen && strtoull(chosen, NULL, 10) != seed)
                continue;
            struct sb_rng rng = sb_rng_seed(seed);
            const struct sb_layer layer = draw_layer(&rng, (enum sb_op)op);
            check_layer(&layer, seed);
        }
    }
}

/* Rounding grows with the length of a sum: the longest of the networks, in many stretches. */
static void test_kernels__long_sums_stay_exact(void **state)
{
    (void)state;
    static const struct sb_layer layers[] = {
        {.op = SB_OP_CONV, .in = {1, 512, 7, 7}, .cout = 40, .window = {3, 3, 1, 1, 1, 1, 1, 1}},
        {.op = SB_OP_CONV, .in = {1, 256, 13, 12}, .cout = 24, .window = {3, 3, 1, 1, 1, 1, 1, 1}},
        {.op = SB_OP_CONV, .in = {1, 2048, 7, 9}, .cout = 33, .window = {1, 1, 1, 1, 0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        check_layer(&layers[i], 2 * i);
}

/* One thread makes 16 panels of the first in parts of six, three threads in parts of four; of the
 * second, 100 of Winograd's tiles by 25, three threads by 17, in two groups of channels. */
static void test_kernels__parts_for_threads_make_the_same_bits(void **state)
{
    (void)state;
    static const struct sb_layer layers[] = {
        {.op = SB_OP_CONV, .in = {1, 40, 14, 14}, .cout = 256, .window = {1, 1, 1, 1, 0, 0, 0, 0}},
        {.op = SB_OP_CONV, .in = {1, 20, 40, 38}, .cout = 101, .window = {3, 3, 1, 1, 1, 1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        check_layer(&layers[i], 1);
}

static void test_kernels__all_of_them_were_reached(void **state)
{
    (void)state;
    if (getenv("KERNEL_SEED"))
        skip();
    const int engines = sb_cpu_has_bf16() ? SB_ENGINE_NATIVE_BF16 : SB_ENGINE_NATIVE;
    for (int engine = SB_ENGINE_OPENBLAS; engine <= engines; engine++) {
        const struct sb_kernel *const *k = sb_kernel_table((enum sb_engine)engine);
        for (; *k; k++)
            if (!needs_others((*k)->op) && runs_of(*k) < 3)
                fail_msg("%s ran %d times", (*k)->name, runs_of(*k));
    }
}

static void test_kernels__guards_notice_a_write(void **state)
{
    (void)state;
    const struct sb_layer layer = {.op = SB_OP_ACT, .in = {1, 3, 2, 2}, .act = SB_ACT_RELU};
    const struct sb_layer_options options = {sb_cpu_detect(), 1, 1, false};
    struct sb_layer_call c;
    assert_ok(sb_layer_call_init(&c, &layer, &sb_kernel_act, &options, &err), &err);
    assert_null(sb_layer_call_broken(&c));
    c.call.output[-1] = 0;
    assert_string_equal(sb_layer_call_broken(&c), "a guard");
    sb_layer_call_release(&c);
    assert_ok(sb_layer_call_init(&c, &layer, &sb_kernel_act, &options, &err), &err);
    ((float *)c.arrays[0].data)[3] += 1;
    assert_string_equal(sb_layer_call_broken(&c), "an operand");
    sb_layer_call_release(&c);
}

static int init_and_run(void *ctx)
{
    (void)ctx;
    const struct sb_layer layer = {.op = SB_OP_CONV,
                                   .in = {1, 3, 9, 9},
                                   .cout = 5,
                                   .affine = true,
                                   .residual = true,
                                   .window = {3, 3, 1, 1, 1, 1, 1, 1}};
    const struct sb_layer_options options = {sb_cpu_detect(), 2, 1, true};
    struct sb_layer_call c;
    const int rc = sb_layer_call_init(&c, &layer, &sb_kernel_conv_im2col_openblas, &options, &err);
    if (rc == 0)
        sb_layer_call_release(&c);
    return rc;
}

static void test_layer_call__failing_allocations_leak_nothing(void **state)
{
    (void)state;
    test_every_allocation_fails(init_and_run, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels__equal_the_definition_between_guards),
        cmocka_unit_test(test_kernels__long_sums_stay_exact),
        cmocka_unit_test(test_kernels__parts_for_threads_make_the_same_bits),
        cmocka_unit_test(test_kernels__all_of_them_were_reached),
        cmocka_unit_test(test_kernels__guards_notice_a_write),
        cmocka_unit_test(test_layer_call__failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("engine/kernels", tests, NULL, NULL);
}
