/* Outputs against a reference plan. See output_check.h. */
#include "bench/output_check.h"

#include "base/hash.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

/* Above this many bytes of activations the reference plan reuses memory, too. */
#define REUSE_ABOVE ((size_t)2 << 30)

void sb_compare_arrays(const float *a, const float *b, size_t count, double *nmse,
                       double *max_error)
{
    double sum = 0, squares = 0, error = 0, worst = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)a[i] - (double)b[i];
        sum += (double)b[i];
        squares += (double)b[i] * (double)b[i];
        error += d * d;
        worst = fabs(d) > worst ? fabs(d) : worst;
    }
    const double mean = count ? sum / (double)count : 0;
    const double deviation = count ? sqrt(fmax(squares / (double)count - mean * mean, 0)) : 0;
    if (!isfinite(error) || !isfinite(squares)) { /* comparisons with NaN would let it pass */
        *nmse = *max_error = (double)INFINITY;
        return;
    }
    *nmse = error == 0 ? 0 : error / squares;
    *max_error = worst == 0 ? 0 : worst / deviation;
}

double sb_check_tolerance(enum sb_engine engine)
{
    return engine == SB_ENGINE_NATIVE_BF16 ? SB_CHECK_TOLERANCE_BF16 : SB_CHECK_TOLERANCE;
}

void sb_mark_selections(const struct sb_graph *g, bool *after)
{
    for (size_t i = 0; i < g->num_nodes; i++) {
        const struct sb_node *n = &g->nodes[i];
        after[i] = n->op == SB_OP_PROPOSALS || n->op == SB_OP_DETECTIONS;
        for (int k = 0; k < n->num_inputs; k++)
            after[i] = after[i] || after[n->inputs[k]];
    }
}

static void copy_inputs(struct sb_plan *to, struct sb_plan *from)
{
    struct sb_shape shape;
    const float *source;
    for (int i = 0; (source = sb_plan_input(from, i, &shape)) != NULL; i++) {
        float *target = sb_plan_input(to, i, &shape);
        memcpy(target, source, sb_shape_count(shape) * sizeof(*target));
    }
}

static void compare_output(struct sb_output_check *check, const char *name,
                           const struct sb_plan *plan, const struct sb_plan *reference)
{
    struct sb_shape shape;
    double nmse, max_error;
    const float *b = sb_plan_output(reference, name, &shape);
    const float *a = sb_plan_output(plan, name, &shape);
    sb_compare_arrays(a, b, sb_shape_count(shape), &nmse, &max_error);
    if (check->compared++ == 0 || nmse > check->nmse) {
        check->nmse = nmse;
        check->max_error = max_error;
        check->output = name;
    }
}

static void compare_all(struct sb_output_check *check, const struct sb_plan *plan,
                        const struct sb_plan *reference, const struct sb_graph *graph,
                        const bool *after, double tolerance)
{
    check->digest = SB_FNV_START;
    for (size_t i = 0; i < sb_plan_num_outputs(plan); i++) {
        const char *name = sb_plan_output_name(plan, i);
        struct sb_shape shape;
        const float *values = sb_plan_output(plan, name, &shape);
        check->digest = sb_fnv1a(check->digest, values, sb_shape_count(shape) * sizeof(*values));
        const int node = sb_graph_find_output(graph, name);
        if (node < 0 || after[node])
            check->left_out++;
        else
            compare_output(check, name, plan, reference);
    }
    check->passed = check->compared > 0 && check->nmse <= tolerance;
}

int sb_check_outputs(struct sb_output_check *out, struct sb_plan *plan,
                     const struct sb_graph *graph, const struct sb_weights *weights,
                     const struct sb_plan_options *options, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    struct sb_plan_memory memory;
    sb_plan_memory(plan, &memory);
    struct sb_plan_options independent = *options;
    independent.engine = SB_ENGINE_OPENBLAS;
    independent.threads = 1;
    independent.passes = 0;
    independent.reuse_memory = memory.activation_total_bytes > REUSE_ABOVE;
    bool *after = sb_calloc(graph->num_nodes + 1, sizeof(*after), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!after)
        return sb_error_nomem(err, "the output check", graph->num_nodes);
    sb_mark_selections(graph, after);
    struct sb_plan *reference = sb_plan_new(graph, weights, &independent, err);
    int rc = reference ? 0 : err->code;
    if (rc == 0) {
        copy_inputs(reference, plan);
        rc = sb_plan_run(reference, NULL, err);
    }
    if (rc == 0)
        compare_all(out, plan, reference, graph, after, sb_check_tolerance(options->engine));
    sb_plan_free(&reference);
    sb_free(after);
    return rc;
}
