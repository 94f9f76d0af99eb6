/*
 * The paper's tables (reports/paper_tables.json): every number as it is printed, with its source,
 * next to what is computed and measured here. The three are never mixed: a cell holds them apart
 * and every table marks its columns paper, computed or measured here.
 *
 *     struct sb_paper paper;
 *     int rc = sb_paper_load(&paper, text, length, "paper_tables.json", &err);
 *     for each cell that sb_paper_wants(...): sb_paper_set_computed(cell, value);
 *     sb_paper_table_build(&paper.tables[i], &table);
 *     sb_paper_release(&paper);
 *
 * A computed value agrees when it rounds to the printed digits. Cells that are known not to carry a
 * "residual" with what was tried; a residual that agrees is stale and counts as a disagreement.
 */
#ifndef SB_REPORTS_PAPER_H
#define SB_REPORTS_PAPER_H

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "reports/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a column's values are computed or measured from. */
enum sb_paper_kind {
    SB_PAPER_PRINTED, /* only printed */
    SB_PAPER_FLOPS,   /* multiply-adds in the printed convention, 1e9 */
    SB_PAPER_PARAMS,  /* trainable values, 1e6 */
    SB_PAPER_STEM_BLOCKS,
    SB_PAPER_PERMUTED_BLOCKS, /* "1-2-4-4-2-2": text */
    SB_PAPER_MEASURE          /* accuracy or latency of records; `metric` names it */
};

/* Images on which an accuracy counts as that of a table: the file of annotations or labels has a
 * name like one of `files`, and it was evaluated on one of these numbers of images. */
struct sb_paper_dataset {
    const char *key, *name;
    size_t num_files, num_images;
    const char *files[4]; /* patterns with * and ?, of any case */
    int64_t images[4];
};
bool sb_paper_dataset_is(const struct sb_paper_dataset *dataset, const char *file, int64_t images);

struct sb_paper_column {
    const char *key, *name, *unit; /* unit of PRINTED ones; may be NULL */
    enum sb_paper_kind kind;
    const char *metric;                /* MEASURE: "AP", "top-1", "latency" */
    const struct sb_paper_dataset *on; /* of accuracies; NULL for others */
    const char *variant; /* which of the row's models it is about; NULL: the row's only one */
};

struct sb_paper_cell {
    const char *printed;                /* NULL: the paper has a dash or nothing */
    double value;                       /* of printed, when it is a number */
    int decimals;                       /* of printed */
    const char *residual;               /* why it is known to differ and what was tried; NULL */
    double computed;                    /* NaN until set */
    char text[32];                      /* computed, when it is a text; "" until set */
    double measured;                    /* ms, points of 100; NaN until set */
    double measured_low, measured_high; /* 95 % interval; NaN without */
    size_t measured_n;                  /* samples behind it */
    const char *measured_on;            /* of accuracies: the data set; belongs to the records */
    const char *why;       /* why it is not there though there are records; static, or NULL */
    const char *elsewhere; /* another data set that it was measured on, which is not the column's;
                              belongs to the records */
};

struct sb_paper_row {
    const char *name;
    size_t num_labels;
    const char *labels[4][2]; /* name, value: {"protocol", "B"} */
    const char *model;        /* zoo name; NULL: none here */
    size_t num_variants;
    const char *variants[2][2];  /* key, zoo name: {"inet", "resnet-50-imagenet"} */
    int size;                    /* input pixels; 0: the model's own */
    const char *not_published;   /* why nobody can build it; NULL when it is published */
    const char *not_built;       /* why this program does not; NULL */
    double extra_float_ops;      /* adjustment of the printed convention */
    struct sb_paper_cell *cells; /* one per column, owned */
};

struct sb_paper_table {
    const char *id, *title, *note, *source; /* note may be NULL */
    size_t num_columns, num_rows;
    struct sb_paper_column *columns; /* owned */
    struct sb_paper_row *rows;       /* owned */
};

struct sb_paper {
    cJSON *doc; /* owns every string */
    const char *title;
    size_t num_datasets;
    struct sb_paper_dataset *datasets; /* owned */
    size_t num_tables;
    struct sb_paper_table *tables; /* owned */
};

/* Errors name the file and the JSON pointer. On failure nothing needs to be released. */
int sb_paper_load(struct sb_paper *paper, const char *text, size_t length, const char *path,
                  struct sb_error *err);
void sb_paper_release(struct sb_paper *paper);
/* By id, "2" or "zoo-retinanet"; SB_ENOTFOUND with the known ids. */
int sb_paper_find(const struct sb_paper *paper, const char *id, const struct sb_paper_table **out,
                  struct sb_error *err);

/* The zoo model that a cell is about, or NULL. */
const char *sb_paper_model(const struct sb_paper_row *row, const struct sb_paper_column *column);

enum sb_paper_verdict {
    SB_PAPER_UNCHECKED, /* nothing printed or nothing computed */
    SB_PAPER_AGREES,
    SB_PAPER_RESIDUAL, /* differs, as the file says */
    SB_PAPER_DIFFERS,  /* differs and should not */
    SB_PAPER_STALE     /* agrees, although the file says that it does not */
};
enum sb_paper_verdict sb_paper_judge(const struct sb_paper_cell *cell);

/* A table for people; release it with sb_table_release(). Errors show in its own state. */
void sb_paper_table_build(const struct sb_paper_table *source, struct sb_table *t);
/* The cells of a table that do not agree, with what was tried: a row each; adds to t, which
 * sb_paper_residuals_init() has given its columns. Returns how many it added. */
void sb_paper_residuals_init(struct sb_table *t);
size_t sb_paper_residuals_add(const struct sb_paper_table *source, struct sb_table *t);
/* One JSON object. */
void sb_paper_table_json(const struct sb_paper_table *source, struct sb_jw *w);

#endif
