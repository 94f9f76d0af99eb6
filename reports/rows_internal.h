/* What rows.c and rows_index.c share: the rows while they are gathered. */
#ifndef SB_REPORTS_ROWS_INTERNAL_H
#define SB_REPORTS_ROWS_INTERNAL_H

#include "reports/rows.h"

#include <stdint.h>

/* Samples of one process, summed over nodes where the part has several. */
struct sb_row_batch {
    const char *run;
    int64_t process;
    size_t count; /* the fewest of the nodes summed */
    double *ns;   /* owned */
};

/* A row under construction. */
struct sb_row_draft {
    struct sb_row row;
    uint64_t hash;        /* of cell and part */
    size_t next;          /* 1 + the next draft in the same slot; 0 none */
    size_t cell;          /* index into cells */
    const char *step_run; /* whose steps count in row.step_bytes */
    bool direct_cost, direct_time, direct_memory;
    struct sb_row_batch *batches; /* owned */
    size_t num_batches, cap_batches;
};

/* A cell of one setup. */
struct sb_row_cell {
    struct sb_cell cell;
    size_t setup;
};

struct sb_row_index {
    enum sb_rows_by by;
    struct sb_row_draft *items; /* owned */
    size_t count, capacity;
    size_t *slots; /* 1 + first draft; owned */
    size_t num_slots;
    struct sb_row_cell *cells; /* in order of appearance; owned */
    size_t num_cells, cap_cells;
    const struct sb_record **runs; /* run records; owned */
    size_t *setups;                /* of each run; owned */
    size_t num_runs, num_setups;
};

int sb_row_index_init(struct sb_row_index *index, const struct sb_records *records,
                      enum sb_rows_by by, struct sb_error *err);
void sb_row_index_release(struct sb_row_index *index);
void sb_row_draft_release(struct sb_row_draft *draft);
/* True when timings of two runs may be pooled. */
bool sb_rows_same_setup(const struct sb_run_record *a, const struct sb_run_record *b);
/* The setup of a record's run; 0 when no record names the run. */
size_t sb_row_index_setup(const struct sb_row_index *index, const struct sb_record *record);
/* The number of the record's own cell, added if it is new; SIZE_MAX when out of memory. */
size_t sb_row_index_cell(struct sb_row_index *index, const struct sb_record *record);
/* The draft of this cell and the record's part, made if it is new; NULL when out of memory. */
struct sb_row_draft *sb_row_index_get(struct sb_row_index *index, size_t cell,
                                      const struct sb_record *record);
/* The text that tells parts apart: the level for BY_LEVEL, ...; "" for whole models. */
const char *sb_row_part_key(enum sb_rows_by by, const struct sb_part *part);

#endif
