/* Panoptic annotations beside their PNGs, whose pixels hold segment ids as R + 256 G + 65536 B. */
#include "base/file.h"
#include "base/mem.h"
#include "datasets/coco_checker.h"
#include "datasets/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* A segment, as listed or as counted in the PNG. */
struct segment {
    int64_t id, area; /* area -1: not listed */
};

struct segments {
    struct segment *items; /* by id, owned */
    size_t count, capacity;
};

/* What a job found: one finding per PNG, the first. */
struct verdict {
    bool wrong;
    enum sb_finding kind;
    char text[256];
};

struct jobs {
    const struct sb_coco_checker *c;
    const struct sb_scan *scan;
    const char *dir;
    struct verdict *verdicts;
};

static int compare_segments(const void *a, const void *b)
{
    const int64_t x = ((const struct segment *)a)->id, y = ((const struct segment *)b)->id;
    return (x > y) - (x < y);
}

static int append(struct segments *s, int64_t id, int64_t area)
{
    if (sb_grow(&s->items, &s->capacity, s->count + 1, sizeof(*s->items), TAG))
        return SB_ENOMEM;
    s->items[s->count++] = (struct segment){id, area};
    return 0;
}

/* The listed segments; their syntax was checked before. */
static int read_listed(struct segments *out, struct sb_scan *s)
{
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("area"),
                                                SB_SCAN_NAMES_END};
    bool first = true;
    int more = 0, rc = sb_scan_open_array(s);
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0) {
        struct sb_scan_record rec = {.names = names};
        int64_t id = 0;
        double area = -1;
        int key = 0;
        rc = sb_scan_open_object(s, &rec);
        while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END)
            rc = key < 0    ? key
                 : key == 0 ? sb_scan_int(s, INT64_MIN / 1024, INT64_MAX / 1024, &id)
                 : key == 1 ? sb_scan_double(s, &area)
                            : sb_scan_skip(s);
        if (rc == 0)
            rc = append(out, id, area >= 0 && area < 1e15 ? (int64_t)area : -1);
    }
    if (out->count)
        qsort(out->items, out->count, sizeof(*out->items), compare_segments);
    return rc ? rc : more;
}

/* The segment of a pixel: red + 256 green + 65536 blue. */
static uint32_t id_at(const struct sb_image *image, size_t pixel)
{
    const uint8_t *const p = image->pixels + 3 * pixel;
    return p[0] + 256u * p[1] + 65536u * p[2];
}

/* The segments in the picture; id 0 is no segment. */
static int count_pixels(struct segments *out, const struct sb_image *image)
{
    const size_t n = (size_t)image->width * (size_t)image->height;
    int rc = 0;
    for (size_t i = 0, end; rc == 0 && i < n; i = end) { /* runs of one id */
        const uint32_t id = id_at(image, i);
        for (end = i + 1; end < n && id_at(image, end) == id; end++)
            ;
        if (id)
            rc = append(out, id, (int64_t)(end - i));
    }
    if (rc || out->count == 0)
        return rc;
    qsort(out->items, out->count, sizeof(*out->items), compare_segments);
    size_t last = 0;
    for (size_t i = 1; i < out->count; i++) {
        if (out->items[i].id == out->items[last].id)
            out->items[last].area += out->items[i].area;
        else
            out->items[++last] = out->items[i];
    }
    out->count = last + 1;
    return 0;
}

static void compare(const struct segments *listed, const struct segments *drawn, int64_t image_id,
                    struct verdict *v)
{
    size_t i = 0, k = 0;
    while (!v->wrong && (i < listed->count || k < drawn->count)) {
        const struct segment *const l = i < listed->count ? &listed->items[i] : NULL;
        const struct segment *const d = k < drawn->count ? &drawn->items[k] : NULL;
        v->wrong = true;
        if (l && (!d || l->id < d->id)) {
            snprintf(v->text, sizeof(v->text),
                     "image %" PRId64 ": segment %" PRId64 " is not in its PNG", image_id, l->id);
        } else if (d && (!l || d->id < l->id)) {
            snprintf(v->text, sizeof(v->text),
                     "image %" PRId64 ": %" PRId64 " pixels of segment %" PRId64
                     ", which is not listed",
                     image_id, d->area, d->id);
        } else if (l->area >= 0 && l->area != d->area) {
            snprintf(v->text, sizeof(v->text),
                     "image %" PRId64 ": segment %" PRId64 " has %" PRId64
                     " pixels, listed with %" PRId64,
                     image_id, l->id, d->area, l->area);
        } else {
            v->wrong = false;
            i++;
            k++;
        }
    }
}

static void look_at_picture(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct jobs *jobs = ctx;
    const struct sb_check_picture *const picture = &jobs->c->pictures[index];
    struct verdict *const v = &jobs->verdicts[index];
    struct segments listed = {NULL, 0, 0}, drawn = {NULL, 0, 0};
    struct sb_error err, scan_err;
    struct sb_image image = {0};
    struct sb_scan scan = sb_scan_at(jobs->scan, picture->segments);
    scan.err = &scan_err;
    char *const path = sb_path_join(jobs->dir, picture->file_name ? picture->file_name : "");
    v->kind = SB_FINDING_WRONG_SEGMENTS;
    if (!path || !sb_is_file(path)) {
        v->wrong = true;
        v->kind = SB_FINDING_MISSING_FILE;
        snprintf(v->text, sizeof(v->text), "image %" PRId64 ": %.200s", picture->image_id,
                 picture->file_name ? picture->file_name : "no file_name");
    } else if (sb_image_load(path, NULL, &image, &err)) {
        v->wrong = true;
        v->kind = SB_FINDING_BROKEN_FILE;
        snprintf(v->text, sizeof(v->text), "image %" PRId64 ": %.60s: %.150s", picture->image_id,
                 picture->file_name, err.message);
    } else if (read_listed(&listed, &scan) || count_pixels(&drawn, &image)) {
        v->wrong = true;
        snprintf(v->text, sizeof(v->text), "image %" PRId64 ": too large to compare",
                 picture->image_id);
    } else {
        compare(&listed, &drawn, picture->image_id, v);
    }
    sb_image_release(&image);
    sb_free(listed.items);
    sb_free(drawn.items);
    sb_free(path);
}

int sb_check_pictures(struct sb_coco_checker *c, const struct sb_scan *s, const char *dir,
                      struct sb_pool *pool, struct sb_error *err)
{
    struct jobs jobs = {c, s, dir, NULL};
    jobs.verdicts = sb_calloc(c->num_pictures + 1, sizeof(*jobs.verdicts), TAG);
    if (!jobs.verdicts)
        return sb_error_nomem(err, "segments", c->num_pictures * sizeof(*jobs.verdicts));
    sb_pool_run(pool, c->num_pictures, look_at_picture, &jobs);
    for (size_t i = 0; i < c->num_pictures; i++) {
        if (!jobs.verdicts[i].wrong)
            continue;
        sb_str_puts(&c->text, jobs.verdicts[i].text);
        sb_check_report(c, jobs.verdicts[i].kind);
    }
    sb_free(jobs.verdicts);
    return 0;
}
