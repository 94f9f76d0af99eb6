/*
 * One pass of the streaming scanner over the annotations, then the files. See coco_check.h.
 */
#include "datasets/coco_check.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/mem.h"
#include "datasets/image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TAG        SB_MEM_TAG(SB_MEM_DATA, 0)
#define SLACK      0.5 /* pixels that a box may reach out: rounding of other tools */
#define MAX_ID     (INT64_MAX / 1024)
#define SMALL_AREA (32.0 * 32.0)
#define LARGE_AREA (96.0 * 96.0)

static const char *const names[SB_FINDINGS] = {
    [SB_FINDING_MISSING_FILE] = "missing image file",
    [SB_FINDING_BROKEN_FILE] = "broken image file",
    [SB_FINDING_WRONG_SIZE] = "image size differs",
    [SB_FINDING_DUPLICATE_ID] = "annotation id used twice",
    [SB_FINDING_UNKNOWN_IMAGE] = "unknown image",
    [SB_FINDING_UNKNOWN_CATEGORY] = "unknown category",
    [SB_FINDING_EMPTY_BOX] = "empty box",
    [SB_FINDING_BOX_OUTSIDE] = "box outside of its image",
    [SB_FINDING_DEGENERATE_POLYGON] = "degenerate polygon",
    [SB_FINDING_UNUSED_CATEGORY] = "unused category",
};

const char *sb_finding_name(enum sb_finding kind)
{
    return names[kind];
}

/* An id and where it stands in its list, for looking up. */
struct key {
    int64_t id;
    size_t index;
};

struct annotation {
    int64_t id, image_id, category_id;
    double box[4], area;
    bool has_box, has_area, crowd;
};

struct checker {
    struct sb_coco_stats *out;
    sb_finding_fn found;
    void *ctx;
    struct key *images, *categories; /* sorted by id */
    size_t *per_image;
    int64_t *ids; /* of annotations, in file order */
    size_t ids_capacity;
    struct sb_str text;
};

static void report(struct checker *c, enum sb_finding kind)
{
    c->out->findings[kind]++;
    if (c->found)
        c->found(c->ctx, kind, sb_str_text(&c->text));
    sb_str_clear(&c->text);
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static const struct key *find(const struct key *keys, size_t count, int64_t id)
{
    const struct key wanted = {id, 0};
    return bsearch(&wanted, keys, count, sizeof(*keys), compare_keys);
}

/* One polygon: [x, y, x, y, ...]. */
static int check_polygon(struct checker *c, struct sb_scan *s, int64_t id)
{
    bool first = true;
    size_t count = 0;
    double lo[2] = {0, 0}, hi[2] = {0, 0}, value = 0;
    int more = 0, rc = sb_scan_open_array(s);
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0) {
        rc = sb_scan_double(s, &value);
        const size_t axis = count % 2;
        lo[axis] = count < 2 || value < lo[axis] ? value : lo[axis];
        hi[axis] = count < 2 || value > hi[axis] ? value : hi[axis];
        count++;
    }
    if (rc || more < 0)
        return rc ? rc : more;
    if (count % 2 || count < 6 || hi[0] <= lo[0] || hi[1] <= lo[1]) {
        sb_str_printf(&c->text, "annotation %" PRId64 ": polygon of %zu numbers, %g x %g pixels",
                      id, count, hi[0] - lo[0], hi[1] - lo[1]);
        report(c, SB_FINDING_DEGENERATE_POLYGON);
    }
    return 0;
}

static int check_polygons(struct checker *c, struct sb_scan *s, int64_t id)
{
    bool first = true;
    int more = 0, rc = sb_scan_open_array(s);
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0)
        rc = sb_scan_peek(s) == SB_SCAN_ARRAY ? check_polygon(c, s, id) : sb_scan_skip(s);
    return rc ? rc : more;
}

enum { ID, IMAGE_ID, CATEGORY_ID, BOX, AREA, CROWD, SEGMENTATION };
static const struct sb_scan_name annotation_names[] = {
    SB_SCAN_NAME("id"),           SB_SCAN_NAME("image_id"), SB_SCAN_NAME("category_id"),
    SB_SCAN_NAME("bbox"),         SB_SCAN_NAME("area"),     SB_SCAN_NAME("iscrowd"),
    SB_SCAN_NAME("segmentation"), SB_SCAN_NAMES_END};

static int read_member(struct sb_scan *s, int key, struct annotation *a, const char **polygons)
{
    double crowd = 0;
    int rc = 0;
    switch (key) {
    case ID:
        return sb_scan_int(s, -MAX_ID, MAX_ID, &a->id);
    case IMAGE_ID:
        return sb_scan_int(s, -MAX_ID, MAX_ID, &a->image_id);
    case CATEGORY_ID:
        return sb_scan_int(s, -MAX_ID, MAX_ID, &a->category_id);
    case BOX:
        a->has_box = true;
        return sb_scan_doubles(s, a->box, 4);
    case AREA:
        a->has_area = true;
        return sb_scan_double(s, &a->area);
    case CROWD:
        rc = sb_scan_double(s, &crowd);
        a->crowd = crowd != 0;
        return rc;
    case SEGMENTATION:
        *polygons = sb_scan_peek(s) == SB_SCAN_ARRAY ? s->pos : NULL;
        return sb_scan_skip(s);
    default:
        return key < 0 ? key : sb_scan_skip(s);
    }
}

static void check_box(struct checker *c, const struct annotation *a,
                      const struct sb_coco_image *image)
{
    const double *b = a->box;
    sb_str_printf(&c->text, "annotation %" PRId64 ": box [%g, %g, %g, %g]", a->id, b[0], b[1], b[2],
                  b[3]);
    if (!(b[2] > 0 && b[3] > 0)) {
        report(c, SB_FINDING_EMPTY_BOX);
        return;
    }
    struct sb_coco_stats *out = c->out;
    const double shorter = b[2] < b[3] ? b[2] : b[3], longer = b[2] < b[3] ? b[3] : b[2];
    if (out->longest_side == 0 || shorter < out->shortest_side)
        out->shortest_side = shorter;
    out->longest_side = longer > out->longest_side ? longer : out->longest_side;
    if (image && image->width && image->height &&
        (b[0] < -SLACK || b[1] < -SLACK || b[0] + b[2] > image->width + SLACK ||
         b[1] + b[3] > image->height + SLACK)) {
        sb_str_printf(&c->text, " in an image of %d x %d pixels", image->width, image->height);
        report(c, SB_FINDING_BOX_OUTSIDE);
    }
    sb_str_clear(&c->text);
}

static void count_size(struct sb_coco_stats *out, const struct annotation *a)
{
    const double area = a->has_area ? a->area : a->box[2] * a->box[3];
    out->crowds += a->crowd;
    if (a->crowd)
        return;
    if (area < SMALL_AREA)
        out->small++;
    else if (area <= LARGE_AREA)
        out->medium++;
    else
        out->large++;
}

static int take_annotation(struct checker *c, const struct annotation *a)
{
    struct sb_coco_stats *out = c->out;
    if (sb_grow(&c->ids, &c->ids_capacity, out->annotations + 1, sizeof(*c->ids), TAG))
        return SB_ENOMEM;
    c->ids[out->annotations++] = a->id;
    const struct key *image = find(c->images, out->set.num_images, a->image_id);
    const struct key *category = find(c->categories, out->set.num_categories, a->category_id);
    if (image) {
        const size_t n = ++c->per_image[image->index];
        out->most_per_image = n > out->most_per_image ? n : out->most_per_image;
    } else {
        sb_str_printf(&c->text, "annotation %" PRId64 ": image %" PRId64, a->id, a->image_id);
        report(c, SB_FINDING_UNKNOWN_IMAGE);
    }
    if (category) {
        out->per_category[category->index]++;
    } else {
        sb_str_printf(&c->text, "annotation %" PRId64 ": category %" PRId64, a->id, a->category_id);
        report(c, SB_FINDING_UNKNOWN_CATEGORY);
    }
    if (a->has_box)
        check_box(c, a, image ? &out->set.images[image->index] : NULL);
    if (a->has_box || a->has_area)
        count_size(out, a);
    return 0;
}

static int check_annotation(struct checker *c, struct sb_scan *s)
{
    struct sb_scan_record rec = {.names = annotation_names};
    struct annotation a = {0};
    const char *const at = s->pos, *polygons = NULL;
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END)
        rc = read_member(s, key, &a, &polygons);
    if (rc == 0)
        rc = sb_scan_require(s, &rec, ID, at);
    if (rc == 0)
        rc = sb_scan_require(s, &rec, IMAGE_ID, at);
    if (rc == 0)
        rc = sb_scan_require(s, &rec, CATEGORY_ID, at);
    if (rc == 0 && take_annotation(c, &a))
        rc = sb_error_nomem(s->err, "annotations", c->ids_capacity * sizeof(*c->ids));
    if (rc == 0 && polygons) {
        struct sb_scan again = sb_scan_at(s, polygons);
        rc = check_polygons(c, &again, a.id);
    }
    return rc;
}

static int check_array(struct checker *c, struct sb_scan *s)
{
    bool first = true;
    int more = 0, rc = sb_scan_open_array(s);
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0)
        rc = check_annotation(c, s);
    return rc ? rc : more;
}

static int check_document(struct checker *c, struct sb_scan *s)
{
    static const struct sb_scan_name top_names[] = {SB_SCAN_NAME("annotations"), SB_SCAN_NAMES_END};
    struct sb_scan_record rec = {.names = top_names};
    const char *const at = s->pos;
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END)
        rc = key < 0 ? key : key == 0 ? check_array(c, s) : sb_scan_skip(s);
    return rc ? rc : sb_scan_require(s, &rec, 0, at);
}

/* What only shows once all annotations are read. */
static void check_totals(struct checker *c)
{
    struct sb_coco_stats *out = c->out;
    if (out->annotations)
        qsort(c->ids, out->annotations, sizeof(*c->ids), compare_ids);
    for (size_t i = 1; i < out->annotations; i++) {
        if (c->ids[i] != c->ids[i - 1])
            continue;
        sb_str_printf(&c->text, "annotation %" PRId64, c->ids[i]);
        report(c, SB_FINDING_DUPLICATE_ID);
    }
    for (size_t i = 0; i < out->set.num_categories; i++) {
        if (out->per_category[i])
            continue;
        sb_str_printf(&c->text, "category %" PRId64 " (%s)", out->set.categories[i].id,
                      out->set.categories[i].name);
        report(c, SB_FINDING_UNUSED_CATEGORY);
    }
    for (size_t i = 0; i < out->set.num_images; i++)
        out->empty_images += c->per_image[i] == 0;
}

/* What a job learnt of one image file. */
struct file_state {
    enum { GOOD, MISSING, BROKEN, WRONG_SIZE } state;
    int width, height;
    char why[200];
};

struct file_jobs {
    const struct sb_coco_images *set;
    const char *dir;
    struct file_state *states;
};

static void look_at_file(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct file_jobs *jobs = ctx;
    const struct sb_coco_image *listed = &jobs->set->images[index];
    struct file_state *state = &jobs->states[index];
    struct sb_image image;
    struct sb_error err;
    char *path = sb_path_join(jobs->dir, listed->file_name);
    if (!path || !sb_is_file(path)) {
        state->state = MISSING;
    } else if (sb_image_load(path, NULL, &image, &err)) {
        state->state = BROKEN;
        snprintf(state->why, sizeof(state->why), "%.*s", (int)sizeof(state->why) - 1, err.message);
    } else {
        state->width = image.width;
        state->height = image.height;
        if (listed->width && (image.width != listed->width || image.height != listed->height))
            state->state = WRONG_SIZE;
        sb_image_release(&image);
    }
    sb_free(path);
}

static void report_file(struct checker *c, const struct sb_coco_image *image,
                        const struct file_state *state)
{
    if (state->state == GOOD)
        return;
    sb_str_printf(&c->text, "image %" PRId64 ": %s", image->id, image->file_name);
    if (state->state == BROKEN)
        sb_str_printf(&c->text, ": %s", state->why);
    else if (state->state == WRONG_SIZE)
        sb_str_printf(&c->text, " has %d x %d pixels, listed as %d x %d", state->width,
                      state->height, image->width, image->height);
    report(c, state->state == MISSING  ? SB_FINDING_MISSING_FILE
              : state->state == BROKEN ? SB_FINDING_BROKEN_FILE
                                       : SB_FINDING_WRONG_SIZE);
}

static int check_files(struct checker *c, const char *dir, struct sb_pool *pool,
                       struct sb_error *err)
{
    const struct sb_coco_images *set = &c->out->set;
    struct file_jobs jobs = {set, dir, NULL};
    jobs.states = sb_calloc(set->num_images + 1, sizeof(*jobs.states), TAG);
    if (!jobs.states)
        return sb_error_nomem(err, "the files", set->num_images * sizeof(*jobs.states));
    sb_pool_run(pool, set->num_images, look_at_file, &jobs);
    for (size_t i = 0; i < set->num_images; i++)
        report_file(c, &set->images[i], &jobs.states[i]);
    sb_free(jobs.states);
    return 0;
}

static int prepare(struct checker *c, struct sb_error *err)
{
    const struct sb_coco_images *set = &c->out->set;
    c->images = sb_calloc(set->num_images + 1, sizeof(*c->images), TAG);
    c->categories = sb_calloc(set->num_categories + 1, sizeof(*c->categories), TAG);
    c->per_image = sb_calloc(set->num_images + 1, sizeof(*c->per_image), TAG);
    c->out->per_category = sb_calloc(set->num_categories + 1, sizeof(size_t), TAG);
    if (!c->images || !c->categories || !c->per_image || !c->out->per_category)
        return sb_error_nomem(err, "ids", set->num_images * sizeof(*c->images));
    for (size_t i = 0; i < set->num_images; i++)
        c->images[i] = (struct key){set->images[i].id, i};
    for (size_t i = 0; i < set->num_categories; i++)
        c->categories[i] = (struct key){set->categories[i].id, i};
    qsort(c->images, set->num_images, sizeof(*c->images), compare_keys);
    qsort(c->categories, set->num_categories, sizeof(*c->categories), compare_keys);
    return 0;
}

static int check_annotations(struct checker *c, const char *path, struct sb_error *err)
{
    struct sb_map map;
    struct sb_scan scan;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    rc = sb_scan_init(&scan, map.data, map.size, path, err);
    if (rc == 0)
        rc = check_document(c, &scan);
    sb_map_release(&map);
    return rc;
}

int sb_coco_check(const char *path, const char *images_dir, struct sb_pool *pool,
                  sb_finding_fn found, void *ctx, struct sb_coco_stats *out, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    struct checker c = {.out = out, .found = found, .ctx = ctx};
    int rc = sb_coco_images_load(path, &out->set, err);
    if (rc == 0)
        rc = prepare(&c, err);
    if (rc == 0)
        rc = check_annotations(&c, path, err);
    if (rc == 0)
        check_totals(&c);
    if (rc == 0 && images_dir)
        rc = check_files(&c, images_dir, pool, err);
    if (rc == 0 && c.text.failed)
        rc = sb_error_nomem(err, "a finding", 0);
    sb_free(c.images);
    sb_free(c.categories);
    sb_free(c.per_image);
    sb_free(c.ids);
    sb_str_release(&c.text);
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
