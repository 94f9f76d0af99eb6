/* Joining results files. See merge_results.h. */
#include "datasets/merge_results.h"

#include "base/file.h"
#include "base/json_scan.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Copies the elements of one file. */
static int copy_elements(struct sb_scan *s, FILE *out, uint64_t *elements)
{
    bool first = true;
    int more = 0, rc = sb_scan_open_array_of(s, "an array of results");
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0) {
        const char *const start = s->pos;
        rc = sb_scan_skip(s);
        if (rc)
            break;
        fputs(*elements ? ",\n" : "\n", out);
        fwrite(start, 1, (size_t)(s->pos - start), out); /* errors show at commit */
        (*elements)++;
    }
    rc = rc ? rc : more;
    return rc ? rc : sb_scan_finish(s);
}

static int copy_file(const char *path, FILE *out, uint64_t *elements, struct sb_error *err)
{
    struct sb_map map;
    struct sb_scan scan;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = sb_scan_init(&scan, map.data, map.size, path, err);
    if (rc == 0)
        rc = copy_elements(&scan, out, elements);
    sb_map_release(&map);
    return rc;
}

int sb_results_merge(const char *const *paths, size_t count, const char *out_path,
                     uint64_t *elements, struct sb_error *err)
{
    struct sb_outfile out;
    int rc = sb_outfile_open(&out, out_path, err);
    if (rc)
        return rc;
    *elements = 0;
    fputs("[", out.fp);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = copy_file(paths[i], out.fp, elements, err);
    fputs("\n]\n", out.fp);
    if (rc == 0)
        return sb_outfile_commit(&out, err);
    sb_outfile_abort(&out);
    return rc;
}

static int copy_lines(const char *path, FILE *out, uint64_t *lines, struct sb_error *err)
{
    struct sb_map map;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    if (map.size && map.data[map.size - 1] != '\n') {
        rc = sb_error_set(err, SB_EFORMAT, "the last line is cut: expected a newline behind it");
        sb_error_file(err, path);
        sb_error_offset(err, (int64_t)map.size);
    } else if (map.size) {
        fwrite(map.data, 1, map.size, out); /* errors show at commit */
        for (const char *at = map.data; (at = memchr(at, '\n', map.data + map.size - at)); at++)
            (*lines)++;
    }
    sb_map_release(&map);
    return rc;
}

int sb_result_lines_merge(const char *const *paths, size_t count, const char *out_path,
                          uint64_t *lines, struct sb_error *err)
{
    struct sb_outfile out;
    int rc = sb_outfile_open(&out, out_path, err);
    if (rc)
        return rc;
    *lines = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = copy_lines(paths[i], out.fp, lines, err);
    if (rc == 0)
        return sb_outfile_commit(&out, err);
    sb_outfile_abort(&out);
    return rc;
}
