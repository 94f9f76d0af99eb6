/* Ranks: what is the same whatever carries them, and one rank alone. See ranks.h. */
#include "base/ranks.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/ranks_internal.h"
#include "base/size.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define ALIGN_BYTES 64

struct sb_counters {
    struct sb_ranks *ranks;
    void *carried;                /* of the carrier; NULL alone */
    atomic_int_least64_t *values; /* alone */
};

struct sb_shared {
    struct sb_ranks *ranks;
    void *carried; /* of the carrier; NULL alone */
    void *data;
};

static bool alone(const struct sb_ranks *ranks)
{
    return !ranks || ranks->count == 1;
}

/* Around every talk with other ranks: one at a time, and its time is noted. */
static void enter(struct sb_ranks *ranks)
{
    pthread_mutex_lock(&ranks->lock);
    ranks->entered_ns = sb_now_ns();
}

static void leave(struct sb_ranks *ranks)
{
    ranks->waited_ns += sb_now_ns() - ranks->entered_ns;
    pthread_mutex_unlock(&ranks->lock);
}

void sb_ranks_end(struct sb_ranks **ranks)
{
    struct sb_ranks *const r = *ranks;
    if (!r)
        return;
    *ranks = NULL;
    r->ops->end(r);
    pthread_mutex_destroy(&r->lock);
    sb_free(r->verdicts);
    sb_free(r->hosts);
    sb_free(r);
}

bool sb_ranks_failed(const struct sb_ranks *ranks)
{
    return ranks && ranks->failed;
}

void sb_ranks_pass_over(struct sb_ranks *ranks)
{
    if (ranks)
        ranks->failed = false;
}

void sb_ranks_abort(struct sb_ranks *ranks, int code)
{
    if (ranks)
        ranks->ops->end_all(ranks, code);
}

int sb_ranks_rank(const struct sb_ranks *ranks)
{
    return ranks ? ranks->rank : 0;
}

int sb_ranks_count(const struct sb_ranks *ranks)
{
    return ranks ? ranks->count : 1;
}

const char *sb_ranks_host(const struct sb_ranks *ranks, int rank)
{
    return ranks ? ranks->hosts[rank] : "this machine";
}

uint64_t sb_ranks_sent(const struct sb_ranks *ranks)
{
    return ranks ? ranks->sent : 0;
}

int64_t sb_ranks_waited_ns(const struct sb_ranks *ranks)
{
    return ranks ? ranks->waited_ns : 0;
}

bool sb_ranks_first_of_machine(const struct sb_ranks *ranks)
{
    return !ranks || ranks->first_of_machine;
}

void sb_ranks_barrier(struct sb_ranks *ranks)
{
    if (alone(ranks))
        return;
    enter(ranks);
    ranks->ops->barrier(ranks);
    leave(ranks);
}

void sb_ranks_broadcast(struct sb_ranks *ranks, int from, void *data, size_t bytes)
{
    if (alone(ranks) || bytes == 0)
        return;
    enter(ranks);
    ranks->ops->broadcast(ranks, from, data, bytes);
    if (ranks->rank == from)
        ranks->sent += bytes * (uint64_t)(ranks->count - 1);
    leave(ranks);
}

void sb_ranks_gather(struct sb_ranks *ranks, const void *mine, size_t bytes, void *all)
{
    if (alone(ranks)) {
        memcpy(all, mine, bytes);
        return;
    }
    enter(ranks);
    ranks->ops->gather(ranks, mine, bytes, all);
    ranks->sent += bytes * (uint64_t)(ranks->count - 1);
    leave(ranks);
}

void sb_ranks_exchange(struct sb_ranks *ranks, const void *out, const size_t *send, void *in,
                       const size_t *receive)
{
    const int n = sb_ranks_count(ranks), me = sb_ranks_rank(ranks);
    if (send[me])
        memcpy((char *)in + sb_sum_sizes(receive, me), (const char *)out + sb_sum_sizes(send, me),
               send[me]);
    if (alone(ranks))
        return;
    enter(ranks);
    for (int step = 1; step < n; step++) {
        const int to = (me + step) % n, from = (me - step + n) % n;
        ranks->ops->swap(ranks, (const char *)out + sb_sum_sizes(send, to), send[to], to,
                         (char *)in + sb_sum_sizes(receive, from), receive[from], from);
        ranks->sent += send[to];
    }
    leave(ranks);
}

/* Puts "rank R on HOST: " before the message. */
static void name_rank(const struct sb_ranks *ranks, int rank, struct sb_error *err)
{
    char message[sizeof(err->message)];
    memcpy(message, err->message, sizeof(message));
    snprintf(err->message, sizeof(err->message), "rank %d on %.100s: %.3900s", rank,
             ranks->hosts[rank], message);
}

/* Under the lock: the rank whose error counts; -1 when there is none. */
static int first_failed(struct sb_ranks *ranks, int rc, int64_t order)
{
    const struct sb_verdict mine = {rc, order}, *const all = ranks->verdicts;
    int first = -1;
    ranks->ops->gather(ranks, &mine, sizeof(mine), ranks->verdicts);
    for (int i = 0; i < ranks->count; i++) {
        if (all[i].rc && (first < 0 || all[i].order < all[first].order))
            first = i;
    }
    return first;
}

/* Every rank has this error: it is about the run, not about one of them. */
static bool all_failed(const struct sb_ranks *ranks, int rc)
{
    for (int i = 0; i < ranks->count; i++) {
        if (ranks->verdicts[i].rc != rc)
            return false;
    }
    return true;
}

/* The common end of all ways to agree; named: the message says whose error it is. */
static int agree(struct sb_ranks *ranks, int rc, int64_t order, bool named, struct sb_error *err)
{
    if (alone(ranks))
        return rc;
    struct sb_error local, *const e = err ? err : &local;
    if (!err)
        sb_error_init(&local);
    enter(ranks);
    const int first = first_failed(ranks, rc, order);
    if (first >= 0) {
        rc = (int)ranks->verdicts[first].rc;
        if (ranks->rank == first && named && !all_failed(ranks, rc))
            name_rank(ranks, first, e);
        ranks->ops->broadcast(ranks, first, e, sizeof(*e));
        ranks->failed = true;
    }
    leave(ranks);
    return rc;
}

int sb_ranks_agree_on(struct sb_ranks *ranks, int rc, int64_t order, struct sb_error *err)
{
    return agree(ranks, rc, order, true, err);
}

int sb_ranks_agree(struct sb_ranks *ranks, int rc, struct sb_error *err)
{
    return agree(ranks, rc, 0, true, err);
}

int sb_ranks_agree_input(struct sb_ranks *ranks, int rc, int64_t order, struct sb_error *err)
{
    return agree(ranks, rc, order, rc == SB_EIO || rc == SB_ENOMEM, err);
}

void sb_ranks_sum(struct sb_ranks *ranks, int64_t *values, size_t count)
{
    if (alone(ranks) || count == 0)
        return;
    enter(ranks);
    ranks->ops->sum(ranks, values, count);
    ranks->sent += count * sizeof(*values);
    leave(ranks);
}

int sb_ranks_same(struct sb_ranks *ranks, uint64_t digest, const char *what, const char *path,
                  struct sb_error *err)
{
    uint64_t first = digest;
    int rc = 0;
    sb_ranks_broadcast(ranks, 0, &first, sizeof(first));
    if (first != digest) {
        rc = sb_error_set(err, SB_EINVAL,
                          "%s of rank 0 and of this rank differ: digest %016llx and "
                          "%016llx",
                          what, (unsigned long long)first, (unsigned long long)digest);
        sb_error_file(err, path);
        sb_error_hint(err,
                      "all ranks must see the same files: use a folder that the machines share, "
                      "or copy it anew");
    }
    return sb_ranks_agree(ranks, rc, err);
}

int sb_ranks_swap_sizes(struct sb_ranks *ranks, const size_t *send, size_t *receive,
                        struct sb_error *err)
{
    const size_t n = (size_t)sb_ranks_count(ranks), me = (size_t)sb_ranks_rank(ranks);
    size_t *const table = sb_calloc(n * n, sizeof(*table), TAG); /* entry (from, to) */
    int rc = table ? 0 : sb_error_nomem(err, "sizes", n * n * sizeof(*table));
    rc = sb_ranks_agree(ranks, rc, err);
    if (rc == 0)
        sb_ranks_gather(ranks, send, n * sizeof(*send), table);
    for (size_t r = 0; rc == 0 && r < n; r++)
        receive[r] = table[r * n + me];
    sb_free(table);
    return rc;
}

void sb_gathered_release(struct sb_gathered *gathered)
{
    sb_free(gathered->data);
    sb_free(gathered->bytes);
    memset(gathered, 0, sizeof(*gathered));
}

int sb_ranks_gather_any(struct sb_ranks *ranks, const void *mine, size_t bytes,
                        struct sb_gathered *out, struct sb_error *err)
{
    const int n = sb_ranks_count(ranks);
    memset(out, 0, sizeof(*out));
    out->bytes = sb_calloc((size_t)n, sizeof(*out->bytes), TAG);
    int rc = out->bytes ? 0 : sb_error_nomem(err, "sizes", (size_t)n * sizeof(*out->bytes));
    rc = sb_ranks_agree(ranks, rc, err);
    if (rc == 0) {
        sb_ranks_gather(ranks, &bytes, sizeof(bytes), out->bytes);
        out->total = sb_sum_sizes(out->bytes, n);
        out->data = sb_malloc(out->total, TAG);
        rc = out->data ? 0 : sb_error_nomem(err, "what all ranks have", out->total);
        rc = sb_ranks_agree(ranks, rc, err);
    }
    if (rc) {
        sb_gathered_release(out);
        return rc;
    }
    char *at = out->data;
    for (int r = 0; r < n; at += out->bytes[r++]) {
        if (bytes && r == sb_ranks_rank(ranks))
            memcpy(at, mine, bytes);
        sb_ranks_broadcast(ranks, r, at, out->bytes[r]);
    }
    return 0;
}

struct sb_counters *sb_counters_new(struct sb_ranks *ranks, size_t count, struct sb_error *err)
{
    struct sb_counters *c = sb_calloc(1, sizeof(*c), TAG);
    int rc = 0;
    if (c && alone(ranks))
        c->values = sb_calloc(count, sizeof(*c->values), TAG);
    if (!c || (alone(ranks) && !c->values))
        rc = sb_error_nomem(err, "counters", count * sizeof(int64_t));
    if (sb_ranks_agree(ranks, rc, err)) {
        sb_free(c);
        return NULL;
    }
    c->ranks = ranks;
    if (!alone(ranks)) {
        enter(ranks);
        c->carried = ranks->ops->counters_new(ranks, count);
        leave(ranks);
    }
    return c;
}

int64_t sb_counters_add(struct sb_counters *c, size_t index, int64_t amount)
{
    if (c->values)
        return atomic_fetch_add(&c->values[index], amount);
    enter(c->ranks);
    const int64_t before = c->ranks->ops->counters_add(c->ranks, c->carried, index, amount);
    c->ranks->sent += c->ranks->rank ? sizeof(amount) : 0;
    leave(c->ranks);
    return before;
}

void sb_counters_free(struct sb_counters **counters)
{
    struct sb_counters *const c = *counters;
    if (!c)
        return;
    *counters = NULL;
    if (c->carried) {
        enter(c->ranks);
        c->ranks->ops->counters_free(c->ranks, c->carried);
        leave(c->ranks);
    }
    sb_free(c->values);
    sb_free(c);
}

struct sb_shared *sb_shared_new(struct sb_ranks *ranks, size_t bytes, unsigned tag,
                                struct sb_error *err)
{
    struct sb_shared *s = sb_calloc(1, sizeof(*s), TAG);
    int rc = 0;
    if (s && alone(ranks))
        s->data = sb_malloc(bytes, tag);
    if (!s || (alone(ranks) && !s->data))
        rc = sb_error_nomem(err, "shared memory", bytes);
    if (sb_ranks_agree(ranks, rc, err)) {
        sb_free(s);
        return NULL;
    }
    s->ranks = ranks;
    if (!alone(ranks)) {
        enter(ranks);
        s->carried = ranks->ops->shared_new(ranks, bytes + ALIGN_BYTES, &s->data);
        leave(ranks);
        /* pages are shared, so all ranks of a machine align alike */
        s->data = (char *)s->data + (-(uintptr_t)s->data & (ALIGN_BYTES - 1));
    }
    return s;
}

void *sb_shared_data(const struct sb_shared *shared)
{
    return shared->data;
}

void sb_shared_ready(struct sb_shared *s)
{
    if (!s->carried)
        return;
    enter(s->ranks);
    s->ranks->ops->shared_ready(s->ranks, s->carried);
    leave(s->ranks);
}

void sb_shared_free(struct sb_shared **shared)
{
    struct sb_shared *const s = *shared;
    if (!s)
        return;
    *shared = NULL;
    if (s->carried) {
        enter(s->ranks);
        s->ranks->ops->shared_free(s->ranks, s->carried);
        leave(s->ranks);
    } else {
        sb_free(s->data);
    }
    sb_free(s);
}
