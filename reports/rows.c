/* Gathering records into rows. Finding the row of a record is in rows_index.c. See rows.h. */
#include "reports/rows.h"

#include "base/mem.h"
#include "base/str.h"
#include "reports/rows_internal.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

const char *sb_rows_by_name(enum sb_rows_by by)
{
    static const char *const names[SB_ROWS_BYS] = {"model", "level", "op", "block", "node"};
    return names[by];
}

bool sb_rows_same_cell(const struct sb_row *a, const struct sb_row *b)
{
    return a->setup == b->setup && sb_same_cell(&a->cell, &b->cell);
}

/* How a record is about a part of the kind that rows are made of. */
enum match {
    MATCH_NONE,
    MATCH_DIRECT, /* about the part itself */
    MATCH_NODE    /* about a node of it */
};

static enum match match_part(enum sb_rows_by by, const struct sb_part *p)
{
    const int named = (p->op != NULL) + (p->block != NULL) + (p->level != NULL);
    if (by == SB_ROWS_NODE)
        return p->node ? MATCH_DIRECT : MATCH_NONE;
    if (by == SB_ROWS_MODEL)
        return !p->node && named == 0 ? MATCH_DIRECT : MATCH_NONE;
    if (!*sb_row_part_key(by, p))
        return MATCH_NONE;
    if (p->node)
        return MATCH_NODE;
    return named == 1 ? MATCH_DIRECT : MATCH_NONE;
}

static void add_int(int64_t *sum, int64_t value)
{
    if (value != SB_NO_INT)
        *sum = (*sum == SB_NO_INT ? 0 : *sum) + value;
}

static void add_cost(struct sb_cost_record *sum, const struct sb_cost_record *c)
{
    add_int(&sum->nodes, c->nodes);
    add_int(&sum->params, c->params);
    add_int(&sum->macs, c->macs);
    add_int(&sum->tf_exact_float_ops, c->tf_exact_float_ops);
    add_int(&sum->other_ops, c->other_ops);
    add_int(&sum->param_bytes, c->param_bytes);
    add_int(&sum->activation_bytes, c->activation_bytes);
    add_int(&sum->read_bytes, c->read_bytes);
    if (!isnan(c->tf_multi_adds))
        sum->tf_multi_adds =
            (isnan(sum->tf_multi_adds) ? 0 : sum->tf_multi_adds) + c->tf_multi_adds;
}

int64_t sb_row_moved_bytes(const struct sb_row *row)
{
    const struct sb_cost_record *const c = &row->cost;
    if (row->step_bytes != SB_NO_INT)
        return row->step_bytes;
    if (!row->has_cost || c->read_bytes == SB_NO_INT)
        return SB_NO_INT;
    return c->read_bytes + c->activation_bytes + c->param_bytes;
}

/* Steps that several runs record are those of the first. */
static void add_step_bytes(struct sb_row_draft *draft, const struct sb_record *r)
{
    const struct sb_cost_record *const c = &r->u.cost;
    if (!draft->step_run)
        draft->step_run = r->run;
    if (c->read_bytes != SB_NO_INT && strcmp(draft->step_run, r->run) == 0)
        add_int(&draft->row.step_bytes, c->read_bytes + c->activation_bytes + c->param_bytes);
}

static void take_cost(struct sb_row_draft *draft, const struct sb_record *r, enum match match)
{
    struct sb_row *row = &draft->row;
    if (match == MATCH_NODE)
        add_step_bytes(draft, r);
    if (match == MATCH_DIRECT && !draft->direct_cost) {
        row->cost = r->u.cost;
        draft->direct_cost = true;
    } else if (match == MATCH_NODE && !draft->direct_cost) {
        add_cost(&row->cost, &r->u.cost);
    }
    row->has_cost = true;
}

static void first_int(int64_t *to, int64_t value)
{
    if (*to == SB_NO_INT)
        *to = value;
}

/* Of a whole model the phase "total" holds everything; records without it are joined by field. */
static void take_memory(struct sb_row_draft *draft, const struct sb_record *r, enum match match)
{
    struct sb_memory_record *to = &draft->row.memory;
    const struct sb_memory_record *m = &r->u.memory;
    const bool had_total = to->phase && strcmp(to->phase, "total") == 0;
    if (match == MATCH_NODE && !draft->direct_memory) {
        add_int(&to->arena_bytes, m->arena_bytes);
        add_int(&to->weight_bytes, m->weight_bytes);
        add_int(&to->workspace_bytes, m->workspace_bytes);
    } else if (match == MATCH_DIRECT && strcmp(m->phase, "total") == 0 && !had_total) {
        *to = *m;
        draft->row.memory_record = r;
    } else if (match == MATCH_DIRECT && !had_total) {
        first_int(&to->arena_bytes, m->arena_bytes);
        first_int(&to->weight_bytes, m->weight_bytes);
        first_int(&to->workspace_bytes, m->workspace_bytes);
        first_int(&to->other_bytes, m->other_bytes);
        first_int(&to->measured_bytes, m->measured_bytes);
        draft->row.memory_record = r;
    }
    draft->direct_memory = draft->direct_memory || match == MATCH_DIRECT;
    draft->row.has_memory = true;
}

static int add_batch(struct sb_row_draft *draft, const struct sb_record *r, struct sb_error *err)
{
    const struct sb_time_record *t = &r->u.time;
    double *ns = sb_calloc(t->num_ns, sizeof(*ns), TAG);
    if (!ns || sb_grow(&draft->batches, &draft->cap_batches, draft->num_batches + 1,
                       sizeof(*draft->batches), TAG)) {
        sb_free(ns);
        return sb_error_nomem(err, "samples", t->num_ns * sizeof(*ns));
    }
    for (size_t i = 0; i < t->num_ns; i++)
        ns[i] = (double)t->ns[i];
    draft->batches[draft->num_batches++] = (struct sb_row_batch){r->run, t->process, t->num_ns, ns};
    return 0;
}

/* Adds a node's samples to those of its part, repetition by repetition. */
static int sum_batch(struct sb_row_draft *draft, const struct sb_record *r, struct sb_error *err)
{
    const struct sb_time_record *t = &r->u.time;
    for (size_t b = 0; b < draft->num_batches; b++) {
        struct sb_row_batch *batch = &draft->batches[b];
        if (batch->process != t->process || strcmp(batch->run, r->run) != 0)
            continue;
        batch->count = t->num_ns < batch->count ? t->num_ns : batch->count;
        for (size_t i = 0; i < batch->count; i++)
            batch->ns[i] += (double)t->ns[i];
        return 0;
    }
    return add_batch(draft, r, err);
}

static int take_time(struct sb_row_draft *draft, const struct sb_record *r, enum match match,
                     struct sb_error *err)
{
    if (!draft->row.timed)
        draft->row.timed = r;
    if (!r->u.time.ns || (match == MATCH_NODE && draft->direct_time))
        return 0;
    if (match == MATCH_NODE)
        return sum_batch(draft, r, err);
    draft->direct_time = true;
    return add_batch(draft, r, err);
}

static int take(struct sb_row_index *index, size_t cell, const struct sb_record *r,
                enum match match, struct sb_error *err)
{
    struct sb_row_draft *draft = cell == SIZE_MAX ? NULL : sb_row_index_get(index, cell, r);
    if (!draft)
        return sb_error_nomem(err, "a row", sizeof(*draft));
    if (index->by == SB_ROWS_BLOCK && r->part.level) /* its last step gives a block its level */
        draft->row.part.level = r->part.level;
    if (r->kind == SB_RECORD_TIME)
        return take_time(draft, r, match, err);
    if (r->kind == SB_RECORD_COST)
        take_cost(draft, r, match);
    else
        take_memory(draft, r, match);
    return 0;
}

/* Records without engine (costs) join all cells of their model, size, batch and setup. */
static int join(struct sb_row_index *index, const struct sb_record *r, enum match match,
                struct sb_error *err)
{
    const size_t setup = sb_row_index_setup(index, r), num_cells = index->num_cells;
    struct sb_cell wanted = r->cell;
    bool joined = false;
    for (size_t i = 0; i < num_cells; i++) {
        const struct sb_row_cell *c = &index->cells[i];
        wanted.engine = c->cell.engine;
        wanted.threads = c->cell.threads;
        wanted.scenario = c->cell.scenario;
        if (!c->cell.engine || c->setup != setup || !sb_same_cell(&c->cell, &wanted))
            continue;
        const int rc = take(index, i, r, match, err);
        if (rc)
            return rc;
        joined = true;
    }
    return joined ? 0 : take(index, sb_row_index_cell(index, r), r, match, err);
}

static bool is_gathered(const struct sb_record *r)
{
    return r->kind == SB_RECORD_COST || r->kind == SB_RECORD_TIME || r->kind == SB_RECORD_MEMORY;
}

/* One pass over the records: those with this kind of match, with or without an engine. */
static int gather(struct sb_row_index *index, const struct sb_records *records, enum match match,
                  bool with_engine, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < records->count && rc == 0; i++) {
        const struct sb_record *r = &records->items[i];
        if (!is_gathered(r) || (r->cell.engine != NULL) != with_engine ||
            match_part(index->by, &r->part) != match)
            continue;
        rc = with_engine ? take(index, sb_row_index_cell(index, r), r, match, err)
                         : join(index, r, match, err);
    }
    return rc;
}

/* Nodes that an engine fuses into a step have costs of their own, but no time. */
static void mark_fused(struct sb_report_rows *rows, size_t begin, size_t end)
{
    bool timed = false;
    for (size_t i = begin; i < end; i++)
        timed = timed || rows->items[i].time.count;
    for (size_t i = begin; i < end; i++)
        rows->items[i].fused = timed && !rows->items[i].timed && rows->items[i].has_cost &&
                               (rows->by == SB_ROWS_OP || rows->by == SB_ROWS_NODE);
}

/* Runs of one process are alike, so pooled ones say nothing about how processes differ: with
 * several, median and interval are those of their medians, and there is no interval where they are
 * few. */
static int summarize_processes(const struct sb_row_draft *draft, struct sb_summary *out,
                               struct sb_error *err)
{
    const size_t count = draft->num_batches;
    double *medians = sb_calloc(count, sizeof(*medians), TAG);
    if (!medians)
        return sb_error_nomem(err, "medians", count * sizeof(*medians));
    size_t known = 0;
    for (size_t b = 0; b < count; b++) {
        if (draft->batches[b].count) /* pooled before: sorting them does no harm */
            medians[known++] = sb_summarize(draft->batches[b].ns, draft->batches[b].count).median;
    }
    const struct sb_summary between = sb_summarize(medians, known);
    out->interval = between.interval;
    out->uncertainty = between.uncertainty;
    if (between.interval.known) /* else the pooled runs know it better */
        out->median = between.median;
    sb_free(medians);
    return 0;
}

/* Pools the batches of a draft and summarises them. */
static int finish_time(struct sb_row_draft *draft, struct sb_error *err)
{
    struct sb_row *row = &draft->row;
    size_t count = 0;
    for (size_t b = 0; b < draft->num_batches; b++)
        count += draft->batches[b].count;
    row->samples = sb_calloc(count, sizeof(*row->samples), TAG);
    if (!row->samples)
        return sb_error_nomem(err, "samples", count * sizeof(*row->samples));
    count = 0;
    for (size_t b = 0; b < draft->num_batches; b++) {
        memcpy(row->samples + count, draft->batches[b].ns,
               draft->batches[b].count * sizeof(*row->samples));
        count += draft->batches[b].count;
    }
    row->processes = draft->num_batches;
    row->time = sb_summarize(row->samples, count);
    return row->processes > 1 ? summarize_processes(draft, &row->time, err) : 0;
}

/* "stem" 0, "L3" 3, "head" last. */
static int level_rank(const char *level)
{
    if (level[0] == 'L' && level[1] >= '0' && level[1] <= '9')
        return (int)strtol(level + 1, NULL, 10);
    return strcmp(level, "stem") == 0 ? 0 : strcmp(level, "head") == 0 ? 100 : 99;
}

static int compare_drafts(const void *a, const void *b)
{
    const struct sb_row_draft *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    const char *p = x->row.part.level, *q = y->row.part.level;
    const int rank =
        p && q && !x->row.part.node && !x->row.part.block ? level_rank(p) - level_rank(q) : 0;
    if (rank)
        return rank;
    return x->next < y->next ? -1 : x->next > y->next; /* position, see finish() */
}

static bool is_worse(const struct sb_record *a, const struct sb_record *b)
{
    if (!b || a->u.check.passed != b->u.check.passed)
        return !b || !a->u.check.passed;
    return a->u.check.nmse > b->u.check.nmse;
}

/* Output checks are about whole cells; every row of the cell knows the worst. */
static void take_checks(struct sb_row_index *index, const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        const size_t setup = r->kind == SB_RECORD_CHECK ? sb_row_index_setup(index, r) : 0;
        for (size_t d = 0; r->kind == SB_RECORD_CHECK && d < index->count; d++) {
            struct sb_row *row = &index->items[d].row;
            if (row->setup == setup && sb_same_cell(&row->cell, &r->cell) &&
                is_worse(r, row->check))
                row->check = r;
        }
    }
}

/* Shares of the rows of one cell. */
static void share_cell(struct sb_row *rows, size_t count)
{
    double time = 0, macs = 0;
    for (size_t i = 0; i < count; i++) {
        time += rows[i].time.median;
        macs += rows[i].has_cost ? (double)rows[i].cost.macs : 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].time.count && time > 0)
            rows[i].time_share = rows[i].time.median / time;
        if (rows[i].has_cost && macs > 0)
            rows[i].macs_share = (double)rows[i].cost.macs / macs;
    }
}

/* A part of a network that computes nothing and takes no time: its input. */
static bool is_empty(const struct sb_row *row)
{
    const struct sb_cost_record *c = &row->cost;
    return !row->timed && row->has_cost && c->params <= 0 && c->macs <= 0 && c->other_ops <= 0;
}

static void drop_empty(struct sb_row_index *index)
{
    size_t kept = 0;
    for (size_t i = 0; i < index->count; i++) {
        if (is_empty(&index->items[i].row))
            sb_row_draft_release(&index->items[i]);
        else
            index->items[kept++] = index->items[i];
    }
    index->count = kept;
}

static int finish(struct sb_report_rows *rows, struct sb_row_index *index, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < index->count && rc == 0; i++) {
        index->items[i].next = i; /* chains are done with: now the position, for a stable order */
        rc = finish_time(&index->items[i], err);
    }
    if (rc)
        return rc;
    take_checks(index, rows->records);
    drop_empty(index);
    if (index->count) /* no row, no array */
        qsort(index->items, index->count, sizeof(*index->items), compare_drafts);
    rows->items = sb_calloc(index->count, sizeof(*rows->items), TAG);
    if (!rows->items)
        return sb_error_nomem(err, "rows", index->count * sizeof(*rows->items));
    for (size_t i = 0; i < index->count; i++) {
        rows->items[rows->count++] = index->items[i].row;
        index->items[i].row.samples = NULL; /* moved */
    }
    for (size_t begin = 0, end; begin < rows->count; begin = end) {
        for (end = begin;
             end < rows->count && sb_rows_same_cell(&rows->items[begin], &rows->items[end]);)
            end++;
        share_cell(rows->items + begin, end - begin);
        mark_fused(rows, begin, end);
    }
    rows->num_setups = index->num_setups;
    return 0;
}

int sb_report_rows_collect(struct sb_report_rows *rows, const struct sb_records *records,
                           enum sb_rows_by by, struct sb_error *err)
{
    memset(rows, 0, sizeof(*rows));
    rows->by = by;
    rows->records = records;
    struct sb_row_index index;
    int rc = sb_row_index_init(&index, records, by, err);
    /* What is measured makes the rows, what is static joins them; direct knowledge comes before
     * sums over nodes. */
    for (int pass = 0; pass < 4 && rc == 0; pass++)
        rc = gather(&index, records, pass & 1 ? MATCH_NODE : MATCH_DIRECT, pass < 2, err);
    if (rc == 0)
        rc = finish(rows, &index, err);
    sb_row_index_release(&index);
    if (rc)
        sb_report_rows_release(rows);
    return rc;
}

void sb_report_rows_release(struct sb_report_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        sb_free(rows->items[i].samples);
    sb_free(rows->items);
    memset(rows, 0, sizeof(*rows));
}

int64_t sb_row_planned_bytes(const struct sb_row *row)
{
    int64_t sum = SB_NO_INT;
    add_int(&sum, row->memory.arena_bytes);
    add_int(&sum, row->memory.weight_bytes);
    add_int(&sum, row->memory.workspace_bytes);
    add_int(&sum, row->memory.other_bytes);
    return sum;
}

const char *sb_row_label(const struct sb_report_rows *rows, const struct sb_row *row)
{
    const char *key = sb_row_part_key(rows->by, &row->part);
    if (*key)
        return key;
    return row->cell.model ? row->cell.model : "";
}

const char *sb_row_time_why(const struct sb_row *row)
{
    if (row->check && !row->check->u.check.passed)
        return "the output check failed";
    if (row->time.count)
        return NULL;
    const char *why = row->timed ? sb_record_why(row->timed, "ns") : NULL;
    if (why)
        return why;
    return row->fused ? "runs as part of other steps" : "not measured";
}

const struct sb_time_record *sb_row_peak(const struct sb_report_rows *rows,
                                         const struct sb_row *row)
{
    for (size_t i = 0; i < rows->records->count; i++) {
        const struct sb_record *r = &rows->records->items[i];
        if (r->kind == SB_RECORD_TIME && !isnan(r->u.time.peak_flops) &&
            sb_same_cell(&r->cell, &row->cell))
            return &r->u.time;
    }
    return NULL;
}
