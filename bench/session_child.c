/* Fresh processes: this program runs itself once per repetition and gathers the records. */
#include "base/file.h"
#include "base/mem.h"
#include "base/temporary.h"
#include "bench/process.h"
#include "bench/session_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_stop_rule(struct sb_command_line *c, const struct sb_stop_rule *rule)
{
    if (rule->min_runs == rule->max_runs) {
        sb_command_add(c, "--runs=%zu", rule->min_runs);
        return;
    }
    sb_command_add(c, "--min-runs=%zu", rule->min_runs);
    sb_command_add(c, "--max-runs=%zu", rule->max_runs);
    sb_command_add(c, "--time=%.9g", (double)rule->max_ns / 1e9);
    if (rule->precision > 0)
        sb_command_add(c, "--precision=%.9g", 100 * rule->precision);
}

/* The options of `bench` that measure one cell as `o` says. */
static void add_options(struct sb_command_line *c, const struct sb_measure_options *o)
{
    if (o->size > 0)
        sb_command_add(c, "--size=%d", o->size);
    sb_command_add(c, "--batch=%d", o->batch);
    sb_command_add(c, "--threads=%d", o->threads);
    sb_command_add(c, "--engine=%s", sb_engine_name(o->engine));
    const bool native = o->engine != SB_ENGINE_OPENBLAS;
    if (native && o->cpu != sb_cpu_detect())
        sb_command_add(c, "--cpu-mask=%s", sb_cpu_name(o->cpu));
    if (native && o->low_memory)
        sb_command_add(c, "--low-memory");
    if (o->tuning)
        sb_command_add(c, "--tune=%s", o->tuning);
    sb_command_add(c, "--scenario=%s", sb_scenario_name(o->time.scenario));
    if (o->weights)
        sb_command_add(c, "--weights=%s", o->weights);
    else
        sb_command_add(c, "--weights-seed=%" PRIu64, o->seed);
    if (o->use_ema)
        sb_command_add(c, "--ema");
    sb_command_add(c, "--warmup=%zu", o->time.warmup);
    sb_command_add(c, "--step-passes=%zu", o->time.step_passes);
    add_stop_rule(c, &o->time.stop);
    if (!o->check)
        sb_command_add(c, "--no-check");
    sb_command_add(c, "--no-probe");
    sb_command_add(c, "--quiet");
}

/* What later processes repeat without telling anything new. */
static bool is_wanted(const struct sb_record *r, int process)
{
    if (r->kind == SB_RECORD_RUN)
        return false;
    return process == 0 || r->kind == SB_RECORD_TIME || r->kind == SB_RECORD_CHECK;
}

static int gather(struct session *s, const char *path, int process, const struct sb_peak *peak,
                  struct sb_error *err)
{
    struct sb_records records;
    sb_records_init(&records);
    int rc = sb_records_read(&records, path, NULL, NULL, err);
    for (size_t i = 0; i < records.count && rc == 0; i++) {
        struct sb_record r = records.items[i];
        if (!is_wanted(&r, process))
            continue;
        r.run = s->identity.id;
        if (r.kind == SB_RECORD_TIME)
            r.u.time.process = process;
        if (r.kind == SB_RECORD_CHECK)
            r.u.check.process = process;
        if (r.kind == SB_RECORD_TIME && !r.part.node && peak->flops > 0)
            sb_peak_into_record(peak, &r);
        rc = sb_session_emit(s, &r, err);
    }
    sb_records_release(&records);
    return rc;
}

static int run_child(struct session *s, struct sb_command_line *c, const char *path, int process,
                     const struct sb_peak *peak, struct sb_error *err)
{
    int code;
    const struct sb_process_options options = {.cpu = -1, .padding = (size_t)process * 97 % 1024};
    int rc = sb_process_run(c->argv, &options, &code, err);
    if (rc == 0 && code != 0 && code != 1) { /* 1: the output check failed, which records say */
        rc = sb_error_set(err, SB_EIO, "process %d of %s ended with exit code %d", process,
                          c->argv[2], code);
        sb_error_hint(err, "measure it with --processes 1 to see why");
    }
    return rc ? rc : gather(s, path, process, peak, err);
}

int sb_session_children(struct session *s, const struct sb_measure_options *o,
                        const struct sb_peak *peak, struct sb_error *err)
{
    char dir[256], path[280], part[288], self[PATH_MAX], label[48];
    struct sb_command_line *c = sb_calloc(1, sizeof(*c), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!c)
        return sb_error_nomem(err, "a command line", sizeof(*c));
    int rc = sb_process_self(self, sizeof(self), err);
    if (rc == 0)
        rc = sb_temporary_folder(dir, sizeof(dir), err);
    if (rc) {
        sb_free(c);
        return rc;
    }
    snprintf(path, sizeof(path), "%s/cell.jsonl", dir);
    snprintf(part, sizeof(part), "%s.part", path);
    sb_temporary_keep(path);
    sb_temporary_keep(part);
    sb_command_add(c, "%s", self);
    sb_command_add(c, "bench");
    sb_command_add(c, "%s", o->model);
    add_options(c, o);
    sb_command_add(c, "--output=%s", path);
    if (c->failed)
        rc = sb_error_set(err, SB_EINTERNAL, "the command line of a child is too long");
    struct sb_progress progress;
    snprintf(label, sizeof(label), "%.47s", o->model);
    sb_progress_start(&progress, label, "processes", (size_t)s->options->processes,
                      s->options->quiet);
    for (int p = 0; p < s->options->processes && rc == 0; p++) {
        rc = run_child(s, c, path, p, peak, err);
        sb_progress_update(&progress, (size_t)p + 1);
    }
    sb_progress_finish(&progress);
    sb_temporary_remove_folder(dir);
    sb_free(c);
    return rc;
}
