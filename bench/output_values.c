/* Outputs in few numbers. See output_values.h. */
#include "bench/output_values.h"

#include "base/mem.h"
#include "base/rng.h"
#include "bench/output_check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

void sb_output_values_of(struct sb_output_values *out, const char *name, const float *values,
                         size_t count)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    out->name = name;
    out->count = (int64_t)count;
    out->mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += ((double)values[i] - out->mean) * ((double)values[i] - out->mean);
    out->deviation = sqrt(squares / (double)count);
    for (uint64_t i = 0; i < SB_OUTPUT_SAMPLES; i++) {
        const size_t begin = (size_t)i * count / SB_OUTPUT_SAMPLES;
        const size_t end = (size_t)(i + 1) * count / SB_OUTPUT_SAMPLES;
        const size_t room = end > begin ? end - begin : 1;
        out->samples[i] = (double)values[begin + (size_t)(sb_rng_mix(i) % room)];
    }
}

int sb_output_values_of_plan(struct sb_output_values **out, size_t *num, const struct sb_plan *plan,
                             const struct sb_graph *graph, struct sb_error *err)
{
    const size_t count = sb_plan_num_outputs(plan);
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    bool *after = sb_calloc(graph->num_nodes + 1, sizeof(*after), tag);
    *num = 0;
    *out = sb_calloc(count + 1, sizeof(**out), tag);
    if (!after || !*out) {
        sb_free(after);
        sb_free(*out);
        *out = NULL;
        return sb_error_nomem(err, "samples of the outputs", count * sizeof(**out));
    }
    sb_mark_selections(graph, after);
    for (size_t i = 0; i < count; i++) {
        const char *name = sb_plan_output_name(plan, i);
        const int node = sb_graph_find_output(graph, name);
        struct sb_shape shape;
        const float *values = sb_plan_output(plan, name, &shape);
        if (node >= 0 && !after[node])
            sb_output_values_of(&(*out)[(*num)++], name, values, sb_shape_count(shape));
    }
    sb_free(after);
    return 0;
}

int sb_count_output_values(const struct sb_graph *graph, size_t *count, struct sb_error *err)
{
    bool *after = sb_calloc(graph->num_nodes + 1, sizeof(*after), SB_MEM_TAG(SB_MEM_DATA, 0));
    *count = 0;
    if (!after)
        return sb_error_nomem(err, "outputs", graph->num_nodes);
    sb_mark_selections(graph, after);
    for (size_t i = 0; i < graph->num_nodes; i++)
        *count += graph->nodes[i].output && !after[i];
    sb_free(after);
    return 0;
}

static void widen(double *largest, double a, double b)
{
    const double d = fabs(a - b);
    if (!(d <= *largest)) /* also NaN */
        *largest = isnan(d) ? (double)INFINITY : d;
}

double sb_output_error(const struct sb_output_record *want, const struct sb_output_record *got)
{
    double largest = 0;
    if (want->count != got->count || want->samples.count != got->samples.count)
        return (double)INFINITY;
    widen(&largest, want->mean, got->mean);
    widen(&largest, want->deviation, got->deviation);
    for (size_t i = 0; i < want->samples.count; i++)
        widen(&largest, want->samples.values[i], got->samples.values[i]);
    return largest == 0 ? 0 : largest / fmax(want->deviation, fabs(want->mean) / 100);
}
