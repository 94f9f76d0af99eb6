/* The catalogue of columns. See columns.h. */
#include "reports/columns.h"

#include "base/str.h"

#include <math.h>
#include <string.h>

#define NOT_COUNTED "no cost record"
#define NOT_PLANNED "no memory record"

static void put_text(struct sb_table *t, const char *text, const char *why)
{
    if (text)
        sb_table_cell(t, "%s", text);
    else
        sb_table_missing(t, why);
}

/* value, or the reason when it is missing. */
static void put_int(struct sb_table *t, int64_t value, const char *why)
{
    if (value == SB_NO_INT)
        sb_table_missing(t, why);
    else
        sb_table_value(t, (double)value);
}

static void put_model(const struct sb_report_column *c, const struct sb_report_rows *rows,
                      const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    put_text(t, row->cell.model, "not recorded");
}

static void put_part(const struct sb_report_column *c, const struct sb_report_rows *rows,
                     const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    put_text(t, sb_row_label(rows, row), "not recorded");
}

static void put_engine(const struct sb_report_column *c, const struct sb_report_rows *rows,
                       const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    put_text(t, row->cell.engine, "not run");
}

static void put_scenario(const struct sb_report_column *c, const struct sb_report_rows *rows,
                         const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    if (row->cell.scenario)
        sb_table_cell(t, "%s", row->cell.scenario);
    else
        sb_table_cell(t, "stream");
}

/* A string of the row's part, by offset. */
static void put_part_text(const struct sb_report_column *c, const struct sb_report_rows *rows,
                          const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const char *const *text = (const void *)((const char *)row + c->offset);
    put_text(t, *text, "not recorded");
}

static void put_kernel(const struct sb_report_column *c, const struct sb_report_rows *rows,
                       const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    put_text(t, row->timed ? row->timed->u.time.kernel : NULL, "not run");
}

static void put_commit(const struct sb_report_column *c, const struct sb_report_rows *rows,
                       const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    const struct sb_run_record *run = row->run ? &row->run->u.run : NULL;
    if (run && run->commit)
        sb_table_cell(t, "%.12s%s", run->commit, run->dirty ? "+" : "");
    else
        sb_table_missing(t, "the program was not built from a repository");
}

static void put_machine(const struct sb_report_column *c, const struct sb_report_rows *rows,
                        const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    put_text(t, row->run ? row->run->u.run.machine : NULL, "not recorded");
}

/* An integer of the cell: size, batch, threads. */
static void put_cell_int(const struct sb_report_column *c, const struct sb_report_rows *rows,
                         const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const int64_t *value = (const void *)((const char *)row + c->offset);
    put_int(t, *value, "not run");
}

/* An integer of the cost record. */
static void put_cost(const struct sb_report_column *c, const struct sb_report_rows *rows,
                     const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const int64_t *value = (const void *)((const char *)row + c->offset);
    put_int(t, *value, NOT_COUNTED);
}

static void put_tf(const struct sb_report_column *c, const struct sb_report_rows *rows,
                   const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    if (isnan(row->cost.tf_multi_adds))
        sb_table_missing(t, NOT_COUNTED);
    else
        sb_table_value(t, row->cost.tf_multi_adds);
}

static void put_flops(const struct sb_report_column *c, const struct sb_report_rows *rows,
                      const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    put_int(t, row->has_cost ? 2 * row->cost.macs : SB_NO_INT, NOT_COUNTED);
}

/* How well the row's median is known, as a share of it. What is made of times is known no better
 * than that. */
static double time_uncertainty(const struct sb_row *row)
{
    return row->time.uncertainty / row->time.median;
}

/* A number that is made of the row's time. */
static void put_timed(struct sb_table *t, const struct sb_row *row, double value)
{
    sb_table_uncertain(t, value, fabs(value) * time_uncertainty(row));
}

/* A share of the cell, NaN when unknown. */
static void put_share(const struct sb_report_column *c, const struct sb_report_rows *rows,
                      const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const double *share = (const void *)((const char *)row + c->offset);
    if (isnan(*share))
        sb_table_missing(t, c->source == SB_SOURCE_MEASURED ? sb_row_time_why(row) : NOT_COUNTED);
    else if (c->source == SB_SOURCE_MEASURED)
        put_timed(t, row, *share);
    else
        sb_table_value(t, *share);
}

static void put_latency(const struct sb_report_column *c, const struct sb_report_rows *rows,
                        const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    const char *why = sb_row_time_why(row);
    const struct sb_interval *interval = &row->time.interval;
    if (why)
        sb_table_missing(t, why);
    else if (interval->known)
        sb_table_interval(t, row->time.median, interval->low, interval->high);
    else
        sb_table_uncertain(t, row->time.median, row->time.uncertainty);
}

/* A double of the timing summary. */
static void put_time(const struct sb_report_column *c, const struct sb_report_rows *rows,
                     const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const char *why = sb_row_time_why(row);
    const double *value = (const void *)((const char *)row + c->offset);
    if (!why && c->offset == offsetof(struct sb_row, time.p90) && !row->time.has_p90)
        why = "fewer than 29 samples";
    if (!why && c->offset == offsetof(struct sb_row, time.p99) && !row->time.has_p99)
        why = "fewer than 299 samples";
    if (why)
        sb_table_missing(t, why);
    else
        put_timed(t, row, *value);
}

/* A count of samples or processes. */
static void put_count(const struct sb_report_column *c, const struct sb_report_rows *rows,
                      const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const char *why = sb_row_time_why(row);
    const size_t *value = (const void *)((const char *)row + c->offset);
    if (why)
        sb_table_missing(t, why);
    else
        sb_table_value(t, (double)*value);
}

static void put_per_second(struct sb_table *t, const struct sb_row *row, double amount)
{
    put_timed(t, row, 1e9 * amount / row->time.median);
}

static void put_rate(const struct sb_report_column *c, const struct sb_report_rows *rows,
                     const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    const char *why = sb_row_time_why(row);
    if (!why && !row->has_cost)
        why = NOT_COUNTED;
    if (why)
        sb_table_missing(t, why);
    else
        put_per_second(t, row, 2 * (double)row->cost.macs);
}

/* Latency over the lowest of the same model, size, batch and threads. */
static void put_vs_best(const struct sb_report_column *c, const struct sb_report_rows *rows,
                        const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    const char *why = sb_row_time_why(row);
    double best = row->time.median;
    for (size_t i = 0; i < rows->count && !why; i++) {
        struct sb_cell cell = rows->items[i].cell;
        cell.engine = row->cell.engine;
        if (!sb_row_time_why(&rows->items[i]) && sb_same_cell(&cell, &row->cell) &&
            rows->items[i].time.median < best)
            best = rows->items[i].time.median;
    }
    if (why)
        sb_table_missing(t, why);
    else
        put_timed(t, row, row->time.median / best);
}

static void put_per_image(const struct sb_report_column *c, const struct sb_report_rows *rows,
                          const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    const char *why = sb_row_time_why(row);
    const double batch = row->cell.batch > 0 ? (double)row->cell.batch : 1;
    const struct sb_interval *interval = &row->time.interval;
    if (why)
        sb_table_missing(t, why);
    else if (interval->known)
        sb_table_interval(t, row->time.median / batch, interval->low / batch,
                          interval->high / batch);
    else
        put_timed(t, row, row->time.median / batch);
}

static void put_of_peak(const struct sb_report_column *c, const struct sb_report_rows *rows,
                        const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    const char *why = sb_row_time_why(row);
    const struct sb_time_record *peak = why ? NULL : sb_row_peak(rows, row);
    if (!why && !row->has_cost)
        why = NOT_COUNTED;
    if (!why && !peak)
        why = "the machine's peak was not measured";
    if (why)
        sb_table_missing(t, why);
    else
        put_timed(t, row, 2e9 * (double)row->cost.macs / row->time.median / peak->peak_flops);
}

static void put_bandwidth(const struct sb_report_column *c, const struct sb_report_rows *rows,
                          const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    const char *why = sb_row_time_why(row);
    const int64_t bytes = sb_row_moved_bytes(row);
    if (!why && bytes == SB_NO_INT)
        why = NOT_COUNTED;
    if (why)
        sb_table_missing(t, why);
    else
        put_per_second(t, row, (double)bytes);
}

static void put_of_bandwidth(const struct sb_report_column *c, const struct sb_report_rows *rows,
                             const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    const char *why = sb_row_time_why(row);
    const struct sb_time_record *peak = why ? NULL : sb_row_peak(rows, row);
    const int64_t bytes = sb_row_moved_bytes(row);
    if (!why && bytes == SB_NO_INT)
        why = NOT_COUNTED;
    if (!why && (!peak || !(peak->peak_bytes_per_s > 0)))
        why = "the machine's bandwidth was not measured";
    if (why)
        sb_table_missing(t, why);
    else
        put_timed(t, row, 1e9 * (double)bytes / row->time.median / peak->peak_bytes_per_s);
}

/* Throughput, of batches: for one image it is what the latency says. */
static void put_images(const struct sb_report_column *c, const struct sb_report_rows *rows,
                       const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    const char *why = sb_row_time_why(row);
    const bool offline = row->cell.scenario && strcmp(row->cell.scenario, "offline") == 0;
    if (!why && row->cell.batch <= 1 && !offline)
        why = "one image at a time";
    if (why)
        sb_table_missing(t, why);
    else
        put_per_second(t, row, (double)row->cell.batch);
}

/* An integer of the memory record. */
static void put_memory(const struct sb_report_column *c, const struct sb_report_rows *rows,
                       const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const int64_t *value = (const void *)((const char *)row + c->offset);
    const char *why =
        row->memory_record && c->field ? sb_record_why(row->memory_record, c->field) : NULL;
    put_int(t, *value, why ? why : NOT_PLANNED);
}

static void put_planned(const struct sb_report_column *c, const struct sb_report_rows *rows,
                        const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    put_int(t, sb_row_planned_bytes(row), NOT_PLANNED);
}

static void put_peak_ratio(const struct sb_report_column *c, const struct sb_report_rows *rows,
                           const struct sb_row *row, struct sb_table *t)
{
    (void)rows;
    const int64_t planned = sb_row_planned_bytes(row), peak = row->memory.measured_bytes;
    const char *why =
        row->memory_record ? sb_record_why(row->memory_record, "measured_bytes") : NULL;
    if (planned == SB_NO_INT || planned == 0 || peak == SB_NO_INT)
        sb_table_missing(t, why ? why : NOT_PLANNED);
    else
        sb_table_value(t, (double)peak / (double)planned);
    (void)c;
}

static void put_error(const struct sb_report_column *c, const struct sb_report_rows *rows,
                      const struct sb_row *row, struct sb_table *t)
{
    (void)c;
    (void)rows;
    if (row->check && !isnan(row->check->u.check.nmse))
        sb_table_value(t, row->check->u.check.nmse);
    else
        sb_table_missing(t, row->check ? "the check gave no number" : "not checked");
}

static void put_accuracy(const struct sb_report_column *c, const struct sb_report_rows *rows,
                         const struct sb_row *row, struct sb_table *t)
{
    const char *why;
    const struct sb_record *r = sb_row_accuracy(rows, row, c->field, NULL, &why);
    if (!r || isnan(r->u.accuracy.value))
        sb_table_missing(t, why ? why : "not evaluated");
    else if (isnan(r->u.accuracy.low) || isnan(r->u.accuracy.high))
        sb_table_value(t, r->u.accuracy.value);
    else
        sb_table_interval(t, r->u.accuracy.value, r->u.accuracy.low, r->u.accuracy.high);
}

#define LABEL(key, name, help, put, member)                                                        \
    {                                                                                              \
        key, name, help, SB_QUANTITY_NONE, SB_SOURCE_NONE, put, offsetof(struct sb_row, member),   \
            NULL                                                                                   \
    }
#define NUMBER(key, name, help, quantity, put, member)                                             \
    {                                                                                              \
        key, name, help, SB_QUANTITY_##quantity, SB_SOURCE_NONE, put,                              \
            offsetof(struct sb_row, member), NULL                                                  \
    }
#define COMPUTED(key, name, help, quantity, put, member)                                           \
    {                                                                                              \
        key, name, help, SB_QUANTITY_##quantity, SB_SOURCE_COMPUTED, put,                          \
            offsetof(struct sb_row, member), NULL                                                  \
    }
#define MEASURED(key, name, help, quantity, put, member, field)                                    \
    {                                                                                              \
        key, name, help, SB_QUANTITY_##quantity, SB_SOURCE_MEASURED, put,                          \
            offsetof(struct sb_row, member), field                                                 \
    }

static const struct sb_report_column columns[] = {
    LABEL("model", "model", "the variant", put_model, cell.model),
    NUMBER("size", "size", "input size in pixels", COUNT, put_cell_int, cell.size),
    NUMBER("batch", "batch", "images per batch", COUNT, put_cell_int, cell.batch),
    NUMBER("threads", "threads", "worker threads", COUNT, put_cell_int, cell.threads),
    LABEL("engine", "engine", "what ran it", put_engine, cell.engine),
    LABEL("scenario", "scenario", "stream (one, warm caches), cold (caches emptied) or offline",
          put_scenario, cell.scenario),
    LABEL("part", NULL, "the level, op, block or node that the row is about", put_part, part),
    LABEL("op", "op", "op of a node", put_part_text, part.op),
    LABEL("level", "level", "level of a node", put_part_text, part.level),
    LABEL("kernel", "kernel", "kernel of a node", put_kernel, timed),
    LABEL("shape", "shape", "output shape of a node, N x C x H x W", put_part_text, cost.shape),
    LABEL("commit", "commit", "of the program that measured; + with changes", put_commit, run),
    LABEL("machine", "machine", "type of the machine that measured", put_machine, run),

    COMPUTED("params", "parameters", "trainable values", AMOUNT, put_cost, cost.params),
    COMPUTED("macs", "multiply-adds", "of convolutions and fully connected layers", AMOUNT,
             put_cost, cost.macs),
    COMPUTED("macs_share", "share", "of the model's multiply-adds", SHARE, put_share, macs_share),
    COMPUTED("flops", "FLOPs", "2 x multiply-adds", AMOUNT, put_flops, cost.macs),
    COMPUTED("tf", "paper FLOPs", "multiply-adds as the paper's profiler counted them, per image",
             AMOUNT, put_tf, cost.tf_multi_adds),
    COMPUTED("other_ops", "other ops", "adds and products outside of multiply-adds", AMOUNT,
             put_cost, cost.other_ops),
    COMPUTED("param_bytes", "parameter bytes", "in float32", BYTES, put_cost, cost.param_bytes),
    COMPUTED("activations", "activations", "bytes written", BYTES, put_cost, cost.activation_bytes),
    COMPUTED("live_peak", "live peak", "most activation bytes alive at once", BYTES, put_cost,
             cost.live_peak_bytes),
    COMPUTED("nodes", "nodes", "nodes counted", COUNT, put_cost, cost.nodes),

    MEASURED("latency", "latency", "median with 95 % interval", TIME, put_latency, time, NULL),
    MEASURED("time", "time", "latency of a part", TIME, put_latency, time, NULL),
    MEASURED("min", "min", "fastest sample", TIME, put_time, time.min, NULL),
    MEASURED("max", "max", "slowest sample", TIME, put_time, time.max, NULL),
    MEASURED("p90", "p90", "90th percentile, from 29 samples on", TIME, put_time, time.p90, NULL),
    MEASURED("p99", "p99", "99th percentile, from 299 samples on", TIME, put_time, time.p99, NULL),
    NUMBER("n", "n", "samples", COUNT, put_count, time.count),
    NUMBER("processes", "processes", "fresh processes that the samples come from", COUNT, put_count,
           processes),
    MEASURED("vs_best", "against best", "latency / lowest of the same model, size and threads",
             RATIO, put_vs_best, time, NULL),
    MEASURED("share", "share", "of the time of all parts", SHARE, put_share, time_share, NULL),
    MEASURED("rate", "FLOP/s", "2 x multiply-adds / median time", RATE, put_rate, time, NULL),
    MEASURED("of_peak", "of peak", "FLOP/s of the machine's own peak in the same session", SHARE,
             put_of_peak, time, NULL),
    MEASURED("bandwidth", "bytes/s",
             "bytes that steps read, write and have as parameters / median time", RATE,
             put_bandwidth, time, NULL),
    MEASURED("of_bandwidth", "of bandwidth", "bytes/s of the machine's own, in the same session",
             SHARE, put_of_bandwidth, time, NULL),
    MEASURED("images", "images/s", "batch / median latency", AMOUNT, put_images, time, NULL),
    MEASURED("per_image", "per image", "median latency / batch", TIME, put_per_image, time, NULL),

    COMPUTED("arena", "arena", "planned activation memory; of a level: its outputs", BYTES,
             put_memory, memory.arena_bytes),
    COMPUTED("weights", "weights", "planned memory of weights", BYTES, put_memory,
             memory.weight_bytes),
    COMPUTED("workspace", "workspace", "planned scratch memory of kernels", BYTES, put_memory,
             memory.workspace_bytes),
    COMPUTED("other", "other memory", "lists, tables and scratch", BYTES, put_memory,
             memory.other_bytes),
    COMPUTED("planned", "planned memory", "arena + weights + workspace + other", BYTES, put_planned,
             memory),
    MEASURED("peak", "peak memory", "peak resident memory above the start", BYTES, put_memory,
             memory.measured_bytes, "measured_bytes"),
    MEASURED("peak_ratio", "peak / planned", "measured peak / planned memory", RATIO,
             put_peak_ratio, memory, NULL),

    MEASURED("error", "output error", "normalised mean square against the reference", SMALL,
             put_error, check, NULL),
    MEASURED("ap", "AP", "COCO AP at IoU 0.50:0.95", ACCURACY, put_accuracy, run, "AP"),
    MEASURED("ap50", "AP50", "COCO AP at IoU 0.50", ACCURACY, put_accuracy, run, "AP50"),
    MEASURED("ap75", "AP75", "COCO AP at IoU 0.75", ACCURACY, put_accuracy, run, "AP75"),
    MEASURED("ap_small", "APS", "COCO AP, area < 32^2", ACCURACY, put_accuracy, run, "APS"),
    MEASURED("ap_medium", "APM", "COCO AP, area 32^2 to 96^2", ACCURACY, put_accuracy, run, "APM"),
    MEASURED("ap_large", "APL", "COCO AP, area > 96^2", ACCURACY, put_accuracy, run, "APL"),
    MEASURED("top1", "top-1", "share of images whose first class is right", ACCURACY, put_accuracy,
             run, "top-1"),
    MEASURED("top5", "top-5", "share of images with the right class among five", ACCURACY,
             put_accuracy, run, "top-5"),
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

const struct sb_report_column *sb_report_column_at(size_t index)
{
    return index < N_COLUMNS ? &columns[index] : NULL;
}

int sb_report_column_find(const char *option, const char *key, const struct sb_report_column **out,
                          struct sb_error *err)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (strcmp(columns[i].key, key) == 0) {
            *out = &columns[i];
            return 0;
        }
    }
    sb_error_set(err, SB_EINVAL, "%s: unknown column '%s'", option, key);
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (sb_name_is_near(key, columns[i].key))
            return sb_error_hint(err, "did you mean %s?", columns[i].key);
    }
    return sb_error_hint(err, "'spinebench report --list' shows them");
}
