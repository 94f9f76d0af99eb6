/* Exact costs as text. See exact_costs.h. */
#include "bench/exact_costs.h"

#include "base/mem.h"
#include "bench/conventions.h"
#include "bench/costs.h"
#include "detect/region_ops.h"
#include "models/model.h"
#include "models/weights.h"

#include <inttypes.h>
#include <string.h>

#define MAX_SHOWN 20 /* differences that are put into words */

const char sb_exact_costs_header[] = "model,size,level,nodes,params,macs,other_ops,tf_float_ops,"
                                     "output_bytes,weight_bytes,arena_bytes,live_peak_bytes\n";

/* Weights whose slots all are one buffer of zeros: sizes do not depend on values. */
static int zero_weights(struct sb_weights *weights, const struct sb_graph *graph,
                        struct sb_error *err)
{
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    size_t largest = 1;
    for (size_t i = 0; i < graph->num_slots; i++) {
        const size_t count = sb_slot_count(&graph->slots[i]);
        largest = count > largest ? count : largest;
    }
    memset(weights, 0, sizeof(*weights));
    weights->arena = sb_calloc(largest, sizeof(float), tag);
    weights->slots = sb_calloc(graph->num_slots + 1, sizeof(*weights->slots), tag);
    if (!weights->arena || !weights->slots)
        return sb_error_nomem(err, "weights of zero", largest * sizeof(float));
    for (size_t i = 0; i < graph->num_slots; i++)
        weights->slots[i] = weights->arena;
    weights->num_slots = graph->num_slots;
    return 0;
}

int sb_planned_memory(const struct sb_graph *graph, const struct sb_plan_options *options,
                      struct sb_plan_memory *out, struct sb_error *err)
{
    struct sb_weights weights;
    struct sb_plan *plan = NULL;
    int rc = zero_weights(&weights, graph, err);
    if (rc == 0) {
        plan = sb_plan_new(graph, &weights, options, err);
        rc = plan ? 0 : err->code;
    }
    if (rc == 0)
        sb_plan_memory(plan, out);
    sb_plan_free(&plan);
    sb_free(weights.arena);
    sb_free(weights.slots);
    return rc;
}

static void put_line(struct sb_str *out, const struct sb_model *model, const char *level,
                     const struct sb_cost *cost, size_t weight_bytes, size_t arena_bytes,
                     int64_t live_peak_bytes)
{
    const struct sb_profile profile = sb_profile_of(model);
    sb_str_printf(out,
                  "%s,%d,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
                  ",%zu,%zu,%" PRId64 "\n",
                  model->name, model->padded_h, level, cost->nodes, cost->params, cost->macs,
                  sb_other_ops(cost), sb_tf_exact_float_ops(cost, &profile), cost->output_bytes,
                  weight_bytes, arena_bytes, live_peak_bytes);
}

static void put_model(struct sb_str *out, const struct sb_model *model,
                      const struct sb_costs *costs, const struct sb_plan_memory *memory)
{
    for (int level = 0; level < SB_LEVEL_COUNT; level++) {
        if (costs->level[level].nodes)
            put_line(out, model, sb_level_name((enum sb_level)level), &costs->level[level],
                     memory->weight_bytes[level], 0, 0);
    }
    put_line(out, model, "all", &costs->total, memory->weight_total_bytes, memory->arena_bytes,
             costs->live_peak_bytes);
}

int sb_exact_costs(const char *model_name, int size, struct sb_str *out, struct sb_error *err)
{
    const struct sb_model_options options = {.size = size, .batch = 1};
    struct sb_model *model = sb_model_open(model_name, &options, err);
    if (!model)
        return err->code;
    struct sb_plan_options plan;
    sb_plan_options_defaults(&plan);
    plan.engine = SB_ENGINE_OPENBLAS;
    plan.threads = 1;
    plan.region = &sb_detect_region_ops;
    plan.sizes_only = true;
    struct sb_costs costs = {0};
    struct sb_plan_memory memory;
    int rc = sb_costs_count(&costs, model->graph, err);
    if (rc == 0)
        rc = sb_planned_memory(model->graph, &plan, &memory, err);
    if (rc == 0)
        put_model(out, model, &costs, &memory);
    if (rc == 0 && out->failed)
        rc = sb_error_nomem(err, "costs", out->length);
    sb_costs_release(&costs);
    sb_model_free(&model);
    return rc;
}

/* Length of a line without its newline. */
static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

static const char *next_line(const char *text)
{
    text += line_length(text);
    return *text ? text + 1 : text;
}

/* Length of the first three fields with their commas. */
static size_t key_length(const char *line)
{
    size_t i = 0;
    for (int commas = 0; line[i] && line[i] != '\n' && commas < 3; i++)
        commas += line[i] == ',';
    return i;
}

/* The line of text with the same key, or NULL. */
static const char *find_line(const char *text, const char *line)
{
    const size_t n = key_length(line);
    for (; *text; text = next_line(text)) {
        if (key_length(text) == n && strncmp(text, line, n) == 0)
            return text;
    }
    return NULL;
}

static void put_diff(struct sb_str *out, const char *sign, const char *line)
{
    sb_str_puts(out, sign);
    sb_str_append(out, line, line_length(line));
    sb_str_puts(out, "\n");
}

size_t sb_exact_costs_diff(const char *want, const char *got, struct sb_str *out)
{
    size_t differences = 0;
    for (const char *w = want; *w; w = next_line(w)) {
        const char *g = find_line(got, w);
        if (g && line_length(g) == line_length(w) && strncmp(g, w, line_length(w)) == 0)
            continue;
        if (++differences > MAX_SHOWN)
            continue;
        put_diff(out, "- ", w);
        if (g)
            put_diff(out, "+ ", g);
    }
    for (const char *g = got; *g; g = next_line(g)) {
        if (!find_line(want, g) && ++differences <= MAX_SHOWN)
            put_diff(out, "+ ", g);
    }
    if (differences > MAX_SHOWN)
        sb_str_printf(out, "and %zu more\n", differences - MAX_SHOWN);
    return differences;
}
