/* base/pool.c: every job runs once, on its own worker first; runs follow each other without leaks
 * of state. */
#include "base/pool.h"

#include "base/mem.h"
#include "tests/test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_JOBS    1000
#define MAX_THREADS 8

struct record {
    atomic_int runs[MAX_JOBS];
    atomic_int bad_worker;
    size_t per_worker[MAX_THREADS]; /* written by its worker alone */
    int threads;
};

static void note(void *ctx, size_t job, int worker)
{
    struct record *r = ctx;
    atomic_fetch_add(&r->runs[job], 1);
    if (worker < 0 || worker >= r->threads)
        atomic_store(&r->bad_worker, 1);
    else
        r->per_worker[worker]++;
}

typedef void (*run_fn)(struct sb_pool *pool, size_t jobs, sb_job_fn fn, void *ctx);

static void check_run(struct sb_pool *pool, size_t jobs, run_fn run)
{
    struct record r;
    memset(&r, 0, sizeof(r));
    r.threads = sb_pool_threads(pool);
    run(pool, jobs, note, &r);
    assert_int_equal(atomic_load(&r.bad_worker), 0);
    size_t total = 0;
    for (size_t i = 0; i < MAX_JOBS; i++)
        assert_int_equal(atomic_load(&r.runs[i]), i < jobs);
    for (int i = 0; i < MAX_THREADS; i++)
        total += r.per_worker[i];
    assert_int_equal(total, jobs);
}

static void test_pool__every_job_runs_once(void **state)
{
    (void)state;
    struct sb_error err;
    static const size_t sizes[] = {0, 1, 2, 3, 7, 100, MAX_JOBS};
    for (int threads = 1; threads <= MAX_THREADS; threads++) {
        struct sb_pool *pool = sb_pool_new(threads, &err);
        assert_non_null(pool);
        assert_int_equal(sb_pool_threads(pool), threads);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            check_run(pool, sizes[i], sb_pool_run);
            check_run(pool, sizes[i], sb_pool_run_near);
        }
        sb_pool_free(&pool);
        assert_null(pool);
    }
    sb_pool_free(&(struct sb_pool *){NULL});
}

static void test_pool__null_runs_on_the_caller(void **state)
{
    (void)state;
    assert_int_equal(sb_pool_threads(NULL), 1);
    check_run(NULL, 50, sb_pool_run);
    check_run(NULL, 50, sb_pool_run_near);
}

struct start {
    atomic_int arrived;
    size_t first[3]; /* job of each worker */
    int jobs[3];
};

/* The first job of each worker waits for those of the others. */
static void note_first(void *ctx, size_t job, int worker)
{
    struct start *s = ctx;
    if (s->jobs[worker]++ > 0)
        return;
    s->first[worker] = job;
    atomic_fetch_add(&s->arrived, 1);
    while (atomic_load(&s->arrived) < 3)
        sched_yield();
}

static void test_pool__workers_begin_with_their_own_jobs(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_pool *pool = sb_pool_new(3, &err);
    for (int round = 0; round < 100; round++) {
        struct start s = {0};
        sb_pool_run_near(pool, 11, note_first, &s);
        assert_int_equal(s.first[0], 0);
        assert_int_equal(s.first[1], 4);
        assert_int_equal(s.first[2], 8);
        assert_int_equal(s.jobs[0] + s.jobs[1] + s.jobs[2], 11);
    }
    sb_pool_free(&pool);
}

struct chain {
    size_t values[64]; /* plain memory: a run must see what the one before wrote */
};

static void add_previous(void *ctx, size_t job, int worker)
{
    (void)worker;
    struct chain *c = ctx;
    c->values[job] += job + 1;
}

static void test_pool__runs_are_ordered(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_pool *pool = sb_pool_new(3, &err);
    struct chain c = {{0}};
    const size_t rounds = 3000;
    for (size_t i = 0; i < rounds; i++)
        sb_pool_run(pool, 64, add_previous, &c);
    sb_pool_free(&pool);
    for (size_t job = 0; job < 64; job++)
        assert_int_equal(c.values[job], rounds * (job + 1));
}

static void test_pool__every_worker_takes_one(void **state)
{
    (void)state;
    struct sb_error err;
    for (int threads = 1; threads <= MAX_THREADS; threads++) {
        struct sb_pool *pool = sb_pool_new(threads, &err);
        assert_non_null(pool);
        for (int round = 0; round < 20; round++) {
            struct record r;
            memset(&r, 0, sizeof(r));
            r.threads = threads;
            sb_pool_run_everywhere(pool, note, &r);
            for (int i = 0; i < MAX_THREADS; i++) {
                assert_int_equal(r.per_worker[i], i < threads);
                assert_int_equal(atomic_load(&r.runs[i]), i < threads);
            }
        }
        sb_pool_free(&pool);
    }
}

static int gate[2]; /* a pipe */
static atomic_int held;

static void hold(int signal)
{
    char byte;
    (void)signal;
    atomic_store(&held, 1);
    while (read(gate[0], &byte, 1) != 1) /* interrupted */
        ;
}

struct thread {
    pthread_t id;
    long number; /* of the system */
};

static void note_thread(void *ctx, size_t job, int worker)
{
    (void)job;
    ((struct thread *)ctx)[worker] = (struct thread){pthread_self(), syscall(SYS_gettid)};
}

/* Waits until a thread sleeps: it holds no lock then. */
static void wait_for_sleep(const struct thread *thread)
{
    char path[64], state = 0;
    snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", thread->number);
    while (state != 'S') {
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        assert_int_equal(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
        fclose(f);
        sched_yield();
    }
}

/* A worker that the system does not let run, here stuck in a signal handler. */
static void test_pool__a_late_worker_is_not_waited_for(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_pool *pool = sb_pool_new(2, &err);
    struct sigaction action = {.sa_handler = hold}, before;
    struct thread threads[2];
    assert_int_equal(pipe(gate), 0);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    sb_pool_run_everywhere(pool, note_thread, threads);
    for (int round = 0; round < 10; round++) {
        struct record r;
        memset(&r, 0, sizeof(r));
        r.threads = 2;
        atomic_store(&held, 0);
        wait_for_sleep(&threads[1]);
        assert_int_equal(pthread_kill(threads[1].id, SIGUSR1), 0);
        while (!atomic_load(&held))
            sched_yield();
        sb_pool_run_near(pool, 10, note, &r);
        sb_pool_run(pool, 7, note, &r);
        assert_int_equal(r.per_worker[0], 17);
        assert_int_equal(write(gate[1], "", 1), 1);
        sb_pool_run_everywhere(pool, note, &r); /* and is there again */
        assert_int_equal(r.per_worker[1], 1);
    }
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    close(gate[0]);
    close(gate[1]);
    sb_pool_free(&pool);
}

struct places {
    cpu_set_t allowed;
    cpu_set_t masks[2]; /* of the workers */
    int cpus[2];
};

/* Brings the second worker to the caller's CPU. */
static void crowd(void *ctx, size_t job, int worker)
{
    struct places *p = ctx;
    cpu_set_t one;
    (void)job;
    CPU_ZERO(&one);
    CPU_SET(p->cpus[0], &one);
    if (worker == 1) {
        sched_setaffinity(0, sizeof(one), &one);
        sched_setaffinity(0, sizeof(p->allowed), &p->allowed);
    }
}

static void note_place(void *ctx, size_t job, int worker)
{
    struct places *p = ctx;
    (void)job;
    p->cpus[worker] = sched_getcpu();
    sched_getaffinity(0, sizeof(p->masks[worker]), &p->masks[worker]);
}

/* The caller stays on one CPU meanwhile. The system may send the worker back before it looks where
 * it is, but not every second time. */
static void test_pool__workers_leave_each_others_cpu(void **state)
{
    (void)state;
    struct sb_error err;
    struct places p;
    cpu_set_t one;
    int apart = 0;
    if (sb_cpu_count() < 2)
        skip();
    struct sb_pool *pool = sb_pool_new(2, &err);
    assert_int_equal(sched_getaffinity(0, sizeof(p.allowed), &p.allowed), 0);
    p.cpus[0] = sched_getcpu();
    CPU_ZERO(&one);
    CPU_SET(p.cpus[0], &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    for (int round = 0; round < 20; round++) {
        sb_pool_run_everywhere(pool, crowd, &p);
        sb_pool_run_everywhere(pool, note_place, &p);
        apart += p.cpus[1] != p.cpus[0];
        assert_true(CPU_EQUAL(&p.masks[1], &p.allowed));
    }
    assert_int_equal(sched_setaffinity(0, sizeof(p.allowed), &p.allowed), 0);
    assert_true(apart > 10);
    sb_pool_free(&pool);
}

static void test_pool__refuses_senseless_thread_counts(void **state)
{
    (void)state;
    struct sb_error err;
    assert_null(sb_pool_new(0, &err));
    assert_error(&err, SB_EINVAL, "expected 1 to 1024");
    assert_null(sb_pool_new(1025, &err));
    assert_error(&err, SB_EINVAL, "1025 threads");
    assert_true(sb_cpu_count() >= 1);
}

static int make_pool(void *ctx)
{
    (void)ctx;
    struct sb_error err;
    struct sb_pool *pool = sb_pool_new(2, &err);
    if (!pool)
        return err.code;
    sb_pool_free(&pool);
    return 0;
}

static void test_pool__survives_failing_allocations(void **state)
{
    (void)state;
    test_every_allocation_fails(make_pool, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__every_job_runs_once),
        cmocka_unit_test(test_pool__null_runs_on_the_caller),
        cmocka_unit_test(test_pool__workers_begin_with_their_own_jobs),
        cmocka_unit_test(test_pool__runs_are_ordered),
        cmocka_unit_test(test_pool__every_worker_takes_one),
        cmocka_unit_test(test_pool__a_late_worker_is_not_waited_for),
        cmocka_unit_test(test_pool__workers_leave_each_others_cpu),
        cmocka_unit_test(test_pool__refuses_senseless_thread_counts),
        cmocka_unit_test(test_pool__survives_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}
