/*
 * Records: what every measurement becomes, one line of JSON each, and all that reports ever read.
 *
 *     {"schema": 1, "kind": "time", "run": "20260101T120000-1f3a9c", "model": "retinanet-...",
 *      "size": 640, "batch": 1, "threads": 2, "engine": "openblas", "node": null, "op": null,
 *      "level": null, "pass": "end_to_end", "warmup": 3, "ns": [810123456, ...]}
 *
 * Kinds and their fields are the structs below; a table in record.c maps each field to its JSON
 * name, type and whether it may be null, for reading and writing alike. A value that could not be
 * had is null, never 0 or NaN, and "why": {"field": "reason"} says so. Most fields that may be null
 * may be absent too, but not a time's cell and samples, an accuracy's model and value, a check's
 * model and errors. Unknown fields are ignored, an unknown kind or schema number is an error.
 *
 * Cell: model, size, batch, threads and engine name the table row that a record belongs to.
 * Part: node, op, block and level say which part of the model it is about; all null for the whole.
 */
#ifndef SB_BENCH_RECORD_H
#define SB_BENCH_RECORD_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_RECORD_SCHEMA 1

enum sb_record_kind {
    SB_RECORD_RUN,
    SB_RECORD_COST,
    SB_RECORD_TIME,
    SB_RECORD_MEMORY,
    SB_RECORD_CHECK,
    SB_RECORD_ACCURACY,
    SB_RECORD_VERDICT,
    SB_RECORD_CATEGORY,
    SB_RECORD_ERROR,
    SB_RECORD_CURVE,
    SB_RECORD_CONFUSION,
    SB_RECORD_PICTURE,
    SB_RECORD_HISTORY,
    SB_RECORD_OUTPUT,
    SB_RECORD_KINDS
};

/* Missing numbers; a missing string is NULL. Written as null. */
#define SB_NO_INT INT64_MIN
/* Missing doubles are NaN. */

struct sb_cell {
    const char *model;
    int64_t size;  /* pixels, square */
    int64_t batch; /* images */
    int64_t threads;
    const char *engine;   /* "openblas"; threads and engine are null for static costs */
    const char *scenario; /* null: one stream, warm caches; "cold": caches emptied before each run;
                             "offline": batches back to back, input copied in each time */
};

struct sb_part {
    const char *node;  /* path of the node or step */
    const char *op;    /* "conv" */
    const char *block; /* "backbone/block14" */
    const char *level; /* "L3" */
};

/* Where and how: program, machine, state. One per run, first line. */
struct sb_run_record {
    const char *started; /* UTC, ISO 8601 */
    const char *command; /* the command line */
    const char *version, *commit, *compiler, *flags;
    bool dirty;          /* built from a changed working tree */
    const char *machine; /* 8 hex digits over CPU, cores, caches and memory: same machine type */
    const char *cpu, *cpu_features, *kernel;
    int64_t cpus;         /* online */
    const char *affinity; /* "0-1" */
    int64_t l1d_bytes, l2_bytes, l3_bytes, memory_bytes, page_bytes;
    const char *governor;
    int64_t mhz;
    double load;         /* one-minute average at the start */
    double noise;        /* noise probe: 90th percentile / minimum - 1 of fixed work */
    int64_t steal_ticks; /* of all CPUs since boot, at the start */
    const char *blas, *blas_core, *allocator;
    const char *weights; /* "seed 1" or the file */
    int64_t seed;
    const char *settings; /* of a session: how runs are repeated, "name value; name value" */
};

/* Static costs (bench/costs.h) of a part. */
struct sb_cost_record {
    const char *shape; /* "1x256x80x80" for a node */
    int64_t nodes, params, macs;
    double tf_multi_adds;       /* per image, printed convention */
    int64_t tf_exact_float_ops; /* whole batch */
    int64_t other_ops;          /* adds and products outside of convs and matrix products */
    int64_t param_bytes, activation_bytes, read_bytes;
    int64_t live_peak_bytes; /* whole model only */
};

struct sb_time_record {
    const char *pass; /* "end_to_end" or "per_op" */
    const char *kernel;
    int64_t process;                     /* 0-based: which fresh process */
    int64_t warmup;                      /* runs discarded before */
    int64_t steal_ticks;                 /* of all CPUs during these samples */
    double peak_flops, peak_bytes_per_s; /* of the machine with these threads, in this session */
    double reference_ns;                 /* the reference kernel (bench/reference.h), just before */
    const char *weights_digest; /* of the weights that ran, as in struct sb_accuracy_record */
    size_t num_ns;
    const int64_t *ns; /* one per run, in order */
};

struct sb_memory_record {
    const char *phase;       /* "load", "build", "forward", "total"; "plan" of a level */
    int64_t arena_bytes;     /* planned activations: the arena; of a level: sum of its outputs */
    int64_t weight_bytes;    /* planned */
    int64_t workspace_bytes; /* planned */
    int64_t other_bytes;     /* lists, tables, scratch: what else the allocator gave */
    int64_t measured_bytes;  /* peak resident memory of the phase above its start */
};

/* Output of a timed configuration against an independent computation. */
struct sb_check_record {
    int64_t process;       /* as in struct sb_time_record; missing in older records */
    const char *reference; /* what it was compared with */
    const char *output;    /* the worst output tensor */
    double nmse;           /* sum of squared differences / sum of squares of the reference */
    double max_error;      /* largest difference / standard deviation of the reference */
    double tolerance;      /* nmse must not exceed it */
    const char *digest;    /* 16 hex digits over all outputs; differs with the CPU's BLAS */
    bool passed;
};

struct sb_accuracy_record {
    const char *dataset, *metric; /* "AP", "AP50", "top-1" */
    double value;                 /* 0..1 */
    double low, high;             /* 95 % interval */
    int64_t samples;              /* images */
    const char *note;             /* "untrained weights" */
    const char *weights;          /* "seed 1", a file, or how they are called */
    /* 16 hex digits each. Of the weights' values as the model has them (struct sb_weights), alike
     * for a checkpoint and its conversion; of the bytes of the annotation file; of the pictures
     * (sb_image_list_content_digest()). */
    const char *weights_digest, *data_digest, *images_digest;
};

struct sb_verdict_record {
    const char *metric, *verdict, *base, *head;
    double ratio, low, high, p_value;
    int64_t rounds; /* pairs of an interleaved comparison */
    /* Runs behind each median, or processes; of records that were measured one after the other. */
    int64_t base_samples, head_samples;
};

/*
 * A diagnosis of detections (eval/diagnosis.h), in five kinds of records.
 */

/* One category. */
struct sb_category_record {
    const char *dataset, *category;
    int64_t objects, detections;
    double ap, ap_low, ap_high; /* with 95 % interval */
    double ap50, ap75, ap_small, ap_medium, ap_large, ar;
    double threshold, f1, precision, recall;        /* at the score with the best F1, IoU 0.5 */
    double ece;                                     /* expected calibration error */
    int64_t right, cls, loc, both, dupe, bkg, miss; /* detections and objects by kind of error */
    double delta_cls, delta_loc, delta_both, delta_dupe, delta_bkg, delta_miss; /* AP50 gained */
};

/* What one kind of error costs. */
struct sb_error_record {
    const char *dataset, *error; /* "Cls", "Loc", "Both", "Dupe", "Bkg", "Miss", "FalsePos", ... */
    int64_t count;
    double delta_ap;                               /* AP50 gained when all are fixed, 0..1 */
    double delta_low, delta_high;                  /* its 95 % interval, bootstrap over images */
    double delta_small, delta_medium, delta_large; /* ... those on objects of this size */
};

struct sb_numbers {
    size_t count;
    const double *values;
};

/* What one output tensor holds, in few numbers (bench/output_values.h). */
struct sb_output_record {
    const char *output;        /* its name */
    int64_t count;             /* values of the tensor */
    double mean, deviation;    /* of them */
    struct sb_numbers samples; /* some of them, spread over the tensor */
};

/* Points of a curve over a data set. */
struct sb_curve_record {
    const char *dataset, *curve; /* "precision-recall", "calibration" */
    const char *series;          /* "IoU 0.50" */
    struct sb_numbers x, y;      /* as many */
    struct sb_numbers low, high; /* 95 % interval of y; as many, or absent */
    struct sb_numbers count;     /* samples behind each point; as many, or absent */
};

/* Objects of one category found as another; null: none, on either side. */
struct sb_confusion_record {
    const char *dataset, *truth, *predicted;
    int64_t count;
};

/* A picture for the page. */
struct sb_picture_record {
    const char *title, *caption;
    const char *type;      /* "image/jpeg" or "image/png" */
    int64_t width, height; /* pixels */
    const char *base64;
};

/* One commit's value of a metric and the level fitted to its series (bench/history.h). */
struct sb_history_record {
    const char *metric;                                /* "latency", "peak memory", "AP", "top-1" */
    const char *dataset, *data_digest, *images_digest; /* of accuracies, as there */
    const char *machine;                               /* type, as in run records */
    const char *commit, *started;
    int64_t point;    /* 0-based place in the series */
    double value;     /* latency / reference kernel; bytes; 0..1 */
    double low, high; /* 95 % interval of value */
    double level;     /* of the segment that holds the point, in the unit of value */
    double change;    /* its level / the one before - 1, at the first point of a segment */
    bool counts;      /* that change does: enough points on both sides, above the least */
};

struct sb_why {
    const char *field, *reason;
};
#define SB_MAX_WHYS 12

struct sb_record {
    enum sb_record_kind kind;
    const char *run; /* id of the run it belongs to */
    struct sb_cell cell;
    struct sb_part part;
    union {
        struct sb_run_record run;
        struct sb_cost_record cost;
        struct sb_time_record time;
        struct sb_memory_record memory;
        struct sb_check_record check;
        struct sb_accuracy_record accuracy;
        struct sb_verdict_record verdict;
        struct sb_category_record category;
        struct sb_error_record error;
        struct sb_curve_record curve;
        struct sb_confusion_record confusion;
        struct sb_picture_record picture;
        struct sb_history_record history;
        struct sb_output_record output;
    } u;
    size_t num_whys;
    struct sb_why whys[SB_MAX_WHYS];
    int64_t line;   /* where it was read from; 0 if not */
    int64_t offset; /* bytes of the file up to the end of that line */
};

/* All values missing. Strings that are set later are borrowed. */
void sb_record_init(struct sb_record *record, enum sb_record_kind kind);
/* Notes why a field is null. */
void sb_record_because(struct sb_record *record, const char *field, const char *reason);
/* Takes the reason back: the field has a value now. */
void sb_record_known(struct sb_record *record, const char *field);
/* The reason why a field is null, or NULL. */
const char *sb_record_why(const struct sb_record *record, const char *field);
/* "run", "cost", ... */
const char *sb_record_kind_name(enum sb_record_kind kind);
bool sb_same_cell(const struct sb_cell *a, const struct sb_cell *b);

/* One line of JSON, newline included, appended to out. */
void sb_record_to_json(const struct sb_record *record, struct sb_str *out);

/*
 * Writer: PATH.part grows by whole lines and becomes PATH when finished, so PATH is complete
 * whenever it exists. After a failed write (full disk) the torn line is cut off again. PATH.part is
 * locked: two processes do not write one file (SB_EIO).
 */
struct sb_record_writer {
    int fd;            /* -1 when closed */
    char *path, *part; /* owned */
    struct sb_str line;
    int64_t bytes; /* written so far, whole lines */
    bool results;  /* resumed, or a record that is not of kind SB_RECORD_RUN was written */
};
int sb_record_writer_open(struct sb_record_writer *w, const char *path, struct sb_error *err);
/* Continues PATH.part after its first keep_bytes bytes. */
int sb_record_writer_resume(struct sb_record_writer *w, const char *path, int64_t keep_bytes,
                            struct sb_error *err);
int sb_record_write(struct sb_record_writer *w, const struct sb_record *record,
                    struct sb_error *err);
int sb_record_writer_commit(struct sb_record_writer *w, struct sb_error *err);
/* Keeps PATH.part if it has any results, else removes it. Does nothing after commit. */
void sb_record_writer_close(struct sb_record_writer *w);

/* Records of one or more files, in order. */
struct sb_records {
    struct sb_record *items; /* owned, strings and samples too */
    size_t count, capacity;
    void **blocks; /* what the items point to */
    size_t num_blocks, cap_blocks;
    size_t skipped; /* bad lines left out with keep_going */
};
void sb_records_init(struct sb_records *records);
void sb_records_release(struct sb_records *records);
/* Called for each bad line with keep_going. */
typedef void (*sb_bad_record_fn)(void *ctx, const struct sb_error *err);
/* Appends a copy. */
int sb_records_add(struct sb_records *records, const struct sb_record *record,
                   struct sb_error *err);
/* Appends a file's records. A bad line is an error with file and line; with `skip` it is handed to
 * skip and left out instead. */
int sb_records_read(struct sb_records *records, const char *path, sb_bad_record_fn skip, void *ctx,
                    struct sb_error *err);
/* The run record with this id, or NULL. */
const struct sb_record *sb_records_find_run(const struct sb_records *records, const char *run);

/* "val.json (0123abcd, pictures 89abcdef)": a data set and what its digests begin with, as far as
 * they are known. */
void sb_record_data_text(const char *dataset, const char *data_digest, const char *images_digest,
                         struct sb_str *out);

/* What of two accuracy records is not alike, "weights", "data sets", "pictures" or "values", or
 * NULL when one may stand for the other. Weights and data are told by their digests; where a record
 * has none (written before there were any, or by another program), by their names. */
const char *sb_accuracy_unlike(const struct sb_records *records, const struct sb_record *a,
                               const struct sb_record *b);

/* How the weights of an accuracy are called: by its own record or its run's; NULL unknown. */
const char *sb_accuracy_weights(const struct sb_records *records, const struct sb_record *accuracy);

/* True when the times of an end-to-end record are known to be of other weights than an accuracy. */
bool sb_accuracy_is_foreign(const struct sb_records *records, const struct sb_record *accuracy,
                            const struct sb_record *time);

#endif
