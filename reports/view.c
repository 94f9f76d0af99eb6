/* Tables from views. See view.h. */
#include "reports/view.h"

#include "base/mem.h"
#include "base/str.h"
#include "reports/columns.h"
#include "reports/diagnosis_tables.h"
#include "reports/paper_records.h"
#include "reports/record_tables.h"

#include <stdio.h>
#include <string.h>

#define MAX_COLUMNS 64
#define MAX_KEY     48

#define PAPER_TITLE "A table of the paper beside what records know"

static const struct sb_view presets[] = {
    {
        .name = "models",
        .title = "Models: cost, latency and memory",
        .by = SB_ROWS_MODEL,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,params,tf,macs,"
                   "latency,min,"
                   "p90?,p99?,n,rate,of_peak?,planned,peak,peak_ratio,ap?,top1?,error?",
        .note =
            "Latency: median [95 % interval] of n runs, end to end. FLOP/s: 2 x multiply-adds / "
            "median. Planned memory: arena + weights + workspace. Output error: normalised mean "
            "square against the reference engine.",
    },
    {
        .name = "per-level",
        .title = "Cost, time and memory per level",
        .by = SB_ROWS_LEVEL,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,params,"
                   "macs,macs_share,"
                   "time,share,n?,rate,of_peak?,bandwidth,arena,weights,workspace",
        .group = "model",
        .note = "Time: sum over the level's steps per repetition, median [95 % interval] of n "
                "repetitions, in a pass of its own. Arena: bytes of the level's outputs; levels "
                "reuse each other's memory, so they do not add up to the planned arena.",
    },
    {
        .name = "per-op",
        .title = "Cost and time per op",
        .by = SB_ROWS_OP,
        .columns =
            "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,nodes,params,macs,"
            "other_ops,time,share,n?,rate,of_peak?,bandwidth",
        .sort = "-share",
        .group = "model",
        .note = "Time: sum over the steps of an op per repetition, median [95 % interval] of n "
                "repetitions.",
    },
    {
        .name = "per-block",
        .title = "Cost and time per block",
        .by = SB_ROWS_BLOCK,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,params,"
                   "macs,macs_share,"
                   "time,share,n?,rate,of_peak?,bandwidth",
        .group = "model",
        .note = "Time: sum over the block's steps per repetition, median [95 % interval] of n "
                "repetitions.",
    },
    {
        .name = "per-node",
        .title = "Cost and time of every step",
        .by = SB_ROWS_NODE,
        .columns = "model,size?,batch?,threads?,engine?,scenario?,commit?,machine?,part,op,level,"
                   "shape,kernel,"
                   "params,macs,time,share,n?,rate,of_peak?,bandwidth",
        .group = "model",
        .note = "Time: median [95 % interval] of n repetitions of a step, what is fused into it "
                "included.",
    },
    {
        .name = "peers",
        .title = "Engines side by side",
        .by = SB_ROWS_MODEL,
        .columns = "model,size,batch?,threads?,engine,commit?,machine?,latency,min,n?,vs_best,rate,"
                   "peak,error",
        .sort = "latency",
        .group = "model",
        .note =
            "Latency: median [95 % interval] of n runs, end to end. Against best: latency / the "
            "lowest of the same model, size, batch and threads.",
    },
    {.name = "gate", .title = "Verdicts", .build = sb_verdicts_table},
    {.name = "history", .title = "History", .build = sb_history_table},
    {.name = "accuracy", .title = "Accuracy", .build = sb_accuracy_table},
    {.name = "errors", .title = "Errors of detections", .build = sb_errors_table},
    {.name = "categories", .title = "AP per category", .build = sb_categories_table},
    {.name = "thresholds", .title = "Thresholds and calibration", .build = sb_thresholds_table},
    {.name = "category-errors", .title = "Errors per category", .build = sb_category_errors_table},
    {.name = "calibration", .title = "Scores and truth", .build = sb_calibration_table},
    {.name = "confusions", .title = "Confusions", .build = sb_confusions_table},
    {.name = "confusion-matrix", .title = "Confusion matrix", .build = sb_confusion_matrix},
    {.name = "runs", .title = "Runs", .build = sb_runs_table},
    {.name = "paper-table-1", .title = PAPER_TITLE, .paper = "1"},
    {.name = "paper-table-2", .title = PAPER_TITLE, .paper = "2"},
    {.name = "paper-table-3", .title = PAPER_TITLE, .paper = "3"},
    {.name = "paper-table-4", .title = PAPER_TITLE, .paper = "4"},
    {.name = "paper-table-5", .title = PAPER_TITLE, .paper = "5"},
    {.name = "paper-table-6", .title = PAPER_TITLE, .paper = "6"},
    {.name = "paper-table-7", .title = PAPER_TITLE, .paper = "7"},
    {.name = "paper-table-8", .title = PAPER_TITLE, .paper = "8"},
    {.name = "paper-table-9", .title = PAPER_TITLE, .paper = "9"},
    {.name = "paper-table-10", .title = PAPER_TITLE, .paper = "10"},
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
    sb_error_set(err, SB_EINVAL, "unknown preset '%s'", name);
    return sb_error_hint(err, "known: %s", known);
}

/* The columns of a view, looked up. */
struct selection {
    const struct sb_report_column *columns[MAX_COLUMNS];
    bool optional[MAX_COLUMNS];
    size_t count;
};

/* The next comma-separated word of *list into word; false at the end. */
static int next_word(const char **list, char word[MAX_KEY], struct sb_error *err)
{
    const size_t n = strcspn(*list, ",");
    if (n >= MAX_KEY)
        return sb_error_set(err, SB_EINVAL, "'%.*s' is no column", (int)n, *list);
    memcpy(word, *list, n);
    word[n] = '\0';
    *list += n + ((*list)[n] == ',');
    return 0;
}

static int select_columns(struct selection *s, const char *list, struct sb_error *err)
{
    s->count = 0;
    while (*list) {
        char key[MAX_KEY];
        int rc = next_word(&list, key, err);
        if (rc)
            return rc;
        if (s->count == MAX_COLUMNS)
            return sb_error_set(err, SB_EINVAL, "more than %d columns", MAX_COLUMNS);
        const size_t n = strlen(key);
        s->optional[s->count] = n > 0 && key[n - 1] == '?';
        if (s->optional[s->count])
            key[n - 1] = '\0';
        rc = sb_report_column_find(key, &s->columns[s->count++], err);
        if (rc)
            return rc;
    }
    return 0;
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

static bool same_cell(const struct sb_table_cell *a, const struct sb_table_cell *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == SB_CELL_NUMBER)
        return a->value == b->value;
    return a->text == b->text || (a->text && b->text && strcmp(a->text, b->text) == 0);
}

static bool is_constant(const struct sb_table *t, size_t column)
{
    for (size_t r = 1; r < t->num_rows; r++) {
        if (!same_cell(sb_table_at(t, 0, column), sb_table_at(t, r, column)))
            return false;
    }
    return true;
}

static bool has_values(const struct sb_table *t, size_t column)
{
    for (size_t r = 0; r < t->num_rows; r++) {
        if (sb_table_at(t, r, column)->type >= SB_CELL_TEXT)
            return true;
    }
    return false;
}

/* "size 640, batch 1": a label that is the same in every row. */
static void say_constant(const struct sb_table *t, size_t column, struct sb_str *out)
{
    const struct sb_table_cell *cell = sb_table_at(t, 0, column);
    if (cell->type < SB_CELL_TEXT)
        return;
    sb_str_printf(out, "%s%s ", out->length ? ", " : "", t->columns[column].name);
    if (cell->type == SB_CELL_TEXT)
        sb_str_puts(out, cell->text);
    else
        sb_str_printf(out, "%.0f", cell->value);
}

/* Takes out optional columns that tell nothing; labels that are the same everywhere move into a
 * line below the table. */
static void drop_columns(struct sb_table *t, const struct selection *s, struct sb_str *constants)
{
    bool drop[MAX_COLUMNS] = {false};
    for (size_t c = 0; c < s->count && t->num_rows > 0; c++) {
        const bool label = s->columns[c]->source == SB_SOURCE_NONE;
        drop[c] = s->optional[c] && (label ? is_constant(t, c) : !has_values(t, c));
        if (drop[c] && label)
            say_constant(t, c, constants);
    }
    for (size_t c = s->count; c > 0; c--) {
        if (drop[c - 1])
            sb_table_drop_column(t, c - 1);
    }
}

/* "latency=ms,peak=MiB" */
static int apply_units(struct sb_table *t, const char *list, struct sb_error *err)
{
    while (list && *list) {
        char word[MAX_KEY];
        const int rc = next_word(&list, word, err);
        if (rc)
            return rc;
        char *equals = strchr(word, '=');
        if (!equals)
            return sb_error_set(err, SB_EINVAL, "units: expected COLUMN=UNIT, got '%s'", word);
        *equals = '\0';
        const int c = sb_table_find_column(t, word);
        const struct sb_unit *unit;
        if (c < 0)
            return sb_error_set(err, SB_EINVAL, "units: the table has no column '%s'", word);
        const int found = sb_unit_find(t->columns[c].quantity, equals + 1, &unit, err);
        if (found)
            return found;
        sb_table_set_unit(t, (size_t)c, unit);
    }
    return 0;
}

static int find_shown(const struct sb_table *t, const char *key, const char *what, size_t *out,
                      struct sb_error *err)
{
    const int c = sb_table_find_column(t, key);
    if (c < 0)
        return sb_error_set(err, SB_EINVAL, "%s: the table has no column '%s'", what, key);
    *out = (size_t)c;
    return 0;
}

static int order(struct sb_table *t, const struct sb_view *view, struct sb_error *err)
{
    size_t column = 0;
    int rc = 0;
    if (view->group) {
        rc = find_shown(t, view->group, "group", &column, err);
        if (rc == 0)
            rc = sb_table_group(t, column, err);
    }
    if (rc == 0 && view->sort) {
        const bool descending = view->sort[0] == '-';
        rc = find_shown(t, view->sort + descending, "sort", &column, err);
        if (rc == 0)
            rc = sb_table_sort(t, column, descending, err);
    }
    return rc;
}

/* What must be known about accuracies ("untrained weights"), once each, where one is shown. */
static void say_accuracy_notes(struct sb_table *t, const struct sb_records *records)
{
    if (sb_table_find_column(t, "ap") < 0 && sb_table_find_column(t, "top1") < 0)
        return;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_accuracy_record *const a = &records->items[i].u.accuracy;
        bool said = records->items[i].kind != SB_RECORD_ACCURACY || !a->note ||
                    (strcmp(a->metric, "AP") != 0 && strcmp(a->metric, "top-1") != 0);
        for (size_t k = 0; k < i && !said; k++) {
            const struct sb_record *const before = &records->items[k];
            said = before->kind == SB_RECORD_ACCURACY && before->u.accuracy.note &&
                   strcmp(before->u.accuracy.note, a->note) == 0;
        }
        if (!said)
            sb_table_note(t, "%s on %s: %s.", a->metric, a->dataset, a->note);
    }
}

static int build(struct sb_table *t, const struct sb_view *view, const struct sb_report_rows *rows,
                 struct sb_error *err)
{
    struct selection s;
    int rc = select_columns(&s, view->columns, err);
    if (rc)
        return rc;
    fill(t, &s, rows);
    if (t->texts.failed)
        return sb_error_nomem(err, "a table", 0);
    rc = order(t, view, err);
    if (rc == 0)
        rc = apply_units(t, view->units, err);
    if (rc)
        return rc;
    struct sb_str constants = SB_STR_INIT;
    drop_columns(t, &s, &constants);
    if (constants.length)
        sb_table_note(t, "All rows: %s.", sb_str_text(&constants));
    if (view->note)
        sb_table_note(t, "%s", view->note);
    say_accuracy_notes(t, rows->records);
    t->texts.failed = t->texts.failed || constants.failed;
    sb_str_release(&constants);
    return sb_table_finish(t, err);
}

/* A table that is not made of rows. */
static int build_other(struct sb_table *t, const struct sb_view *view,
                       const struct sb_records *records, struct sb_error *err)
{
    int rc = 0;
    if (view->paper)
        rc = sb_paper_view(t, view->paper, records, err);
    else
        sb_table_init(t, view->title);
    if (rc)
        return rc;
    sb_table_set_name(t, view->name);
    if (view->build)
        rc = view->build(t, records, err);
    if (rc == 0)
        rc = sb_table_finish(t, err);
    if (rc)
        sb_table_release(t);
    return rc;
}

int sb_view_table(struct sb_table *t, const struct sb_view *view, const struct sb_records *records,
                  struct sb_error *err)
{
    if (!view->columns)
        return build_other(t, view, records, err);
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
