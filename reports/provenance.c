/* Where numbers come from. See provenance.h. */
#include "reports/provenance.h"

#include "base/file.h"

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
