/* spinebench env: the machine and program as records describe them, with advice. */
#include "base/build.h"
#include "bench/environment.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "reports/table.h"

#include <math.h>
#include <stdio.h>

static bool json;

static void text_row(struct sb_table *t, const char *name, const char *value)
{
    sb_table_row(t);
    sb_table_cell(t, "%s", name);
    sb_table_cell(t, "%s", value && value[0] ? value : "not visible");
}

static void bytes_row(struct sb_table *t, const char *name, int64_t bytes)
{
    char text[48];
    if (bytes == SB_NO_INT)
        snprintf(text, sizeof(text), "not visible");
    else if (bytes >= (int64_t)1 << 30)
        snprintf(text, sizeof(text), "%.1f GiB", (double)bytes / 0x1p30);
    else
        snprintf(text, sizeof(text), "%.0f KiB", (double)bytes / 1024);
    text_row(t, name, text);
}

static void number_row(struct sb_table *t, const char *name, int64_t value, const char *unit)
{
    char text[48] = "";
    if (value != SB_NO_INT)
        snprintf(text, sizeof(text), "%lld%s", (long long)value, unit);
    text_row(t, name, text);
}

static void program_rows(struct sb_table *t)
{
    char commit[80] = "";
    if (sb_build.commit)
        snprintf(commit, sizeof(commit), "%.12s%s", sb_build.commit,
                 sb_build.dirty ? " with changes" : "");
    text_row(t, "program", sb_build.version);
    text_row(t, "commit", commit);
    text_row(t, "compiler", sb_build.compiler);
    text_row(t, "flags", sb_build.flags);
}

static void machine_rows(struct sb_table *t, const struct sb_environment *env)
{
    char load[32] = "";
    if (!isnan(env->load))
        snprintf(load, sizeof(load), "%.2f", env->load);
    text_row(t, "machine type", env->machine);
    text_row(t, "CPU", env->cpu);
    text_row(t, "features", env->cpu_features);
    number_row(t, "CPUs online", env->cpus, "");
    char usable[320] = "";
    if (env->affinity[0])
        snprintf(usable, sizeof(usable), "%lld (%s)", (long long)env->usable_cpus, env->affinity);
    text_row(t, "CPUs usable", usable);
    bytes_row(t, "L1 data cache", env->l1d_bytes);
    bytes_row(t, "L2 cache", env->l2_bytes);
    bytes_row(t, "L3 cache", env->l3_bytes);
    bytes_row(t, "memory", env->memory_bytes);
    bytes_row(t, "page", env->page_bytes);
    number_row(t, "frequency", env->mhz, " MHz");
    text_row(t, "governor", env->governor);
    text_row(t, "load", load);
    number_row(t, "steal since boot", env->steal_ticks, " ticks");
    text_row(t, "kernel", env->kernel);
    text_row(t, "BLAS", env->blas);
    text_row(t, "BLAS kernels", env->blas_core);
    text_row(t, "allocator", env->allocator);
}

static int print_text(const struct sb_environment *env, struct sb_error *err)
{
    struct sb_table t;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "what", NULL, SB_LEFT);
    sb_table_column(&t, "value", NULL, SB_LEFT);
    program_rows(&t);
    machine_rows(&t, env);
    struct sb_str out = SB_STR_INIT, advice = SB_STR_INIT;
    sb_cli_put_table(&t, sb_table_format("text"), &out);
    sb_environment_advice(env, &advice);
    const bool failed = out.failed || advice.failed;
    if (!failed)
        printf("%s\n%s", sb_str_text(&out),
               advice.length ? sb_str_text(&advice) : "nothing here disturbs measurements\n");
    sb_str_release(&advice);
    sb_str_release(&out);
    sb_table_release(&t);
    return failed ? sb_error_nomem(err, "the table", 0) : 0;
}

static int print_json(const struct sb_environment *env, struct sb_error *err)
{
    struct sb_record run;
    sb_record_init(&run, SB_RECORD_RUN);
    sb_environment_to_record(env, &run);
    sb_build_to_record(&run);
    run.run = "env";
    struct sb_str out = SB_STR_INIT;
    sb_record_to_json(&run, &out);
    const bool failed = out.failed;
    fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    return failed ? sb_error_nomem(err, "the record", 0) : 0;
}

static int run_env(const struct sb_arguments *args, struct sb_error *err)
{
    const int rc = sb_arguments_expect(args, 0, 0, "no argument", err);
    if (rc)
        return rc;
    struct sb_environment env;
    sb_environment_read(&env, "");
    return json ? print_json(&env, err) : print_text(&env, err);
}

int cmd_env(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_FLAG("json", 0, "the machine's part of a run record on stdout", &json),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "env [options]",
        "Shows the machine, its state and this program's build as every record names them,\n"
        "and says what would make timings here more trustworthy.",
        options, NULL};
    json = false;
    return sb_cli_run("env", &help, argc, argv, run_env);
}
