/* Reading paper_tables.json and judging its cells. Tables are made in paper_table.c. */
#include "reports/paper.h"

#include "base/mem.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

bool sb_paper_dataset_is(const struct sb_paper_dataset *dataset, const char *file, int64_t images)
{
    bool named = false, as_large = false;
    for (size_t i = 0; i < dataset->num_files; i++)
        named = named || fnmatch(dataset->files[i], file, FNM_CASEFOLD) == 0;
    for (size_t i = 0; i < dataset->num_images; i++)
        as_large = as_large || dataset->images[i] == images;
    return named && as_large;
}

static int read_dataset(const struct sb_json *at, const char *key, struct sb_paper_dataset *out,
                        struct sb_error *err)
{
    struct sb_json array, elem;
    const size_t most = sizeof(out->files) / sizeof(out->files[0]);
    out->key = key;
    int rc = sb_json_get_string(at, "name", &out->name, err);
    if (rc == 0)
        rc = sb_json_get_array(at, "files", &array, &out->num_files, err);
    if (rc == 0 && out->num_files > most)
        rc = sb_json_expected(&array, "at most four patterns", err);
    size_t i = 0;
    for (bool ok = rc == 0 && sb_json_first(&array, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = sb_json_string(&elem, &out->files[i++], err);
    if (rc == 0)
        rc = sb_json_get_array(at, "images", &array, &out->num_images, err);
    if (rc == 0 && out->num_images > most)
        rc = sb_json_expected(&array, "at most four numbers", err);
    i = 0;
    for (bool ok = rc == 0 && sb_json_first(&array, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = sb_json_int(&elem, 1, INT64_MAX, &out->images[i++], err);
    return rc;
}

static int read_datasets(const struct sb_json *root, struct sb_paper *paper, struct sb_error *err)
{
    struct sb_json all, one;
    if (!sb_json_has(root, "datasets"))
        return 0;
    int rc = sb_json_get(root, "datasets", &all, err);
    if (rc)
        return rc;
    paper->datasets =
        sb_calloc((size_t)cJSON_GetArraySize(all.item) + 1, sizeof(*paper->datasets), TAG);
    if (!paper->datasets)
        return sb_error_nomem(err, "data sets", 0);
    for (const cJSON *e = all.item->child; e && rc == 0; e = e->next) {
        rc = sb_json_get(&all, e->string, &one, err);
        if (rc == 0)
            rc = read_dataset(&one, e->string, &paper->datasets[paper->num_datasets++], err);
    }
    return rc;
}

/* An accuracy names the images that it is about. */
static int find_dataset(const struct sb_json *at, const struct sb_paper *paper,
                        struct sb_paper_column *column, struct sb_error *err)
{
    const char *on;
    if (!column->metric || strcmp(column->metric, "latency") == 0)
        return 0;
    const int rc = sb_json_get_string(at, "on", &on, err);
    for (size_t i = 0; i < paper->num_datasets && rc == 0 && !column->on; i++) {
        if (strcmp(paper->datasets[i].key, on) == 0)
            column->on = &paper->datasets[i];
    }
    if (rc || column->on)
        return rc;
    sb_error_set(err, SB_EFORMAT, "no data set is called '%s'", on);
    sb_error_file(err, at->path);
    return sb_error_pointer(err, "%s/on", at->pointer);
}

static int kind_of(const struct sb_json *at, struct sb_paper_column *column, struct sb_error *err)
{
    static const struct {
        const char *name;
        enum sb_paper_kind kind;
    } kinds[] = {
        {"flops", SB_PAPER_FLOPS},
        {"params", SB_PAPER_PARAMS},
        {"stem_blocks", SB_PAPER_STEM_BLOCKS},
        {"permuted_blocks", SB_PAPER_PERMUTED_BLOCKS},
    };
    const char *compute = NULL;
    int rc = sb_json_opt_string(at, "compute", &compute, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "measure", &column->metric, err);
    column->kind = column->metric ? SB_PAPER_MEASURE : SB_PAPER_PRINTED;
    if (rc || !compute)
        return rc;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, compute) == 0) {
            column->kind = kinds[i].kind;
            return 0;
        }
    }
    sb_error_set(err, SB_EFORMAT, "nothing computes '%s'", compute);
    sb_error_file(err, at->path);
    return sb_error_pointer(err, "%s/compute", at->pointer);
}

static int read_column(const struct sb_json *at, const struct sb_paper *paper,
                       struct sb_paper_column *column, struct sb_error *err)
{
    int rc = sb_json_get_string(at, "key", &column->key, err);
    if (rc == 0)
        rc = sb_json_get_string(at, "name", &column->name, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "unit", &column->unit, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "model", &column->variant, err);
    if (rc == 0)
        rc = kind_of(at, column, err);
    return rc ? rc : find_dataset(at, paper, column, err);
}

/* Pairs of an object's members: names and string values. */
static int read_pairs(const struct sb_json *at, const char *key, const char *(*pairs)[2],
                      size_t capacity, size_t *count, struct sb_error *err)
{
    struct sb_json object;
    *count = 0;
    if (!sb_json_has(at, key))
        return 0;
    const int rc = sb_json_get(at, key, &object, err);
    if (rc)
        return rc;
    for (const cJSON *e = object.item->child; e; e = e->next) {
        if (*count == capacity || !cJSON_IsString(e))
            return sb_json_expected(&object, "an object of a few strings", err);
        pairs[*count][0] = e->string;
        pairs[(*count)++][1] = e->valuestring;
    }
    return 0;
}

static void read_number(struct sb_paper_cell *cell)
{
    char *end;
    cell->value = strtod(cell->printed, &end);
    const char *point = strchr(cell->printed, '.');
    cell->decimals = point ? (int)strlen(point + 1) : 0;
    if (*end)
        cell->value = (double)NAN; /* a text */
}

static int read_cell(const struct sb_json *row, const char *key, struct sb_paper_cell *cell,
                     struct sb_error *err)
{
    struct sb_json printed, residuals;
    cell->value = cell->computed = cell->measured = (double)NAN;
    cell->measured_low = cell->measured_high = (double)NAN;
    int rc = sb_json_get(row, "printed", &printed, err);
    if (rc == 0)
        rc = sb_json_opt_string(&printed, key, &cell->printed, err);
    if (rc == 0 && cell->printed)
        read_number(cell);
    if (rc == 0 && sb_json_has(row, "residuals")) {
        rc = sb_json_get(row, "residuals", &residuals, err);
        if (rc == 0)
            rc = sb_json_opt_string(&residuals, key, &cell->residual, err);
    }
    return rc;
}

/* Sums the adjustments that a row names. */
static int read_adjustments(const struct sb_json *root, const struct sb_json *at,
                            struct sb_paper_row *row, struct sb_error *err)
{
    struct sb_json names, name, all, one;
    size_t count;
    if (!sb_json_has(at, "adjust"))
        return 0;
    int rc = sb_json_get(root, "adjustments", &all, err);
    if (rc == 0)
        rc = sb_json_get_array(at, "adjust", &names, &count, err);
    for (bool ok = rc == 0 && sb_json_first(&names, &name); ok && rc == 0;
         ok = sb_json_next(&name)) {
        const char *key;
        int64_t float_ops;
        rc = sb_json_string(&name, &key, err);
        if (rc == 0)
            rc = sb_json_get(&all, key, &one, err);
        if (rc == 0)
            rc = sb_json_get_int(&one, "float_ops", 0, INT64_MAX, &float_ops, err);
        if (rc == 0)
            row->extra_float_ops += (double)float_ops;
    }
    return rc;
}

static int read_row(const struct sb_json *root, const struct sb_json *at,
                    const struct sb_paper_table *table, struct sb_paper_row *row,
                    struct sb_error *err)
{
    int64_t size = 0;
    int rc = sb_json_get_string(at, "name", &row->name, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "model", &row->model, err);
    if (rc == 0)
        rc = sb_json_opt_int(at, "size", 1, 65536, &size, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "not_published", &row->not_published, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "not_built", &row->not_built, err);
    if (rc == 0)
        rc = read_pairs(at, "labels", row->labels, 4, &row->num_labels, err);
    if (rc == 0)
        rc = read_pairs(at, "models", row->variants, 2, &row->num_variants, err);
    if (rc == 0)
        rc = read_adjustments(root, at, row, err);
    row->size = (int)size;
    row->cells = sb_calloc(table->num_columns + 1, sizeof(*row->cells), TAG);
    if (rc == 0 && !row->cells)
        rc = sb_error_nomem(err, "a row", table->num_columns * sizeof(*row->cells));
    for (size_t c = 0; c < table->num_columns && rc == 0; c++)
        rc = read_cell(at, table->columns[c].key, &row->cells[c], err);
    return rc;
}

static int read_columns(const struct sb_json *at, const struct sb_paper *paper,
                        struct sb_paper_table *table, struct sb_error *err)
{
    struct sb_json array, elem;
    int rc = sb_json_get_array(at, "columns", &array, &table->num_columns, err);
    if (rc)
        return rc;
    table->columns = sb_calloc(table->num_columns + 1, sizeof(*table->columns), TAG);
    if (!table->columns)
        return sb_error_nomem(err, "columns", table->num_columns);
    size_t i = 0;
    for (bool ok = sb_json_first(&array, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = read_column(&elem, paper, &table->columns[i++], err);
    return rc;
}

static int read_rows(const struct sb_json *root, const struct sb_json *at,
                     struct sb_paper_table *table, struct sb_error *err)
{
    struct sb_json array, elem;
    size_t count;
    int rc = sb_json_get_array(at, "rows", &array, &count, err);
    if (rc)
        return rc;
    table->rows = sb_calloc(count + 1, sizeof(*table->rows), TAG);
    if (!table->rows)
        return sb_error_nomem(err, "rows", count * sizeof(*table->rows));
    for (bool ok = sb_json_first(&array, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = read_row(root, &elem, table, &table->rows[table->num_rows++], err);
    return rc;
}

/* The text behind the table's first source. */
static int read_source(const struct sb_json *root, const struct sb_json *at,
                       struct sb_paper_table *table, struct sb_error *err)
{
    struct sb_json sources, names, first;
    size_t count;
    const char *key;
    int rc = sb_json_get(root, "sources", &sources, err);
    if (rc == 0)
        rc = sb_json_get_array(at, "sources", &names, &count, err);
    if (rc == 0 && !sb_json_first(&names, &first))
        rc = sb_json_expected(&names, "at least one source", err);
    if (rc == 0)
        rc = sb_json_string(&first, &key, err);
    return rc ? rc : sb_json_get_string(&sources, key, &table->source, err);
}

static int read_table(const struct sb_json *root, const struct sb_json *at,
                      const struct sb_paper *paper, struct sb_paper_table *table,
                      struct sb_error *err)
{
    int rc = sb_json_get_string(at, "id", &table->id, err);
    if (rc == 0)
        rc = sb_json_get_string(at, "title", &table->title, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "note", &table->note, err);
    if (rc == 0)
        rc = read_source(root, at, table, err);
    if (rc == 0)
        rc = read_columns(at, paper, table, err);
    return rc ? rc : read_rows(root, at, table, err);
}

int sb_paper_load(struct sb_paper *paper, const char *text, size_t length, const char *path,
                  struct sb_error *err)
{
    struct sb_json array, elem;
    size_t count = 0;
    memset(paper, 0, sizeof(*paper));
    int rc = sb_json_parse(text, length, path, &paper->doc, err);
    if (rc)
        return rc;
    const struct sb_json root = sb_json_root(paper->doc, path);
    rc = sb_json_get_string(&root, "paper", &paper->title, err);
    if (rc == 0)
        rc = read_datasets(&root, paper, err);
    if (rc == 0)
        rc = sb_json_get_array(&root, "tables", &array, &count, err);
    if (rc == 0) {
        paper->tables = sb_calloc(count + 1, sizeof(*paper->tables), TAG);
        if (!paper->tables)
            rc = sb_error_nomem(err, "tables", count * sizeof(*paper->tables));
    }
    for (bool ok = rc == 0 && sb_json_first(&array, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = read_table(&root, &elem, paper, &paper->tables[paper->num_tables++], err);
    if (rc)
        sb_paper_release(paper);
    return rc;
}

void sb_paper_release(struct sb_paper *paper)
{
    for (size_t i = 0; i < paper->num_tables; i++) {
        struct sb_paper_table *t = &paper->tables[i];
        for (size_t r = 0; r < t->num_rows; r++)
            sb_free(t->rows[r].cells);
        sb_free(t->rows);
        sb_free(t->columns);
    }
    sb_free(paper->tables);
    sb_free(paper->datasets);
    cJSON_Delete(paper->doc);
    memset(paper, 0, sizeof(*paper));
}

int sb_paper_find(const struct sb_paper *paper, const char *id, const struct sb_paper_table **out,
                  struct sb_error *err)
{
    struct sb_str known = SB_STR_INIT;
    for (size_t i = 0; i < paper->num_tables; i++) {
        if (strcmp(paper->tables[i].id, id) == 0) {
            *out = &paper->tables[i];
            sb_str_release(&known);
            return 0;
        }
        sb_str_printf(&known, "%s%s", i ? ", " : "", paper->tables[i].id);
    }
    sb_error_set(err, SB_ENOTFOUND, "no table '%s'", id);
    sb_error_hint(err, "there are %s", sb_str_text(&known));
    sb_str_release(&known);
    return SB_ENOTFOUND;
}

const char *sb_paper_model(const struct sb_paper_row *row, const struct sb_paper_column *column)
{
    for (size_t i = 0; column->variant && i < row->num_variants; i++) {
        if (strcmp(row->variants[i][0], column->variant) == 0)
            return row->variants[i][1];
    }
    return row->model;
}

static bool rounds_to_printed(const struct sb_paper_cell *cell)
{
    char text[SB_NUMBER_SIZE];
    if (cell->text[0])
        return strcmp(cell->text, cell->printed) == 0;
    sb_number_text(cell->computed, cell->decimals, text);
    return strcmp(text, cell->printed) == 0;
}

enum sb_paper_verdict sb_paper_judge(const struct sb_paper_cell *cell)
{
    if (!cell->printed || (isnan(cell->computed) && !cell->text[0]))
        return SB_PAPER_UNCHECKED;
    if (rounds_to_printed(cell))
        return cell->residual ? SB_PAPER_STALE : SB_PAPER_AGREES;
    return cell->residual ? SB_PAPER_RESIDUAL : SB_PAPER_DIFFERS;
}
