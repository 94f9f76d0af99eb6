/*
 * The processes ("ranks") of one parallel run, and what they say to each other. spinebench-mpi has
 * them from MPI (base/ranks_mpi.h). The plain program is alone: NULL stands for one rank in every
 * function, and costs nothing.
 *
 *     rc = load_my_part(..., &err);
 *     rc = sb_ranks_agree(ranks, rc, &err);    // all go on, or all have the first rank's error
 *     if (rc)
 *         return rc;
 *
 * Collective functions (all but the counters') must be called by every rank, in the same order, so
 * a rank that fails still has to reach the next sb_ranks_agree().
 */
#ifndef SB_BASE_RANKS_H
#define SB_BASE_RANKS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_ranks;

/* Ends parallel running; every rank calls it last. */
void sb_ranks_end(struct sb_ranks **ranks);

/* True once sb_ranks_agree() has returned an error: all ranks know of it and are on their way out.
 */
bool sb_ranks_failed(const struct sb_ranks *ranks);
/* All ranks pass over the error that they agreed on, and go on. */
void sb_ranks_pass_over(struct sb_ranks *ranks);
/* Ends all ranks now: for a rank that fails where the others do not ask. Does nothing alone. */
void sb_ranks_abort(struct sb_ranks *ranks, int code);

int sb_ranks_rank(const struct sb_ranks *ranks);
int sb_ranks_count(const struct sb_ranks *ranks);
/* Name of the machine of a rank. */
const char *sb_ranks_host(const struct sb_ranks *ranks, int rank);
/* Payload bytes that this rank gave to other ranks so far. */
uint64_t sb_ranks_sent(const struct sb_ranks *ranks);

/* How long this rank was inside calls to other ranks so far, waiting for them included. */
int64_t sb_ranks_waited_ns(const struct sb_ranks *ranks);

void sb_ranks_barrier(struct sb_ranks *ranks);
/* The bytes of rank `from` to all. */
void sb_ranks_broadcast(struct sb_ranks *ranks, int from, void *data, size_t bytes);
/* `bytes` bytes of each rank, in order of ranks, to all: `all` has room for count * bytes. */
void sb_ranks_gather(struct sb_ranks *ranks, const void *mine, size_t bytes, void *all);
/*
 * All-to-all: send[r] bytes for rank r stand one after the other in `out`; `in` gets what the
 * others have for this rank, in order of ranks, receive[r] bytes from rank r (sb_ranks_swap_sizes()
 * tells them). Any number of bytes. What a rank has for itself is copied, unless
 * send[itself] is 0: then its place in `in`, of receive[itself] bytes, stays as it is.
 */
void sb_ranks_exchange(struct sb_ranks *ranks, const void *out, const size_t *send, void *in,
                       const size_t *receive);

/*
 * Returns 0 on all ranks when rc is 0 on all; else on every rank the code and error of the lowest
 * rank that has one. The message begins with "rank R on HOST: ", unless all ranks fail alike.
 */
int sb_ranks_agree(struct sb_ranks *ranks, int rc, struct sb_error *err);
/* The same where the error with the lowest `order` counts, of equal ones the lowest rank's. */
int sb_ranks_agree_on(struct sb_ranks *ranks, int rc, int64_t order, struct sb_error *err);
/* For input that all ranks read together: the message stays that of one process, unless the error
 * is one of a machine (reading failed, no memory). */
int sb_ranks_agree_input(struct sb_ranks *ranks, int rc, int64_t order, struct sb_error *err);
/* Each of `count` values becomes its sum over all ranks. */
void sb_ranks_sum(struct sb_ranks *ranks, int64_t *values, size_t count);
/*
 * SB_EINVAL on every rank unless all have the same digest of `what` ("weights", "the list of
 * images"); the error names path and the first rank that differs from rank 0.
 */
int sb_ranks_same(struct sb_ranks *ranks, uint64_t digest, const char *what, const char *path,
                  struct sb_error *err);

/* What each rank is to get, send[r], as what this one gets from each, receive[r]; fails on all. */
int sb_ranks_swap_sizes(struct sb_ranks *ranks, const size_t *send, size_t *receive,
                        struct sb_error *err);

/* What every rank has, of any size, one after the other in order of ranks. */
struct sb_gathered {
    char *data;    /* owned, as bytes */
    size_t *bytes; /* (ranks) of each rank */
    size_t total;
};
/* Gathers it on all ranks, or fails on all. Release with sb_gathered_release(). */
int sb_ranks_gather_any(struct sb_ranks *ranks, const void *mine, size_t bytes,
                        struct sb_gathered *out, struct sb_error *err);
void sb_gathered_release(struct sb_gathered *gathered);

/*
 * Counters that all ranks share, at 0 at first. Reading and adding are not collective: any rank and
 * thread, one call at a time on each rank, without help of the others.
 */
struct sb_counters;
/* Collective. NULL and err on failure, the same on all ranks. */
struct sb_counters *sb_counters_new(struct sb_ranks *ranks, size_t count, struct sb_error *err);
/* Adds and returns the value before. */
int64_t sb_counters_add(struct sb_counters *counters, size_t index, int64_t amount);
void sb_counters_free(struct sb_counters **counters);

/*
 * Memory that the ranks of one machine share, aligned to 64 bytes: the first of them fills it, all
 * may read it after sb_shared_ready(). Collective; on failure all ranks have the error.
 */
struct sb_shared;
/* tag: for the counters of base/mem.h, where the process is alone. */
struct sb_shared *sb_shared_new(struct sb_ranks *ranks, size_t bytes, unsigned tag,
                                struct sb_error *err);
void *sb_shared_data(const struct sb_shared *shared);
/* True on one rank of each machine. */
bool sb_ranks_first_of_machine(const struct sb_ranks *ranks);
void sb_shared_ready(struct sb_shared *shared);
void sb_shared_free(struct sb_shared **shared);

#endif
