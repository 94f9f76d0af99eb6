/* Rows between ranks. See row_routes.h. */
#include "eval/row_routes.h"

#include "base/json_scan.h"
#include "base/mem.h"
#include "base/size.h"

#include <string.h>

#define TAG  SB_MEM_TAG(SB_MEM_DATA, 0)
#define NONE UINT64_MAX

static int nomem(size_t bytes, struct sb_error *err)
{
    return sb_error_nomem(err, "rows for other ranks", bytes);
}

void sb_route_release(struct sb_route *route)
{
    sb_free(route->to);
    sb_free(route->leaving);
    sb_free(route->ranges);
    memset(route, 0, sizeof(*route));
}

int sb_route_plan(struct sb_route *route, struct sb_ranks *ranks, int32_t *to, size_t count,
                  struct sb_error *err)
{
    const size_t n = (size_t)sb_ranks_count(ranks);
    const int me = sb_ranks_rank(ranks);
    memset(route, 0, sizeof(*route));
    route->ranks = ranks;
    route->count = route->capacity = count;
    route->to = to;
    route->leaving = sb_calloc(4 * n, sizeof(*route->leaving), TAG);
    route->ranges = sb_calloc(n, sizeof(*route->ranges), TAG);
    int rc = route->leaving && route->ranges
                 ? 0
                 : nomem(n * (4 * sizeof(size_t) + sizeof(*route->ranges)), err);
    rc = sb_ranks_agree(ranks, rc, err);
    if (rc == 0) {
        route->coming = route->leaving + n;
        route->send = route->coming + n;
        route->receive = route->send + n;
        for (size_t i = 0; i < count; i++) {
            if (to[i] == me)
                route->kept++;
            else if (to[i] >= 0)
                route->leaving[to[i]]++;
        }
        if (count > 0 && to[0] == SB_ROUTE_EVERYONE) {
            route->kept = count;
            for (size_t r = 0; r < n; r++)
                route->leaving[r] = r == (size_t)me ? 0 : count;
        }
        rc = sb_ranks_swap_sizes(ranks, route->leaving, route->coming, err);
        route->total = route->kept + sb_sum_sizes(route->coming, n);
    }
    if (rc)
        sb_route_release(route);
    return rc;
}

/* Rows from i on that go where row i goes. */
static size_t same_way(const struct sb_route *route, size_t i)
{
    size_t j = i + 1;
    while (j < route->count && route->to[j] == route->to[i])
        j++;
    return j - i;
}

/* The ranks that get row i: from `first` to before `end`. */
struct targets {
    int first, end;
};

static struct targets targets_of(const struct sb_route *route, size_t i)
{
    const int32_t to = route->to[i];
    if (to == SB_ROUTE_EVERYONE)
        return (struct targets){0, sb_ranks_count(route->ranks)};
    return to < 0 ? (struct targets){0, 0} : (struct targets){to, to + 1};
}

/* Where in one run of bytes those of each rank start; (ranks) scratch. */
static size_t *starts_of(struct sb_route *route, const size_t *bytes, size_t unit)
{
    const int n = sb_ranks_count(route->ranks);
    size_t *const at = route->receive, next = 0;
    for (int r = 0; r < n; r++) {
        at[r] = next;
        next += bytes[r] * unit;
    }
    return at;
}

/* Copies the rows that leave into out, by rank, and moves those that stay to the front. */
static void pack(struct sb_route *route, char *column, size_t bytes, char *out)
{
    const int me = sb_ranks_rank(route->ranks);
    size_t *const at = starts_of(route, route->leaving, bytes); /* where each rank's rows go on */
    size_t stay = 0;
    for (size_t i = 0, step; i < route->count; i += step) {
        const struct targets t = targets_of(route, i);
        step = same_way(route, i);
        for (int r = t.first; r < t.end; r++) {
            if (r == me)
                continue;
            memcpy(out + at[r], column + i * bytes, step * bytes);
            at[r] += step * bytes;
        }
        if (t.first <= me && me < t.end) {
            if (stay != i)
                memmove(column + stay * bytes, column + i * bytes, step * bytes);
            stay += step;
        }
    }
}

/* Rows that a column holds at some time. */
static size_t most_rows(const struct sb_route *route)
{
    return route->total > route->count ? route->total : route->count;
}

/* Cuts the cells that leave, (rows, width) by rank in out, to the bits that the cells of all ranks
 * need; what is for one rank starts with a byte. */
static struct sb_cell_form narrow(struct sb_route *route, enum sb_cell cell, size_t width,
                                  char *out)
{
    const size_t n = (size_t)sb_ranks_count(route->ranks);
    const struct sb_cell_range mine =
        sb_cells_measure(cell, out, sb_sum_sizes(route->leaving, n) * width);
    sb_ranks_gather(route->ranks, &mine, sizeof(mine), route->ranges);
    const struct sb_cell_form form = sb_cells_form(cell, route->ranges, n);
    const char *from = out;
    for (size_t r = 0; r < n; r++) {
        const size_t cells = route->leaving[r] * width;
        sb_cells_pack(&form, from, cells, out);
        from += cells * sb_cell_bytes(cell);
        route->send[r] = sb_bits_bytes(cells, form.bits);
        route->receive[r] = sb_bits_bytes(route->coming[r] * width, form.bits);
        out += route->send[r];
    }
    return form;
}

/* Sends what narrow() has left, and puts the cells that arrive around those that stay, which are in
 * front. */
static int swap_cells(struct sb_route *route, const struct sb_cell_form *form, size_t width,
                      const char *out, char *column, struct sb_error *err)
{
    const int n = sb_ranks_count(route->ranks), me = sb_ranks_rank(route->ranks);
    const size_t row = sb_cell_bytes(form->cell) * width;
    const size_t before = sb_sum_sizes(route->coming, (size_t)me),
                 coming = sb_sum_sizes(route->receive, (size_t)n);
    char *const in = sb_malloc(coming + SB_BITS_SLACK, TAG);
    const int rc = sb_ranks_agree(route->ranks, in ? 0 : nomem(coming, err), err);
    if (rc == 0) {
        if (before > 0)
            memmove(column + before * row, column, route->kept * row);
        sb_ranks_exchange(route->ranks, out, route->send, in, route->receive);
        const char *from = in;
        for (int r = 0; r < n; r++) {
            sb_cells_unpack(form, from, route->coming[r] * width, column);
            column += (r == me ? route->kept : route->coming[r]) * row;
            from += route->receive[r];
        }
    }
    sb_free(in);
    return rc;
}

int sb_route_column(struct sb_route *route, void *column_ptr, bool wanted, enum sb_cell cell,
                    size_t width, struct sb_error *err)
{
    if (!wanted)
        return 0;
    char *column;
    memcpy(&column, column_ptr, sizeof(column));
    const size_t bytes = sb_cell_bytes(cell) * width;
    const size_t leaving = sb_sum_sizes(route->leaving, (size_t)sb_ranks_count(route->ranks));
    size_t needed = 0;
    char *const out = sb_mul_size(leaving, bytes, &needed) ? sb_malloc(needed, TAG) : NULL;
    const bool fits = column && route->total <= route->capacity;
    char *const wider = !out   ? NULL
                        : fits ? column
                               : sb_realloc(column, most_rows(route), bytes, TAG);
    if (wider)
        memcpy(column_ptr, &wider, sizeof(wider));
    int rc = sb_ranks_agree(route->ranks, wider ? 0 : nomem(most_rows(route) * bytes, err), err);
    if (rc == 0) {
        pack(route, wider, bytes, out);
        const struct sb_cell_form form = narrow(route, cell, width, out);
        rc = swap_cells(route, &form, width, out, wider, err);
    }
    sb_free(out);
    return rc;
}

/* Length of the value of each row; 0 = none. */
static int measure_texts(const struct sb_route *route, const struct sb_map *map, const uint64_t *at,
                         uint64_t *length, struct sb_error *err)
{
    struct sb_scan s = {map->data, map->data, map->data + map->size, NULL, err, 0};
    for (size_t i = 0; i < route->count; i++) {
        length[i] = 0;
        if (at[i] == NONE || route->to[i] == SB_ROUTE_NOWHERE)
            continue;
        s.pos = map->data + at[i];
        const int rc = sb_scan_skip(&s);
        if (rc)
            return rc;
        length[i] = (uint64_t)(s.pos - map->data) - at[i];
    }
    return 0;
}

/* route->send: bytes of the texts for each rank but this one, whose texts stay. */
static void count_leaving_texts(struct sb_route *route, const uint64_t *length)
{
    memset(route->send, 0, (size_t)sb_ranks_count(route->ranks) * sizeof(*route->send));
    for (size_t i = 0; i < route->count; i++) {
        const struct targets t = targets_of(route, i);
        for (int r = t.first; r < t.end; r++)
            route->send[r] += length[i];
    }
    route->send[sb_ranks_rank(route->ranks)] = 0;
}

/* Copies the texts that leave into out, by rank, and those that stay into `own`. */
static void copy_texts(struct sb_route *route, const struct sb_map *map, const uint64_t *at,
                       const uint64_t *length, char *out, char *own)
{
    const int me = sb_ranks_rank(route->ranks);
    size_t *const next = starts_of(route, route->send, 1);
    for (size_t i = 0; i < route->count; i++) {
        const struct targets t = targets_of(route, i);
        for (int r = t.first; r < t.end && length[i] > 0; r++) {
            memcpy(r == me ? own : out + next[r], map->data + at[i], length[i]);
            own += r == me ? length[i] : 0;
            next[r] += length[i];
        }
    }
}

/* Sends the texts; *fresh gets those that arrive, in order of rows. */
static int exchange_texts(struct sb_route *route, const struct sb_map *map, const uint64_t *at,
                          const uint64_t *length, const size_t *receive, struct sb_map *fresh,
                          struct sb_error *err)
{
    const size_t n = (size_t)sb_ranks_count(route->ranks);
    const size_t me = (size_t)sb_ranks_rank(route->ranks);
    count_leaving_texts(route, length);
    const size_t leaving = sb_sum_sizes(route->send, n);
    char *const out = sb_malloc(leaving, TAG), *in = NULL;
    int rc = out ? sb_map_new(fresh, sb_sum_sizes(receive, n), &in, err) : nomem(leaving, err);
    rc = sb_ranks_agree(route->ranks, rc, err);
    if (rc == 0) {
        copy_texts(route, map, at, length, out, in + sb_sum_sizes(receive, me));
        sb_ranks_exchange(route->ranks, out, route->send, in, receive);
    }
    sb_free(out);
    return rc;
}

/* Bytes of text from each rank, by the lengths of the rows that have arrived. */
static void count_texts(const struct sb_route *route, const uint64_t *length, size_t *receive)
{
    const int n = sb_ranks_count(route->ranks), me = sb_ranks_rank(route->ranks);
    size_t i = 0;
    for (int r = 0; r < n; r++) {
        const size_t rows = r == me ? route->kept : route->coming[r];
        receive[r] = 0;
        for (size_t end = i + rows; i < end; i++)
            receive[r] += length[i];
    }
}

/* What moving texts needs, all columns of rows. */
struct texts {
    uint64_t *length;  /* of the rows before */
    uint64_t *arrived; /* of the rows after */
    size_t *receive;   /* (ranks) bytes */
};

static int move_texts(struct sb_route *route, struct sb_map *map, uint64_t **at, uint64_t **from,
                      struct texts *t, struct sb_error *err)
{
    struct sb_map fresh = {0};
    int rc = sb_route_column(route, &t->arrived, true, SB_CELL_INT64, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, from, true, SB_CELL_INT64, 1, err);
    if (rc)
        return rc;
    count_texts(route, t->arrived, t->receive);
    rc = exchange_texts(route, map, *at, t->length, t->receive, &fresh, err);
    uint64_t *const places = rc ? NULL : sb_realloc(*at, route->total, sizeof(*places), TAG);
    if (rc == 0)
        rc = sb_ranks_agree(route->ranks, places ? 0 : nomem(route->total * 8, err), err);
    *at = places ? places : *at;
    if (rc) {
        sb_map_release(&fresh);
        return rc;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < route->total; i++) {
        places[i] = t->arrived[i] ? sum : NONE;
        sum += t->arrived[i];
    }
    sb_map_release(map);
    *map = fresh;
    return 0;
}

int sb_route_texts(struct sb_route *route, struct sb_map *map, uint64_t **at, uint64_t **from,
                   bool wanted, struct sb_error *err)
{
    if (!wanted)
        return 0;
    const size_t n = (size_t)sb_ranks_count(route->ranks), bytes = route->count * sizeof(**at);
    const size_t room = route->capacity * sizeof(**at);
    struct texts t = {sb_malloc(bytes, TAG), sb_malloc(room, TAG),
                      sb_calloc(n, sizeof(*t.receive), TAG)};
    *from = sb_malloc(room, TAG);
    int rc = t.length && t.arrived && t.receive && *from ? 0 : nomem(4 * room, err);
    if (rc == 0)
        rc = measure_texts(route, map, *at, t.length, err);
    rc = sb_ranks_agree(route->ranks, rc, err);
    if (rc == 0 && bytes > 0) {
        memcpy(t.arrived, t.length, bytes);
        memcpy(*from, *at, bytes);
    }
    if (rc == 0)
        rc = move_texts(route, map, at, from, &t, err);
    sb_free(t.length);
    sb_free(t.arrived);
    sb_free(t.receive);
    return rc;
}
