/* The processes of a gate. See gate_internal.h. */
#include "base/file.h"
#include "bench/gate_internal.h"
#include "bench/process.h"
#include "bench/statistics.h"

#include "base/mem.h"
#include "base/temporary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_PADDING 1024

int sb_gate_open_scratch(struct gate *g, struct sb_error *err)
{
    const int rc = sb_temporary_folder(g->dir, sizeof(g->dir), err);
    if (rc)
        return rc;
    snprintf(g->file, sizeof(g->file), "%s/run", g->dir);
    snprintf(g->part, sizeof(g->part), "%s/run.part", g->dir);
    snprintf(g->complaints, sizeof(g->complaints), "%s/complaints", g->dir);
    sb_temporary_keep(g->file);
    sb_temporary_keep(g->part);
    sb_temporary_keep(g->complaints);
    return 0;
}

void sb_gate_close_scratch(struct gate *g)
{
    sb_temporary_remove_folder(g->dir);
}

/* The first line that the program printed on stderr, cut to fit. */
static void first_complaint(const struct gate *g, char *text, size_t size)
{
    FILE *fp = fopen(g->complaints, "r");
    text[0] = '\0';
    if (fp && fgets(text, (int)size, fp))
        text[strcspn(text, "\n")] = '\0';
    if (fp)
        fclose(fp);
}

/* Runs the words; exit codes above `allowed` are errors, with what the program said. What it says
 * otherwise is left out: the gate's summary says it with the model's name. */
static int run(struct gate *g, const struct sb_command_line *w, const char *stdout_path,
               int allowed, struct sb_error *err)
{
    const struct sb_process_options options = {
        .stdout_path = stdout_path,
        .stderr_path = g->complaints,
        .cpu = g->result->cpu,
        .padding = sb_rng_below(&g->rng, MAX_PADDING),
    };
    int code;
    if (w->failed)
        return sb_error_set(err, SB_EINVAL, "a command line is too long");
    const int rc = sb_process_run(w->argv, &options, &code, err);
    if (rc || code <= allowed)
        return rc;
    char complaint[240];
    first_complaint(g, complaint, sizeof(complaint));
    sb_error_set(err, SB_EIO, "'%s %s %s' ended with exit code %d%s%s", w->argv[0], w->argv[1],
                 w->argv[2], code, complaint[0] ? ": " : "", complaint);
    return sb_error_hint(err, "a gate needs two programs that know 'bench --no-probe'");
}

static void bench_words(const struct gate *g, struct sb_command_line *w, const char *program,
                        const struct sb_gate_point *p, const char *engine)
{
    sb_command_add(w, "%s", program);
    sb_command_add(w, "bench");
    sb_command_add(w, "%s", p->model);
    if (p->size > 0)
        sb_command_add(w, "--size=%d", p->size);
    if (engine)
        sb_command_add(w, "--engine=%s", engine);
    sb_command_add(w, "--threads=%d", g->options->threads);
    /* both programs the same, whatever weights they have inside */
    sb_command_add(w, "--weights-seed=1");
    sb_command_add(w, "--step-passes=0");
    sb_command_add(w, "--no-probe");
    sb_command_add(w, "--quiet");
    sb_command_add(w, "--output=%s", g->file);
}

/* What the program wrote into the scratch file. */
static int read_written(const struct gate *g, const char *program, struct sb_records *records,
                        struct sb_error *err)
{
    if (!sb_is_file(g->file)) {
        sb_error_set(err, SB_EFORMAT, "the program wrote no records");
        return sb_error_file(err, program);
    }
    const int rc = sb_records_read(records, g->file, NULL, NULL, err);
    unlink(g->file);
    return rc;
}

/* The first record of a kind that the program wrote, or NULL with err. */
static const struct sb_record *first_of(const struct sb_records *records, enum sb_record_kind kind,
                                        struct sb_error *err)
{
    for (size_t i = 0; i < records->count; i++) {
        if (records->items[i].kind == kind)
            return &records->items[i];
    }
    sb_error_set(err, SB_EFORMAT, "the program wrote no %s record", sb_record_kind_name(kind));
    return NULL;
}

int sb_gate_time(struct gate *g, const char *program, size_t point, int64_t repeats,
                 double *median_ns, struct sb_error *err)
{
    struct sb_command_line *w = sb_calloc(1, sizeof(*w), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!w)
        return sb_error_nomem(err, "a command line", sizeof(*w));
    bench_words(g, w, program, &g->options->points[point], g->options->engine);
    sb_command_add(w, "--runs=%lld", (long long)repeats);
    sb_command_add(w, "--warmup=1");
    sb_command_add(w, "--no-check");
    int rc = run(g, w, NULL, 0, err);
    sb_free(w);
    if (rc)
        return rc;
    struct sb_records records;
    sb_records_init(&records);
    rc = read_written(g, program, &records, err);
    const struct sb_record *time = rc ? NULL : first_of(&records, SB_RECORD_TIME, err);
    if (rc == 0 && !time)
        rc = err->code;
    double *values = NULL;
    if (rc == 0) {
        values = sb_calloc(time->u.time.num_ns + 1, sizeof(*values), SB_MEM_TAG(SB_MEM_DATA, 0));
        rc = values ? 0 : sb_error_nomem(err, "samples", time->u.time.num_ns);
    }
    for (size_t i = 0; rc == 0 && i < time->u.time.num_ns; i++)
        values[i] = (double)time->u.time.ns[i];
    if (rc == 0 && time->u.time.num_ns == 0)
        rc = sb_error_set(err, SB_EFORMAT, "the program wrote no samples");
    if (rc == 0)
        *median_ns = sb_summarize(values, time->u.time.num_ns).median;
    sb_free(values);
    sb_records_release(&records);
    sb_progress_update(&g->progress, ++g->runs_done);
    return rc;
}

int sb_gate_run_once(struct gate *g, const char *program, const struct sb_gate_point *point,
                     const char *engine, struct sb_records *records, struct sb_error *err)
{
    struct sb_command_line *w = sb_calloc(1, sizeof(*w), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!w)
        return sb_error_nomem(err, "a command line", sizeof(*w));
    bench_words(g, w, program, point, engine);
    sb_command_add(w, "--runs=1");
    sb_command_add(w, "--warmup=0");
    const int rc = run(g, w, NULL, 1, err);
    sb_free(w);
    return rc ? rc : read_written(g, program, records, err);
}

int sb_gate_read_check(const struct sb_records *records, struct gate_check *out,
                       struct sb_error *err)
{
    const struct sb_record *record = first_of(records, SB_RECORD_CHECK, err);
    if (!record)
        return err->code;
    const struct sb_check_record *const check = &record->u.check;
    *out = (struct gate_check){.passed = check->passed, .nmse = check->nmse};
    snprintf(out->digest, sizeof(out->digest), "%s", check->digest ? check->digest : "");
    return 0;
}

int sb_gate_check_output(struct gate *g, const char *program, size_t point, struct gate_check *out,
                         struct sb_error *err)
{
    struct sb_records records;
    sb_records_init(&records);
    int rc =
        sb_gate_run_once(g, program, &g->options->points[point], g->options->engine, &records, err);
    if (rc == 0)
        rc = sb_gate_read_check(&records, out, err);
    sb_records_release(&records);
    return rc;
}

void sb_gate_note_check(struct sb_gate_cell_result *cell, const struct gate_check *check)
{
    cell->checked = true;
    cell->check_passed = check->passed;
    cell->nmse = check->nmse;
    snprintf(cell->digest[1], sizeof(cell->digest[1]), "%s", check->digest);
}

int sb_gate_exact_costs(struct gate *g, const char *program, struct sb_str *out,
                        struct sb_error *err)
{
    struct sb_command_line *w = sb_calloc(1, sizeof(*w), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!w)
        return sb_error_nomem(err, "a command line", sizeof(*w));
    sb_command_add(w, "%s", program);
    sb_command_add(w, "cost");
    sb_command_add(w, "--all");
    sb_command_add(w, "--exact");
    int rc = run(g, w, g->file, 0, err);
    sb_free(w);
    if (rc)
        return rc;
    struct sb_map map;
    rc = sb_map_open(&map, g->file, err);
    if (rc == 0) {
        sb_str_append(out, map.data ? map.data : "", map.size);
        sb_map_release(&map);
        rc = out->failed ? sb_error_nomem(err, "costs", map.size) : 0;
    }
    unlink(g->file);
    return rc;
}

/* Busy and all ticks of all CPUs so far. */
static bool read_ticks(double *busy, double *all)
{
    char line[512];
    FILE *fp = fopen("/proc/stat", "r");
    const bool ok = fp && fgets(line, sizeof(line), fp) && strncmp(line, "cpu ", 4) == 0;
    if (fp)
        fclose(fp);
    char *p = line + 4, *end;
    *busy = *all = 0;
    for (int field = 0; ok && field < 8; field++) {
        const double ticks = strtod(p, &end);
        *all += ticks;
        *busy += field == 3 || field == 4 ? 0 : ticks; /* idle, waiting for input and output */
        p = end;
    }
    return ok;
}

double sb_gate_busy_share(void)
{
    double busy[2], all[2];
    const struct timespec second = {.tv_sec = 1};
    if (!read_ticks(&busy[0], &all[0]))
        return (double)NAN;
    nanosleep(&second, NULL);
    if (!read_ticks(&busy[1], &all[1]) || all[1] <= all[0])
        return (double)NAN;
    return (busy[1] - busy[0]) / (all[1] - all[0]);
}
