/* The model view of the page. See page.h. */
#include "reports/page.h"

#include "reports/figure_style.h"
#include "reports/html.h"
#include "reports/rows.h"
#include "reports/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP   26.0 /* from block to block */
#define ROW    30.0 /* from level to level */
#define LEFT   40.0
#define LEVELS 9 /* stem, L1 .. L7, head */

static int level_row(const char *level)
{
    if (level && level[0] == 'L' && level[1] >= '1' && level[1] <= '7')
        return level[1] - '0';
    return level && strcmp(level, "stem") == 0 ? 0 : LEVELS - 1;
}

static void put_id(struct sb_str *out, size_t model, size_t block)
{
    sb_str_printf(out, "block-%zu-%zu", model, block);
}

static void put_box(const struct sb_row *row, size_t model, size_t block, struct sb_str *out)
{
    const char *level = row->part.level ? row->part.level : "";
    sb_str_puts(out, "<a href=\"#");
    put_id(out, model, block);
    sb_str_puts(out, "\" aria-label=\"");
    sb_html_text(out, row->part.block);
    sb_str_printf(out,
                  "\"><rect class=\"block c%d\" x=\"%.0f\" y=\"%.0f\" width=\"20\" height=\"20\" "
                  "rx=\"3\"><title>",
                  sb_level_colour(level), LEFT + STEP * (double)block, ROW * level_row(level) + 5);
    sb_html_text(out, row->part.block);
    sb_str_puts(out, "</title></rect></a>\n");
}

static void put_levels(double width, struct sb_str *out)
{
    static const char *const names[LEVELS] = {"stem", "L1", "L2", "L3",   "L4",
                                              "L5",   "L6", "L7", "other"};
    for (int i = 0; i < LEVELS; i++)
        sb_str_printf(out,
                      "<text x=\"0\" y=\"%.0f\">%s</text><path class=\"grid\" "
                      "d=\"M%.0f %.0fH%.0f\"/>\n",
                      ROW * i + 19, names[i], LEFT, ROW * i + 15, width);
}

/* "12.3 ms" */
static void put_amount(struct sb_str *out, const char *name, enum sb_quantity quantity,
                       double value)
{
    char text[SB_NUMBER_SIZE];
    const struct sb_unit *unit = sb_unit_choose(quantity, value);
    sb_number_text(value / unit->scale, sb_significant_decimals(value / unit->scale, 4), text);
    sb_str_printf(out, "<br>%s: %s %s", name, text, unit->symbol);
}

static void put_info(const struct sb_row *row, size_t model, size_t block, struct sb_str *out)
{
    sb_str_puts(out, "<p class=\"info\" id=\"");
    put_id(out, model, block);
    sb_str_puts(out, "\"><strong>");
    sb_html_text(out, row->part.block);
    sb_str_puts(out, "</strong>");
    if (row->has_cost) {
        put_amount(out, "multiply-adds (computed)", SB_QUANTITY_AMOUNT, (double)row->cost.macs);
        put_amount(out, "parameters (computed)", SB_QUANTITY_AMOUNT, (double)row->cost.params);
    }
    const char *why = sb_row_time_why(row);
    if (why) {
        sb_str_puts(out, "<br>time: ");
        sb_html_text(out, why);
    } else {
        put_amount(out, "time (measured, median)", SB_QUANTITY_TIME, row->time.median);
        sb_str_printf(out, ", n = %zu, %.1f %% of the model", row->time.count,
                      100 * row->time_share);
    }
    sb_str_puts(out, "</p>\n");
}

static void put_model(const struct sb_row *rows, size_t count, size_t model, struct sb_str *out)
{
    const double width = LEFT + STEP * (double)count + 10;
    sb_str_puts(out, "<h3>");
    sb_html_text(out, rows[0].cell.model ? rows[0].cell.model : "?");
    sb_str_printf(out,
                  " at %lld</h3>\n<figure><svg class=\"model\" width=\"%.0f\" height=\"%.0f\" "
                  "viewBox=\"0 0 %.0f %.0f\">\n",
                  (long long)rows[0].cell.size, width, ROW * LEVELS, width, ROW * LEVELS);
    put_levels(width, out);
    for (size_t i = 0; i < count; i++)
        put_box(&rows[i], model, i, out);
    sb_str_puts(out, "</svg></figure>\n");
    for (size_t i = 0; i < count; i++)
        put_info(&rows[i], model, i, out);
}

bool sb_page_has_models(const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *const r = &records->items[i];
        if ((r->kind == SB_RECORD_COST || r->kind == SB_RECORD_TIME) && r->part.block)
            return true;
    }
    return false;
}

int sb_page_models(const struct sb_records *records, struct sb_str *out, struct sb_error *err)
{
    struct sb_report_rows rows;
    const int rc = sb_report_rows_collect(&rows, records, SB_ROWS_BLOCK, err);
    if (rc)
        return rc;
    if (rows.count)
        sb_str_puts(out,
                    "<section id=\"model-view\">\n<h2>Model view</h2>\n<p class=\"note\">Blocks in "
                    "network order, placed by level; choose one to see its cost and time.</p>\n");
    for (size_t begin = 0, end, model = 0; begin < rows.count; begin = end, model++) {
        for (end = begin;
             end < rows.count && sb_rows_same_cell(&rows.items[begin], &rows.items[end]);)
            end++;
        put_model(rows.items + begin, end - begin, model, out);
    }
    sb_str_puts(out, rows.count ? "</section>\n" : "");
    sb_report_rows_release(&rows);
    return 0;
}
