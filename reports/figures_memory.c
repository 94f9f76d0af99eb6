/* Planned memory beside the measured peak, a pair of bars per model. */
#include "reports/figures.h"

#include "reports/figure_style.h"
#include "reports/unit.h"

#include <stddef.h>

#define ROW_PIXELS 44.0

struct part {
    const char *name;
    size_t offset; /* in struct sb_row */
    int colour;
};

static const struct part parts[] = {
    {"weights, planned", offsetof(struct sb_row, memory.weight_bytes), 0},
    {"activation arena, planned", offsetof(struct sb_row, memory.arena_bytes), 4},
    {"workspace, planned", offsetof(struct sb_row, memory.workspace_bytes), 2},
    {"lists and tables, planned", offsetof(struct sb_row, memory.other_bytes), 3},
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static double part_of(const struct sb_row *row, size_t part)
{
    const int64_t *bytes = (const void *)((const char *)row + parts[part].offset);
    return *bytes == SB_NO_INT ? 0 : (double)*bytes;
}

/* "2.50", "252" */
static const char *three_digits(struct sb_figure *f, double value)
{
    char number[SB_NUMBER_SIZE];
    sb_number_text(value, sb_significant_decimals(value, 3), number);
    return sb_texts_keep(&f->texts, number);
}

/* "252 MiB" behind the end of a bar. */
static void say(struct sb_figure *f, struct sb_panel *p, double end, double y, const char *text)
{
    sb_figure_point(f, &p->series[N_PARTS + 1], end, y)->text = text;
}

static void add_planned(struct sb_figure *f, struct sb_panel *p, const struct sb_row *row,
                        const struct sb_unit *unit, double y)
{
    double at = 0;
    for (size_t i = 0; i < N_PARTS; i++) {
        const double bytes = part_of(row, i) / unit->scale;
        if (bytes <= 0)
            continue;
        struct sb_datum *d = sb_figure_bar(f, &p->series[i], at, at + bytes, y - 0.38, y - 0.02);
        d->text = three_digits(f, bytes);
        d->tip = sb_texts_printf(&f->texts, "%s, %s: %.4g %s", row->cell.model, parts[i].name,
                                 bytes, unit->symbol);
        at += bytes;
    }
    if (at > 0)
        say(f, p, at, y - 0.2,
            sb_texts_printf(&f->texts, "%s %s", three_digits(f, at), unit->symbol));
}

static void add_peak(struct sb_figure *f, struct sb_panel *p, const struct sb_row *row,
                     const struct sb_unit *unit, double y)
{
    const int64_t peak = row->memory.measured_bytes, planned = sb_row_planned_bytes(row);
    if (peak == SB_NO_INT)
        return;
    const double bytes = (double)peak / unit->scale;
    struct sb_datum *d = sb_figure_bar(f, &p->series[N_PARTS], 0, bytes, y + 0.02, y + 0.38);
    d->tip = sb_texts_printf(&f->texts, "%s, measured peak: %.4g %s", row->cell.model, bytes,
                             unit->symbol);
    const char *const text = three_digits(f, bytes);
    say(f, p, bytes, y + 0.2,
        planned > 0 ? sb_texts_printf(&f->texts, "%s %s, %.3f x", text, unit->symbol,
                                      (double)peak / (double)planned)
                    : sb_texts_printf(&f->texts, "%s %s", text, unit->symbol));
}

static double largest_bytes(const struct sb_report_rows *rows)
{
    int64_t largest = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const int64_t planned = sb_row_planned_bytes(&rows->items[i]);
        const int64_t peak = rows->items[i].memory.measured_bytes;
        largest = planned > largest ? planned : largest;
        largest = peak > largest ? peak : largest;
    }
    return (double)largest;
}

static void fill(struct sb_figure *f, const struct sb_report_rows *rows, double largest)
{
    const struct sb_unit *unit = sb_unit_choose(SB_QUANTITY_BYTES, largest);
    struct sb_panel *p = sb_figure_panel(f, "");
    sb_figure_axis(f, &p->x,
                   sb_texts_printf(&f->texts, "Memory [%s], planned and measured", unit->symbol),
                   SB_AXIS_LINEAR);
    sb_figure_axis(f, &p->y, "", SB_AXIS_NAMES);
    p->x.from_zero = p->y.reversed = true;
    for (size_t i = 0; i < N_PARTS; i++)
        sb_figure_series(f, p, parts[i].name, SB_MARK_BARS, parts[i].colour);
    sb_figure_series(f, p, "peak, measured (x planned)", SB_MARK_BARS, 1);
    sb_figure_series(f, p, "", SB_MARK_LABELS, SB_COLOUR_GREY);
    double y = 0;
    for (size_t i = 0; i < rows->count && !f->texts.failed; i++) {
        const struct sb_row *row = &rows->items[i];
        if (!row->has_memory)
            continue;
        add_planned(f, p, row, unit, y);
        add_peak(f, p, row, unit, y);
        sb_figure_tick(f, &p->y, y++, sb_row_cell_name(f, rows, row));
    }
    p->x.high = 1.3 * largest / unit->scale; /* room for the texts */
    p->y.low = -0.5;
    p->y.high = y - 0.5;
    f->panel_height = 14 + ROW_PIXELS * y;
}

int sb_figure_memory(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct sb_report_rows rows;
    const int rc = sb_report_rows_collect(&rows, records, SB_ROWS_MODEL, err);
    if (rc)
        return rc;
    const double largest = largest_bytes(&rows);
    if (largest > 0)
        fill(f, &rows, largest);
    f->title = "Memory: planned and measured";
    f->has_key = true;
    f->note = "Planned: computed before anything runs. Peak: resident memory of loading, building "
              "and running above the program's start; one measurement each (n = 1), no interval.";
    sb_report_rows_release(&rows);
    return 0;
}
