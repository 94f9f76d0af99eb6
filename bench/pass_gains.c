/* Pairs of plans in turns. See pass_gains.h. */
#include "bench/pass_gains.h"

#include "base/clock.h"
#include "base/mem.h"
#include "models/weights.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct comparison {
    const struct sb_graph *graph;
    const struct sb_weights *weights;
    struct sb_plan_options plan;
    uint64_t seed;
    size_t rounds;
    struct sb_plan *all; /* with all passes */
    double *ns;          /* of `all`, every round of every pair */
    size_t num_ns;
    double *saved; /* of one pair */
    struct sb_progress *progress;
};

static struct sb_plan *new_plan(const struct comparison *c, unsigned passes, struct sb_error *err)
{
    struct sb_plan_options options = c->plan;
    options.passes = passes;
    struct sb_plan *plan = sb_plan_new(c->graph, c->weights, &options, err);
    if (!plan)
        return NULL;
    sb_fill_inputs(plan, c->seed);
    if (sb_plan_run(plan, NULL, err) != 0) /* touches its memory */
        sb_plan_free(&plan);
    return plan;
}

static int time_run(struct sb_plan *plan, double *ns, struct sb_error *err)
{
    const int64_t start = sb_now_ns();
    const int rc = sb_plan_run(plan, NULL, err);
    *ns = (double)(sb_now_ns() - start);
    return rc;
}

static int run_pair(struct comparison *c, struct sb_plan *without, struct sb_error *err)
{
    for (size_t i = 0; i < c->rounds; i++) {
        double with_ns = 0, without_ns = 0;
        int rc = i % 2 ? time_run(without, &without_ns, err) : 0;
        if (rc == 0)
            rc = time_run(c->all, &with_ns, err);
        if (rc == 0 && i % 2 == 0)
            rc = time_run(without, &without_ns, err);
        if (rc)
            return rc;
        c->ns[c->num_ns++] = with_ns;
        c->saved[i] = without_ns - with_ns;
        if (c->progress)
            sb_progress_update(c->progress, c->num_ns);
    }
    return 0;
}

static int compare_pass(struct comparison *c, unsigned index, struct sb_pass_gain *gain,
                        struct sb_error *err)
{
    const bool one = index < SB_PASS_COUNT;
    const unsigned passes = one ? SB_ALL_PASSES & ~(1u << index) : 0;
    gain->pass = one ? sb_pass_name((enum sb_pass)index) : "all of them";
    gain->text = one ? sb_pass_text((enum sb_pass)index) : "";
    struct sb_plan *without = new_plan(c, passes, err);
    if (!without)
        return err->code;
    struct sb_plan_memory memory;
    sb_plan_memory(without, &memory);
    gain->arena_bytes = memory.arena_bytes;
    gain->weight_bytes = memory.weight_total_bytes;
    gain->steps = sb_plan_num_steps(without);
    const int rc = run_pair(c, without, err);
    if (rc == 0)
        gain->saved_ns = sb_summarize(c->saved, c->rounds);
    sb_plan_free(&without);
    return rc;
}

static int compare_all(struct comparison *c, struct sb_pass_gains *out, struct sb_error *err)
{
    c->ns = sb_calloc(c->rounds * (SB_PASS_COUNT + 1), sizeof(*c->ns), TAG);
    c->saved = sb_calloc(c->rounds, sizeof(*c->saved), TAG);
    if (!c->ns || !c->saved)
        return sb_error_nomem(err, "timings", c->rounds * sizeof(*c->ns));
    c->all = new_plan(c, SB_ALL_PASSES, err);
    if (!c->all)
        return err->code;
    struct sb_plan_memory memory;
    sb_plan_memory(c->all, &memory);
    out->arena_bytes = memory.arena_bytes;
    out->weight_bytes = memory.weight_total_bytes;
    out->steps = sb_plan_num_steps(c->all);
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i <= SB_PASS_COUNT; i++)
        rc = compare_pass(c, i, &out->gain[i], err);
    if (rc == 0)
        out->ns = sb_summarize(c->ns, c->num_ns);
    return rc;
}

int sb_measure_passes(struct sb_pass_gains *out, const struct sb_measure_options *options,
                      size_t rounds, struct sb_progress *progress, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    const struct sb_model_options size = {.size = options->size, .batch = options->batch};
    struct sb_model *model = sb_model_open(options->model, &size, err);
    if (!model)
        return err->code;
    struct sb_weights weights;
    int rc = sb_measure_weights(&weights, options, model->graph, err);
    if (rc == 0) {
        struct comparison c = {.graph = model->graph,
                               .weights = &weights,
                               .seed = options->seed,
                               .rounds = rounds,
                               .progress = progress};
        sb_measure_plan_options(options, &c.plan);
        rc = compare_all(&c, out, err);
        sb_plan_free(&c.all);
        sb_free(c.ns);
        sb_free(c.saved);
        sb_weights_release(&weights);
    }
    sb_model_free(&model);
    return rc;
}
