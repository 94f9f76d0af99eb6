/*
 * The figures that records can give. Each builder takes all records and leaves the figure without
 * panels where none of them is about its subject. Adding a figure is a file figures_NAME.c and a
 * line in the list in figures.c.
 */
#ifndef SB_REPORTS_FIGURES_H
#define SB_REPORTS_FIGURES_H

#include "base/error.h"
#include "bench/record.h"
#include "reports/figure.h"
#include "reports/rows.h"

#include <stddef.h>

struct sb_figure_maker {
    const char *name; /* also the figure's file name */
    const char *help; /* what it shows, for --list */
    unsigned kinds;   /* of the records that it shows: SB_KIND() bits, for the origin */
    /* Fills an initialised figure; without panels when nothing can be shown. */
    int (*make)(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
};

/* Makers in order; NULL after the last. */
const struct sb_figure_maker *sb_figure_maker_at(size_t index);
/* SB_EINVAL when there is none of this name. */
int sb_figure_maker_find(const char *name, const struct sb_figure_maker **out,
                         struct sb_error *err);
/* Makes and finishes a figure. On failure nothing needs to be released. */
int sb_figure_make(struct sb_figure *f, const struct sb_figure_maker *maker,
                   const struct sb_records *records, struct sb_error *err);

int sb_figure_accuracy(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_distribution(struct sb_figure *f, const struct sb_records *records,
                           struct sb_error *err);
int sb_figure_latency(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_memory(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_paper(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_roofline(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_verdicts(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_history(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_levels(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
/* figures_diagnosis.c */
int sb_figure_precision(struct sb_figure *f, const struct sb_records *records,
                        struct sb_error *err);
int sb_figure_categories(struct sb_figure *f, const struct sb_records *records,
                         struct sb_error *err);
int sb_figure_errors(struct sb_figure *f, const struct sb_records *records, struct sb_error *err);
int sb_figure_calibration(struct sb_figure *f, const struct sb_records *records,
                          struct sb_error *err);

/* What makers share: "retinanet-spinenet-49", with size, batch, threads, engine or commit where the
 * rows differ in them. */
const char *sb_row_cell_name(struct sb_figure *f, const struct sb_report_rows *rows,
                             const struct sb_row *row);
/* Series of the levels that any row is of, in their usual order, whichever comes first. */
void sb_figure_add_levels(struct sb_figure *f, struct sb_panel *panel,
                          const struct sb_report_rows *rows, enum sb_mark mark);
/* How many samples the timed rows have: "n = 5", "n = 5 to 20". */
const char *sb_row_samples(struct sb_figure *f, const struct sb_report_rows *rows);

#endif
