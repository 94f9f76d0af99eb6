/* The paper's figures 1 and 2: accuracy against FLOPs, as printed, and beside it what was computed
 * and measured here. */
#include "reports/figures.h"

#include "reports/families.h"
#include "reports/figure_style.h"
#include "reports/paper_records.h"

#include <math.h>
#include <string.h>

/* The tables behind the paper's figures. */
static const char *const sources[] = {"2", "9"};

/* Index of a column by key, or -1. */
static int find_column(const struct sb_paper_table *table, const char *key)
{
    for (size_t c = 0; c < table->num_columns; c++) {
        if (strcmp(table->columns[c].key, key) == 0)
            return (int)c;
    }
    return -1;
}

/* The figures show protocol B; tables without protocols are shown whole. */
static bool is_shown(const struct sb_paper_row *row)
{
    for (size_t i = 0; i < row->num_labels; i++) {
        if (strcmp(row->labels[i][0], "protocol") == 0)
            return strcmp(row->labels[i][1], "B") == 0;
    }
    return true;
}

static void add_row(struct sb_figure *f, struct sb_panel *p, const struct sb_paper_row *row,
                    const char *label, const struct sb_paper_cell *flops,
                    const struct sb_paper_cell *ap, struct sb_families *families)
{
    const size_t family = row->model ? sb_families_index(families, row->model) : 0;
    const int colour = row->model ? (int)(family % (SB_NUM_FAMILIES - 1)) : SB_COLOUR_GREY;
    const char *name = row->model && family < families->count ? families->names[family] : "others";
    struct sb_series *printed =
        sb_figure_series_named(f, p, sb_texts_printf(&f->texts, "%s, printed", name),
                               row->model ? SB_MARK_LINE_POINTS : SB_MARK_POINTS, colour);
    struct sb_datum *d = sb_figure_point(f, printed, flops->value, ap->value);
    d->text = label;
    d->tip = sb_texts_printf(&f->texts, "%s, printed: %s G, AP %s", row->name, flops->printed,
                             ap->printed);
    if (isnan(ap->measured) || isnan(flops->computed))
        return;
    struct sb_series *own = sb_figure_series_named(
        f, p, sb_texts_printf(&f->texts, "%s, here", name), SB_MARK_LINE_POINTS, colour);
    own->dashed = own->hollow = true;
    d = sb_figure_point(f, own, flops->computed, ap->measured);
    d->y_low = ap->measured_low;
    d->y_high = ap->measured_high;
    d->tip =
        sb_texts_printf(&f->texts, "%s, here: computed %.2f G, measured AP %.1f on %s, n = %zu",
                        row->name, flops->computed, ap->measured, ap->measured_on, ap->measured_n);
}

/* "R50-FPN"; "SpineNet-49 @896" where the name alone stands for several rows. */
static const char *label_of(struct sb_figure *f, const struct sb_paper_table *table,
                            const struct sb_paper_row *row)
{
    size_t same = 0;
    for (size_t r = 0; r < table->num_rows; r++)
        same += is_shown(&table->rows[r]) && strcmp(table->rows[r].name, row->name) == 0;
    if (same > 1 && row->size)
        return sb_texts_printf(&f->texts, "%s @%d", row->name, row->size);
    return sb_texts_keep(&f->texts, row->name);
}

/* Families keep their colours from panel to panel. */
static void add_panel(struct sb_figure *f, const struct sb_paper_table *table,
                      struct sb_families *families)
{
    const int flops = find_column(table, "flops"), ap = find_column(table, "AP");
    if (flops < 0 || ap < 0)
        return;
    struct sb_panel *p =
        sb_figure_panel(f, sb_texts_printf(&f->texts, "Table %s: %s", table->id, table->title));
    sb_figure_axis(f, &p->x, "FLOPs [G], printed or computed", SB_AXIS_LOG);
    sb_figure_axis(f, &p->y, "AP [points], printed or measured", SB_AXIS_LINEAR);
    for (size_t r = 0; r < table->num_rows; r++) {
        const struct sb_paper_row *row = &table->rows[r];
        const struct sb_paper_cell *x = &row->cells[flops], *y = &row->cells[ap];
        if (is_shown(row) && x->printed && y->printed)
            add_row(f, p, row, label_of(f, table, row), x, y, families);
    }
}

int sb_figure_paper(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct sb_paper paper;
    struct sb_families families = {0};
    int rc = sb_paper_open(&paper, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]) && rc == 0; i++) {
        const struct sb_paper_table *table;
        rc = sb_paper_find(&paper, sources[i], &table, err);
        if (rc || !sb_paper_has_records(table, records))
            continue;
        sb_paper_costs(table, records);
        rc = sb_paper_measure(table, records, err);
        add_panel(f, table, &families);
    }
    f->texts.failed = f->texts.failed || families.texts.failed;
    sb_families_release(&families);
    f->title = "Accuracy against FLOPs: printed in the paper, and here";
    f->has_key = true;
    f->panel_height = 260;
    f->note =
        sb_texts_printf(&f->texts,
                        "Filled, solid: printed in %s; n and intervals are not printed. Outlined, "
                        "dashed: FLOPs computed and AP measured here with its 95 %% interval, "
                        "where records hold it on COCO's images (n in the tips and in the "
                        "tables). FLOPs are multiply-adds.",
                        paper.title);
    sb_paper_release(&paper);
    return rc;
}
