/* Finding the row of a record: setups of runs, and a hash table over cells and parts. */
#include "reports/rows_internal.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

bool sb_rows_same_setup(const struct sb_run_record *a, const struct sb_run_record *b)
{
    return sb_same_text(a->commit, b->commit) && a->dirty == b->dirty &&
           sb_same_text(a->compiler, b->compiler) && sb_same_text(a->flags, b->flags) &&
           sb_same_text(a->machine, b->machine) && sb_same_text(a->blas, b->blas) &&
           sb_same_text(a->blas_core, b->blas_core) && sb_same_text(a->allocator, b->allocator);
}

static size_t setup_of(struct sb_row_index *index, const struct sb_record *run)
{
    for (size_t i = 0; i < index->num_runs; i++) {
        if (sb_rows_same_setup(&index->runs[i]->u.run, &run->u.run))
            return index->setups[i];
    }
    return index->num_setups++;
}

int sb_row_index_init(struct sb_row_index *index, const struct sb_records *records,
                      enum sb_rows_by by, struct sb_error *err)
{
    memset(index, 0, sizeof(*index));
    index->by = by;
    index->num_setups = 1; /* setup 0: records whose run is unknown */
    index->num_slots = 64;
    while (index->num_slots < 2 * records->count)
        index->num_slots *= 2;
    index->slots = sb_calloc(index->num_slots, sizeof(*index->slots), TAG);
    index->runs = sb_calloc(records->count, sizeof(struct sb_record *), TAG);
    index->setups = sb_calloc(records->count, sizeof(*index->setups), TAG);
    if (!index->slots || !index->runs || !index->setups)
        return sb_error_nomem(err, "the index of records", index->num_slots);
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_RUN)
            continue;
        index->setups[index->num_runs] = setup_of(index, r);
        index->runs[index->num_runs++] = r;
    }
    return 0;
}

void sb_row_draft_release(struct sb_row_draft *draft)
{
    for (size_t i = 0; i < draft->num_batches; i++)
        sb_free(draft->batches[i].ns);
    sb_free(draft->batches);
    sb_free(draft->row.samples);
}

void sb_row_index_release(struct sb_row_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        sb_row_draft_release(&index->items[i]);
    sb_free(index->items);
    sb_free(index->slots);
    sb_free(index->cells);
    sb_free(index->runs);
    sb_free(index->setups);
    memset(index, 0, sizeof(*index));
}

const char *sb_row_part_key(enum sb_rows_by by, const struct sb_part *part)
{
    const char *key = "";
    if (by == SB_ROWS_LEVEL)
        key = part->level;
    else if (by == SB_ROWS_OP)
        key = part->op;
    else if (by == SB_ROWS_BLOCK)
        key = part->block;
    else if (by == SB_ROWS_NODE)
        key = part->node;
    return key ? key : "";
}

/* The run of a record: its number in index->runs, or num_runs when it is unknown. */
static size_t find_run(const struct sb_row_index *index, const char *run)
{
    for (size_t i = index->num_runs; i > 0; i--) {
        if (strcmp(index->runs[i - 1]->run, run) == 0)
            return i - 1;
    }
    return index->num_runs;
}

size_t sb_row_index_setup(const struct sb_row_index *index, const struct sb_record *record)
{
    const size_t run = find_run(index, record->run);
    return run < index->num_runs ? index->setups[run] : 0;
}

size_t sb_row_index_cell(struct sb_row_index *index, const struct sb_record *record)
{
    const size_t setup = sb_row_index_setup(index, record);
    for (size_t i = index->num_cells; i > 0; i--) { /* the last one is the likely one */
        const struct sb_row_cell *c = &index->cells[i - 1];
        if (c->setup == setup && sb_same_cell(&c->cell, &record->cell))
            return i - 1;
    }
    if (sb_grow(&index->cells, &index->cap_cells, index->num_cells + 1, sizeof(*index->cells), TAG))
        return SIZE_MAX;
    index->cells[index->num_cells] = (struct sb_row_cell){record->cell, setup};
    return index->num_cells++;
}

/* What of a record's part belongs to the row: its level for BY_LEVEL, all for nodes; a block's
 * level is that of its last step (rows.c). */
static struct sb_part own_part(enum sb_rows_by by, const struct sb_part *part)
{
    if (by == SB_ROWS_NODE)
        return *part;
    return (struct sb_part){.op = by == SB_ROWS_OP ? part->op : NULL,
                            .block = by == SB_ROWS_BLOCK ? part->block : NULL,
                            .level =
                                by == SB_ROWS_LEVEL || by == SB_ROWS_BLOCK ? part->level : NULL};
}

static uint64_t hash_key(size_t cell, const char *part)
{
    return sb_fnv1a(sb_fnv1a(SB_FNV_START, &cell, sizeof(cell)), part, strlen(part));
}

static struct sb_row_draft *add_draft(struct sb_row_index *index, size_t cell, uint64_t hash,
                                      const struct sb_record *record)
{
    if (sb_grow(&index->items, &index->capacity, index->count + 1, sizeof(*index->items), TAG))
        return NULL;
    struct sb_row_draft *draft = &index->items[index->count];
    memset(draft, 0, sizeof(*draft));
    struct sb_row *row = &draft->row;
    struct sb_record blank;
    sb_record_init(&blank, SB_RECORD_COST);
    row->cost = blank.u.cost;
    row->step_bytes = SB_NO_INT;
    sb_record_init(&blank, SB_RECORD_MEMORY);
    row->memory = blank.u.memory;
    row->cell = index->cells[cell].cell;
    row->setup = index->cells[cell].setup;
    row->part = own_part(index->by, &record->part);
    row->time_share = row->macs_share = NAN;
    const size_t run = find_run(index, record->run);
    row->run = run < index->num_runs ? index->runs[run] : NULL;
    draft->cell = cell;
    draft->hash = hash;
    size_t *slot = &index->slots[hash & (index->num_slots - 1)];
    draft->next = *slot;
    *slot = ++index->count;
    return draft;
}

struct sb_row_draft *sb_row_index_get(struct sb_row_index *index, size_t cell,
                                      const struct sb_record *record)
{
    const char *part = sb_row_part_key(index->by, &record->part);
    const uint64_t hash = hash_key(cell, part);
    for (size_t i = index->slots[hash & (index->num_slots - 1)]; i; i = index->items[i - 1].next) {
        struct sb_row_draft *d = &index->items[i - 1];
        if (d->hash == hash && d->cell == cell &&
            strcmp(sb_row_part_key(index->by, &d->row.part), part) == 0)
            return d;
    }
    return add_draft(index, cell, hash, record);
}
