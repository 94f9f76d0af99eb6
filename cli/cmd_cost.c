/* spinebench cost: static costs of models, nothing executed. */
#include "base/json.h"
#include "base/mem.h"
#include "bench/conventions.h"
#include "bench/cost_groups.h"
#include "bench/costs.h"
#include "bench/exact_costs.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "models/model.h"
#include "reports/table.h"

#include <stdio.h>
#include <string.h>

static int64_t size, batch;
static const char *by_name, *convention_name, *format_name;
static bool json, all, exact;

/* What the options ask for. */
struct request {
    const char **models; /* names and paths, owned */
    size_t num_models;
    enum sb_group_by by;
    enum sb_convention convention;
    const struct sb_table_format *format;
};

/* A model with its costs. */
struct counted {
    struct sb_model *model;
    struct sb_costs costs;
    struct sb_profile profile;
};

static int count_model(struct counted *c, const char *name, struct sb_error *err)
{
    memset(c, 0, sizeof(*c));
    const struct sb_model_options options = {.size = (int)size, .batch = (int)batch};
    c->model = sb_model_open(name, &options, err);
    if (!c->model)
        return err->code;
    c->profile = sb_profile_of(c->model);
    const int rc = sb_costs_count(&c->costs, c->model->graph, err);
    if (rc)
        sb_model_free(&c->model);
    return rc;
}

static void release_counted(struct counted *c)
{
    sb_costs_release(&c->costs);
    sb_model_free(&c->model);
}

static void cost_columns(struct sb_table *t, const char *key, const struct request *r)
{
    char flops[48];
    snprintf(flops, sizeof(flops), "multi-adds (%s)", sb_convention_name(r->convention));
    sb_table_column(t, key, NULL, SB_LEFT);
    sb_table_column(t, "nodes", NULL, SB_RIGHT);
    sb_table_column(t, "params", "M", SB_RIGHT);
    sb_table_column(t, flops, "B", SB_RIGHT);
    sb_table_column(t, "share", "%", SB_RIGHT);
    sb_table_column(t, "MACs", "B", SB_RIGHT);
    sb_table_column(t, "other ops", "B", SB_RIGHT);
    sb_table_column(t, "activations", "MB", SB_RIGHT);
}

static void cost_cells(struct sb_table *t, const char *key, const struct sb_cost *cost,
                       const struct counted *c, const struct request *r)
{
    const double whole = sb_multi_adds(&c->costs.total, r->convention, &c->profile);
    const double own = sb_multi_adds(cost, r->convention, &c->profile);
    sb_table_row(t);
    sb_table_cell(t, "%s", key);
    sb_table_integer(t, cost->nodes);
    sb_table_number(t, (double)cost->params / 1e6, 4);
    sb_table_number(t, own / 1e9, 4);
    sb_table_number(t, whole > 0 ? 100 * own / whole : 0, 2);
    sb_table_number(t, (double)cost->macs / c->profile.batch / 1e9, 4);
    sb_table_number(t, (double)sb_other_ops(cost) / c->profile.batch / 1e9, 4);
    sb_table_number(t, (double)cost->output_bytes / 1e6, 3);
}

static void cost_notes(struct sb_table *t, const struct counted *c)
{
    const struct sb_graph *g = c->model->graph;
    sb_table_note(t, "%lld of %zu nodes counted; live peak %.1f MB at %s (float32, batch %d)",
                  (long long)c->costs.total.nodes, g->num_nodes,
                  (double)c->costs.live_peak_bytes / 1e6, g->nodes[c->costs.live_peak_node].path,
                  c->model->batch);
}

/* One table for one model: a row per group and their sum. */
static int grouped_table(struct sb_table *t, const struct counted *c, const struct request *r,
                         struct sb_error *err)
{
    struct sb_cost_groups groups;
    const int rc = sb_costs_group(&groups, &c->costs, c->model->graph, r->by, err);
    if (rc)
        return rc;
    char title[160];
    snprintf(title, sizeof(title), "%s at %dx%d", c->model->name, c->model->padded_h,
             c->model->padded_w);
    sb_table_init(t, title);
    cost_columns(t, sb_group_by_name(r->by), r);
    for (size_t i = 0; r->by != SB_BY_TOTAL && i < groups.count; i++)
        cost_cells(t, groups.items[i].key, &groups.items[i].cost, c, r);
    cost_cells(t, "all", &c->costs.total, c, r);
    sb_table_rule(t);
    cost_notes(t, c);
    sb_cost_groups_release(&groups);
    return 0;
}

static void summary_columns(struct sb_table *t, const struct request *r)
{
    char flops[48];
    snprintf(flops, sizeof(flops), "multi-adds (%s)", sb_convention_name(r->convention));
    sb_table_init(t, NULL);
    sb_table_column(t, "model", NULL, SB_LEFT);
    sb_table_column(t, "size", NULL, SB_RIGHT);
    sb_table_column(t, "params", "M", SB_RIGHT);
    sb_table_column(t, flops, "B", SB_RIGHT);
    sb_table_column(t, "MACs", "B", SB_RIGHT);
    sb_table_column(t, "other ops", "B", SB_RIGHT);
    sb_table_column(t, "activations", "MB", SB_RIGHT);
    sb_table_column(t, "live peak", "MB", SB_RIGHT);
    sb_table_column(t, "nodes", NULL, SB_RIGHT);
}

static void summary_cells(struct sb_table *t, const struct counted *c, const struct request *r)
{
    const struct sb_cost *total = &c->costs.total;
    sb_table_row(t);
    sb_table_cell(t, "%s", c->model->name);
    sb_table_cell(t, "%d", c->model->padded_h);
    sb_table_number(t, (double)total->params / 1e6, 3);
    sb_table_number(t, sb_multi_adds(total, r->convention, &c->profile) / 1e9, 4);
    sb_table_number(t, (double)total->macs / c->profile.batch / 1e9, 4);
    sb_table_number(t, (double)sb_other_ops(total) / c->profile.batch / 1e9, 4);
    sb_table_number(t, (double)total->output_bytes / 1e6, 1);
    sb_table_number(t, (double)c->costs.live_peak_bytes / 1e6, 1);
    sb_table_integer(t, total->nodes);
}

static int print_table(struct sb_table *t, const struct request *r, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    sb_cli_put_table(t, r->format, &out);
    const bool failed = out.failed;
    fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    return failed ? sb_error_nomem(err, "the table", 0) : 0;
}

static int print_groups(const struct request *r, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < r->num_models && rc == 0; i++) {
        struct counted c;
        struct sb_table t;
        rc = count_model(&c, r->models[i], err);
        if (rc)
            return rc;
        rc = grouped_table(&t, &c, r, err);
        if (rc == 0) {
            if (i > 0)
                printf("\n");
            rc = print_table(&t, r, err);
            sb_table_release(&t);
        }
        release_counted(&c);
    }
    return rc;
}

static int print_summary(const struct request *r, struct sb_error *err)
{
    struct sb_table t;
    summary_columns(&t, r);
    int rc = 0;
    long long counted = 0;
    for (size_t i = 0; i < r->num_models && rc == 0; i++) {
        struct counted c;
        rc = count_model(&c, r->models[i], err);
        if (rc)
            break;
        summary_cells(&t, &c, r);
        counted += c.costs.total.nodes;
        release_counted(&c);
    }
    sb_table_note(&t,
                  "%lld nodes counted, none skipped; per image; activations and live peak of "
                  "batch %lld in float32",
                  counted, (long long)batch);
    if (rc == 0)
        rc = print_table(&t, r, err);
    sb_table_release(&t);
    return rc;
}

static void json_values(struct sb_jw *w, const struct sb_cost *cost, const struct counted *c,
                        const struct request *r)
{
    sb_jw_int(w, "nodes", cost->nodes);
    sb_jw_int(w, "params", cost->params);
    sb_jw_int(w, "macs", cost->macs / c->profile.batch);
    sb_jw_double(w, "multi_adds", sb_multi_adds(cost, r->convention, &c->profile));
    sb_jw_double(w, "tf_multi_adds", sb_multi_adds(cost, SB_CONVENTION_TF, &c->profile));
    sb_jw_double(w, "tf_exact_multi_adds",
                 sb_multi_adds(cost, SB_CONVENTION_TF_EXACT, &c->profile));
    sb_jw_int(w, "tf_exact_float_ops", sb_tf_exact_float_ops(cost, &c->profile));
    sb_jw_int(w, "other_ops", sb_other_ops(cost) / c->profile.batch);
    sb_jw_int(w, "param_bytes", 4 * cost->params);
    sb_jw_int(w, "activation_bytes", cost->output_bytes);
}

static int json_groups(struct sb_jw *w, const char *name, enum sb_group_by by,
                       const struct counted *c, const struct request *r, struct sb_error *err)
{
    struct sb_cost_groups groups;
    const int rc = sb_costs_group(&groups, &c->costs, c->model->graph, by, err);
    if (rc)
        return rc;
    sb_jw_object(w, name);
    for (size_t i = 0; i < groups.count; i++) {
        sb_jw_object(w, groups.items[i].key);
        json_values(w, &groups.items[i].cost, c, r);
        sb_jw_end(w);
    }
    sb_jw_end(w);
    sb_cost_groups_release(&groups);
    return 0;
}

static int json_model(struct sb_jw *w, const struct counted *c, const struct request *r,
                      struct sb_error *err)
{
    sb_jw_object(w, NULL);
    sb_jw_string(w, "model", c->model->name);
    sb_jw_int(w, "size", c->model->padded_h);
    sb_jw_int(w, "batch", c->model->batch);
    sb_jw_string(w, "convention", sb_convention_name(r->convention));
    json_values(w, &c->costs.total, c, r);
    sb_jw_int(w, "live_peak_bytes", c->costs.live_peak_bytes);
    int rc = json_groups(w, "by_level", SB_BY_LEVEL, c, r, err);
    if (rc == 0)
        rc = json_groups(w, "by_op", SB_BY_OP, c, r, err);
    if (rc == 0 && r->by == SB_BY_BLOCK)
        rc = json_groups(w, "by_block", SB_BY_BLOCK, c, r, err);
    sb_jw_end(w);
    return rc;
}

static int print_json(const struct request *r, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &out, 1);
    int rc = 0;
    if (r->num_models > 1)
        sb_jw_array(&w, NULL);
    for (size_t i = 0; i < r->num_models && rc == 0; i++) {
        struct counted c;
        rc = count_model(&c, r->models[i], err);
        if (rc)
            break;
        rc = json_model(&w, &c, r, err);
        release_counted(&c);
    }
    if (r->num_models > 1)
        sb_jw_end(&w);
    if (rc == 0 && out.failed)
        rc = sb_error_nomem(err, "the document", out.length);
    if (rc == 0)
        printf("%s\n", sb_str_text(&out));
    sb_str_release(&out);
    return rc;
}

static int print_exact(const struct request *r, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    sb_str_puts(&out, sb_exact_costs_header);
    int rc = 0;
    for (size_t i = 0; i < r->num_models && rc == 0; i++)
        rc = sb_exact_costs(r->models[i], (int)size, &out, err);
    if (rc == 0)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    return rc;
}

/* The models that are asked for: the arguments, or with --all the zoo. */
static int collect_models(const struct sb_arguments *args, struct request *r, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, all ? 0 : 1, all ? 0 : 1000,
                                 all ? "no MODEL beside --all" : "at least one MODEL", err);
    if (rc)
        return rc;
    r->num_models = args->count;
    while (all && sb_zoo_name(r->num_models))
        r->num_models++;
    r->models = sb_calloc(r->num_models + 1, sizeof(*r->models), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!r->models)
        return sb_error_nomem(err, "the models", r->num_models * sizeof(*r->models));
    for (size_t i = 0; i < r->num_models; i++)
        r->models[i] = all ? sb_zoo_name(i) : args->words[i];
    return 0;
}

static int parse_request(const struct sb_arguments *args, struct request *r, struct sb_error *err)
{
    int rc = collect_models(args, r, err);
    if (rc == 0 && by_name)
        rc = sb_group_by_parse(by_name, &r->by, err);
    if (rc == 0)
        rc = sb_convention_parse(convention_name, &r->convention, err);
    return rc ? rc : sb_cli_format(format_name, "text, markdown or csv", &r->format, err);
}

static int run_cost(const struct sb_arguments *args, struct sb_error *err)
{
    struct request r = {.by = SB_BY_TOTAL};
    int rc = parse_request(args, &r, err);
    if (rc == 0 && exact)
        rc = print_exact(&r, err);
    else if (rc == 0 && json)
        rc = print_json(&r, err);
    else if (rc == 0)
        rc = by_name ? print_groups(&r, err) : print_summary(&r, err);
    sb_free(r.models);
    return rc;
}

int cmd_cost(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_INT("size", 0, "N", "input size in pixels (default: the model's own)", &size, 1,
                   65536),
        SB_OPT_INT("batch", 0, "B", "images per batch (default: 1)", &batch, 1, 65536),
        SB_OPT_STRING("by", 0, "WHAT", "a row per op, block or level of each model", &by_name),
        SB_OPT_STRING("convention", 0, "NAME",
                      "multi-adds as mac, tf (printed in the paper; default) or tf-exact",
                      &convention_name),
        SB_OPT_STRING("format", 0, "NAME", "text (default), markdown or csv", &format_name),
        SB_OPT_FLAG("all", 0, "every model of the zoo", &all),
        SB_OPT_FLAG("exact", 0, "CSV of exact integers by level, as tests/golden/costs.csv",
                    &exact),
        SB_OPT_FLAG("json", 0, "one JSON document: an object, an array for several models", &json),
        SB_OPT_ALONE("exact", "all,size"),
        SB_OPT_EXCLUDES("json", "format"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "cost MODEL... [options]",
        "Static costs from shapes alone: parameters, multiply-adds, other operations,\n"
        "activation bytes and the most bytes alive at once. Every node is counted; an op\n"
        "without a rule is an error. Conventions for multi-adds:\n"
        "  mac       convolutions and fully connected layers, one per multiply-add\n"
        "  tf        as the paper printed them, from an older TensorFlow profiler\n"
        "  tf-exact  as TensorFlow 2.15's profiler counts the published graph",
        options,
        "examples:\n"
        "  spinebench cost retinanet-spinenet-49 retinanet-resnet-50-fpn\n"
        "  spinebench cost retinanet-spinenet-49 --by level --convention mac"};
    size = 0;
    batch = 1;
    by_name = NULL;
    convention_name = "tf";
    format_name = "text";
    json = all = exact = false;
    return sb_cli_run("cost", &help, argc, argv, run_cost);
}
