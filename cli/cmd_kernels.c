/* spinebench kernels: which kernels there are, and how fast each is on layers of the networks. */
#include "base/progress.h"
#include "bench/environment.h"
#include "bench/kernel_bench.h"
#include "bench/peak.h"
#include "cli/cli.h"
#include "cli/engine_choice.h"
#include "cli/table_output.h"
#include "engine/plan.h"
#include "reports/table.h"

#include <stdio.h>
#include <string.h>

static bool bench, every, json, quiet;
static const char *engine_name, *cpu_name, *filter;
static int64_t threads;
static double milliseconds;

#define DEFAULT_MS 100

static int print_table(struct sb_table *t, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    int rc = sb_table_finish(t, err);
    if (rc == 0)
        sb_cli_put_table(t, sb_table_format(json ? "json" : "text"), &out);
    if (rc == 0 && out.failed)
        rc = sb_error_nomem(err, "the output", out.length);
    if (rc == 0)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    return rc;
}

/* ---- the list ---- */

static const char *layout_name(enum sb_layout layout)
{
    return layout == SB_LAYOUT_PLAIN ? "plain" : layout == SB_LAYOUT_BLOCKED ? "blocked" : "other";
}

static bool in_table(enum sb_engine engine, const struct sb_kernel *kernel)
{
    const struct sb_kernel *const *k = sb_kernel_table(engine);
    while (*k && *k != kernel)
        k++;
    return *k != NULL;
}

/* True for kernels that the native engine has, too, and that stand there. */
static bool stands_elsewhere(enum sb_engine engine, const struct sb_kernel *kernel)
{
    return engine != SB_ENGINE_NATIVE && in_table(SB_ENGINE_NATIVE, kernel);
}

/* Kernels of the native engines alone are compiled for CPU levels. */
static const char *cpus_of(enum sb_engine engine, const struct sb_kernel *kernel)
{
    if (in_table(SB_ENGINE_OPENBLAS, kernel))
        return "any";
    return engine == SB_ENGINE_NATIVE_BF16 ? "avx512 with bf16" : "portable, avx2, avx512";
}

/* Whether --engine and --filter leave the kernel in. */
static bool is_wanted(enum sb_engine engine, const struct sb_kernel *kernel)
{
    if (engine_name && strcmp(engine_name, sb_engine_name(engine)) != 0)
        return false;
    return !filter || strstr(kernel->name, filter) != NULL;
}

static int no_kernel(struct sb_error *err)
{
    return sb_error_set(err, SB_EINVAL, "no kernel's name has '%s' in it", filter ? filter : "");
}

static void list_rows(struct sb_table *t, enum sb_engine engine)
{
    for (const struct sb_kernel *const *k = sb_kernel_table(engine); *k; k++) {
        if (engine == SB_ENGINE_NATIVE_BF16 && stands_elsewhere(engine, *k))
            continue; /* the rest is as the native engine */
        if (!is_wanted(engine, *k))
            continue;
        sb_table_row(t);
        sb_table_cell(t, "%s", sb_engine_name(engine));
        sb_table_cell(t, "%s", sb_op_name((*k)->op));
        sb_table_cell(t, "%s", (*k)->name);
        sb_table_cell(t, "%s", layout_name((*k)->in_layout));
        sb_table_cell(t, "%s", layout_name((*k)->out_layout));
        sb_table_cell(t, "%s", cpus_of(engine, *k));
    }
}

static int list_kernels(struct sb_error *err)
{
    struct sb_table t;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "engine", NULL, SB_LEFT);
    sb_table_column(&t, "op", NULL, SB_LEFT);
    sb_table_column(&t, "kernel", NULL, SB_LEFT);
    sb_table_column(&t, "reads", NULL, SB_LEFT);
    sb_table_column(&t, "writes", NULL, SB_LEFT);
    sb_table_column(&t, "CPU", NULL, SB_LEFT);
    list_rows(&t, SB_ENGINE_NATIVE_BF16);
    list_rows(&t, SB_ENGINE_NATIVE);
    list_rows(&t, SB_ENGINE_OPENBLAS);
    sb_table_note(&t,
                  "Of an engine and op, the first kernel that takes a layer runs it. This CPU "
                  "has %s.",
                  sb_cpu_name(sb_cpu_detect()));
    const int rc = t.num_rows ? print_table(&t, err) : no_kernel(err);
    sb_table_release(&t);
    return rc;
}

/* ---- times ---- */

struct bench {
    struct sb_kernel_time_options time;
    struct sb_peak peak;
    struct sb_table table;
};

static void add_row(struct bench *b, const struct sb_kernel_case *c, const struct sb_kernel *kernel,
                    const struct sb_kernel_time *time)
{
    struct sb_table *t = &b->table;
    const double flops = 2e9 * (double)time->macs / time->median_ns;
    const double bytes = 1e9 * (double)time->bytes / time->median_ns;
    sb_table_row(t);
    sb_table_cell(t, "%s", c->name);
    sb_table_cell(t, "%s", kernel->name);
    sb_table_number(t, time->median_ns * 1e-6, 3);
    sb_table_number(t, time->min_ns * 1e-6, 3);
    sb_table_integer(t, (long long)time->count);
    if (time->macs) {
        sb_table_number(t, flops * 1e-9, 1);
        sb_table_number(t, 100 * flops / b->peak.flops, 1);
    } else {
        sb_table_empty(t);
        sb_table_empty(t);
    }
    sb_table_number(t, bytes * 1e-9, 1);
    sb_table_number(t, 100 * bytes / b->peak.bytes_per_s, 1);
}

/* The kernels of one engine on one layer: the one that runs it, or all that can. */
static int bench_layer(struct bench *b, const struct sb_kernel_case *c, enum sb_engine engine,
                       struct sb_error *err)
{
    for (const struct sb_kernel *const *k = sb_kernel_table(engine); *k; k++) {
        struct sb_kernel_time time;
        if ((*k)->op != c->layer.op || !is_wanted(engine, *k))
            continue;
        const int rc = sb_time_kernel(&c->layer, *k, &b->time, &time, err);
        if (rc == SB_EUNSUPPORTED)
            continue;
        if (rc)
            return rc;
        if (engine_name || !stands_elsewhere(engine, *k))
            add_row(b, c, *k, &time);
        if (!every)
            break;
    }
    return 0;
}

static void start_table(struct bench *b)
{
    struct sb_table *t = &b->table;
    sb_table_init(t, NULL);
    sb_table_column(t, "layer", NULL, SB_LEFT);
    sb_table_column(t, "kernel", NULL, SB_LEFT);
    sb_table_column(t, "median", "ms", SB_RIGHT);
    sb_table_column(t, "min", "ms", SB_RIGHT);
    sb_table_column(t, "n", NULL, SB_RIGHT);
    sb_table_column(t, "GFLOP/s", NULL, SB_RIGHT);
    sb_table_column(t, "of peak", "%", SB_RIGHT);
    sb_table_column(t, "GB/s", NULL, SB_RIGHT);
    sb_table_column(t, "of bandwidth", "%", SB_RIGHT);
    sb_table_note(t,
                  "%s, %d thread%s; peak %.1f GFLOP/s, memory %.1f GB/s, measured just before. "
                  "FLOPs are those of the direct method, of which Winograd needs a quarter; bytes "
                  "are operands, weights and output, which caches may hold.",
                  sb_cpu_name(b->time.cpu), b->time.threads, b->time.threads > 1 ? "s" : "",
                  b->peak.flops * 1e-9, b->peak.bytes_per_s * 1e-9);
}

static int bench_engines(struct bench *b, struct sb_error *err)
{
    enum sb_engine from = SB_ENGINE_OPENBLAS, to = SB_ENGINE_NATIVE_BF16;
    int rc = 0;
    if (engine_name) {
        (void)sb_engine_parse(engine_name, &from, NULL); /* run_kernels() has checked it */
        if (from == SB_ENGINE_NATIVE_BF16 && !sb_cpu_has_bf16())
            rc = sb_error_set(err, SB_EUNSUPPORTED,
                              "engine native-bf16 needs a CPU with AVX512-BF16");
        to = from;
    }
    struct sb_progress progress;
    size_t layers = 0;
    while (sb_kernel_case_at(layers))
        layers++;
    start_table(b);
    sb_progress_start(&progress, "kernels", "layers", layers, quiet);
    for (size_t i = 0; rc == 0 && i < layers; i++) {
        for (int e = (int)to; rc == 0 && e >= (int)from; e--)
            rc = bench_layer(b, sb_kernel_case_at(i), (enum sb_engine)e, err);
        sb_progress_update(&progress, i + 1);
    }
    sb_progress_finish(&progress);
    if (rc == 0 && b->table.num_rows == 0)
        rc = no_kernel(err);
    if (rc == 0)
        rc = print_table(&b->table, err);
    sb_table_release(&b->table);
    return rc;
}

static int run_kernels(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_environment env;
    struct bench b = {.time = {.cpu = sb_cpu_detect(),
                               .threads = threads > 0 ? (int)threads : sb_cpu_count(),
                               .max_ns = (int64_t)(milliseconds * 1e6),
                               .expected = !every}};
    int rc = sb_arguments_expect(args, 0, 0, "no argument", err);
    enum sb_engine engine = SB_ENGINE_NATIVE;
    if (rc == 0 && engine_name)
        rc = sb_engine_parse(engine_name, &engine, err);
    if (rc == 0 && cpu_name)
        rc = sb_cpu_parse(cpu_name, &b.time.cpu, err);
    if (rc == 0)
        rc = sb_engine_check_native(engine != SB_ENGINE_OPENBLAS, cpu_name, false, err);
    if (rc || !bench)
        return rc ? rc : list_kernels(err);
    sb_environment_read(&env, "");
    rc = sb_measure_peak(b.time.threads, env.l3_bytes, &b.peak, err);
    return rc ? rc : bench_engines(&b, err);
}

int cmd_kernels(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_FLAG("bench", 0, "time them on layers of the networks", &bench),
        SB_OPT_FLAG("all", 0, "every kernel that takes a layer, not only the one that runs it",
                    &every),
        SB_OPT_STRING("filter", 0, "TEXT", "kernels whose name has this in it", &filter),
        SB_OPT_STRING("engine", 0, "NAME", "native, native-bf16 or openblas (default: all)",
                      &engine_name),
        SB_OPT_STRING("cpu-mask", 0, "LEVEL", "native kernels: portable, avx2 or avx512",
                      &cpu_name),
        SB_OPT_INT("threads", 't', "N", "threads (default: all CPUs)", &threads, 1, 1024),
        SB_OPT_DOUBLE("ms", 0, "MS", "timed runs per row in milliseconds (default: 100)",
                      &milliseconds, 0, 60000),
        SB_OPT_FLAG("json", 0, "the table as JSON", &json),
        SB_OPT_FLAG("quiet", 'q', "no progress", &quiet),
        SB_OPT_NEEDS("all,cpu-mask,threads,ms", "bench"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "kernels [--bench] [options]",
        "Lists the kernels of the engines: what they compute, in which layout, for which\n"
        "CPUs. With --bench, times them on layers of the networks and compares them with\n"
        "this machine's peak. The kernel tests check the same calls against the definition.",
        options,
        "examples:\n"
        "  spinebench kernels\n"
        "  spinebench kernels --bench --engine native -t 1\n"
        "  spinebench kernels --bench --filter winograd --cpu-mask avx2"};
    bench = every = json = quiet = false;
    engine_name = cpu_name = filter = NULL;
    threads = 0;
    milliseconds = DEFAULT_MS;
    return sb_cli_run("kernels", &help, argc, argv, run_kernels);
}
