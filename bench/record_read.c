/* Reading records back. Lines are parsed one by one, so memory holds values and not JSON trees. */
#include "bench/record.h"

#include "base/file.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/mem.h"
#include "bench/record_fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_records_init(struct sb_records *records)
{
    memset(records, 0, sizeof(*records));
}

void sb_records_release(struct sb_records *records)
{
    for (size_t i = 0; i < records->num_blocks; i++)
        sb_free(records->blocks[i]);
    sb_free(records->blocks);
    sb_free(records->items);
    memset(records, 0, sizeof(*records));
}

/* A block of size bytes that lives as long as records; NULL when out of memory. */
static void *keep(struct sb_records *records, size_t size)
{
    if (sb_grow(&records->blocks, &records->cap_blocks, records->num_blocks + 1,
                sizeof(*records->blocks), TAG))
        return NULL;
    void *block = sb_malloc(size, TAG);
    if (block)
        records->blocks[records->num_blocks++] = block;
    return block;
}

static int keep_string(struct sb_records *records, const char *text, const char **out,
                       struct sb_error *err)
{
    const size_t size = strlen(text) + 1;
    char *copy = keep(records, size);
    if (!copy)
        return sb_error_nomem(err, "a record", size);
    memcpy(copy, text, size);
    *out = copy;
    return 0;
}

static int read_samples(struct sb_records *records, const struct sb_json *array, size_t count,
                        struct sb_time_record *time, struct sb_error *err)
{
    int64_t *ns = keep(records, (count + 1) * sizeof(*ns));
    if (!ns)
        return sb_error_nomem(err, "samples", count * sizeof(*ns));
    struct sb_json elem;
    size_t i = 0;
    for (bool more = sb_json_first(array, &elem); more; more = sb_json_next(&elem)) {
        const int rc = sb_json_int(&elem, 0, INT64_MAX, &ns[i++], err);
        if (rc)
            return rc;
    }
    time->ns = ns;
    time->num_ns = count;
    return 0;
}

/* null stands for a missing number. */
static int read_numbers(struct sb_records *records, const struct sb_json *array, size_t count,
                        struct sb_numbers *out, struct sb_error *err)
{
    double *values = keep(records, (count + 1) * sizeof(*values));
    if (!values)
        return sb_error_nomem(err, "numbers", count * sizeof(*values));
    struct sb_json elem;
    size_t i = 0;
    for (bool more = sb_json_first(array, &elem); more; more = sb_json_next(&elem), i++) {
        values[i] = NAN;
        const int rc = cJSON_IsNull(elem.item) ? 0 : sb_json_double(&elem, &values[i], err);
        if (rc)
            return rc;
    }
    *out = (struct sb_numbers){count, values};
    return 0;
}

static int read_field(struct sb_records *records, const struct sb_json *at,
                      const struct sb_field *f, struct sb_record *out, struct sb_error *err)
{
    void *to = (char *)out + f->offset;
    if (f->null_ok && !sb_json_has(at, f->name))
        return 0;
    const char *text;
    struct sb_json array;
    size_t count;
    int rc = 0;
    switch (f->type) {
    case SB_FIELD_STRING:
        rc = sb_json_get_string(at, f->name, &text, err);
        return rc ? rc : keep_string(records, text, (const char **)to, err);
    case SB_FIELD_INT:
        return sb_json_get_int(at, f->name, 0, INT64_MAX, to, err);
    case SB_FIELD_DOUBLE:
        return sb_json_get_double(at, f->name, to, err);
    case SB_FIELD_BOOL:
        rc = sb_json_get(at, f->name, &array, err);
        return rc ? rc : sb_json_bool(&array, to, err);
    case SB_FIELD_SAMPLES:
        rc = sb_json_get_array(at, f->name, &array, &count, err);
        return rc ? rc : read_samples(records, &array, count, &out->u.time, err);
    case SB_FIELD_NUMBERS:
        rc = sb_json_get_array(at, f->name, &array, &count, err);
        return rc ? rc : read_numbers(records, &array, count, to, err);
    }
    return rc;
}

static int read_whys(struct sb_records *records, const struct sb_json *at, struct sb_record *out,
                     struct sb_error *err)
{
    if (!sb_json_has(at, "why"))
        return 0;
    struct sb_json why;
    int rc = sb_json_get(at, "why", &why, err);
    if (rc == 0 && !cJSON_IsObject(why.item))
        rc = sb_json_expected(&why, "an object", err);
    for (const cJSON *e = rc == 0 ? why.item->child : NULL; e && rc == 0; e = e->next) {
        if (!cJSON_IsString(e))
            return sb_json_expected(&why, "an object of strings", err);
        const char *field = NULL, *reason = NULL;
        rc = keep_string(records, e->string, &field, err);
        if (rc == 0)
            rc = keep_string(records, e->valuestring, &reason, err);
        if (rc == 0)
            sb_record_because(out, field, reason);
    }
    return rc;
}

static int read_kind(const struct sb_json *at, enum sb_record_kind *kind, struct sb_error *err)
{
    const char *name;
    int64_t schema;
    int rc = sb_json_get_int(at, "schema", 0, INT64_MAX, &schema, err);
    if (rc)
        return rc;
    if (schema != SB_RECORD_SCHEMA) {
        sb_error_set(err, SB_EFORMAT, "schema %lld, this program reads schema %d",
                     (long long)schema, SB_RECORD_SCHEMA);
        return sb_error_hint(err, "the file comes from another version of spinebench");
    }
    rc = sb_json_get_string(at, "kind", &name, err);
    if (rc)
        return rc;
    for (int k = 0; k < SB_RECORD_KINDS; k++) {
        if (strcmp(sb_record_kind_name((enum sb_record_kind)k), name) == 0) {
            *kind = (enum sb_record_kind)k;
            return 0;
        }
    }
    return sb_error_set(err, SB_EFORMAT, "unknown kind of record '%s'", name);
}

/* All columns of a curve are as long as x. */
static int check_curve(const struct sb_curve_record *c, struct sb_error *err)
{
    const struct sb_numbers *const columns[] = {&c->y, &c->low, &c->high, &c->count};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if (columns[i]->values && columns[i]->count != c->x.count)
            return sb_error_set(err, SB_EFORMAT, "a curve of %zu points has %zu values in a column",
                                c->x.count, columns[i]->count);
    }
    return 0;
}

static int check_required(const struct sb_json *at, enum sb_record_kind kind, struct sb_error *err)
{
    struct sb_json member;
    for (const char *const *name = sb_record_required(kind); *name; name++) {
        if (sb_json_get(at, *name, &member, err)) {
            sb_error_hint(err, "write null, and the reason in \"why\", where it could not be had");
            return SB_EFORMAT;
        }
    }
    return 0;
}

/* Metrics as they are written now: older records have APs, APm and APl. */
static const char *current_metric(const char *metric)
{
    static const char *const renamed[][2] = {
        {"APs", "APS"},
        {"APm", "APM"},
        {"APl", "APL"},
        {"difference of APs", "difference of APS"},
        {"difference of APm", "difference of APM"},
        {"difference of APl", "difference of APL"},
    };
    for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
        if (strcmp(metric, renamed[i][0]) == 0)
            return renamed[i][1];
    }
    return metric;
}

static int read_record(struct sb_records *records, const struct sb_json *at, struct sb_record *out,
                       struct sb_error *err)
{
    enum sb_record_kind kind = SB_RECORD_RUN;
    int rc = read_kind(at, &kind, err);
    if (rc)
        return rc;
    sb_record_init(out, kind);
    const char *run;
    rc = sb_json_get_string(at, "run", &run, err);
    if (rc == 0)
        rc = keep_string(records, run, &out->run, err);
    const struct sb_field *tables[3];
    const size_t n = sb_record_tables(kind, tables);
    for (size_t t = 0; t < n && rc == 0; t++) {
        for (const struct sb_field *f = tables[t]; f->name && rc == 0; f++)
            rc = read_field(records, at, f, out, err);
    }
    if (rc == 0)
        rc = check_required(at, kind, err);
    if (rc == 0 && kind == SB_RECORD_CURVE)
        rc = check_curve(&out->u.curve, err);
    if (rc == 0 && kind == SB_RECORD_ACCURACY)
        out->u.accuracy.metric = current_metric(out->u.accuracy.metric);
    return rc ? rc : read_whys(records, at, out, err);
}

static int append(struct sb_records *records, const struct sb_record *record, struct sb_error *err)
{
    if (sb_grow(&records->items, &records->capacity, records->count + 1, sizeof(*records->items),
                TAG))
        return sb_error_nomem(err, "records", records->count * sizeof(*records->items));
    records->items[records->count++] = *record;
    return 0;
}

static int copy_string(struct sb_records *records, const char **text, struct sb_error *err)
{
    return *text ? keep_string(records, *text, text, err) : 0;
}

static int copy_samples(struct sb_records *records, struct sb_time_record *time,
                        struct sb_error *err)
{
    if (!time->ns)
        return 0;
    int64_t *ns = keep(records, (time->num_ns + 1) * sizeof(*ns));
    if (!ns)
        return sb_error_nomem(err, "samples", time->num_ns * sizeof(*ns));
    memcpy(ns, time->ns, time->num_ns * sizeof(*ns));
    time->ns = ns;
    return 0;
}

static int copy_numbers(struct sb_records *records, struct sb_numbers *numbers,
                        struct sb_error *err)
{
    if (!numbers->values)
        return 0;
    double *values = keep(records, (numbers->count + 1) * sizeof(*values));
    if (!values)
        return sb_error_nomem(err, "numbers", numbers->count * sizeof(*values));
    memcpy(values, numbers->values, numbers->count * sizeof(*values));
    numbers->values = values;
    return 0;
}

int sb_records_add(struct sb_records *records, const struct sb_record *record, struct sb_error *err)
{
    struct sb_record copy = *record;
    const struct sb_field *tables[3];
    const size_t n = sb_record_tables(record->kind, tables);
    int rc = copy_string(records, &copy.run, err);
    for (size_t t = 0; t < n && rc == 0; t++) {
        for (const struct sb_field *f = tables[t]; f->name && rc == 0; f++) {
            void *at = (char *)&copy + f->offset;
            if (f->type == SB_FIELD_STRING)
                rc = copy_string(records, at, err);
            else if (f->type == SB_FIELD_NUMBERS)
                rc = copy_numbers(records, at, err);
            else if (f->type == SB_FIELD_SAMPLES)
                rc = copy_samples(records, &copy.u.time, err);
        }
    }
    for (size_t i = 0; i < copy.num_whys && rc == 0; i++) {
        rc = copy_string(records, &copy.whys[i].field, err);
        if (rc == 0)
            rc = copy_string(records, &copy.whys[i].reason, err);
    }
    return rc ? rc : append(records, &copy, err);
}

/* Lines that begin as no record does: of another file, most often. */
static int expect_object(const char *text, size_t length, struct sb_error *err)
{
    struct sb_scan s = {.begin = text, .pos = text, .end = text + length, .err = err};
    while (s.pos < s.end && (*s.pos == ' ' || *s.pos == '\t' || *s.pos == '\r'))
        s.pos++;
    if (s.pos < s.end && *s.pos == '{')
        return 0;
    if (s.pos == s.end)
        sb_error_set(err, SB_EFORMAT, "expected a record (a JSON object), found an empty line");
    else
        sb_scan_expected(&s, "a record (a JSON object)");
    sb_error_offset(err, -1);
    return sb_error_line(err, 1, s.pos - text + 1);
}

/* end: bytes of the file up to the end of this line. */
static int read_line(struct sb_records *records, const char *text, size_t length, const char *path,
                     int64_t line, int64_t end, struct sb_error *err)
{
    cJSON *doc = NULL;
    int rc = expect_object(text, length, err);
    if (rc == 0)
        rc = sb_json_parse(text, length, path, &doc, err);
    if (rc == 0) {
        const struct sb_json root = sb_json_root(doc, path);
        struct sb_record record;
        rc = read_record(records, &root, &record, err);
        record.line = line;
        record.offset = end;
        if (rc == 0)
            rc = append(records, &record, err);
    }
    cJSON_Delete(doc);
    if (rc) {
        sb_error_file(err, path);
        sb_error_line(err, line, err->column);
    }
    return rc;
}

int sb_records_read(struct sb_records *records, const char *path, sb_bad_record_fn skip, void *ctx,
                    struct sb_error *err)
{
    struct sb_map map;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    const char *p = map.data, *end = map.data + map.size;
    for (int64_t line = 1; p < end && rc == 0; line++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const size_t length = newline ? (size_t)(newline - p) : (size_t)(end - p);
        if (newline) {
            rc = read_line(records, p, length, path, line, newline + 1 - map.data, err);
        } else {
            rc = sb_error_set(err, SB_EFORMAT, "the last line is cut");
            sb_error_file(err, path);
            sb_error_line(err, line, 0);
        }
        if (rc && rc != SB_ENOMEM && skip) {
            skip(ctx, err);
            records->skipped++;
            rc = 0;
        }
        p += length + 1;
    }
    sb_map_release(&map);
    return rc;
}

const struct sb_record *sb_records_find_run(const struct sb_records *records, const char *run)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_RUN && strcmp(r->run, run) == 0)
            return r;
    }
    return NULL;
}
