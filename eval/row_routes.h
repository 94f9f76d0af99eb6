/*
 * Rows of a data set on their way to the ranks that own them. Columns go one at a time; on arrival
 * rows are in the order they had over all ranks, so file order lasts.
 *
 *     rc = sb_route_plan(&route, ranks, to, count, &err);      // takes over `to`
 *     if (rc == 0)
 *         rc = sb_route_column(&route, &gt->area, true, SB_CELL_DOUBLE, 1, &err);
 *     ...
 *     gt->count = route.total;
 *     sb_route_release(&route);
 *
 * All functions but the last are collective, and fail on all ranks or on none.
 */
#ifndef SB_EVAL_ROW_ROUTES_H
#define SB_EVAL_ROW_ROUTES_H

#include "base/file.h"
#include "base/ranks.h"
#include "eval/row_cells.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_ROUTE_NOWHERE  (-1) /* the row is dropped */
#define SB_ROUTE_EVERYONE (-2) /* each rank gets it; then all rows must go there */

struct sb_route {
    struct sb_ranks *ranks;
    size_t count;             /* rows before */
    size_t capacity;          /* rows that every column has room for; at first count, the caller may
                                 know of more */
    size_t kept;              /* of these, that stay here */
    size_t total;             /* rows after */
    int32_t *to;              /* (count) rank or SB_ROUTE_...; owned */
    size_t *leaving, *coming; /* (ranks) rows for and from each other rank; owned */
    size_t *send, *receive;   /* (ranks) scratch: bytes; owned */
    struct sb_cell_range *ranges; /* (ranks) scratch; owned */
};

/* to: (count) where each row goes; ownership moves, on failure too. */
int sb_route_plan(struct sb_route *route, struct sb_ranks *ranks, int32_t *to, size_t count,
                  struct sb_error *err);
/* *column_ptr, (count, width) cells or NULL for 0 of them, becomes (total, width) of them. Cells
 * travel in as few bits as they need (row_cells.h). Nothing is done unless it is wanted, which
 * must be so on all ranks. */
int sb_route_column(struct sb_route *route, void *column_ptr, bool wanted, enum sb_cell cell,
                    size_t width, struct sb_error *err);
/*
 * JSON values that stand in a file, such as masks: row i has the one at byte (*at)[i] of map, or
 * none where that is UINT64_MAX. After it map holds the values of this rank's rows, *at says where,
 * and *from, which becomes a new column, where in the file each came from. Nothing is
 * done unless it is wanted.
 */
int sb_route_texts(struct sb_route *route, struct sb_map *map, uint64_t **at, uint64_t **from,
                   bool wanted, struct sb_error *err);
void sb_route_release(struct sb_route *route);

#endif
