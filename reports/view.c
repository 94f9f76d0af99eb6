/* Tables from views. See view.h. */
#include "reports/view.h"

#include "base/mem.h"
#include "base/str.h"
#include "reports/columns.h"
#include "reports/diagnosis_tables.h"
#include "reports/paper_records.h"
#include "reports/record_tables.h"
#include "reports/table_select.h"

#include <stdio.h>
#include <string.h>

#define MAX_COLUMNS 64

#define PAPER_TABLE(N) "Table " N " of the paper beside what records know"
#define ZOO_TITLE      "The released models' table beside what records know"

static const struct sb_view presets[] = {
    {
        .name = "models",
        .title = "Models: cost, latency and memory",
        .by = SB_ROWS_MODEL,
        .kinds = SB_KINDS_OF_ROWS,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,params,tf,macs,"
                   "latency,min,"
                   "p90?,p99?,n,images?,rate,of_peak?,planned,peak,peak_ratio,ap?,top1?,error?",
        .note =
            "Latency: median [95 % interval, from six runs or processes on] of n runs, end to end. "
            "FLOP/s: 2 x multiply-adds / "
            "median. Planned memory: arena + weights + workspace + lists and tables. Output error: "
            "normalised mean "
            "square against the reference engine.",
    },
    {
        .name = "per-level",
        .title = "Cost, time and memory per level",
        .by = SB_ROWS_LEVEL,
        .kinds = SB_KINDS_OF_ROWS,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,params,"
                   "macs,macs_share,"
                   "time,share,n?,rate,of_peak?,bandwidth,of_bandwidth?,arena,weights,workspace",
        .group = "model",
        .note = "Time: sum over the level's steps per repetition, median [95 % interval] of n "
                "repetitions, in a pass of its own. Arena: bytes of the level's outputs; levels "
                "reuse each other's memory, so they do not add up to the planned arena.",
    },
    {
        .name = "per-op",
        .title = "Cost and time per op",
        .by = SB_ROWS_OP,
        .kinds = SB_KINDS_OF_ROWS,
        .columns =
            "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,nodes,params,macs,"
            "other_ops,time,share,n?,rate,of_peak?,bandwidth,of_bandwidth?",
        .sort = "-share",
        .group = "model",
        .note = "Time: sum over the steps of an op per repetition, median [95 % interval] of n "
                "repetitions.",
    },
    {
        .name = "per-block",
        .title = "Cost and time per block",
        .by = SB_ROWS_BLOCK,
        .kinds = SB_KINDS_OF_ROWS,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,params,"
                   "macs,macs_share,"
                   "time,share,n?,rate,of_peak?,bandwidth,of_bandwidth?",
        .group = "model",
        .note = "Time: sum over the block's steps per repetition, median [95 % interval] of n "
                "repetitions.",
    },
    {
        .name = "per-node",
        .title = "Cost and time of every step",
        .by = SB_ROWS_NODE,
        .kinds = SB_KINDS_OF_ROWS,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,op,level,"
                   "shape,kernel,"
                   "params,macs,time,share,n?,rate,of_peak?,bandwidth,of_bandwidth?",
        .group = "model",
        .note = "Time: median [95 % interval] of n repetitions of a step, what is fused into it "
                "included.",
    },
    {
        .name = "peers",
        .title = "Engines side by side",
        .by = SB_ROWS_MODEL,
        .kinds = SB_KINDS_OF_ROWS,
        .columns = "model,size,batch?,threads?,engine,commit?,machine?,latency,min,n?,vs_best,rate,"
                   "peak,error",
        .sort = "latency",
        .group = "model",
        .note = "Latency: median [95 % interval, from six runs or processes on] of n runs, end to "
                "end. Against best: latency / the "
                "lowest of the same model, size, batch and threads.",
    },
    {.name = "memory-phases",
     .title = "Memory per phase",
     .kinds = SB_KIND(MEMORY),
     .build = sb_memory_table},
    {.name = "gate", .title = "Verdicts", .kinds = SB_KIND(VERDICT), .build = sb_verdicts_table},
    {.name = "history", .title = "History", .kinds = SB_KIND(HISTORY), .build = sb_history_table},
    {.name = "accuracy",
     .title = "Accuracy",
     .kinds = SB_KIND(ACCURACY),
     .build = sb_accuracy_table},
    {.name = "errors",
     .title = "Errors of detections",
     .kinds = SB_KIND(ERROR),
     .build = sb_errors_table},
    {.name = "categories",
     .title = "AP per category",
     .kinds = SB_KIND(CATEGORY),
     .build = sb_categories_table},
    {.name = "thresholds",
     .title = "Thresholds and calibration",
     .kinds = SB_KIND(CATEGORY),
     .build = sb_thresholds_table},
    {.name = "category-errors",
     .title = "Errors per category",
     .kinds = SB_KIND(CATEGORY),
     .build = sb_category_errors_table},
    {.name = "calibration",
     .title = "Scores and truth",
     .kinds = SB_KIND(CURVE),
     .build = sb_calibration_table},
    {.name = "confusions",
     .title = "Confusions",
     .kinds = SB_KIND(CONFUSION),
     .build = sb_confusions_table},
    {.name = "confusion-matrix",
     .title = "Confusion matrix",
     .kinds = SB_KIND(CONFUSION),
     .build = sb_confusion_matrix},
    {.name = "runs", .title = "Runs", .kinds = SB_KIND(RUN), .build = sb_runs_table},
    {.name = "paper-table-1", .title = PAPER_TABLE("1"), .kinds = SB_KINDS_OF_ROWS, .paper = "1"},
    {.name = "paper-table-2", .title = PAPER_TABLE("2"), .kinds = SB_KINDS_OF_ROWS, .paper = "2"},
    {.name = "paper-table-3", .title = PAPER_TABLE("3"), .kinds = SB_KINDS_OF_ROWS, .paper = "3"},
    {.name = "paper-table-4", .title = PAPER_TABLE("4"), .kinds = SB_KINDS_OF_ROWS, .paper = "4"},
    {.name = "paper-table-5", .title = PAPER_TABLE("5"), .kinds = SB_KINDS_OF_ROWS, .paper = "5"},
    {.name = "paper-table-6", .title = PAPER_TABLE("6"), .kinds = SB_KINDS_OF_ROWS, .paper = "6"},
    {.name = "paper-table-7", .title = PAPER_TABLE("7"), .kinds = SB_KINDS_OF_ROWS, .paper = "7"},
    {.name = "paper-table-8", .title = PAPER_TABLE("8"), .kinds = SB_KINDS_OF_ROWS, .paper = "8"},
    {.name = "paper-table-9", .title = PAPER_TABLE("9"), .kinds = SB_KINDS_OF_ROWS, .paper = "9"},
    {.name = "paper-table-10",
     .title = PAPER_TABLE("10"),
     .kinds = SB_KINDS_OF_ROWS,
     .paper = "10"},
    {.name = "zoo-retinanet",
     .title = ZOO_TITLE,
     .kinds = SB_KINDS_OF_ROWS,
     .paper = "zoo-retinanet"},
    {.name = "zoo-maskrcnn",
     .title = ZOO_TITLE,
     .kinds = SB_KINDS_OF_ROWS,
     .paper = "zoo-maskrcnn"},
};
#define N_PRESETS (sizeof(presets) / sizeof(presets[0]))

const struct sb_view *sb_view_at(size_t index)
{
    return index < N_PRESETS ? &presets[index] : NULL;
}

int sb_view_find(const char *name, const struct sb_view **out, struct sb_error *err)
{
    char known[600] = "";
    for (size_t i = 0; i < N_PRESETS; i++) {
        if (strcmp(presets[i].name, name) == 0) {
            *out = &presets[i];
            return 0;
        }
        const size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", presets[i].name);
    }
    sb_error_set(err, SB_EINVAL, "--preset: unknown preset '%s'", name);
    return sb_error_hint(err, "known: %s", known);
}

/* The columns of a view, looked up. */
struct selection {
    const struct sb_report_column *columns[MAX_COLUMNS];
    bool optional[MAX_COLUMNS];
    bool hidden[MAX_COLUMNS]; /* rows are only chosen or ordered by it */
    size_t count;
};

/* `option` asks for the column, for messages. */
static int add_column(struct selection *s, const char *option, const char *key,
                      struct sb_error *err)
{
    if (s->count == MAX_COLUMNS)
        return sb_error_set(err, SB_EINVAL, "%s: more than %d columns", option, MAX_COLUMNS);
    s->optional[s->count] = s->hidden[s->count] = false;
    return sb_report_column_find(option, key, &s->columns[s->count++], err);
}

static int add_hidden(struct selection *s, const char *option, const char *key,
                      struct sb_error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->columns[i]->key, key) == 0)
            return 0;
    }
    const int rc = add_column(s, option, key, err);
    if (rc == 0)
        s->hidden[s->count - 1] = true;
    return rc;
}

/* Columns that rows are chosen or ordered by need not be shown. */
static int add_unseen(struct selection *s, const struct sb_view *view, struct sb_error *err)
{
    int rc = view->group ? add_hidden(s, "--group", view->group, err) : 0;
    char key[SB_MAX_KEY];
    for (const char *p = view->sort ? view->sort : "";
         rc == 0 && sb_next_word(&p, key, sizeof(key));)
        rc = add_hidden(s, "--sort", key + (key[0] == '-'), err);
    struct sb_condition condition;
    bool found = true;
    for (const char *p = view->where ? view->where : ""; rc == 0 && found;) {
        rc = sb_next_condition(&p, &condition, &found, err);
        if (rc == 0 && found)
            rc = add_hidden(s, "--where", condition.key, err);
    }
    return rc;
}

static int select_columns(struct selection *s, const struct sb_view *view, struct sb_error *err)
{
    char key[SB_MAX_KEY];
    int rc = 0;
    s->count = 0;
    for (const char *p = view->columns; rc == 0 && sb_next_word(&p, key, sizeof(key));) {
        const bool optional = sb_take_optional(key);
        rc = add_column(s, "--columns", key, err);
        if (rc == 0)
            s->optional[s->count - 1] = optional;
    }
    return rc ? rc : add_unseen(s, view, err);
}

static void fill(struct sb_table *t, const struct selection *s, const struct sb_report_rows *rows)
{
    for (size_t c = 0; c < s->count; c++) {
        const struct sb_report_column *column = s->columns[c];
        sb_table_quantity(t, column->key, column->name ? column->name : sb_rows_by_name(rows->by),
                          column->quantity, column->source);
    }
    for (size_t r = 0; r < rows->count; r++) {
        sb_table_row(t);
        for (size_t c = 0; c < s->count && !t->texts.failed; c++)
            s->columns[c]->put(s->columns[c], rows, &rows->items[r], t);
    }
}

/* Takes out optional columns that tell nothing; labels that are the same everywhere move into a
 * line below the table. */
static void drop_columns(struct sb_table *t, const struct selection *s)
{
    bool drop[MAX_COLUMNS] = {false};
    for (size_t c = 0; c < s->count && t->num_rows > 0; c++) {
        drop[c] = s->optional[c] && !sb_table_tells(t, c);
        if (drop[c])
            sb_table_keep_constant(t, c);
        drop[c] = drop[c] || s->hidden[c];
    }
    sb_table_keep_rules(t);
    for (size_t c = s->count; c > 0; c--) {
        if (drop[c - 1])
            sb_table_drop_column(t, c - 1);
    }
}

/* What the options say about rows, their order and units. */
static int shape(struct sb_table *t, const struct sb_view *view, struct sb_error *err)
{
    if (t->texts.failed)
        return sb_error_nomem(err, "a table", 0);
    int rc = view->where ? sb_table_where(t, view->where, err) : 0;
    if (rc == 0)
        rc = sb_table_order(t, view->group, view->sort, err);
    return rc || !view->units ? rc : sb_table_units(t, view->units, err);
}

/* What must be known about accuracies ("untrained weights"), once each, where one is shown. */
static void say_accuracy_notes(struct sb_table *t, const struct sb_records *records)
{
    if (sb_table_find_column(t, "ap") < 0 && sb_table_find_column(t, "top1") < 0)
        return;
    struct sb_str text = SB_STR_INIT;
    for (size_t i = 0; i < records->count; i++) {
        if (sb_accuracy_note(records, i, &text))
            sb_table_note(t, "%s", sb_str_text(&text));
    }
    t->texts.failed = t->texts.failed || text.failed;
    sb_str_release(&text);
}

/* The remark of row `first` with the models of all rows that share it, unless one before did. */
static void say_remark(struct sb_table *t, const struct sb_report_rows *rows,
                       const struct sb_str *remarks, size_t first)
{
    struct sb_str models = SB_STR_INIT;
    const char *const remark = sb_str_text(&remarks[first]), *last = "";
    bool said = *remark == '\0';
    for (size_t i = 0; i < rows->count && !said; i++) {
        const char *const model = rows->items[i].cell.model;
        if (strcmp(sb_str_text(&remarks[i]), remark) != 0)
            continue;
        said = i < first;
        if (strcmp(last, model) != 0)
            sb_str_printf(&models, "%s%s", *last ? ", " : "", model);
        last = model;
    }
    if (!said)
        sb_table_note(t, "%s: %s.", sb_str_text(&models), remark);
    t->texts.failed = t->texts.failed || models.failed;
    sb_str_release(&models);
}

/* Accuracy and times of one row may come from different weights, commits or machines; not without
 * a word. */
static void say_foreign_accuracies(struct sb_table *t, const struct sb_report_rows *rows)
{
    if (sb_table_find_column(t, "ap") < 0 && sb_table_find_column(t, "top1") < 0)
        return;
    struct sb_str *remarks =
        sb_calloc(rows->count + 1, sizeof(*remarks), SB_MEM_TAG(SB_MEM_DATA, 0));
    t->texts.failed = t->texts.failed || !remarks;
    for (size_t i = 0; remarks && i < rows->count; i++) {
        sb_row_accuracy_remark(rows, &rows->items[i], &remarks[i]);
        t->texts.failed = t->texts.failed || remarks[i].failed;
    }
    for (size_t i = 0; remarks && i < rows->count; i++)
        say_remark(t, rows, remarks, i);
    for (size_t i = 0; remarks && i < rows->count; i++)
        sb_str_release(&remarks[i]);
    sb_free(remarks);
}

static int build(struct sb_table *t, const struct sb_view *view, const struct sb_report_rows *rows,
                 struct sb_error *err)
{
    struct selection s;
    int rc = select_columns(&s, view, err);
    if (rc == 0) {
        fill(t, &s, rows);
        rc = shape(t, view, err);
    }
    if (rc)
        return rc;
    drop_columns(t, &s);
    sb_table_note_constants(t);
    if (view->note)
        sb_table_note(t, "%s", view->note);
    say_accuracy_notes(t, rows->records);
    say_foreign_accuracies(t, rows);
    return sb_table_finish(t, err);
}

/* A table that is not made of rows. */
static int build_other(struct sb_table *t, const struct sb_view *view, const struct sb_paper *paper,
                       const struct sb_records *records, struct sb_error *err)
{
    int rc = 0;
    if (view->paper)
        rc = sb_paper_view(t, paper, view->paper, records, err);
    else
        sb_table_init(t, view->title);
    if (rc)
        return rc;
    sb_table_set_name(t, view->name);
    if (view->build)
        rc = view->build(t, records, err);
    if (rc == 0)
        rc = shape(t, view, err);
    if (rc == 0 && view->columns)
        rc = sb_table_select(t, view->columns, err);
    if (rc == 0)
        rc = sb_table_finish(t, err);
    if (rc)
        sb_table_release(t);
    return rc;
}

bool sb_view_has_rows(const struct sb_view *view)
{
    return !view->build && !view->paper;
}

int sb_view_paper_table(struct sb_table *t, const struct sb_view *view,
                        const struct sb_paper *paper, const struct sb_records *records,
                        struct sb_error *err)
{
    return build_other(t, view, paper, records, err);
}

int sb_view_table(struct sb_table *t, const struct sb_view *view, const struct sb_records *records,
                  struct sb_error *err)
{
    if (view->paper) {
        struct sb_paper paper;
        int rc = sb_paper_open(&paper, err);
        if (rc)
            return rc;
        rc = sb_view_paper_table(t, view, &paper, records, err);
        sb_paper_release(&paper);
        return rc;
    }
    if (view->build)
        return build_other(t, view, NULL, records, err);
    struct sb_report_rows rows;
    int rc = sb_report_rows_collect(&rows, records, view->by, err);
    if (rc)
        return rc;
    sb_table_init(t, view->title);
    sb_table_set_name(t, view->name);
    rc = build(t, view, &rows, err);
    sb_report_rows_release(&rows);
    if (rc)
        sb_table_release(t);
    return rc;
}
