/*
 * The report: records in, a folder of tables, figures and documents out.
 *
 *     DIR/report.md           everything, with the figures
 *     DIR/report.html         the same as one page that needs no other file, with a view of models
 *     DIR/tables/NAME.EXT     each table in each format asked for
 *     DIR/plots/NAME.EXT      each figure, with NAME.dat and NAME.gp
 *
 * The same records and options give the same bytes.
 */
#ifndef SB_REPORTS_REPORT_H
#define SB_REPORTS_REPORT_H

#include "base/error.h"
#include "bench/record.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_report_options {
    const char *dir;           /* made when it is absent */
    const char *const *inputs; /* files that the records came from, for the provenance */
    size_t num_inputs;
    const char *const *formats; /* of single tables: "csv", ...; may be 0 */
    size_t num_formats;
    const char *const *extensions; /* of figures: "png", "svg", "pdf" */
    size_t num_extensions;
    const char *const
        *left_out; /* bad lines of the inputs, each with file, line and what is wrong */
    size_t num_left_out;
    /* As the command had them, for the provenance: */
    const char *plot; /* "png,pdf"; NULL when it had none */
    bool keep_going;
};

struct sb_report_result {
    size_t tables, figures;
    char no_plots[256]; /* why figures were not drawn; "" when they were */
};

int sb_report_write(const struct sb_records *records, const struct sb_report_options *options,
                    struct sb_report_result *result, struct sb_error *err);

#endif
