/* spinebench models: the zoo, one model's blocks and edges, its drawing, and the check of a spec.
 */
#include "base/gnuplot.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/model_weights.h"
#include "cli/table_output.h"
#include "models/model.h"
#include "models/outline.h"
#include "models/zoo.h"
#include "reports/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int64_t size;
static const char *plot_path;
static bool json, dot, check;

static const char *task_name(enum sb_task task)
{
    switch (task) {
    case SB_TASK_RETINANET:
        return "retinanet";
    case SB_TASK_MASKRCNN:
        return "maskrcnn";
    case SB_TASK_CLASSIFY:
        return "classification";
    case SB_TASK_BACKBONE:
        return "backbone";
    }
    return "unknown";
}

static struct sb_model *open_model(const char *name, struct sb_error *err)
{
    const struct sb_model_options options = {.size = (int)size};
    return sb_model_open(name, &options, err);
}

/* Prints text, or says that there was no memory for it. */
static int print(const struct sb_str *text, struct sb_error *err)
{
    if (text->failed)
        return sb_error_nomem(err, "the output", text->length);
    fputs(sb_str_text(text), stdout);
    return 0;
}

/* ---- the zoo ---- */

static int list_row(struct sb_table *t, const char *name, struct sb_error *err)
{
    struct sb_model *m = open_model(name, err);
    if (!m)
        return err->code;
    sb_table_row(t);
    sb_table_cell(t, "%s", m->name);
    sb_table_cell(t, "%s", task_name(m->task));
    sb_table_cell(t, "%dx%d", m->image_h, m->image_w);
    if (m->num_classes > 0)
        sb_table_integer(t, m->num_classes);
    else
        sb_table_empty(t);
    sb_table_number(t, (double)sb_graph_params(m->graph) / 1e6, 3);
    sb_table_integer(t, (long long)m->graph->num_nodes);
    sb_table_cell(t, "%s", sb_zoo_weights(name) ? "trained" : "");
    sb_model_free(&m);
    return 0;
}

static int list_text(struct sb_error *err)
{
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "model", NULL, SB_LEFT);
    sb_table_column(&t, "task", NULL, SB_LEFT);
    sb_table_column(&t, "size", NULL, SB_RIGHT);
    sb_table_column(&t, "classes", NULL, SB_RIGHT);
    sb_table_column(&t, "params", "M", SB_RIGHT);
    sb_table_column(&t, "nodes", NULL, SB_RIGHT);
    sb_table_column(&t, "weights", NULL, SB_LEFT);
    int rc = 0;
    for (size_t i = 0; sb_zoo_name(i) && rc == 0; i++)
        rc = list_row(&t, sb_zoo_name(i), err);
    if (rc == 0)
        rc = sb_table_finish(&t, err);
    if (rc == 0) {
        sb_cli_put_table(&t, sb_table_format("text"), &out);
        rc = print(&out, err);
    }
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

/* What a listing and a model's own document have in common. */
static void json_summary(struct sb_jw *w, const struct sb_model *m)
{
    sb_jw_string(w, "model", m->name);
    sb_jw_string(w, "description", m->description);
    sb_jw_string(w, "task", task_name(m->task));
    sb_jw_string(w, "family", m->family);
    sb_jw_array(w, "size");
    sb_jw_int(w, NULL, m->image_h);
    sb_jw_int(w, NULL, m->image_w);
    sb_jw_end(w);
    sb_jw_array(w, "padded");
    sb_jw_int(w, NULL, m->padded_h);
    sb_jw_int(w, NULL, m->padded_w);
    sb_jw_end(w);
    sb_jw_int(w, "classes", m->num_classes);
    sb_jw_uint(w, "params", sb_graph_params(m->graph));
    sb_jw_uint(w, "nodes", m->graph->num_nodes);
    sb_jw_bool(w, "trained_weights", sb_weights_built_in(m));
}

static int list_json(struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    int rc = 0;
    sb_jw_init(&w, &out, 1);
    sb_jw_array(&w, NULL);
    for (size_t i = 0; sb_zoo_name(i) && rc == 0; i++) {
        struct sb_model *m = open_model(sb_zoo_name(i), err);
        if (!m) {
            rc = err->code;
            break;
        }
        sb_jw_object(&w, NULL);
        json_summary(&w, m);
        sb_jw_end(&w);
        sb_model_free(&m);
    }
    sb_jw_end(&w);
    sb_str_puts(&out, "\n");
    if (rc == 0)
        rc = print(&out, err);
    sb_str_release(&out);
    return rc;
}

/* ---- one model ---- */

/* The blocks that block `to` reads: short names, '+' before what is added without resampling. */
static void put_parents(struct sb_str *text, const struct sb_outline *o, size_t to)
{
    const char *between = "";
    for (size_t i = 0; i < o->num_edges; i++) {
        const struct sb_outline_edge *e = &o->edges[i];
        if (e->to != to)
            continue;
        const char *name = o->blocks[e->from].name;
        const char *slash = strchr(name, '/');
        const bool same_part = o->blocks[e->from].part == o->blocks[to].part;
        sb_str_printf(text, "%s%s%s", between, e->kind == SB_EDGE_IMPLICIT ? "+" : "",
                      same_part && slash ? slash + 1 : name);
        between = ", ";
    }
}

static void block_row(struct sb_table *t, const struct sb_outline *o, size_t index)
{
    const struct sb_outline_block *b = &o->blocks[index];
    struct sb_str parents = SB_STR_INIT;
    char shape[SB_SHAPE_TEXT];
    put_parents(&parents, o, index);
    sb_table_row(t);
    sb_table_cell(t, "%s", b->name);
    sb_table_cell(t, "%s", b->level == SB_LEVEL_NONE ? "" : sb_level_name(b->level));
    sb_table_cell(t, "%s", b->kind);
    sb_table_cell(t, "%s", sb_shape_text(b->shape, shape));
    sb_table_integer(t, (long long)b->params);
    sb_table_cell(t, "%s", sb_str_text(&parents));
    sb_table_cell(t, "%s", b->output ? b->output : (b->is_output ? "endpoint" : ""));
    sb_str_release(&parents);
}

static void put_head_lines(struct sb_str *out, const struct sb_model *m)
{
    sb_str_printf(out, "%s", m->name);
    if (m->description[0])
        sb_str_printf(out, ": %s", m->description);
    sb_str_printf(out, "\n%s, input %d x %d", task_name(m->task), m->image_h, m->image_w);
    if (m->padded_h != m->image_h || m->padded_w != m->image_w)
        sb_str_printf(out, " (padded to %d x %d)", m->padded_h, m->padded_w);
    if (m->num_classes > 0)
        sb_str_printf(out, ", %d classes", m->num_classes);
    sb_str_printf(out, "; %zu parameters, %zu nodes%s\n\n", sb_graph_params(m->graph),
                  m->graph->num_nodes,
                  sb_weights_built_in(m) ? "; trained weights are built in" : "");
}

static int show_text(const struct sb_model *m, const struct sb_outline *o, struct sb_error *err)
{
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    put_head_lines(&out, m);
    sb_table_init(&t, NULL);
    sb_table_column(&t, "block", NULL, SB_LEFT);
    sb_table_column(&t, "level", NULL, SB_LEFT);
    sb_table_column(&t, "kind", NULL, SB_LEFT);
    sb_table_column(&t, "output shape", NULL, SB_LEFT);
    sb_table_column(&t, "params", NULL, SB_RIGHT);
    sb_table_column(&t, "reads", NULL, SB_LEFT);
    sb_table_column(&t, "output", NULL, SB_LEFT);
    for (size_t i = 0; i < o->num_blocks; i++)
        block_row(&t, o, i);
    int rc = sb_table_finish(&t, err);
    if (rc == 0) {
        sb_cli_put_table(&t, sb_table_format("text"), &out);
        rc = print(&out, err);
    }
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

static void json_block(struct sb_jw *w, const struct sb_outline_block *b)
{
    sb_jw_object(w, NULL);
    sb_jw_string(w, "name", b->name);
    sb_jw_string(w, "level", sb_level_name(b->level));
    sb_jw_string(w, "kind", b->kind);
    sb_jw_array(w, "shape");
    sb_jw_int(w, NULL, b->shape.n);
    sb_jw_int(w, NULL, b->shape.c);
    sb_jw_int(w, NULL, b->shape.h);
    sb_jw_int(w, NULL, b->shape.w);
    sb_jw_end(w);
    sb_jw_uint(w, "params", b->params);
    sb_jw_uint(w, "nodes", b->num_nodes);
    sb_jw_bool(w, "endpoint", b->is_output);
    sb_jw_string(w, "output", b->output);
    sb_jw_end(w);
}

static int show_json(const struct sb_model *m, const struct sb_outline *o, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &out, 1);
    sb_jw_object(&w, NULL);
    json_summary(&w, m);
    sb_jw_array(&w, "blocks");
    for (size_t i = 0; i < o->num_blocks; i++)
        json_block(&w, &o->blocks[i]);
    sb_jw_end(&w);
    sb_jw_array(&w, "edges");
    for (size_t i = 0; i < o->num_edges; i++) {
        sb_jw_object(&w, NULL);
        sb_jw_string(&w, "from", o->blocks[o->edges[i].from].name);
        sb_jw_string(&w, "to", o->blocks[o->edges[i].to].name);
        sb_jw_string(&w, "kind", sb_edge_kind_name(o->edges[i].kind));
        sb_jw_end(&w);
    }
    sb_jw_end(&w);
    sb_jw_end(&w);
    sb_str_puts(&out, "\n");
    const int rc = print(&out, err);
    sb_str_release(&out);
    return rc;
}

static int show_dot(const struct sb_model *m, const struct sb_outline *o, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    sb_outline_dot(o, m->name, &out);
    const int rc = print(&out, err);
    sb_str_release(&out);
    return rc;
}

static int draw(const struct sb_model *m, const struct sb_outline *o, struct sb_error *err)
{
    struct sb_str script = SB_STR_INIT;
    int width = 0, height = 0;
    int rc = sb_outline_gnuplot(o, m->name, &script, &width, &height, err);
    if (rc == 0)
        rc = sb_gnuplot_draw(plot_path, width, height, sb_str_text(&script), err);
    sb_str_release(&script);
    return rc;
}

/* What a sound spec builds, with what it does not say itself: implicit edges. */
static int show_check(const char *name, const struct sb_model *m, const struct sb_outline *o,
                      struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    sb_str_printf(&out, "%s: ok: %s, %s at %d x %d, %zu parameters\n", name, m->name,
                  task_name(m->task), m->image_h, m->image_w, sb_graph_params(m->graph));
    for (size_t i = 0; i < m->graph->num_nodes; i++) {
        const struct sb_node *n = &m->graph->nodes[i];
        char shape[SB_SHAPE_TEXT];
        if (n->output && strncmp(n->output, "feature_p", 9) == 0)
            sb_str_printf(&out, "  output %s %s\n", n->output, sb_shape_text(n->shape, shape));
    }
    for (size_t i = 0; i < o->num_edges; i++) {
        const struct sb_outline_edge *e = &o->edges[i];
        if (e->kind == SB_EDGE_IMPLICIT)
            sb_str_printf(&out, "  implicit edge %s -> %s: nothing else reads it\n",
                          o->blocks[e->from].name, o->blocks[e->to].name);
    }
    const int rc = print(&out, err);
    sb_str_release(&out);
    return rc;
}

static int show_model(const char *name, struct sb_error *err)
{
    struct sb_outline outline;
    struct sb_model *m = open_model(name, err);
    if (!m)
        return err->code;
    int rc = sb_outline_init(&outline, m, err);
    if (rc) {
        sb_model_free(&m);
        return rc;
    }
    if (check)
        rc = show_check(name, m, &outline, err);
    else if (json)
        rc = show_json(m, &outline, err);
    else if (dot)
        rc = show_dot(m, &outline, err);
    else if (!plot_path)
        rc = show_text(m, &outline, err);
    if (rc == 0 && plot_path)
        rc = draw(m, &outline, err);
    sb_outline_release(&outline);
    sb_model_free(&m);
    return rc;
}

static int run_models(const struct sb_arguments *args, struct sb_error *err)
{
    const bool one = check || dot || plot_path;
    const int rc = sb_arguments_expect(args, one ? 1 : 0, 1, "one MODEL", err);
    if (rc)
        return rc;
    if (check + dot + json > 1)
        return sb_error_set(err, SB_EINVAL, "--check, --dot and --json exclude each other");
    if (args->count == 1)
        return show_model(args->words[0], err);
    return json ? list_json(err) : list_text(err);
}

int cmd_models(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_INT("size", 0, "N", "input size in pixels (default: the model's own)", &size, 1,
                   16384),
        SB_OPT_FLAG("check", 0, "judge a spec: what is wrong and where, or what it builds", &check),
        SB_OPT_FLAG("dot", 0, "blocks and edges as a Graphviz document", &dot),
        SB_OPT_STRING("plot", 0, "FILE", "draw the network by levels into a .png, .svg or .pdf",
                      &plot_path),
        SB_OPT_FLAG("json", 0, "one JSON document: the list, or one model's blocks and edges",
                    &json),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "models [MODEL] [options]",
        "Lists the models of the zoo. With MODEL, a name or a spec's path that ends in .json:\n"
        "its blocks with level, kind, output shape and what they read; '+' marks an implicit\n"
        "edge (a block that nothing else reads, added to an output block).",
        options,
        "examples:\n"
        "  spinebench models retinanet-spinenet-49\n"
        "  spinebench models my-network.json --check\n"
        "  spinebench models spinenet-49 --plot spinenet-49.png"};
    size = 0;
    plot_path = NULL;
    json = dot = check = false;
    return sb_cli_run("models", &help, argc, argv, run_models);
}
