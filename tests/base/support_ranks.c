/* Ranks that take turns: a barrier lets all others run until they are there, too, and every call
 * shows its memory between two barriers. See support_ranks.h. */
#include "tests/base/support_ranks.h"

#include "base/mem.h"
#include "base/ranks_internal.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define MAX_RANKS   16
#define STACK_BYTES ((size_t)1 << 20)

/* A rank with its stack. */
struct turn {
    ucontext_t context;
    char *stack;
    struct sb_ranks *ranks;
    bool ended;
};

/* What the ranks of a test share. */
struct crowd {
    ucontext_t test;
    int count, now; /* whose turn it is */
    struct turn turns[MAX_RANKS];
    const void *shown[MAX_RANKS];
    void (*fn)(void *ctx, struct sb_ranks *ranks);
    void *ctx;
};

/* The only one; a context starts without arguments that could say which. */
static struct crowd *running;

static void barrier(struct sb_ranks *ranks)
{
    struct crowd *const c = ranks->carrier;
    swapcontext(&c->turns[ranks->rank].context, &c->test);
}

static struct crowd *crowd_of(const struct sb_ranks *ranks)
{
    return ranks->carrier;
}

static void show(struct sb_ranks *ranks, const void *data)
{
    crowd_of(ranks)->shown[ranks->rank] = data;
    barrier(ranks);
}

static void broadcast(struct sb_ranks *ranks, int from, void *data, size_t bytes)
{
    show(ranks, data);
    if (ranks->rank != from)
        memcpy(data, crowd_of(ranks)->shown[from], bytes);
    barrier(ranks);
}

static void gather(struct sb_ranks *ranks, const void *mine, size_t bytes, void *all)
{
    show(ranks, mine);
    for (int r = 0; r < ranks->count; r++)
        memcpy((char *)all + (size_t)r * bytes, crowd_of(ranks)->shown[r], bytes);
    barrier(ranks);
}

static void swap(struct sb_ranks *ranks, const void *out, size_t send, int to, void *in,
                 size_t receive, int from)
{
    (void)send;
    (void)to;
    show(ranks, out);
    if (receive)
        memcpy(in, crowd_of(ranks)->shown[from], receive);
    barrier(ranks);
}

static void sum(struct sb_ranks *ranks, int64_t *values, size_t count)
{
    int64_t *const total = calloc(count, sizeof(*total));
    show(ranks, values);
    for (int r = 0; r < ranks->count; r++) {
        const int64_t *const theirs = crowd_of(ranks)->shown[r];
        for (size_t i = 0; i < count; i++)
            total[i] += theirs[i];
    }
    barrier(ranks);
    memcpy(values, total, count * sizeof(*total));
    free(total);
}

static void end(struct sb_ranks *ranks)
{
    (void)ranks;
}

static const struct sb_ranks_ops ops = {.barrier = barrier,
                                        .broadcast = broadcast,
                                        .gather = gather,
                                        .swap = swap,
                                        .sum = sum,
                                        .end = end};

static struct sb_ranks *new_rank(struct crowd *crowd, int rank)
{
    const size_t count = (size_t)crowd->count;
    struct sb_ranks *r = sb_calloc(1, sizeof(*r), 0);
    if (!r)
        return NULL;
    r->ops = &ops;
    r->carrier = crowd;
    r->rank = rank;
    r->count = crowd->count;
    r->first_of_machine = rank == 0;
    r->hosts = sb_calloc(count, sizeof(*r->hosts), 0);
    r->verdicts = sb_calloc(count, sizeof(*r->verdicts), 0);
    pthread_mutex_init(&r->lock, NULL);
    if (!r->hosts || !r->verdicts)
        sb_ranks_end(&r);
    for (int i = 0; r && i < crowd->count; i++)
        snprintf(r->hosts[i], sizeof(r->hosts[i]), "turn %d", i);
    return r;
}

static void run_rank(void)
{
    struct turn *const t = &running->turns[running->now];
    running->fn(running->ctx, t->ranks);
    sb_ranks_end(&t->ranks);
    t->ended = true;
}

static bool start(struct crowd *c, int rank)
{
    struct turn *const t = &c->turns[rank];
    t->ranks = new_rank(c, rank);
    t->stack = malloc(STACK_BYTES);
    assert_non_null(t->stack);
    assert_int_equal(getcontext(&t->context), 0);
    t->context.uc_stack.ss_sp = t->stack;
    t->context.uc_stack.ss_size = STACK_BYTES;
    t->context.uc_link = &c->test;
    makecontext(&t->context, run_rank, 0);
    return t->ranks != NULL;
}

static void run_all(struct crowd *c)
{
    for (int ended = 0; ended < c->count;) {
        for (c->now = 0; c->now < c->count; c->now++)
            swapcontext(&c->test, &c->turns[c->now].context);
        ended = 0;
        for (int i = 0; i < c->count; i++)
            ended += c->turns[i].ended;
        if (ended > 0 && ended < c->count)
            fail_msg("%d of %d ranks have ended, the others wait for them", ended, c->count);
    }
}

bool test_run_ranks(int count, void (*fn)(void *ctx, struct sb_ranks *ranks), void *ctx)
{
    struct crowd crowd = {.count = count, .fn = fn, .ctx = ctx};
    bool started = true;
    assert_in_range(count, 1, MAX_RANKS);
    running = &crowd;
    for (int i = 0; i < count; i++)
        started = start(&crowd, i) && started;
    if (started)
        run_all(&crowd);
    for (int i = 0; i < count; i++) {
        sb_ranks_end(&crowd.turns[i].ranks);
        free(crowd.turns[i].stack);
    }
    running = NULL;
    return started;
}
