/* See support_eval.h. */
#include "tests/eval/support_eval.h"

#include "base/hash.h"
#include "tests/base/support_ranks.h"
#include "tests/test.h"

#include <string.h>

static int run(struct test_eval *e, const char *gt, const char *dt,
               const struct sb_coco_params *params, enum sb_eval_detail detail,
               struct sb_eval_ranks *team, int threads, struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_eval_ranks_of(team);
    memset(e, 0, sizeof(*e));
    e->pool = sb_pool_new(threads, err);
    int rc = sb_ranks_agree(ranks, e->pool ? 0 : (int)err->code, err);
    if (rc == 0)
        rc = sb_coco_gt_load_ranks(&e->gt, gt, params, team, e->pool, err);
    if (rc == 0) {
        rc = sb_coco_dt_load_ranks(&e->dt, dt, &e->gt, params, team, e->pool, err);
        if (rc == 0)
            rc = sb_coco_evaluate_ranks(&e->eval, &e->gt, &e->dt, params, detail, team, e->pool,
                                        err);
        if (rc == 0 && sb_ranks_rank(ranks) == 0)
            rc = sb_coco_summarize(&e->eval, SB_NUMPY_WHOLE, &e->summary, err);
        rc = sb_ranks_agree(ranks, rc, err);
    }
    if (rc)
        test_eval_release(e);
    return rc;
}

int test_eval_run(struct test_eval *e, const char *gt, const char *dt,
                  const struct sb_coco_params *params, enum sb_eval_detail detail, int threads,
                  struct sb_error *err)
{
    return run(e, gt, dt, params, detail, NULL, threads, err);
}

void test_eval_release(struct test_eval *e)
{
    sb_coco_eval_release(&e->eval);
    sb_coco_dt_release(&e->dt);
    sb_coco_gt_release(&e->gt);
    sb_pool_free(&e->pool);
}

static int note_outcome(const struct test_eval *e, struct test_outcome *out, struct sb_error *err)
{
    int rc = 0;
    out->stat_count = e->summary.count;
    for (size_t i = 0; i < e->summary.count; i++)
        out->stats[i] = e->summary.stats[i].value;
    out->notes = e->gt.notes;
    sb_notes_add(&out->notes, &e->dt.notes);
    sb_notes_add(&out->notes, &e->eval.notes);
    for (int i = SB_ARRAY_PRECISION; rc == 0 && i <= SB_ARRAY_RECALL; i++) {
        struct sb_npy array;
        rc = sb_coco_eval_array(&e->eval, (enum sb_eval_array)i, &array, err);
        if (rc)
            break;
        out->digests[i] = sb_fnv1a(SB_FNV_START, array.data, array.count * sizeof(double));
        sb_npy_release(&array);
    }
    return rc;
}

struct task {
    const char *gt, *dt;
    const struct sb_coco_params *params;
    int threads;
    struct test_outcome *out;
};

static void run_rank(void *ctx, struct sb_ranks *ranks)
{
    const struct task *const t = ctx;
    struct sb_eval_ranks team;
    struct test_eval e;
    struct sb_error err;
    sb_error_init(&err);
    sb_eval_ranks_init(&team, ranks);
    int rc =
        run(&e, t->gt, t->dt, t->params, SB_EVAL_ARRAYS, ranks ? &team : NULL, t->threads, &err);
    const bool loaded = rc == 0;
    if (loaded && sb_ranks_rank(ranks) == 0)
        rc = note_outcome(&e, t->out, &err);
    rc = sb_ranks_agree(ranks, rc, &err);
    if (sb_ranks_rank(ranks) == 0) {
        t->out->rc = rc;
        t->out->err = err;
    } else if (rc != t->out->rc) {
        t->out->rc = SB_EINTERNAL; /* ranks that do not agree */
    }
    t->out->sent += sb_ranks_sent(ranks);
    t->out->column_bytes += team.work.column_bytes;
    if (loaded)
        test_eval_release(&e);
    sb_eval_ranks_release(&team);
}

void test_eval_outcome(const char *gt, const char *dt, const struct sb_coco_params *params,
                       int ranks, int threads, struct test_outcome *out)
{
    struct task task = {gt, dt, params, threads, out};
    memset(out, 0, sizeof(*out));
    if (ranks == 1)
        run_rank(&task, NULL);
    else if (!test_run_ranks(ranks, run_rank, &task))
        out->rc = SB_ENOMEM;
}

void test_assert_same_outcome(const struct test_outcome *a, const struct test_outcome *b,
                              const char *what)
{
    char first[6144] = "", second[6144] = "";
    if (a->rc)
        sb_error_text(&a->err, first, sizeof(first));
    if (b->rc)
        sb_error_text(&b->err, second, sizeof(second));
    if (a->rc != b->rc || strcmp(first, second) != 0)
        fail_msg("%s: '%s' and '%s'", what, first, second);
    if (a->rc)
        return;
    if (a->stat_count != b->stat_count ||
        memcmp(a->stats, b->stats, a->stat_count * sizeof(*a->stats)) != 0)
        fail_msg("%s: other statistics", what);
    for (int i = 0; i < 3; i++) {
        if (a->digests[i] != b->digests[i])
            fail_msg("%s: array %d differs", what, i);
    }
    for (int i = 0; i < SB_RULES; i++) {
        if (a->notes.count[i] != b->notes.count[i])
            fail_msg("%s: rule %s met %lld and %lld times", what,
                     sb_rule_row((enum sb_rule)i)->option, (long long)a->notes.count[i],
                     (long long)b->notes.count[i]);
    }
}
