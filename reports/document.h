/*
 * A report as data: sections of tables and figures in reading order. Writers turn it into one
 * document (document_markdown.c).
 */
#ifndef SB_REPORTS_DOCUMENT_H
#define SB_REPORTS_DOCUMENT_H

#include "base/error.h"
#include "base/str.h"
#include "reports/figure.h"
#include "reports/table.h"

#include <stdbool.h>
#include <stddef.h>

/* A table or a figure. */
struct sb_exhibit {
    bool is_table;
    bool in_text; /* false: a file of its own that the document only names */
    struct sb_table table;
    struct sb_figure figure;
};

struct sb_document {
    const char *title;
    struct sb_origin origin;     /* of all of it; owned by texts */
    struct sb_exhibit *exhibits; /* owned, in reading order */
    size_t count, capacity;
    const char *const *formats; /* names of table formats that stand in tables/ */
    size_t num_formats;
    const char *const *drawn; /* extensions of figures that stand in plots/; 0 when not drawn */
    size_t num_drawn;
    const char *const *left_out; /* bad lines of records that are not part of it */
    size_t num_left_out;
    const char *no_plots; /* why figures were not drawn; "" when they were */
    struct sb_texts texts;
};

void sb_document_init(struct sb_document *d, const char *title);
void sb_document_release(struct sb_document *d);
/* Takes over a finished table or figure, also on failure. */
int sb_document_add_table(struct sb_document *d, struct sb_table *table, bool in_text,
                          struct sb_error *err);
int sb_document_add_figure(struct sb_document *d, struct sb_figure *figure, struct sb_error *err);

/* Bad lines that documents list one by one. */
#define SB_MOST_LEFT_OUT 20

/* Appends the document as Markdown; figures are links to plots/NAME.EXT. */
void sb_document_markdown(const struct sb_document *d, struct sb_str *out);

#endif
