/* Resuming a session: is the file this session's, and where does it go on? See
 * session_internal.h. */
#include "base/file.h"
#include "base/mem.h"
#include "bench/record_fields.h"
#include "bench/session_internal.h"
#include "models/tf_checkpoint.h"
#include "models/zoo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HINT "give the same options, or leave out --resume to start over"

/* Of a checkpoint the index holds a checksum of every tensor. What is no file has a name that says
 * all ("embedded:..."). */
static int put_weight_digest(const char *weights, struct sb_str *out, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    char *prefix = NULL;
    uint64_t digest;
    int rc = 0;
    if (sb_zoo_weights_name(weights))
        return 0;
    if (sb_is_file(weights)) {
        sb_str_puts(&path, weights);
    } else {
        rc = sb_tf_checkpoint_prefix(weights, &prefix, err);
        if (rc == SB_ENOTFOUND) /* loading it will say what is wrong */
            return 0;
        sb_str_printf(&path, "%s.index", rc == 0 ? prefix : "");
        sb_free(prefix);
    }
    if (rc == 0 && path.failed)
        rc = sb_error_nomem(err, "a file name", strlen(weights));
    if (rc == 0)
        rc = sb_file_digest(sb_str_text(&path), &digest, err);
    if (rc == 0)
        sb_str_printf(out, "; digest of the weights %016" PRIx64, digest);
    sb_str_release(&path);
    return rc;
}

int sb_session_settings(const struct sb_session_options *o, struct sb_str *out,
                        struct sb_error *err)
{
    const struct sb_measure_options *m = &o->measure;
    const struct sb_stop_rule *stop = &m->time.stop;
    sb_str_printf(out, "least runs %zu; most runs %zu; seconds %.9g; precision %.9g %%",
                  stop->min_runs, stop->max_runs, (double)stop->max_ns / 1e9,
                  100 * stop->precision);
    sb_str_printf(out, "; warm-up %zu; step passes %zu; processes %d; probe %s; check %s",
                  m->time.warmup, m->time.step_passes, o->processes, o->probe ? "yes" : "no",
                  m->check ? "yes" : "no");
    sb_str_printf(out, "; averages %s; kernels %s", m->use_ema ? "yes" : "no",
                  m->tuning ? m->tuning : "default");
    const struct sb_accuracy_set *const a = o->accuracy;
    sb_str_printf(out, "; truth %s; images %s", a ? a->annotations : "none",
                  a ? a->images : "none");
    if (a && a->first_class >= 0)
        sb_str_printf(out, "; first class %d", a->first_class);
    const int rc = m->weights ? put_weight_digest(m->weights, out, err) : 0;
    return rc == 0 && out->failed ? sb_error_nomem(err, "the settings", out->length) : rc;
}

/* What changes from one moment to the next on one machine. */
static bool may_differ(const char *field)
{
    static const char *const names[] = {"started", "command", "mhz",
                                        "load",    "noise",   "steal_ticks"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], field) == 0)
            return true;
    }
    return false;
}

/* A field as messages show it. */
static void put_value(const struct sb_record *r, const struct sb_field *f, struct sb_str *out)
{
    const void *at = (const char *)r + f->offset;
    if (f->type == SB_FIELD_BOOL)
        sb_str_puts(out, *(const bool *)at ? "yes" : "no");
    else if (f->type == SB_FIELD_INT && *(const int64_t *)at == SB_NO_INT)
        sb_str_puts(out, "unknown");
    else if (f->type == SB_FIELD_INT)
        sb_str_printf(out, "%" PRId64, *(const int64_t *)at);
    else if (f->type == SB_FIELD_DOUBLE)
        sb_str_printf(out, "%.9g", *(const double *)at);
    else
        sb_str_puts(out, *(const char *const *)at ? *(const char *const *)at : "unknown");
}

/* Where the first item of "name value; name value" begins that differs. */
static size_t first_difference(const char *a, const char *b)
{
    size_t begin = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
        if (a[i] == ';' && a[i + 1] == ' ' && b[i + 1] == ' ')
            begin = i + 2;
    }
    return begin;
}

static int refuse_field(const char *name, const char *kept, const char *now, struct sb_error *err)
{
    const bool items = strcmp(name, "settings") == 0;
    const size_t begin = items ? first_difference(kept, now) : 0;
    const char *end = items ? ";" : "";
    kept += begin;
    now += begin;
    sb_error_set(err, SB_EINVAL, "the kept run has %s '%.*s', this one has '%.*s'", name,
                 (int)strcspn(kept, end), kept, (int)strcspn(now, end), now);
    return sb_error_hint(err, HINT);
}

/* The kept cells and those to come are one run only if program, machine and settings are the same.
 */
static int match_run(const struct session *s, const struct sb_record *kept, struct sb_error *err)
{
    struct sb_record now;
    struct sb_str a = SB_STR_INIT, b = SB_STR_INIT;
    const struct sb_field *tables[3];
    const size_t count = sb_record_tables(SB_RECORD_RUN, tables);
    int rc = 0;
    sb_session_run_record(s, &now);
    for (size_t t = 0; t < count; t++) {
        for (const struct sb_field *f = tables[t]; f->name && rc == 0; f++) {
            if (may_differ(f->name))
                continue;
            sb_str_clear(&a);
            sb_str_clear(&b);
            put_value(kept, f, &a);
            put_value(&now, f, &b);
            if (a.failed || b.failed)
                rc = sb_error_nomem(err, "a value", a.length + b.length);
            else if (strcmp(sb_str_text(&a), sb_str_text(&b)) != 0)
                rc = refuse_field(f->name, sb_str_text(&a), sb_str_text(&b), err);
        }
    }
    sb_str_release(&a);
    sb_str_release(&b);
    return rc;
}

static bool is_whole(const struct sb_record *r)
{
    return !r->part.node && !r->part.level && !r->part.op && !r->part.block;
}

/* What the lines of one cell hold. */
struct cell_lines {
    int runs, checks, phases; /* end to end; output checks; memory of the whole */
    size_t outputs;
    int accuracies;
    int step_costs, step_times;      /* lines about steps */
    int level_costs, level_memories; /* lines about levels */
    int64_t nodes, inputs;           /* counted by the line about the whole; inputs among them */
    int64_t by_level, by_op, by_step;
};

static void count_cost(struct cell_lines *c, const struct sb_record *r)
{
    const int64_t nodes = r->u.cost.nodes;
    if (is_whole(r)) {
        c->nodes += nodes;
    } else if (r->part.node) {
        c->step_costs++;
        c->by_step += nodes;
    } else if (r->part.level) {
        c->level_costs++;
        c->by_level += nodes;
    } else if (r->part.op) {
        c->by_op += nodes;
        c->inputs += strcmp(r->part.op, sb_op_name(SB_OP_INPUT)) == 0 ? nodes : 0;
    }
}

static void count_line(struct cell_lines *c, const struct sb_record *r)
{
    if (r->kind == SB_RECORD_COST)
        count_cost(c, r);
    c->runs += r->kind == SB_RECORD_TIME && is_whole(r);
    c->step_times += r->kind == SB_RECORD_TIME && !is_whole(r);
    c->checks += r->kind == SB_RECORD_CHECK;
    c->outputs += r->kind == SB_RECORD_OUTPUT;
    c->accuracies += r->kind == SB_RECORD_ACCURACY;
    c->phases += r->kind == SB_RECORD_MEMORY && is_whole(r);
    c->level_memories += r->kind == SB_RECORD_MEMORY && !is_whole(r);
}

/*
 * What the lines of a cell lack, or NULL. Every node of the graph but its inputs belongs to one
 * step, one level and one op, so their nodes add up; and every step has its times from each
 * process.
 */
static const char *missing_of_cell(const struct session *s, size_t cell,
                                   const struct sb_record *items, size_t count)
{
    const int processes = s->options->processes;
    const bool timed_steps = s->options->measure.time.step_passes > 0;
    struct cell_lines c = {0};
    for (size_t i = 0; i < count; i++)
        count_line(&c, &items[i]);
    if (c.runs != processes)
        return "end-to-end times of every process";
    if (c.accuracies == 0 && sb_session_evaluates(s, cell))
        return "the accuracy";
    if (s->options->measure.check && c.checks != processes)
        return "the output check of every process";
    if (s->options->measure.check && c.outputs != s->cells[cell].outputs)
        return "the values of every output";
    if (c.phases != SB_MEASURE_PHASES || c.level_memories != c.level_costs)
        return "the memory of every phase and level";
    if (c.nodes == 0 || c.by_level != c.nodes || c.by_op != c.nodes ||
        c.by_step != c.nodes - c.inputs)
        return "the costs of every level, op and step";
    return timed_steps && c.step_times != processes * c.step_costs ? "the times of every step"
                                                                   : NULL;
}

/* Cell number `cell` (from 1) begins at record i of another session's file. */
static int refuse_cell(const struct sb_record *r, size_t cell, struct sb_error *err)
{
    sb_error_set(err, SB_EINVAL, "the file holds %s at %lld, which is not cell %zu of this session",
                 r->cell.model ? r->cell.model : "no model", (long long)r->cell.size, cell);
    sb_error_line(err, r->line, 0);
    return sb_error_hint(err, "resume with the options of the first start, or start anew "
                              "without --resume");
}

/* Keeps the cell in [begin, end) if nothing of it is missing; else tells the result what is. */
static bool keep_cell(struct session *s, const struct sb_records *old, size_t begin, size_t end)
{
    const char *missing = missing_of_cell(s, s->first_cell, old->items + begin, end - begin);
    if (!missing) {
        s->first_cell++;
        return true;
    }
    s->result->redone = missing;
    s->result->redone_line = old->items[begin].line;
    return false;
}

/*
 * What an earlier session left: cells in order. Counts those that are kept and finds where the file
 * is cut: at the first cell that is not complete, in a file that goes on (`open`) at the last one
 * in any case.
 */
static int match_cells(struct session *s, const struct sb_records *old, bool open,
                       size_t *kept_records, struct sb_error *err)
{
    size_t cell = 0;  /* cells seen so far */
    size_t begin = 1; /* of the last one; the run record is the first */
    s->first_cell = 0;
    *kept_records = 1;
    for (size_t i = 1; i < old->count; i++) {
        const struct sb_record *r = &old->items[i];
        if (cell > 0 &&
            (r->kind == SB_RECORD_ACCURACY || sb_same_cell(&r->cell, &s->cells[cell - 1].key)))
            continue;
        if (cell == s->options->num_cells || !sb_same_cell(&r->cell, &s->cells[cell].key))
            return refuse_cell(r, cell + 1, err);
        if (cell > 0 && !keep_cell(s, old, begin, i))
            return 0;
        *kept_records = begin = i;
        cell++;
    }
    if (!open && cell > 0 && keep_cell(s, old, begin, old->count))
        *kept_records = old->count;
    return 0;
}

static int match_file(struct session *s, const struct sb_records *old, bool open, size_t *kept,
                      struct sb_error *err)
{
    if (old->count == 0 || old->items[0].kind != SB_RECORD_RUN) {
        sb_error_set(err, SB_EFORMAT, "does not start with a run record");
        return sb_error_hint(err, "start anew without --resume");
    }
    const int rc = match_run(s, &old->items[0], err);
    return rc ? rc : match_cells(s, old, open, kept, err);
}

/* The first broken line among those that end with a newline. */
struct broken {
    int64_t whole_lines;
    bool found;
    struct sb_error first;
};

/* The writer writes whole lines: only one that was cut when the session was killed is thrown away.
 */
static void note_broken(void *ctx, const struct sb_error *err)
{
    struct broken *b = ctx;
    if (b->found || err->line > b->whole_lines)
        return;
    b->found = true;
    b->first = *err;
}

static int count_whole_lines(const char *path, int64_t *out, struct sb_error *err)
{
    struct sb_map map;
    const int rc = sb_map_open(&map, path, err);
    *out = 0;
    if (rc)
        return rc;
    for (size_t i = 0; i < map.size; i++)
        *out += map.data[i] == '\n';
    sb_map_release(&map);
    return 0;
}

static int read_part(struct sb_records *old, const char *part, struct sb_error *err)
{
    struct broken broken = {0};
    int rc = count_whole_lines(part, &broken.whole_lines, err);
    if (rc == 0)
        rc = sb_records_read(old, part, note_broken, &broken, err);
    if (rc || !broken.found)
        return rc;
    *err = broken.first;
    return sb_error_hint(err, "start anew without --resume");
}

int sb_session_resume(struct session *s, const char *part, struct sb_error *err)
{
    struct sb_records old;
    size_t kept = 0;
    sb_records_init(&old);
    int rc = read_part(&old, part, err);
    if (rc == 0)
        rc = match_file(s, &old, true, &kept, err);
    for (size_t i = 0; i < kept && rc == 0; i++)
        rc = sb_records_add(s->records, &old.items[i], err);
    if (rc == 0) {
        snprintf(s->identity.id, sizeof(s->identity.id), "%s", old.items[0].run);
        rc = sb_record_writer_resume(&s->writer, s->options->output, old.items[kept - 1].offset,
                                     err);
        s->writing = rc == 0;
    } else {
        sb_error_file(err, part);
    }
    sb_records_release(&old);
    return rc;
}

int sb_session_take_complete(struct session *s, struct sb_error *err)
{
    size_t kept;
    int rc = sb_records_read(s->records, s->options->output, NULL, NULL, err);
    if (rc == 0)
        rc = match_file(s, s->records, false, &kept, err);
    if (rc == 0 && s->first_cell < s->options->num_cells) {
        rc = sb_error_set(err, SB_EFORMAT, "lines are missing: the cell that starts here lacks %s",
                          s->result->redone ? s->result->redone : "everything");
        sb_error_line(err, s->result->redone_line, 0);
        sb_error_hint(err, "start anew without --resume");
    }
    return rc ? sb_error_file(err, s->options->output) : 0;
}
