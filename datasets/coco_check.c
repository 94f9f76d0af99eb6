/*
 * The images and ids, then the annotations (coco_check_annotations.c), then the files
 * (file_check.c, coco_check_pictures.c). See coco_check.h.
 */
#include "datasets/coco_check.h"

#include "base/file.h"
#include "base/mem.h"
#include "datasets/coco_checker.h"
#include "datasets/file_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static const char *const names[SB_FINDINGS] = {
    [SB_FINDING_MISSING_FILE] = "missing image file",
    [SB_FINDING_BROKEN_FILE] = "broken image file",
    [SB_FINDING_WRONG_SIZE] = "image size differs",
    [SB_FINDING_DUPLICATE_IMAGE] = "image listed twice",
    [SB_FINDING_DUPLICATE_CATEGORY] = "category id used twice",
    [SB_FINDING_DUPLICATE_ID] = "annotation id used twice",
    [SB_FINDING_UNKNOWN_IMAGE] = "unknown image",
    [SB_FINDING_UNKNOWN_CATEGORY] = "unknown category",
    [SB_FINDING_EMPTY_BOX] = "empty box",
    [SB_FINDING_BOX_OUTSIDE] = "box outside of its image",
    [SB_FINDING_DEGENERATE_POLYGON] = "degenerate polygon",
    [SB_FINDING_BROKEN_MASK] = "broken mask",
    [SB_FINDING_WRONG_KEYPOINTS] = "wrong keypoints",
    [SB_FINDING_WRONG_SEGMENTS] = "segments differ from their PNG",
    [SB_FINDING_NO_LABEL] = "image without a label",
    [SB_FINDING_UNUSED_CATEGORY] = "unused category",
};

const char *sb_finding_name(enum sb_finding kind)
{
    return names[kind];
}

void sb_check_report(struct sb_coco_checker *c, enum sb_finding kind)
{
    c->out->findings[kind]++;
    if (c->found)
        c->found(c->ctx, kind, sb_str_text(&c->text));
    sb_str_clear(&c->text);
}

static int compare_keys(const void *a, const void *b)
{
    const struct sb_check_key *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

const struct sb_check_key *sb_check_find(const struct sb_check_key *keys, size_t count, int64_t id)
{
    const struct sb_check_key wanted = {id, 0};
    return bsearch(&wanted, keys, count, sizeof(*keys), compare_keys);
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void sb_check_distinct(struct sb_coco_checker *c, const char *what)
{
    if (c->num_ids)
        qsort(c->ids, c->num_ids, sizeof(*c->ids), compare_ids);
    for (size_t i = 1; i < c->num_ids; i++) {
        if (c->ids[i] != c->ids[i - 1])
            continue;
        sb_str_printf(&c->text, "%s %" PRId64, what, c->ids[i]);
        sb_check_report(c, SB_FINDING_DUPLICATE_ID);
    }
    c->num_ids = 0;
}

/* Equal neighbours among sorted keys. */
static void check_keys(struct sb_coco_checker *c, const struct sb_check_key *keys, size_t count,
                       const char *what, enum sb_finding kind)
{
    for (size_t i = 1; i < count; i++) {
        if (keys[i].id != keys[i - 1].id)
            continue;
        sb_str_printf(&c->text, "%s %" PRId64, what, keys[i].id);
        sb_check_report(c, kind);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct sb_coco_image *const *x = a, *const *y = b;
    return strcmp((*x)->file_name, (*y)->file_name);
}

/* Two ids for one file. */
static int check_file_names(struct sb_coco_checker *c, struct sb_error *err)
{
    const struct sb_coco_images *set = &c->out->set;
    const struct sb_coco_image **sorted = sb_calloc(set->num_images + 1, sizeof(*sorted), TAG);
    if (!sorted)
        return sb_error_nomem(err, "file names", set->num_images * sizeof(*sorted));
    for (size_t i = 0; i < set->num_images; i++)
        sorted[i] = &set->images[i];
    qsort(sorted, set->num_images, sizeof(*sorted), compare_names);
    for (size_t i = 1; i < set->num_images; i++) {
        if (compare_names(&sorted[i], &sorted[i - 1]) != 0 || sorted[i]->id == sorted[i - 1]->id)
            continue;
        sb_str_printf(&c->text, "images %" PRId64 " and %" PRId64 ": %s", sorted[i - 1]->id,
                      sorted[i]->id, sorted[i]->file_name);
        sb_check_report(c, SB_FINDING_DUPLICATE_IMAGE);
    }
    sb_free(sorted);
    return 0;
}

static int compare_sizes(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

void sb_spread_of(size_t *sizes, size_t count, struct sb_spread *out)
{
    *out = (struct sb_spread){0, 0, 0};
    if (!count)
        return;
    qsort(sizes, count, sizeof(*sizes), compare_sizes);
    *out = (struct sb_spread){sizes[0], sizes[count / 2], sizes[count - 1]};
}

static int measure_categories(struct sb_coco_stats *out, struct sb_error *err)
{
    const size_t n = out->set.num_categories;
    size_t *const sizes = sb_calloc(n + 1, sizeof(*sizes), TAG);
    if (!sizes)
        return sb_error_nomem(err, "categories", n * sizeof(*sizes));
    for (size_t i = 0; i < n; i++)
        sizes[i] = out->per_category[i].annotations;
    sb_spread_of(sizes, n, &out->category_sizes);
    sb_free(sizes);
    return 0;
}

/* What only shows once all annotations are read. */
static void check_totals(struct sb_coco_checker *c)
{
    struct sb_coco_stats *out = c->out;
    sb_check_distinct(c, "annotation");
    for (size_t i = 0; i < out->set.num_categories; i++) {
        if (out->per_category[i].annotations || out->all.annotations == 0)
            continue;
        sb_str_printf(&c->text, "category %" PRId64 " (%s)", out->set.categories[i].id,
                      out->set.categories[i].name);
        sb_check_report(c, SB_FINDING_UNUSED_CATEGORY);
    }
    for (size_t i = 0; i < out->set.num_images; i++) {
        const size_t n = c->per_image[i];
        int bin = 0;
        while (bin + 1 < SB_CROWDING_BINS && n > sb_crowding_limits[bin])
            bin++;
        out->crowding[bin]++;
    }
}

const size_t sb_crowding_limits[SB_CROWDING_BINS] = {0, 1, 4, 9, 19, 49, SIZE_MAX};

static void report_file(struct sb_coco_checker *c, const struct sb_coco_image *image,
                        const struct sb_file_state *state)
{
    const bool differs = image->width > 0 && state->verdict == SB_FILE_GOOD &&
                         (state->width != image->width || state->height != image->height);
    if (state->verdict == SB_FILE_GOOD && !differs)
        return;
    sb_str_printf(&c->text, "image %" PRId64 ": %s", image->id, image->file_name);
    if (state->verdict == SB_FILE_BROKEN)
        sb_str_printf(&c->text, ": %s", state->why);
    else if (differs)
        sb_str_printf(&c->text, " has %d x %d pixels, listed as %d x %d", state->width,
                      state->height, image->width, image->height);
    sb_check_report(c, differs                             ? SB_FINDING_WRONG_SIZE
                       : state->verdict == SB_FILE_MISSING ? SB_FINDING_MISSING_FILE
                                                           : SB_FINDING_BROKEN_FILE);
}

static int check_files(struct sb_coco_checker *c, const char *dir, struct sb_pool *pool,
                       struct sb_error *err)
{
    const struct sb_coco_images *set = &c->out->set;
    struct sb_image_list list;
    struct sb_file_state *states = NULL;
    int rc = sb_image_list_from_coco(&list, set, dir, err);
    if (rc)
        return rc;
    rc = sb_files_check(&list, pool, &states, err);
    for (size_t i = 0; rc == 0 && i < set->num_images; i++)
        report_file(c, &set->images[i], &states[i]);
    sb_free(states);
    sb_image_list_release(&list);
    return rc;
}

static int prepare(struct sb_coco_checker *c, struct sb_error *err)
{
    const struct sb_coco_images *set = &c->out->set;
    c->images = sb_calloc(set->num_images + 1, sizeof(*c->images), TAG);
    c->categories = sb_calloc(set->num_categories + 1, sizeof(*c->categories), TAG);
    c->per_image = sb_calloc(set->num_images + 1, sizeof(*c->per_image), TAG);
    c->out->per_category = sb_calloc(set->num_categories + 1, sizeof(*c->out->per_category), TAG);
    if (!c->images || !c->categories || !c->per_image || !c->out->per_category)
        return sb_error_nomem(err, "ids", set->num_images * sizeof(*c->images));
    for (size_t i = 0; i < set->num_images; i++)
        c->images[i] = (struct sb_check_key){set->images[i].id, i};
    for (size_t i = 0; i < set->num_categories; i++)
        c->categories[i] = (struct sb_check_key){set->categories[i].id, i};
    qsort(c->images, set->num_images, sizeof(*c->images), compare_keys);
    qsort(c->categories, set->num_categories, sizeof(*c->categories), compare_keys);
    check_keys(c, c->images, set->num_images, "image", SB_FINDING_DUPLICATE_IMAGE);
    check_keys(c, c->categories, set->num_categories, "category", SB_FINDING_DUPLICATE_CATEGORY);
    return check_file_names(c, err);
}

static int check_text(struct sb_coco_checker *c, const char *path, const char *segments_dir,
                      struct sb_pool *pool, struct sb_error *err)
{
    struct sb_map map;
    struct sb_scan scan;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = sb_scan_init(&scan, map.data, map.size, path, err);
    if (rc == 0)
        rc = sb_check_annotations(c, &scan);
    if (rc == 0)
        rc = measure_categories(c->out, err);
    if (rc == 0)
        check_totals(c);
    if (rc == 0 && segments_dir)
        rc = sb_check_pictures(c, &scan, segments_dir, pool, err);
    sb_map_release(&map);
    return rc;
}

static void release(struct sb_coco_checker *c)
{
    for (size_t i = 0; i < c->num_pictures; i++)
        sb_free(c->pictures[i].file_name);
    sb_free(c->pictures);
    sb_free(c->images);
    sb_free(c->categories);
    sb_free(c->per_image);
    sb_free(c->ids);
    sb_rle_code_release(&c->code);
    sb_rle_release(&c->mask);
    sb_str_release(&c->text);
}

int sb_coco_check(const char *path, const struct sb_check_folders *folders, struct sb_pool *pool,
                  sb_finding_fn found, void *ctx, struct sb_coco_stats *out, struct sb_error *err)
{
    static const struct sb_check_folders none = {NULL, NULL};
    const struct sb_check_folders *const dirs = folders ? folders : &none;
    memset(out, 0, sizeof(*out));
    struct sb_coco_checker c = {.out = out, .found = found, .ctx = ctx};
    int rc = sb_coco_images_read(path, &out->set, err);
    if (rc == 0 && out->set.num_images == 0) {
        rc = sb_error_set(err, SB_EFORMAT, "lists no image");
        sb_error_file(err, path);
    }
    if (rc == 0)
        rc = prepare(&c, err);
    if (rc == 0)
        rc = check_text(&c, path, dirs->segments, pool, err);
    if (rc == 0 && dirs->images)
        rc = check_files(&c, dirs->images, pool, err);
    if (rc == 0 && c.text.failed)
        rc = sb_error_nomem(err, "a finding", 0);
    release(&c);
    if (rc)
        sb_coco_stats_release(out);
    return rc;
}

void sb_coco_stats_release(struct sb_coco_stats *stats)
{
    sb_coco_images_release(&stats->set);
    sb_free(stats->per_category);
    memset(stats, 0, sizeof(*stats));
}
