/* Measuring kernels in turns, and the file of what was found. See tuning.h. */
#include "bench/tuning.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "bench/environment.h"
#include "bench/latency.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define SCHEMA      "spinebench-tuning"
#define ROUNDS      5
#define MAX_PLANS   16
#define MARGIN      0.97 /* a choice must be better than this share of the model's time */
#define NETWORK_MAX 256

void sb_tuning_release(struct sb_tuning *tuning)
{
    sb_choices_release(&tuning->choices);
}

/* What a file is valid for. */
struct key {
    char cpu[256], network[NETWORK_MAX];
};

static uint64_t digest_node(uint64_t hash, const struct sb_node *n)
{
    hash = sb_fnv1a(hash, n->path, strlen(n->path) + 1);
    hash = sb_fnv1a(hash, &n->op, sizeof(n->op));
    hash = sb_fnv1a(hash, n->inputs, (size_t)n->num_inputs * sizeof(*n->inputs));
    hash = sb_fnv1a(hash, &n->shape, sizeof(n->shape));
    if (n->op == SB_OP_CONV || n->op == SB_OP_DWCONV || n->op == SB_OP_DECONV)
        hash = sb_fnv1a(hash, &n->u.window, sizeof(n->u.window));
    return hash;
}

/* Two specs of one name may be two networks. */
static uint64_t digest_graph(const struct sb_graph *graph)
{
    uint64_t hash = SB_FNV_START;
    for (size_t i = 0; i < graph->num_nodes; i++)
        hash = digest_node(hash, &graph->nodes[i]);
    return hash;
}

static void make_key(struct key *key, const struct sb_model *model,
                     const struct sb_plan_options *options)
{
    struct sb_environment env;
    sb_environment_read(&env, "");
    snprintf(key->cpu, sizeof(key->cpu), "%s, machine %s, %s, %d thread%s",
             env.cpu[0] ? env.cpu : "unknown CPU", env.machine, sb_cpu_name(options->cpu),
             options->threads, sb_plural((size_t)options->threads));
    snprintf(key->network, sizeof(key->network),
             "%s (%016" PRIx64 ") at %dx%d, batch %d, engine %s%s", model->name,
             digest_graph(model->graph), model->padded_h, model->padded_w, model->batch,
             sb_engine_name(options->engine), options->low_memory ? ", low memory" : "");
}

/* Reading --------------------------------------------------------------------------------------*/

static int check_member(const struct sb_json *root, const char *member, const char *want,
                        const char *path, struct sb_error *err)
{
    const char *found;
    const int rc = sb_json_get_string(root, member, &found, err);
    if (rc || strcmp(found, want) == 0)
        return rc;
    sb_error_set(err, SB_EINVAL, "tuned for another %s: '%s', here it is '%s'", member, found,
                 want);
    sb_error_file(err, path);
    return sb_error_hint(err, "name a file that does not exist to tune for this one");
}

static bool is_kernel(const struct sb_plan_options *options, const char *name)
{
    enum sb_op op;
    const char *kernel;
    for (size_t i = 0; (kernel = sb_engine_kernel(options->engine, i, &op)) != NULL; i++) {
        if (strcmp(kernel, name) == 0)
            return true;
    }
    return false;
}

static bool is_layer(const struct sb_graph *graph, const char *path)
{
    for (size_t i = 0; i < graph->num_nodes; i++) {
        if (strcmp(graph->nodes[i].path, path) == 0)
            return true;
    }
    return false;
}

static int read_choices(struct sb_choices *out, const struct sb_json *root,
                        const struct sb_graph *graph, const struct sb_plan_options *options,
                        struct sb_error *err)
{
    struct sb_json choices, member;
    int rc = sb_json_get(root, "choices", &choices, err);
    if (rc == 0 && !cJSON_IsObject(choices.item))
        rc = sb_json_expected(&choices, "an object", err);
    for (bool ok = rc == 0 && sb_json_first_member(&choices, &member); ok && rc == 0;
         ok = sb_json_next_member(&choices, &member)) {
        const char *kernel;
        rc = sb_json_string(&member, &kernel, err);
        if (rc == 0 && !is_kernel(options, kernel))
            rc = sb_json_expected(&member, "the name of a kernel of this engine", err);
        if (rc == 0 && !is_layer(graph, member.item->string))
            rc = sb_json_expected(&member, "the path of a layer of this network", err);
        if (rc == 0)
            rc = sb_choices_add(out, member.item->string, kernel, err);
    }
    return rc;
}

/* What the choices gained; files of older versions lack it. */
static int read_measured(struct sb_tuning *out, const struct sb_json *root, struct sb_error *err)
{
    int64_t measured = 0;
    int rc = sb_json_opt_int(root, "measured", 0, INT32_MAX, &measured, err);
    if (rc == 0)
        rc = sb_json_opt_double(root, "model_ms", &out->model_ms, err);
    if (rc == 0)
        rc = sb_json_opt_double(root, "tuned_ms", &out->tuned_ms, err);
    out->measured = (size_t)measured;
    return rc;
}

static int read_file(struct sb_tuning *out, const char *path, const struct key *key,
                     const struct sb_graph *graph, const struct sb_plan_options *options,
                     struct sb_error *err)
{
    cJSON *doc;
    int rc = sb_json_load(path, &doc, err);
    if (rc)
        return rc;
    const struct sb_json root = sb_json_root(doc, path);
    int64_t version;
    rc = check_member(&root, "schema", SCHEMA, path, err);
    if (rc == 0)
        rc = sb_json_get_int(&root, "version", 1, 1, &version, err);
    if (rc == 0)
        rc = check_member(&root, "cpu", key->cpu, path, err);
    if (rc == 0)
        rc = check_member(&root, "network", key->network, path, err);
    if (rc == 0)
        rc = read_choices(&out->choices, &root, graph, options, err);
    if (rc == 0)
        rc = read_measured(out, &root, err);
    cJSON_Delete(doc);
    return rc;
}

static int write_file(const struct sb_tuning *tuning, const char *path, const struct key *key,
                      struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &text, 2);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "schema", SCHEMA);
    sb_jw_int(&w, "version", 1);
    sb_jw_string(&w, "cpu", key->cpu);
    sb_jw_string(&w, "network", key->network);
    sb_jw_int(&w, "measured", (int64_t)tuning->measured);
    sb_jw_double(&w, "model_ms", tuning->model_ms);
    sb_jw_double(&w, "tuned_ms", tuning->tuned_ms);
    sb_jw_object(&w, "choices");
    for (size_t i = 0; i < tuning->choices.count; i++)
        sb_jw_string(&w, tuning->choices.items[i].path, tuning->choices.items[i].kernel);
    sb_jw_end(&w);
    sb_jw_end(&w);
    sb_str_puts(&text, "\n");
    const int rc = text.failed ? sb_error_nomem(err, "the tuning file", text.length)
                               : sb_write_file(path, sb_str_text(&text), text.length, err);
    sb_str_release(&text);
    return rc;
}

/* Measuring ------------------------------------------------------------------------------------*/

/* A plan whose layers run one kernel wherever it can; plan 0 is the cost model's. */
struct candidate {
    struct sb_plan *plan;
    int64_t *best_ns; /* per step: the least of all rounds; owned */
};

struct measurement {
    struct candidate candidates[MAX_PLANS];
    size_t count;
    int64_t *ns; /* of one run, for the longest plan; owned */
    struct sb_progress *progress;
};

static void release_candidates(struct measurement *m)
{
    for (size_t i = 0; i < m->count; i++) {
        sb_plan_free(&m->candidates[i].plan);
        sb_free(m->candidates[i].best_ns);
    }
    sb_free(m->ns);
}

static int add_candidate(struct measurement *m, const struct sb_graph *graph,
                         const struct sb_weights *weights, const struct sb_plan_options *options,
                         struct sb_error *err)
{
    struct candidate *c = &m->candidates[m->count];
    c->plan = sb_plan_new(graph, weights, options, err);
    if (!c->plan)
        return err->code;
    m->count++;
    const size_t steps = sb_plan_num_steps(c->plan);
    c->best_ns = sb_calloc(steps, sizeof(*c->best_ns), TAG);
    if (!c->best_ns)
        return sb_error_nomem(err, "step times", steps * sizeof(*c->best_ns));
    for (size_t i = 0; i < steps; i++)
        c->best_ns[i] = INT64_MAX;
    sb_fill_inputs(c->plan, 1);
    return sb_plan_run(c->plan, NULL, err);
}

/* Steps that would run together run apart, so that every one has a time of its own. */
static int make_candidates(struct measurement *m, const struct sb_graph *graph,
                           const struct sb_weights *weights, const struct sb_plan_options *options,
                           struct sb_error *err)
{
    struct sb_plan_options o = *options;
    o.choices = NULL;
    o.passes &=
        ~(1u << SB_PASS_STREAM_DEPTHWISE | 1u << SB_PASS_JOIN_SIBLINGS | 1u << SB_PASS_JOIN_MAPS);
    int rc = add_candidate(m, graph, weights, &o, err);
    enum sb_op op;
    const char *kernel;
    for (size_t i = 0; rc == 0 && (kernel = sb_engine_kernel(o.engine, i, &op)) != NULL; i++) {
        if (op != SB_OP_CONV || m->count == MAX_PLANS)
            continue;
        struct sb_choices every = {0};
        rc = sb_choices_add(&every, SB_EVERY_STEP, kernel, err);
        o.choices = &every;
        if (rc == 0)
            rc = add_candidate(m, graph, weights, &o, err);
        sb_choices_release(&every);
    }
    return rc;
}

static int run_rounds(struct measurement *m, struct sb_error *err)
{
    size_t most = 0, done = 0;
    for (size_t i = 0; i < m->count; i++) {
        const size_t steps = sb_plan_num_steps(m->candidates[i].plan);
        most = steps > most ? steps : most;
    }
    m->ns = sb_calloc(most, sizeof(*m->ns), TAG);
    if (!m->ns)
        return sb_error_nomem(err, "step times", most * sizeof(*m->ns));
    const struct sb_run_options run = {.step_ns = m->ns};
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < m->count; i++) {
            struct candidate *c = &m->candidates[i];
            const int rc = sb_plan_run(c->plan, &run, err);
            if (rc)
                return rc;
            for (size_t s = 0; s < sb_plan_num_steps(c->plan); s++)
                c->best_ns[s] = m->ns[s] < c->best_ns[s] ? m->ns[s] : c->best_ns[s];
            if (m->progress)
                sb_progress_update(m->progress, ++done);
        }
    }
    return 0;
}

/* The step of a candidate that makes the same output as `like`; copies have another kernel. */
static bool find_step(const struct candidate *c, const struct sb_step_info *like, size_t *index,
                      struct sb_step_info *info)
{
    for (*index = 0; *index < sb_plan_num_steps(c->plan); (*index)++) {
        sb_plan_step_info(c->plan, *index, info);
        if (info->op == like->op && strcmp(info->path, like->path) == 0)
            return true;
    }
    return false;
}

/* Adds the choice of one step of the cost model's plan, if another kernel is faster. */
static int choose_step(struct sb_tuning *out, const struct measurement *m, size_t step,
                       struct sb_error *err)
{
    struct sb_step_info own, info;
    const char *best = NULL;
    sb_plan_step_info(m->candidates[0].plan, step, &own);
    const int64_t model_ns = m->candidates[0].best_ns[step];
    int64_t best_ns = (int64_t)((double)model_ns * MARGIN);
    bool measured = false;
    for (size_t i = 1; i < m->count; i++) {
        size_t other;
        if (!find_step(&m->candidates[i], &own, &other, &info) ||
            strcmp(info.kernel, own.kernel) == 0)
            continue;
        measured = true;
        if (m->candidates[i].best_ns[other] < best_ns) {
            best_ns = m->candidates[i].best_ns[other];
            best = info.kernel;
        }
    }
    if (!measured)
        return 0;
    out->measured++;
    out->model_ms += (double)model_ns * 1e-6;
    out->tuned_ms += (double)(best ? best_ns : model_ns) * 1e-6;
    return best ? sb_choices_add(&out->choices, own.path, best, err) : 0;
}

static int choose_steps(struct sb_tuning *out, const struct measurement *m, struct sb_error *err)
{
    int rc = 0;
    for (size_t s = 0; rc == 0 && s < sb_plan_num_steps(m->candidates[0].plan); s++) {
        struct sb_step_info info;
        sb_plan_step_info(m->candidates[0].plan, s, &info);
        if (info.op == SB_OP_CONV)
            rc = choose_step(out, m, s, err);
    }
    return rc;
}

static int measure(struct sb_tuning *out, const struct sb_graph *graph,
                   const struct sb_weights *weights, const struct sb_plan_options *options,
                   struct sb_progress *progress, struct sb_error *err)
{
    struct measurement m = {.progress = progress};
    int rc = make_candidates(&m, graph, weights, options, err);
    if (rc == 0)
        rc = run_rounds(&m, err);
    if (rc == 0)
        rc = choose_steps(out, &m, err);
    release_candidates(&m);
    return rc;
}

int sb_tuning_open(struct sb_tuning *out, const char *path, const struct sb_model *model,
                   const struct sb_weights *weights, const struct sb_plan_options *options,
                   struct sb_progress *progress, struct sb_error *err)
{
    struct key key;
    memset(out, 0, sizeof(*out));
    make_key(&key, model, options);
    int rc;
    if (sb_is_file(path)) {
        rc = read_file(out, path, &key, model->graph, options, err);
    } else {
        rc = sb_file_try(path, err); /* measuring may take minutes */
        if (rc == 0)
            rc = measure(out, model->graph, weights, options, progress, err);
        if (rc == 0)
            rc = write_file(out, path, &key, err);
    }
    if (rc)
        sb_tuning_release(out);
    return rc;
}

int sb_tuning_describe(const char *path, struct sb_str *out, struct sb_error *err)
{
    cJSON *doc;
    struct sb_tuning t = {0};
    struct sb_json choices;
    int rc = sb_json_load(path, &doc, err);
    if (rc)
        return rc;
    const struct sb_json root = sb_json_root(doc, path);
    rc = sb_json_get(&root, "choices", &choices, err);
    if (rc == 0)
        rc = read_measured(&t, &root, err);
    if (rc == 0) {
        const size_t changed = (size_t)cJSON_GetArraySize(choices.item);
        sb_str_printf(out, "%s: %zu layer%s with another kernel than the cost model's", path,
                      changed, sb_plural(changed));
        if (t.measured)
            sb_str_printf(out, "; %zu measured, %.1f ms instead of %.1f", t.measured, t.tuned_ms,
                          t.model_ms);
        sb_str_puts(out, "\n");
    }
    cJSON_Delete(doc);
    return rc;
}
