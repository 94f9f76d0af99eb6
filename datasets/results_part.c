/* Parts of a run. See results_part.h. */
#include "datasets/results_part.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define TAG        SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_SHARDS 1000000

/* A part as its file says. */
struct part {
    const char *path; /* of the results, borrowed */
    char *part_path;  /* RESULTS.part, owned */
    cJSON *doc;       /* owned */
    struct sb_json run;
    int64_t shard, shards, images, bytes;
    const char *list, *crc32c; /* in doc */
};

static char *part_path(const char *results)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, "%s.part", results);
    if (!path.failed)
        return path.data; /* ownership moves */
    sb_str_release(&path);
    return NULL;
}

/* Size and checksum of a results file; hex has room for 9 bytes. */
static int digest_file(const char *path, int64_t *bytes, char *hex, struct sb_error *err)
{
    struct sb_map map;
    const int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    snprintf(hex, 9, "%08x", (unsigned)sb_crc32c(0, map.data, map.size));
    *bytes = (int64_t)map.size;
    sb_map_release(&map);
    return 0;
}

int sb_results_part_write(const char *results, const struct sb_results_part *part,
                          struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT;
    struct sb_jw w;
    char crc[9], list[17];
    int64_t bytes = 0;
    int rc = digest_file(results, &bytes, crc, err);
    if (rc)
        return rc;
    char *const path = part_path(results);
    snprintf(list, sizeof(list), "%016llx", (unsigned long long)part->list);
    sb_jw_init(&w, &text, 0);
    sb_jw_object(&w, NULL);
    sb_jw_int(&w, "part", 1);
    sb_jw_uint(&w, "shard", part->shard);
    sb_jw_uint(&w, "shards", part->shards);
    sb_jw_uint(&w, "images", part->images);
    sb_jw_string(&w, "list", list);
    sb_jw_int(&w, "bytes", bytes);
    sb_jw_string(&w, "crc32c", crc);
    sb_str_printf(&text, ", \"run\": %s}\n", part->run); /* the object ends here */
    if (!path || text.failed)
        rc = sb_error_nomem(err, "a part", text.length);
    if (rc == 0)
        rc = sb_write_file(path, text.data, text.length, err);
    sb_free(path);
    sb_str_release(&text);
    return rc;
}

static void release_parts(struct part *parts, size_t count)
{
    for (size_t i = 0; parts && i < count; i++) {
        cJSON_Delete(parts[i].doc);
        sb_free(parts[i].part_path);
    }
    sb_free(parts);
}

static int no_part_file(const struct part *p, struct sb_error *err)
{
    sb_error_set(err, SB_EINVAL, "is not the part of a run: there is no %s beside it",
                 sb_path_base(p->part_path));
    sb_error_file(err, p->path);
    return sb_error_hint(err, "parts are what --shard I/N writes; keep the .part files with them");
}

/* The results file must be what it was when its part file was written. */
static int check_unchanged(const struct part *p, struct sb_error *err)
{
    char crc[9];
    int64_t bytes = 0;
    const int rc = digest_file(p->path, &bytes, crc, err);
    if (rc)
        return rc;
    if (bytes == p->bytes && strcmp(crc, p->crc32c) == 0)
        return 0;
    sb_error_set(
        err, SB_EINVAL,
        "was changed since it was written: %lld bytes with CRC-32C %s, %s says %lld and %s",
        (long long)bytes, crc, sb_path_base(p->part_path), (long long)p->bytes, p->crc32c);
    sb_error_file(err, p->path);
    return sb_error_hint(err, "run shard %lld/%lld again", (long long)p->shard,
                         (long long)p->shards);
}

static int read_members(struct part *p, struct sb_error *err)
{
    const struct sb_json root = sb_json_root(p->doc, p->part_path);
    int64_t version = 0;
    int rc = sb_json_get_int(&root, "part", 1, 1, &version, err);
    if (rc == 0)
        rc = sb_json_get_int(&root, "shards", 1, MAX_SHARDS, &p->shards, err);
    if (rc == 0)
        rc = sb_json_get_int(&root, "shard", 1, p->shards, &p->shard, err);
    if (rc == 0)
        rc = sb_json_get_int(&root, "images", 0, INT64_MAX, &p->images, err);
    if (rc == 0)
        rc = sb_json_get_string(&root, "list", &p->list, err);
    if (rc == 0)
        rc = sb_json_get_int(&root, "bytes", 0, INT64_MAX, &p->bytes, err);
    if (rc == 0)
        rc = sb_json_get_string(&root, "crc32c", &p->crc32c, err);
    if (rc == 0)
        rc = sb_json_get(&root, "run", &p->run, err);
    if (rc == 0 && !cJSON_IsObject(p->run.item))
        rc = sb_json_expected(&p->run, "an object", err);
    return rc;
}

static int read_part(struct part *p, const char *path, struct sb_error *err)
{
    p->path = path;
    p->part_path = part_path(path);
    if (!p->part_path)
        return sb_error_nomem(err, "a file name", strlen(path));
    if (!sb_is_file(p->part_path))
        return no_part_file(p, err);
    int rc = sb_json_load(p->part_path, &p->doc, err);
    if (rc == 0)
        rc = read_members(p, err);
    return rc ? rc : check_unchanged(p, err);
}

/* One line of text for a value of "run". */
static void value_text(const cJSON *value, char *out, size_t size)
{
    char *const text = value ? cJSON_PrintUnformatted(value) : NULL;
    snprintf(out, size, "%.200s", text ? text : "nothing");
    cJSON_free(text);
}

static int foreign(const struct part *p, const struct part *first, const char *what,
                   const char *mine, const char *theirs, struct sb_error *err)
{
    sb_error_set(err, SB_EINVAL, "is of another run than %s: %s is %s, there %s", first->path, what,
                 mine, theirs);
    sb_error_file(err, p->path);
    return sb_error_hint(err,
                         "join parts of one run only; run shard %lld/%lld again with its options",
                         (long long)p->shard, (long long)first->shards);
}

/* The first member of "run" that differs, in either direction. */
static int compare_runs(const struct part *p, const struct part *first, struct sb_error *err)
{
    char mine[204], theirs[204];
    const struct part *const sides[2] = {first, p};
    for (int i = 0; i < 2; i++) {
        struct sb_json m;
        for (bool ok = sb_json_first_member(&sides[i]->run, &m); ok;
             ok = sb_json_next_member(&sides[i]->run, &m)) {
            const char *const key = m.item->string;
            const cJSON *const a = cJSON_GetObjectItemCaseSensitive(p->run.item, key);
            const cJSON *const b = cJSON_GetObjectItemCaseSensitive(first->run.item, key);
            if (a && b && cJSON_Compare(a, b, true))
                continue;
            value_text(a, mine, sizeof(mine));
            value_text(b, theirs, sizeof(theirs));
            return foreign(p, first, key, mine, theirs, err);
        }
    }
    return 0;
}

static int compare_parts(const struct part *p, const struct part *first, struct sb_error *err)
{
    char mine[48], theirs[48];
    const int rc = compare_runs(p, first, err);
    if (rc)
        return rc;
    if (p->images != first->images || strcmp(p->list, first->list) != 0) {
        snprintf(mine, sizeof(mine), "%lld (%.16s)", (long long)p->images, p->list);
        snprintf(theirs, sizeof(theirs), "%lld (%.16s)", (long long)first->images, first->list);
        return foreign(p, first, "the list of images", mine, theirs, err);
    }
    snprintf(mine, sizeof(mine), "%lld", (long long)p->shards);
    snprintf(theirs, sizeof(theirs), "%lld", (long long)first->shards);
    if (p->shards != first->shards)
        return foreign(p, first, "the number of shards", mine, theirs, err);
    return 0;
}

static int by_shard(const void *a, const void *b)
{
    const struct part *const x = a, *const y = b;
    return (x->shard > y->shard) - (x->shard < y->shard);
}

static int missing(const struct part *parts, size_t count, struct sb_error *err)
{
    struct sb_str list = SB_STR_INIT;
    int64_t absent = 0;
    size_t at = 0;
    for (int64_t shard = 1; shard <= parts[0].shards; shard++) {
        if (at < count && parts[at].shard == shard) {
            at++;
        } else if (++absent <= 10) {
            sb_str_printf(&list, "%s%lld", list.length ? ", " : "", (long long)shard);
        }
    }
    const bool one = absent == 1;
    sb_error_set(err, SB_EINVAL, "of the %lld parts of this run %lld %s missing: %s%s",
                 (long long)parts[0].shards, (long long)absent, one ? "is" : "are",
                 sb_str_text(&list), absent > 10 ? ", ..." : "");
    sb_error_file(err, parts[0].path);
    sb_str_release(&list);
    return sb_error_hint(err, "name all of them, or run those shards");
}

/* Sorted parts: each shard once, none missing. */
static int check_complete(const struct part *parts, size_t count, struct sb_error *err)
{
    for (size_t i = 1; i < count; i++) {
        if (parts[i].shard != parts[i - 1].shard)
            continue;
        sb_error_set(err, SB_EINVAL, "overlaps %s: both are shard %lld of %lld", parts[i - 1].path,
                     (long long)parts[i].shard, (long long)parts[i].shards);
        sb_error_file(err, parts[i].path);
        return sb_error_hint(err, "name each part once");
    }
    return (int64_t)count == parts[0].shards ? 0 : missing(parts, count, err);
}

int sb_results_parts_order(const char **paths, size_t count, struct sb_error *err)
{
    struct part *const parts = sb_calloc(count, sizeof(*parts), TAG);
    int rc = parts ? 0 : sb_error_nomem(err, "parts", count * sizeof(*parts));
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = read_part(&parts[i], paths[i], err);
    for (size_t i = 1; rc == 0 && i < count; i++)
        rc = compare_parts(&parts[i], &parts[0], err);
    if (rc == 0) {
        qsort(parts, count, sizeof(*parts), by_shard);
        rc = check_complete(parts, count, err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++)
        paths[i] = parts[i].path;
    release_parts(parts, count);
    return rc;
}
