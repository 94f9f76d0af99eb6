/* Where numbers come from. See provenance.h. */
#include "reports/provenance.h"

#include "base/file.h"

#include <math.h>
#include <string.h>

#define MAX_ORIGINS 4 /* distinct commits and machines that are named one by one */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* True when an earlier run has the same commit and machine. */
static bool is_repeated(const struct sb_records *records, size_t index)
{
    const struct sb_run_record *run = &records->items[index].u.run;
    for (size_t i = 0; i < index; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_RUN && same_text(r->u.run.commit, run->commit) &&
            r->u.run.dirty == run->dirty && same_text(r->u.run.machine, run->machine))
            return true;
    }
    return false;
}

static void put_run(const struct sb_run_record *run, struct sb_str *out)
{
    sb_str_printf(out, "; commit %.12s%s, machine %s (%s)", run->commit ? run->commit : "unknown",
                  run->dirty ? " with changes" : "", run->machine ? run->machine : "unknown",
                  run->cpu ? run->cpu : "CPU unknown");
}

void sb_origin_text(const struct sb_records *records, const char *const *inputs, size_t num_inputs,
                    struct sb_str *out)
{
    for (size_t i = 0; i < num_inputs; i++)
        sb_str_printf(out, "%s%s", i ? ", " : "", sb_path_base(inputs[i]));
    size_t named = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (records->items[i].kind != SB_RECORD_RUN || is_repeated(records, i))
            continue;
        if (named++ < MAX_ORIGINS)
            put_run(&records->items[i].u.run, out);
    }
    if (named > MAX_ORIGINS)
        sb_str_printf(out, "; and %zu more (table of runs)", named - MAX_ORIGINS);
    if (named == 0)
        sb_str_puts(out, "; no run record");
}

void sb_origin_command(const char *const *inputs, size_t num_inputs, const char *preset,
                       struct sb_str *out)
{
    sb_str_puts(out, "spinebench report");
    for (size_t i = 0; i < num_inputs; i++)
        sb_str_printf(out, " %s", sb_path_base(inputs[i]));
    if (preset)
        sb_str_printf(out, " --preset %s", preset);
}

/* The text, or the reason why the run record lacks it. */
static void put_text(struct sb_table *t, const struct sb_record *r, const char *field,
                     const char *text)
{
    const char *why = sb_record_why(r, field);
    if (text)
        sb_table_cell(t, "%s", text);
    else
        sb_table_missing(t, why ? why : "not recorded");
}

static void put_int(struct sb_table *t, const struct sb_record *r, const char *field, int64_t value)
{
    const char *why = sb_record_why(r, field);
    if (value == SB_NO_INT)
        sb_table_missing(t, why ? why : "not recorded");
    else
        sb_table_value(t, (double)value);
}

static void put_double(struct sb_table *t, const struct sb_record *r, const char *field,
                       double value)
{
    const char *why = sb_record_why(r, field);
    if (isnan(value))
        sb_table_missing(t, why ? why : "not recorded");
    else
        sb_table_value(t, value);
}

static void add_columns(struct sb_table *t)
{
    static const char *const names[] = {"run",    "started",      "commit",  "machine", "CPU",
                                        "kernel", "BLAS kernels", "weights", "governor"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        sb_table_column(t, names[i], NULL, SB_LEFT);
    sb_table_quantity(t, "cpus", "CPUs", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_quantity(t, "memory", "memory", SB_QUANTITY_BYTES, SB_SOURCE_NONE);
    sb_table_quantity(t, "load", "load", SB_QUANTITY_RATIO, SB_SOURCE_NONE);
    sb_table_column(t, "compiler", NULL, SB_LEFT);
    sb_table_column(t, "command", NULL, SB_LEFT);
}

static void add_run(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_run_record *run = &r->u.run;
    sb_table_row(t);
    sb_table_cell(t, "%s", r->run);
    sb_table_cell(t, "%s", run->started);
    if (run->commit)
        sb_table_cell(t, "%.12s%s", run->commit, run->dirty ? " with changes" : "");
    else
        put_text(t, r, "commit", NULL);
    put_text(t, r, "machine", run->machine);
    put_text(t, r, "cpu", run->cpu);
    put_text(t, r, "kernel", run->kernel);
    put_text(t, r, "blas_core", run->blas_core);
    put_text(t, r, "weights", run->weights);
    put_text(t, r, "governor", run->governor);
    put_int(t, r, "cpus", run->cpus);
    put_int(t, r, "memory_bytes", run->memory_bytes);
    put_double(t, r, "load", run->load);
    sb_table_cell(t, "%s %s", run->compiler, run->flags);
    sb_table_cell(t, "%s", run->command);
}

int sb_runs_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    sb_table_init(t, "Runs");
    sb_table_set_name(t, "runs");
    add_columns(t);
    for (size_t i = 0; i < records->count; i++) {
        if (records->items[i].kind == SB_RECORD_RUN && !t->texts.failed)
            add_run(t, &records->items[i]);
    }
    const int rc = sb_table_finish(t, err);
    if (rc)
        sb_table_release(t);
    return rc;
}
