/* The schema of records as tables, and writing. Reading is in record_read.c. See record.h. */
#include "bench/record.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench/record_fields.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELD(type, json, member, null_ok)                                                         \
    {                                                                                              \
        json, SB_FIELD_##type, offsetof(struct sb_record, member), null_ok                         \
    }
#define FIELDS_END                                                                                 \
    {                                                                                              \
        NULL, SB_FIELD_STRING, 0, true                                                             \
    }

static const struct sb_field cell_fields[] = {
    FIELD(STRING, "model", cell.model, true),
    FIELD(INT, "size", cell.size, true),
    FIELD(INT, "batch", cell.batch, true),
    FIELD(INT, "threads", cell.threads, true),
    FIELD(STRING, "engine", cell.engine, true),
    FIELD(STRING, "scenario", cell.scenario, true),
    FIELDS_END,
};

static const struct sb_field part_fields[] = {
    FIELD(STRING, "node", part.node, true),
    FIELD(STRING, "op", part.op, true),
    FIELD(STRING, "block", part.block, true),
    FIELD(STRING, "level", part.level, true),
    FIELDS_END,
};

static const struct sb_field run_fields[] = {
    FIELD(STRING, "started", u.run.started, false),
    FIELD(STRING, "command", u.run.command, false),
    FIELD(STRING, "version", u.run.version, false),
    FIELD(STRING, "commit", u.run.commit, true),
    FIELD(BOOL, "dirty", u.run.dirty, false),
    FIELD(STRING, "compiler", u.run.compiler, false),
    FIELD(STRING, "flags", u.run.flags, false),
    FIELD(STRING, "machine", u.run.machine, true),
    FIELD(STRING, "cpu", u.run.cpu, true),
    FIELD(STRING, "cpu_features", u.run.cpu_features, true),
    FIELD(STRING, "kernel", u.run.kernel, true),
    FIELD(INT, "cpus", u.run.cpus, true),
    FIELD(STRING, "affinity", u.run.affinity, true),
    FIELD(INT, "l1d_bytes", u.run.l1d_bytes, true),
    FIELD(INT, "l2_bytes", u.run.l2_bytes, true),
    FIELD(INT, "l3_bytes", u.run.l3_bytes, true),
    FIELD(INT, "memory_bytes", u.run.memory_bytes, true),
    FIELD(INT, "page_bytes", u.run.page_bytes, true),
    FIELD(STRING, "governor", u.run.governor, true),
    FIELD(INT, "mhz", u.run.mhz, true),
    FIELD(DOUBLE, "load", u.run.load, true),
    FIELD(DOUBLE, "noise", u.run.noise, true),
    FIELD(INT, "steal_ticks", u.run.steal_ticks, true),
    FIELD(STRING, "blas", u.run.blas, true),
    FIELD(STRING, "blas_core", u.run.blas_core, true),
    FIELD(STRING, "allocator", u.run.allocator, true),
    FIELD(STRING, "weights", u.run.weights, true),
    FIELD(INT, "seed", u.run.seed, true),
    FIELD(STRING, "settings", u.run.settings, true),
    FIELDS_END,
};

static const struct sb_field cost_fields[] = {
    FIELD(STRING, "shape", u.cost.shape, true),
    FIELD(INT, "nodes", u.cost.nodes, false),
    FIELD(INT, "params", u.cost.params, false),
    FIELD(INT, "macs", u.cost.macs, false),
    FIELD(DOUBLE, "tf_multi_adds", u.cost.tf_multi_adds, true),
    FIELD(INT, "tf_exact_float_ops", u.cost.tf_exact_float_ops, true),
    FIELD(INT, "other_ops", u.cost.other_ops, true),
    FIELD(INT, "param_bytes", u.cost.param_bytes, false),
    FIELD(INT, "activation_bytes", u.cost.activation_bytes, false),
    FIELD(INT, "read_bytes", u.cost.read_bytes, true),
    FIELD(INT, "live_peak_bytes", u.cost.live_peak_bytes, true),
    FIELDS_END,
};

static const struct sb_field time_fields[] = {
    FIELD(STRING, "pass", u.time.pass, false),
    FIELD(STRING, "kernel", u.time.kernel, true),
    FIELD(INT, "process", u.time.process, false),
    FIELD(INT, "warmup", u.time.warmup, false),
    FIELD(INT, "steal_ticks", u.time.steal_ticks, true),
    FIELD(DOUBLE, "peak_flops", u.time.peak_flops, true),
    FIELD(DOUBLE, "peak_bytes_per_s", u.time.peak_bytes_per_s, true),
    FIELD(DOUBLE, "reference_ns", u.time.reference_ns, true),
    FIELD(STRING, "weights_digest", u.time.weights_digest, true),
    FIELD(SAMPLES, "ns", u.time.ns, true),
    FIELDS_END,
};

static const struct sb_field memory_fields[] = {
    FIELD(STRING, "phase", u.memory.phase, false),
    FIELD(INT, "arena_bytes", u.memory.arena_bytes, true),
    FIELD(INT, "weight_bytes", u.memory.weight_bytes, true),
    FIELD(INT, "workspace_bytes", u.memory.workspace_bytes, true),
    FIELD(INT, "other_bytes", u.memory.other_bytes, true),
    FIELD(INT, "measured_bytes", u.memory.measured_bytes, true),
    FIELDS_END,
};

static const struct sb_field check_fields[] = {
    FIELD(INT, "process", u.check.process, true),
    FIELD(STRING, "reference", u.check.reference, false),
    FIELD(STRING, "output", u.check.output, true),
    FIELD(DOUBLE, "nmse", u.check.nmse, true),
    FIELD(DOUBLE, "max_error", u.check.max_error, true),
    FIELD(DOUBLE, "tolerance", u.check.tolerance, true),
    FIELD(STRING, "digest", u.check.digest, true),
    FIELD(BOOL, "passed", u.check.passed, false),
    FIELDS_END,
};

static const struct sb_field accuracy_fields[] = {
    FIELD(STRING, "dataset", u.accuracy.dataset, false),
    FIELD(STRING, "metric", u.accuracy.metric, false),
    FIELD(DOUBLE, "value", u.accuracy.value, true),
    FIELD(DOUBLE, "low", u.accuracy.low, true),
    FIELD(DOUBLE, "high", u.accuracy.high, true),
    FIELD(INT, "samples", u.accuracy.samples, true),
    FIELD(STRING, "note", u.accuracy.note, true),
    FIELD(STRING, "weights", u.accuracy.weights, true),
    FIELD(STRING, "weights_digest", u.accuracy.weights_digest, true),
    FIELD(STRING, "data_digest", u.accuracy.data_digest, true),
    FIELD(STRING, "images_digest", u.accuracy.images_digest, true),
    FIELDS_END,
};

static const struct sb_field verdict_fields[] = {
    FIELD(STRING, "metric", u.verdict.metric, false),
    FIELD(STRING, "verdict", u.verdict.verdict, false),
    FIELD(STRING, "base", u.verdict.base, true),
    FIELD(STRING, "head", u.verdict.head, true),
    FIELD(DOUBLE, "ratio", u.verdict.ratio, true),
    FIELD(DOUBLE, "low", u.verdict.low, true),
    FIELD(DOUBLE, "high", u.verdict.high, true),
    FIELD(DOUBLE, "p_value", u.verdict.p_value, true),
    FIELD(INT, "rounds", u.verdict.rounds, true),
    FIELD(INT, "base_samples", u.verdict.base_samples, true),
    FIELD(INT, "head_samples", u.verdict.head_samples, true),
    FIELDS_END,
};

static const struct sb_field category_fields[] = {
    FIELD(STRING, "dataset", u.category.dataset, false),
    FIELD(STRING, "category", u.category.category, false),
    FIELD(INT, "objects", u.category.objects, false),
    FIELD(INT, "detections", u.category.detections, false),
    FIELD(DOUBLE, "ap", u.category.ap, true),
    FIELD(DOUBLE, "ap_low", u.category.ap_low, true),
    FIELD(DOUBLE, "ap_high", u.category.ap_high, true),
    FIELD(DOUBLE, "ap50", u.category.ap50, true),
    FIELD(DOUBLE, "ap75", u.category.ap75, true),
    FIELD(DOUBLE, "ap_small", u.category.ap_small, true),
    FIELD(DOUBLE, "ap_medium", u.category.ap_medium, true),
    FIELD(DOUBLE, "ap_large", u.category.ap_large, true),
    FIELD(DOUBLE, "ar", u.category.ar, true),
    FIELD(DOUBLE, "threshold", u.category.threshold, true),
    FIELD(DOUBLE, "f1", u.category.f1, true),
    FIELD(DOUBLE, "precision", u.category.precision, true),
    FIELD(DOUBLE, "recall", u.category.recall, true),
    FIELD(DOUBLE, "ece", u.category.ece, true),
    FIELD(INT, "right", u.category.right, true),
    FIELD(INT, "cls", u.category.cls, true),
    FIELD(INT, "loc", u.category.loc, true),
    FIELD(INT, "both", u.category.both, true),
    FIELD(INT, "dupe", u.category.dupe, true),
    FIELD(INT, "bkg", u.category.bkg, true),
    FIELD(INT, "miss", u.category.miss, true),
    FIELD(DOUBLE, "delta_cls", u.category.delta_cls, true),
    FIELD(DOUBLE, "delta_loc", u.category.delta_loc, true),
    FIELD(DOUBLE, "delta_both", u.category.delta_both, true),
    FIELD(DOUBLE, "delta_dupe", u.category.delta_dupe, true),
    FIELD(DOUBLE, "delta_bkg", u.category.delta_bkg, true),
    FIELD(DOUBLE, "delta_miss", u.category.delta_miss, true),
    FIELDS_END,
};

static const struct sb_field error_fields[] = {
    FIELD(STRING, "dataset", u.error.dataset, false),
    FIELD(STRING, "error", u.error.error, false),
    FIELD(INT, "count", u.error.count, true),
    FIELD(DOUBLE, "delta_ap", u.error.delta_ap, true),
    FIELD(DOUBLE, "delta_low", u.error.delta_low, true),
    FIELD(DOUBLE, "delta_high", u.error.delta_high, true),
    FIELD(DOUBLE, "delta_small", u.error.delta_small, true),
    FIELD(DOUBLE, "delta_medium", u.error.delta_medium, true),
    FIELD(DOUBLE, "delta_large", u.error.delta_large, true),
    FIELDS_END,
};

static const struct sb_field curve_fields[] = {
    FIELD(STRING, "dataset", u.curve.dataset, false),
    FIELD(STRING, "curve", u.curve.curve, false),
    FIELD(STRING, "series", u.curve.series, false),
    FIELD(NUMBERS, "x", u.curve.x, false),
    FIELD(NUMBERS, "y", u.curve.y, false),
    FIELD(NUMBERS, "low", u.curve.low, true),
    FIELD(NUMBERS, "high", u.curve.high, true),
    FIELD(NUMBERS, "count", u.curve.count, true),
    FIELDS_END,
};

static const struct sb_field confusion_fields[] = {
    FIELD(STRING, "dataset", u.confusion.dataset, false),
    FIELD(STRING, "truth", u.confusion.truth, true),
    FIELD(STRING, "predicted", u.confusion.predicted, true),
    FIELD(INT, "count", u.confusion.count, false),
    FIELDS_END,
};

static const struct sb_field picture_fields[] = {
    FIELD(STRING, "title", u.picture.title, false),
    FIELD(STRING, "caption", u.picture.caption, false),
    FIELD(STRING, "type", u.picture.type, false),
    FIELD(INT, "width", u.picture.width, false),
    FIELD(INT, "height", u.picture.height, false),
    FIELD(STRING, "base64", u.picture.base64, false),
    FIELDS_END,
};

static const struct sb_field history_fields[] = {
    FIELD(STRING, "metric", u.history.metric, false),
    FIELD(STRING, "dataset", u.history.dataset, true),
    FIELD(STRING, "data_digest", u.history.data_digest, true),
    FIELD(STRING, "images_digest", u.history.images_digest, true),
    FIELD(STRING, "machine", u.history.machine, false),
    FIELD(STRING, "commit", u.history.commit, false),
    FIELD(STRING, "started", u.history.started, false),
    FIELD(INT, "point", u.history.point, false),
    FIELD(DOUBLE, "value", u.history.value, false),
    FIELD(DOUBLE, "low", u.history.low, true),
    FIELD(DOUBLE, "high", u.history.high, true),
    FIELD(DOUBLE, "level", u.history.level, false),
    FIELD(DOUBLE, "change", u.history.change, true),
    FIELD(BOOL, "counts", u.history.counts, false),
    FIELDS_END,
};

static const struct sb_field output_fields[] = {
    FIELD(STRING, "output", u.output.output, false),
    FIELD(INT, "count", u.output.count, false),
    FIELD(DOUBLE, "mean", u.output.mean, true),
    FIELD(DOUBLE, "deviation", u.output.deviation, true),
    FIELD(NUMBERS, "samples", u.output.samples, false),
    FIELDS_END,
};

/* What a record is worthless without: null is an answer, absence is a misspelt or cut record. */
static const char *const time_required[] = {"model", "size", "threads", "engine", "ns", NULL};
static const char *const check_required[] = {"model", "nmse", "tolerance", NULL};
static const char *const accuracy_required[] = {"model", "value", NULL};
static const char *const output_required[] = {"model", "size", "mean", "deviation", NULL};
static const char *const none_required[] = {NULL};

static const struct {
    const char *name;
    const struct sb_field *fields;
    const char *const *required; /* NULL: none */
} kinds[SB_RECORD_KINDS] = {
    [SB_RECORD_RUN] = {"run", run_fields, NULL},
    [SB_RECORD_COST] = {"cost", cost_fields, NULL},
    [SB_RECORD_TIME] = {"time", time_fields, time_required},
    [SB_RECORD_MEMORY] = {"memory", memory_fields, NULL},
    [SB_RECORD_CHECK] = {"check", check_fields, check_required},
    [SB_RECORD_ACCURACY] = {"accuracy", accuracy_fields, accuracy_required},
    [SB_RECORD_VERDICT] = {"verdict", verdict_fields, NULL},
    [SB_RECORD_CATEGORY] = {"category", category_fields, NULL},
    [SB_RECORD_ERROR] = {"error", error_fields, NULL},
    [SB_RECORD_CURVE] = {"curve", curve_fields, NULL},
    [SB_RECORD_CONFUSION] = {"confusion", confusion_fields, NULL},
    [SB_RECORD_PICTURE] = {"picture", picture_fields, NULL},
    [SB_RECORD_HISTORY] = {"history", history_fields, NULL},
    [SB_RECORD_OUTPUT] = {"output", output_fields, output_required},
};

const char *sb_record_kind_name(enum sb_record_kind kind)
{
    return (unsigned)kind < SB_RECORD_KINDS ? kinds[kind].name : "unknown";
}

size_t sb_record_tables(enum sb_record_kind kind, const struct sb_field *tables[3])
{
    size_t n = 0;
    if (kind != SB_RECORD_RUN)
        tables[n++] = cell_fields;
    if (kind == SB_RECORD_COST || kind == SB_RECORD_TIME || kind == SB_RECORD_MEMORY)
        tables[n++] = part_fields;
    tables[n++] = kinds[kind].fields;
    return n;
}

const char *const *sb_record_required(enum sb_record_kind kind)
{
    return kinds[kind].required ? kinds[kind].required : none_required;
}

static void clear_field(struct sb_record *record, const struct sb_field *f)
{
    char *at = (char *)record + f->offset;
    if (f->type == SB_FIELD_INT)
        *(int64_t *)(void *)at = SB_NO_INT;
    else if (f->type == SB_FIELD_DOUBLE)
        *(double *)(void *)at = NAN;
}

void sb_record_init(struct sb_record *record, enum sb_record_kind kind)
{
    memset(record, 0, sizeof(*record));
    record->kind = kind;
    const struct sb_field *tables[3];
    const size_t n = sb_record_tables(kind, tables);
    for (size_t t = 0; t < n; t++) {
        for (const struct sb_field *f = tables[t]; f->name; f++)
            clear_field(record, f);
    }
}

void sb_record_because(struct sb_record *record, const char *field, const char *reason)
{
    if (record->num_whys == SB_MAX_WHYS)
        return; /* the value stays null; only its reason is lost */
    record->whys[record->num_whys++] = (struct sb_why){field, reason};
}

void sb_record_known(struct sb_record *record, const char *field)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->num_whys; i++) {
        if (strcmp(record->whys[i].field, field) != 0)
            record->whys[kept++] = record->whys[i];
    }
    record->num_whys = kept;
}

const char *sb_record_why(const struct sb_record *record, const char *field)
{
    for (size_t i = 0; i < record->num_whys; i++) {
        if (strcmp(record->whys[i].field, field) == 0)
            return record->whys[i].reason;
    }
    return NULL;
}

static void write_samples(struct sb_jw *w, const char *key, const struct sb_time_record *time)
{
    if (!time->ns) {
        sb_jw_null(w, key);
        return;
    }
    sb_jw_array(w, key);
    for (size_t i = 0; i < time->num_ns; i++)
        sb_jw_int(w, NULL, time->ns[i]);
    sb_jw_end(w);
}

static void write_numbers(struct sb_jw *w, const char *key, const struct sb_numbers *numbers)
{
    if (!numbers->values) {
        sb_jw_null(w, key);
        return;
    }
    sb_jw_array(w, key);
    for (size_t i = 0; i < numbers->count; i++)
        sb_jw_double(w, NULL, numbers->values[i]);
    sb_jw_end(w);
}

static void write_field(struct sb_jw *w, const struct sb_record *record, const struct sb_field *f)
{
    const void *at = (const char *)record + f->offset;
    switch (f->type) {
    case SB_FIELD_STRING:
        sb_jw_string(w, f->name, *(const char *const *)at);
        break;
    case SB_FIELD_INT:
        if (*(const int64_t *)at == SB_NO_INT)
            sb_jw_null(w, f->name);
        else
            sb_jw_int(w, f->name, *(const int64_t *)at);
        break;
    case SB_FIELD_DOUBLE:
        sb_jw_double(w, f->name, *(const double *)at);
        break;
    case SB_FIELD_BOOL:
        sb_jw_bool(w, f->name, *(const bool *)at);
        break;
    case SB_FIELD_SAMPLES:
        write_samples(w, f->name, &record->u.time);
        break;
    case SB_FIELD_NUMBERS:
        write_numbers(w, f->name, at);
        break;
    }
}

void sb_record_to_json(const struct sb_record *record, struct sb_str *out)
{
    struct sb_jw w;
    sb_jw_init(&w, out, 0);
    sb_jw_object(&w, NULL);
    sb_jw_int(&w, "schema", SB_RECORD_SCHEMA);
    sb_jw_string(&w, "kind", sb_record_kind_name(record->kind));
    sb_jw_string(&w, "run", record->run);
    const struct sb_field *tables[3];
    const size_t n = sb_record_tables(record->kind, tables);
    for (size_t t = 0; t < n; t++) {
        for (const struct sb_field *f = tables[t]; f->name; f++)
            write_field(&w, record, f);
    }
    if (record->num_whys) {
        sb_jw_object(&w, "why");
        for (size_t i = 0; i < record->num_whys; i++)
            sb_jw_string(&w, record->whys[i].field, record->whys[i].reason);
        sb_jw_end(&w);
    }
    sb_jw_end(&w);
    sb_str_puts(out, "\n");
}

/* A device or folder must not be replaced by a file. */
static int refuse_special(const char *path, struct sb_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
        return 0;
    sb_error_set(err, SB_EIO, "not a regular file");
    sb_error_file(err, path);
    return sb_error_hint(err, "records grow in FILE.part, which becomes FILE when it is complete");
}

/* False when another process writes w->part, or has just renamed it to its final name. */
static bool lock_part(const struct sb_record_writer *w)
{
    struct stat ours, named;
    if (flock(w->fd, LOCK_EX | LOCK_NB) != 0)
        return errno != EWOULDBLOCK; /* a file system without locks */
    return fstat(w->fd, &ours) == 0 && stat(w->part, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

/* Opens PATH.part, cut to keep_bytes. */
static int open_part(struct sb_record_writer *w, const char *path, int64_t keep_bytes,
                     struct sb_error *err)
{
    memset(w, 0, sizeof(*w));
    w->fd = -1;
    w->results = keep_bytes > 0;
    const int special = refuse_special(path, err);
    if (special)
        return special;
    struct sb_str part = SB_STR_INIT;
    sb_str_printf(&part, "%s.part", path);
    w->part = part.data; /* ownership moves to w */
    w->path = sb_strdup(path);
    if (part.failed || !w->path) {
        sb_record_writer_close(w);
        return sb_error_nomem(err, "a file name", strlen(path));
    }
    w->fd = open(w->part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (w->fd >= 0 && !lock_part(w)) {
        sb_error_set(err, SB_EIO, "is being written by another process");
        sb_error_file(err, w->part);
        w->results = true; /* they are the other's: close keeps them */
        sb_record_writer_close(w);
        return sb_error_hint(err, "wait for it, or choose another output");
    }
    if (w->fd < 0 || ftruncate(w->fd, keep_bytes) != 0 || lseek(w->fd, 0, SEEK_END) < 0) {
        const bool no_folder = w->fd < 0 && errno == ENOENT; /* the name that was given says it */
        const int rc = sb_error_errno(err, "cannot create", no_folder ? path : w->part);
        sb_record_writer_close(w);
        return rc;
    }
    w->bytes = keep_bytes;
    return 0;
}

int sb_record_writer_open(struct sb_record_writer *w, const char *path, struct sb_error *err)
{
    return open_part(w, path, 0, err);
}

int sb_record_writer_resume(struct sb_record_writer *w, const char *path, int64_t keep_bytes,
                            struct sb_error *err)
{
    return open_part(w, path, keep_bytes, err);
}

int sb_record_write(struct sb_record_writer *w, const struct sb_record *record,
                    struct sb_error *err)
{
    sb_str_clear(&w->line);
    sb_record_to_json(record, &w->line);
    if (w->line.failed)
        return sb_error_nomem(err, "a record", w->line.length);
    if (sb_write_all(w->fd, w->line.data, w->line.length) != 0) {
        const int rc = sb_error_errno(err, "cannot write", w->part);
        if (ftruncate(w->fd, w->bytes) != 0 || lseek(w->fd, 0, SEEK_END) < 0)
            sb_error_hint(err, "its last line is cut");
        return rc;
    }
    w->bytes += (int64_t)w->line.length;
    w->results = w->results || record->kind != SB_RECORD_RUN;
    return 0;
}

int sb_record_writer_commit(struct sb_record_writer *w, struct sb_error *err)
{
    int rc = 0;
    if (close(w->fd) != 0)
        rc = sb_error_errno(err, "cannot write", w->part);
    w->fd = -1;
    if (rc == 0 && rename(w->part, w->path) != 0)
        rc = sb_error_errno(err, "cannot rename the finished file to", w->path);
    sb_record_writer_close(w);
    return rc;
}

void sb_record_writer_close(struct sb_record_writer *w)
{
    if (w->fd >= 0) {
        close(w->fd); /* an error here changes nothing about the lines that are written */
        if (!w->results)
            unlink(w->part);
    }
    sb_str_release(&w->line);
    sb_free(w->path);
    sb_free(w->part);
    memset(w, 0, sizeof(*w));
    w->fd = -1;
}
