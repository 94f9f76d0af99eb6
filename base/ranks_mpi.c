/*
 * Ranks over MPI-3. See ranks_mpi.h.
 *
 * MPI counts in int, so long messages go in pieces. Errors of MPI itself are fatal, MPI's default:
 * the library prints what happened and ends all ranks. Any thread may call, one at a time
 * (MPI_THREAD_SERIALIZED; the lock is in base/ranks.c).
 */
#include "base/ranks_mpi.h"

#include "base/mem.h"
#include "base/ranks_internal.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

#define TAG   SB_MEM_TAG(SB_MEM_DATA, 0)
#define PIECE ((size_t)1 << 30) /* bytes of one message */

struct carrier {
    MPI_Comm machine; /* the ranks of this machine, the first is its rank 0 */
};

/* A window as the carrier's handle. */
struct window {
    MPI_Win win;
};

/* Out of memory where nothing can be agreed on: MPI says that it ends all ranks. */
static void *or_abort(void *memory)
{
    if (!memory)
        MPI_Abort(MPI_COMM_WORLD, 2);
    return memory;
}

static int piece(size_t bytes, size_t at)
{
    return (int)(bytes - at < PIECE ? bytes - at : PIECE);
}

static void barrier(struct sb_ranks *ranks)
{
    (void)ranks;
    MPI_Barrier(MPI_COMM_WORLD);
}

static void broadcast(struct sb_ranks *ranks, int from, void *data, size_t bytes)
{
    (void)ranks;
    for (size_t at = 0; at < bytes; at += PIECE)
        MPI_Bcast((char *)data + at, piece(bytes, at), MPI_BYTE, from, MPI_COMM_WORLD);
}

static void gather(struct sb_ranks *ranks, const void *mine, size_t bytes, void *all)
{
    (void)ranks;
    MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD);
}

static void swap(struct sb_ranks *ranks, const void *out, size_t send, int to, void *in,
                 size_t receive, int from)
{
    (void)ranks;
    const size_t most = send > receive ? send : receive;
    for (size_t at = 0; at < most; at += PIECE) {
        MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        MPI_Status statuses[2];
        if (at < receive)
            MPI_Irecv((char *)in + at, piece(receive, at), MPI_BYTE, from, 0, MPI_COMM_WORLD,
                      &requests[0]);
        if (at < send)
            MPI_Isend((const char *)out + at, piece(send, at), MPI_BYTE, to, 0, MPI_COMM_WORLD,
                      &requests[1]);
        MPI_Waitall(2, requests, statuses);
    }
}

static void sum(struct sb_ranks *ranks, int64_t *values, size_t count)
{
    (void)ranks;
    MPI_Allreduce(MPI_IN_PLACE, values, (int)count, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
}

static void *counters_new(struct sb_ranks *ranks, size_t count)
{
    struct window *const w = or_abort(sb_calloc(1, sizeof(*w), TAG));
    int64_t *values = NULL;
    const size_t mine = ranks->rank == 0 ? count * sizeof(*values) : 0; /* rank 0 has them */
    MPI_Win_allocate((MPI_Aint)mine, (int)sizeof(*values), MPI_INFO_NULL, MPI_COMM_WORLD, &values,
                     &w->win);
    MPI_Win_lock_all(0, w->win);
    if (mine)
        memset(values, 0, mine);
    MPI_Win_sync(w->win);
    MPI_Barrier(MPI_COMM_WORLD);
    return w;
}

static int64_t counters_add(struct sb_ranks *ranks, void *counters, size_t index, int64_t amount)
{
    (void)ranks;
    const struct window *const w = counters;
    int64_t before = 0;
    MPI_Fetch_and_op(&amount, &before, MPI_INT64_T, 0, (MPI_Aint)index, MPI_SUM, w->win);
    MPI_Win_flush(0, w->win);
    return before;
}

static void free_window(struct sb_ranks *ranks, void *window)
{
    (void)ranks;
    struct window *const w = window;
    MPI_Win_unlock_all(w->win);
    MPI_Win_free(&w->win);
    sb_free(w);
}

static void *shared_new(struct sb_ranks *ranks, size_t bytes, void **data)
{
    const struct carrier *const c = ranks->carrier;
    struct window *const w = or_abort(sb_calloc(1, sizeof(*w), TAG));
    const MPI_Aint mine = ranks->first_of_machine ? (MPI_Aint)bytes : 0;
    MPI_Aint size = 0;
    int unit = 0;
    MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, c->machine, data, &w->win);
    MPI_Win_shared_query(w->win, 0, &size, &unit, data);
    MPI_Win_lock_all(0, w->win);
    return w;
}

static void shared_ready(struct sb_ranks *ranks, void *shared)
{
    const struct carrier *const c = ranks->carrier;
    const struct window *const w = shared;
    MPI_Win_sync(w->win);
    MPI_Barrier(c->machine);
    MPI_Win_sync(w->win);
}

static void end_all(struct sb_ranks *ranks, int code)
{
    (void)ranks;
    MPI_Abort(MPI_COMM_WORLD, code);
}

static void end(struct sb_ranks *ranks)
{
    struct carrier *const c = ranks->carrier;
    MPI_Comm_free(&c->machine);
    sb_free(c);
    MPI_Finalize();
}

static const struct sb_ranks_ops ops = {.barrier = barrier,
                                        .broadcast = broadcast,
                                        .gather = gather,
                                        .swap = swap,
                                        .sum = sum,
                                        .counters_new = counters_new,
                                        .counters_add = counters_add,
                                        .counters_free = free_window,
                                        .shared_new = shared_new,
                                        .shared_ready = shared_ready,
                                        .shared_free = free_window,
                                        .end_all = end_all,
                                        .end = end};

static void prepare(struct sb_ranks *r)
{
    char name[sizeof(r->hosts[0])] = "", full[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    MPI_Get_processor_name(full, &length);
    snprintf(name, sizeof(name), "%.255s", full);
    r->hosts = or_abort(sb_calloc((size_t)r->count, sizeof(*r->hosts), TAG));
    r->verdicts = or_abort(sb_calloc((size_t)r->count, sizeof(*r->verdicts), TAG));
    MPI_Allgather(name, sizeof(name), MPI_CHAR, r->hosts, sizeof(name), MPI_CHAR, MPI_COMM_WORLD);
}

struct sb_ranks *sb_ranks_start_mpi(int *argc, char ***argv, struct sb_error *err)
{
    int threads = 0, machine_rank = 0;
    MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &threads);
    if (threads < MPI_THREAD_SERIALIZED) {
        sb_error_set(err, SB_EUNSUPPORTED, "this MPI library gives no MPI_THREAD_SERIALIZED");
        sb_error_hint(err, "use one that is built with support for threads");
        MPI_Finalize();
        return NULL;
    }
    struct sb_ranks *const r = or_abort(sb_calloc(1, sizeof(*r), TAG));
    struct carrier *const c = or_abort(sb_calloc(1, sizeof(*c), TAG));
    r->ops = &ops;
    r->carrier = c;
    pthread_mutex_init(&r->lock, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &r->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &r->count);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, r->rank, MPI_INFO_NULL, &c->machine);
    MPI_Comm_rank(c->machine, &machine_rank);
    r->first_of_machine = machine_rank == 0;
    prepare(r);
    return r;
}
