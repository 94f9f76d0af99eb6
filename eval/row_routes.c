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
    memset(route, 0, sizeof(*route));
}

/* table: (ranks, ranks) what each sends; entry (from, to). */
static void count_coming(struct sb_route *route, const uint64_t *table)
{
    const int n = sb_ranks_count(route->ranks), me = sb_ranks_rank(route->ranks);
    route->total = route->kept;
    for (int r = 0; r < n; r++) {
        route->coming[r] = r == me ? 0 : (size_t)table[r * n + me];
        route->total += route->coming[r];
    }
}

static int exchange_counts(struct sb_route *route, const size_t *mine, struct sb_error *err)
{
    const size_t n = (size_t)sb_ranks_count(route->ranks);
    uint64_t *const table = sb_calloc((n + 1) * n, sizeof(*table), TAG);
    const int rc = sb_ranks_agree(route->ranks, table ? 0 : nomem(n * n * 8, err), err);
    if (rc == 0) {
        for (size_t r = 0; r < n; r++)
            table[n * n + r] = mine[r];
        sb_ranks_gather(route->ranks, table + n * n, n * sizeof(*table), table);
        count_coming(route, table);
    }
    sb_free(table);
    return rc;
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
    int rc = sb_ranks_agree(ranks, route->leaving ? 0 : nomem(n * 32, err), err);
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
        rc = exchange_counts(route, route->leaving, err);
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

/* Copies the rows that leave into out, by rank, and moves those that stay to the front. */
static void pack(const struct sb_route *route, char *column, size_t bytes, char *out)
{
    const int n = sb_ranks_count(route->ranks), me = sb_ranks_rank(route->ranks);
    size_t *const at = route->receive; /* where each rank's rows go on */
    size_t stay = 0, sum = 0;
    for (int r = 0; r < n; r++) {
        at[r] = sum;
        sum += route->leaving[r] * bytes;
    }
    for (size_t i = 0, step; i < route->count; i += step) {
        const int32_t to = route->to[i];
        step = same_way(route, i);
        const bool everyone = to == SB_ROUTE_EVERYONE;
        for (int r = everyone || to < 0 ? 0 : to; r < (everyone ? n : to + 1); r++) {
            if (r == me)
                continue;
            memcpy(out + at[r], column + i * bytes, step * bytes);
            at[r] += step * bytes;
        }
        if (to == me || everyone) {
            if (stay != i)
                memmove(column + stay * bytes, column + i * bytes, step * bytes);
            stay += step;
        }
    }
}

/* Bytes per rank, and the bytes in front of those that stay here. */
static size_t count_bytes(const struct sb_route *route, size_t bytes)
{
    const int n = sb_ranks_count(route->ranks), me = sb_ranks_rank(route->ranks);
    size_t before = 0;
    for (int r = 0; r < n; r++) {
        route->send[r] = route->leaving[r] * bytes;
        route->receive[r] = (r == me ? route->kept : route->coming[r]) * bytes;
        before += r < me ? route->receive[r] : 0;
    }
    return before;
}

static size_t rows_leaving(const struct sb_route *route)
{
    size_t rows = 0;
    for (int r = 0; r < sb_ranks_count(route->ranks); r++)
        rows += route->leaving[r];
    return rows;
}

/* Rows that a column holds at some time. */
static size_t most_rows(const struct sb_route *route)
{
    return route->total > route->count ? route->total : route->count;
}

int sb_route_column(struct sb_route *route, void *column_ptr, bool wanted, size_t bytes,
                    struct sb_error *err)
{
    if (!wanted)
        return 0;
    char *column;
    memcpy(&column, column_ptr, sizeof(column));
    size_t needed = 0;
    char *const out =
        sb_mul_size(rows_leaving(route), bytes, &needed) ? sb_malloc(needed, TAG) : NULL;
    const bool fits = column && route->total <= route->capacity;
    char *const wider = !out   ? NULL
                        : fits ? column
                               : sb_realloc(column, most_rows(route), bytes, TAG);
    if (wider)
        memcpy(column_ptr, &wider, sizeof(wider));
    const int rc =
        sb_ranks_agree(route->ranks, wider ? 0 : nomem(most_rows(route) * bytes, err), err);
    if (rc == 0) {
        pack(route, wider, bytes, out);
        const size_t before = count_bytes(route, bytes);
        if (before > 0)
            memmove(wider + before, wider, route->kept * bytes);
        sb_ranks_exchange(route->ranks, out, route->send, wider, route->receive);
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

/* Texts of rows that a rank gets (or keeps), one after the other, to `out`; returns their bytes.
 * out NULL only counts. */
static size_t copy_texts(const struct sb_route *route, int rank, const struct sb_map *map,
                         const uint64_t *at, const uint64_t *length, char *out)
{
    size_t bytes = 0;
    for (size_t i = 0; i < route->count; i++) {
        if (length[i] == 0 || (route->to[i] != rank && route->to[i] != SB_ROUTE_EVERYONE))
            continue;
        if (out)
            memcpy(out + bytes, map->data + at[i], length[i]);
        bytes += length[i];
    }
    return bytes;
}

/* Sends the texts; *fresh gets those that arrive, in order of rows. */
static int exchange_texts(struct sb_route *route, const struct sb_map *map, const uint64_t *at,
                          const uint64_t *length, const size_t *receive, struct sb_map *fresh,
                          struct sb_error *err)
{
    const int n = sb_ranks_count(route->ranks), me = sb_ranks_rank(route->ranks);
    size_t total = 0, leaving = 0, before = 0;
    for (int r = 0; r < n; r++) {
        route->send[r] = r == me ? 0 : copy_texts(route, r, map, at, length, NULL);
        leaving += route->send[r];
        before += r < me ? receive[r] : 0;
        total += receive[r];
    }
    char *const out = sb_malloc(leaving, TAG), *in = NULL;
    int rc = out ? sb_map_new(fresh, total, &in, err) : nomem(leaving, err);
    rc = sb_ranks_agree(route->ranks, rc, err);
    if (rc == 0) {
        copy_texts(route, me, map, at, length, in + before);
        char *next = out;
        for (int r = 0; r < n; r++) {
            if (r != me)
                next += copy_texts(route, r, map, at, length, next);
        }
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
    int rc = sb_route_column(route, &t->arrived, true, sizeof(*t->arrived), err);
    if (rc == 0)
        rc = sb_route_column(route, from, true, sizeof(**from), err);
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
