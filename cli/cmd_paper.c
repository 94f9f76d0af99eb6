/* spinebench paper: the paper's tables beside what is computed and measured here. */
#include "base/json.h"
#include "base/mem.h"
#include "bench/block_counts.h"
#include "bench/conventions.h"
#include "bench/costs.h"
#include "bench/record.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "models/model.h"
#include "reports/paper.h"
#include "reports/paper_records.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *table_id, *format_name;
static bool check, json;
static struct sb_option_list record_files;

/* Costs of one model, kept because several tables name it. */
struct known_cost {
    const char *model;
    int size;
    double multi_adds, params;
};

struct computer {
    struct known_cost *known; /* owned */
    size_t count, capacity;
};

static int count_model(const char *name, int size, struct known_cost *out, struct sb_error *err)
{
    const struct sb_model_options options = {.size = size, .batch = 1};
    struct sb_model *model = sb_model_open(name, &options, err);
    if (!model)
        return err->code;
    struct sb_costs costs;
    const int rc = sb_costs_count(&costs, model->graph, err);
    if (rc == 0) {
        const struct sb_profile profile = sb_profile_of(model);
        out->model = name;
        out->size = size;
        out->multi_adds = sb_multi_adds(&costs.total, SB_CONVENTION_TF, &profile);
        out->params = (double)costs.total.params;
        sb_costs_release(&costs);
    }
    sb_model_free(&model);
    return rc;
}

static int find_cost(struct computer *c, const char *name, int size, struct known_cost *out,
                     struct sb_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->known[i].model, name) == 0 && c->known[i].size == size) {
            *out = c->known[i];
            return 0;
        }
    }
    const int rc = count_model(name, size, out, err);
    if (rc)
        return rc;
    if (sb_grow(&c->known, &c->capacity, c->count + 1, sizeof(*c->known),
                SB_MEM_TAG(SB_MEM_DATA, 0)))
        return sb_error_nomem(err, "costs", c->count * sizeof(*c->known));
    c->known[c->count++] = *out;
    return 0;
}

/* "2-0-0-0": blocks at levels 2 .. max_level. */
static void blocks_text(const int *counts, int max_level, char *text, size_t size)
{
    size_t used = 0;
    for (int level = 2; level <= max_level && used < size; level++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%d", level > 2 ? "-" : "", counts[level]);
}

static int fill_blocks(const char *model, enum sb_paper_kind kind, struct sb_paper_cell *cell,
                       struct sb_error *err)
{
    struct sb_block_counts counts;
    const int rc = sb_count_blocks(model, &counts, err);
    if (rc == 0 && kind == SB_PAPER_STEM_BLOCKS)
        blocks_text(counts.stem, 5, cell->text, sizeof(cell->text));
    else if (rc == 0 && counts.has_permuted)
        blocks_text(counts.permuted, 7, cell->text, sizeof(cell->text));
    return rc;
}

static int fill_cell(struct computer *c, const struct sb_paper_row *row,
                     const struct sb_paper_column *column, struct sb_paper_cell *cell,
                     struct sb_error *err)
{
    const char *model = sb_paper_model(row, column);
    struct known_cost cost;
    if (!model || column->kind == SB_PAPER_PRINTED || column->kind == SB_PAPER_MEASURE)
        return 0;
    if (column->kind == SB_PAPER_STEM_BLOCKS || column->kind == SB_PAPER_PERMUTED_BLOCKS)
        return fill_blocks(model, column->kind, cell, err);
    const int rc = find_cost(c, model, row->size, &cost, err);
    if (rc)
        return rc;
    cell->computed = column->kind == SB_PAPER_PARAMS
                         ? cost.params / 1e6
                         : (cost.multi_adds + row->extra_float_ops / 2) / 1e9;
    return 0;
}

static int fill_table(struct computer *c, const struct sb_records *records,
                      const struct sb_paper_table *table, struct sb_error *err)
{
    int rc = 0;
    for (size_t r = 0; r < table->num_rows; r++) {
        for (size_t k = 0; k < table->num_columns && rc == 0; k++) {
            struct sb_paper_cell *cell = &table->rows[r].cells[k];
            rc = fill_cell(c, &table->rows[r], &table->columns[k], cell, err);
        }
    }
    return rc ? rc : sb_paper_measure(table, records, err);
}

static int print_table(struct sb_table *t, struct sb_str *out, struct sb_error *err)
{
    const int rc = sb_table_finish(t, err);
    if (rc == 0)
        sb_cli_put_table(t, sb_table_format(format_name), out);
    sb_table_release(t);
    return rc;
}

/* Counts of verdicts over the tables asked for. */
struct tally {
    size_t by_verdict[SB_PAPER_STALE + 1];
};

static void add_verdicts(struct tally *tally, const struct sb_paper_table *table)
{
    for (size_t r = 0; r < table->num_rows; r++) {
        for (size_t c = 0; c < table->num_columns; c++)
            tally->by_verdict[sb_paper_judge(&table->rows[r].cells[c])]++;
    }
}

static int write_text(const struct sb_paper_table *tables, size_t count, const struct tally *tally,
                      struct sb_str *out, struct sb_error *err)
{
    struct sb_table residuals;
    size_t rows = 0;
    int rc = 0;
    sb_paper_residuals_init(&residuals);
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct sb_table t;
        sb_paper_table_build(&tables[i], &t);
        rc = print_table(&t, out, err);
        sb_str_puts(out, "\n");
        rows += sb_paper_residuals_add(&tables[i], &residuals);
    }
    if (rc == 0 && rows) {
        rc = print_table(&residuals, out, err);
        sb_str_puts(out, "\n");
    } else {
        sb_table_release(&residuals);
    }
    const size_t *n = tally->by_verdict;
    sb_str_printf(
        out,
        "%zu cells computed: %zu agree with the printed digits, %zu are known to "
        "differ (*), %zu differ unexpectedly\n",
        n[SB_PAPER_AGREES] + n[SB_PAPER_RESIDUAL] + n[SB_PAPER_DIFFERS] + n[SB_PAPER_STALE],
        n[SB_PAPER_AGREES], n[SB_PAPER_RESIDUAL], n[SB_PAPER_DIFFERS] + n[SB_PAPER_STALE]);
    return rc;
}

static void write_json(const struct sb_paper *paper, const struct sb_paper_table *tables,
                       size_t count, const struct tally *tally, struct sb_str *out)
{
    struct sb_jw w;
    sb_jw_init(&w, out, 1);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "paper", paper->title);
    sb_jw_int(&w, "agree", (int64_t)tally->by_verdict[SB_PAPER_AGREES]);
    sb_jw_int(&w, "residual", (int64_t)tally->by_verdict[SB_PAPER_RESIDUAL]);
    sb_jw_int(&w, "differ",
              (int64_t)(tally->by_verdict[SB_PAPER_DIFFERS] + tally->by_verdict[SB_PAPER_STALE]));
    sb_jw_array(&w, "tables");
    for (size_t i = 0; i < count; i++)
        sb_paper_table_json(&tables[i], &w);
    sb_jw_end(&w);
    sb_jw_end(&w);
    sb_str_puts(out, "\n");
}

static int print_tables(const struct sb_paper *paper, const struct sb_paper_table *tables,
                        size_t count, struct sb_error *err)
{
    struct tally tally = {0};
    struct sb_str out = SB_STR_INIT;
    int rc = 0;
    for (size_t i = 0; i < count; i++)
        add_verdicts(&tally, &tables[i]);
    if (json)
        write_json(paper, tables, count, &tally, &out);
    else
        rc = write_text(tables, count, &tally, &out, err);
    if (rc == 0 && out.failed)
        rc = sb_error_nomem(err, "the tables", out.length);
    if (rc == 0)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    const size_t wrong = tally.by_verdict[SB_PAPER_DIFFERS] + tally.by_verdict[SB_PAPER_STALE];
    if (rc == 0 && check && wrong) {
        rc = sb_error_set(err, SB_ECHECK, "%zu cell%s not as expected", wrong,
                          wrong == 1 ? " is" : "s are");
        sb_error_hint(err, "they are the rows without a known reason in the last table");
    }
    return rc;
}

static int read_records(struct sb_records *records, struct sb_error *err)
{
    int rc = 0;
    sb_records_init(records);
    for (size_t i = 0; i < record_files.count && rc == 0; i++)
        rc = sb_records_read(records, record_files.items[i], NULL, NULL, err);
    return rc;
}

static int run_paper(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_paper paper = {0};
    struct sb_records records;
    struct computer computer = {0};
    int rc = sb_arguments_expect(args, 0, 0, "no argument", err);
    const struct sb_table_format *format;
    if (rc == 0)
        rc = sb_cli_format(format_name, "text, markdown, latex or csv", &format, err);
    if (rc)
        return rc;
    rc = read_records(&records, err);
    if (rc == 0)
        rc = sb_paper_open(&paper, err);
    const struct sb_paper_table *tables = paper.tables;
    size_t count = paper.num_tables;
    if (rc == 0 && table_id) {
        rc = sb_paper_find(&paper, table_id, &tables, err);
        count = 1;
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = fill_table(&computer, &records, &tables[i], err);
    if (rc == 0)
        rc = print_tables(&paper, tables, count, err);
    sb_free(computer.known);
    sb_records_release(&records);
    sb_paper_release(&paper);
    return rc;
}

int cmd_paper(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("table", 0, "N", "only this table: 1 to 10, zoo-retinanet, zoo-maskrcnn",
                      &table_id),
        SB_OPT_LIST("records", 0, "RUN.jsonl,...", "fill in what was measured here", &record_files),
        SB_OPT_FLAG("check", 0, "exit 1 when a cell that should agree does not", &check),
        SB_OPT_STRING("format", 0, "NAME", "text (default), markdown, latex, csv", &format_name),
        SB_OPT_FLAG("json", 0, "one JSON document with printed, computed and measured values",
                    &json),
        SB_OPT_EXCLUDES("json", "format"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "paper [options]",
        "Prints every number of the paper's ten tables (and of the released model zoo) beside\n"
        "what is computed here from shapes, and with --records what was measured here. Columns\n"
        "say which is which. A computed value agrees when it rounds to the printed digits; the\n"
        "cells that do not are listed with what was tried to explain them.",
        options,
        "examples:\n"
        "  spinebench paper --check\n"
        "  spinebench paper --table 4 --records run.jsonl"};
    table_id = NULL;
    format_name = "text";
    check = json = false;
    record_files = (struct sb_option_list){0};
    return sb_cli_run("paper", &help, argc, argv, run_paper);
}
