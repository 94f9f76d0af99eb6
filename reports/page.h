/*
 * The report as one HTML page: no network, no file beside it, readable without JavaScript, light
 * and dark. The same document and records give the same bytes.
 */
#ifndef SB_REPORTS_PAGE_H
#define SB_REPORTS_PAGE_H

#include "base/error.h"
#include "base/str.h"
#include "bench/record.h"
#include "reports/document.h"

/* Appends the page. */
int sb_page_write(const struct sb_document *d, const struct sb_records *records, struct sb_str *out,
                  struct sb_error *err);

/* Appends a view of every model in the records: its blocks placed by level, each a link to its cost
 * and time. Nothing without records of blocks. */
int sb_page_models(const struct sb_records *records, struct sb_str *out, struct sb_error *err);
/* True when there is something to show in it. */
bool sb_page_has_models(const struct sb_records *records);

/* Appends the section of pictures, nothing without any; pictures beyond SB_PAGE_PICTURE_BYTES of
 * text are counted and left out. */
void sb_page_pictures(const struct sb_records *records, struct sb_str *out);
size_t sb_page_count_pictures(const struct sb_records *records);
#define SB_PAGE_PICTURE_BYTES 1200000

#endif
