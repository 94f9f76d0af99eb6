/* What coco_check.h finds in annotations, in one pass of the streaming scanner. */
#include "base/mem.h"
#include "datasets/coco_checker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TAG        SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_ID     (INT64_MAX / 1024)
#define SMALL_AREA (32.0 * 32.0)
#define LARGE_AREA (96.0 * 96.0)

/* An annotation, or a segment of a panoptic one. The positions are those of JSON values, or NULL.
 */
struct annotation {
    int64_t id, image_id, category_id, num_keypoints;
    double box[4], area;
    bool has_box, has_area, crowd, has_count, is_segment;
    const char *segmentation, *keypoints, *segments;
    struct sb_scan_text file_name;
};

/* Starts a finding's text with what it is about. */
static void name(struct sb_coco_checker *c, const struct annotation *a)
{
    if (a->is_segment)
        sb_str_printf(&c->text, "image %" PRId64 ": segment %" PRId64, a->image_id, a->id);
    else
        sb_str_printf(&c->text, "annotation %" PRId64, a->id);
}

/* One polygon: [x, y, x, y, ...]. */
static int check_polygon(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a)
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
        name(c, a);
        sb_str_printf(&c->text, ": polygon of %zu numbers, %g x %g pixels", count, hi[0] - lo[0],
                      hi[1] - lo[1]);
        sb_check_report(c, SB_FINDING_DEGENERATE_POLYGON);
    }
    return 0;
}

static int check_polygons(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a)
{
    bool first = true;
    int more = 0, rc = sb_scan_open_array(s);
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0)
        rc = sb_scan_peek(s) == SB_SCAN_ARRAY ? check_polygon(c, s, a) : sb_scan_skip(s);
    return rc ? rc : more;
}

/* {"size": [h, w], "counts": ...}: runs that fill the image. */
static int check_mask(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a,
                      const struct sb_coco_image *image)
{
    struct sb_error fault;
    int rc = sb_rle_scan(s, &c->code);
    if (rc)
        return rc;
    rc = sb_rle_from_code(&c->mask, &c->code, &fault);
    if (rc == SB_ENOMEM)
        return sb_error_nomem(s->err, "a mask", c->code.run_count * sizeof(uint32_t));
    const bool sized = image && image->width && image->height;
    if (rc) {
        name(c, a);
        sb_str_printf(&c->text, ": %s", fault.message);
        sb_check_report(c, SB_FINDING_BROKEN_MASK);
    } else if (sized &&
               (c->code.h != (uint32_t)image->height || c->code.w != (uint32_t)image->width)) {
        name(c, a);
        sb_str_printf(&c->text, ": mask of %u x %u pixels in an image of %d x %d", c->code.w,
                      c->code.h, image->width, image->height);
        sb_check_report(c, SB_FINDING_BROKEN_MASK);
    }
    return 0;
}

/* What is wrong with x, y, v of one keypoint; NULL if nothing is. */
static const char *keypoint_fault(const double *point, const struct sb_coco_image *image)
{
    const double x = point[0], y = point[1], v = point[2];
    if (v != 0 && v != 1 && v != 2)
        return "has a visibility that is not 0, 1 or 2";
    const bool bounded = image && image->width && image->height && v > 0;
    if (bounded && !(x >= -SB_CHECK_SLACK && y >= -SB_CHECK_SLACK &&
                     x <= image->width + SB_CHECK_SLACK && y <= image->height + SB_CHECK_SLACK))
        return "lies outside of its image";
    return NULL;
}

/* [x, y, v, x, y, v, ...]: one finding per annotation, the first. Of num_keypoints evaluators ask
 * only whether it is 0, and CrowdPose counts otherwise than COCO. */
static int check_keypoints(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a,
                           const struct sb_coco_image *image)
{
    double *values = NULL;
    size_t capacity = 0, count = 0;
    int64_t labelled = 0;
    const int rc = sb_scan_all_doubles(s, &values, &capacity, &count);
    const char *fault = NULL;
    for (size_t i = 0; rc == 0 && i + 3 <= count; i += 3) {
        labelled += values[i + 2] > 0;
        if (!fault && (fault = keypoint_fault(values + i, image)) != NULL) {
            name(c, a);
            sb_str_printf(&c->text, ": keypoint %zu %s", i / 3 + 1, fault);
        }
    }
    if (rc == 0 && !fault && count % 3) {
        name(c, a);
        sb_str_printf(&c->text, ": %zu numbers, expected three per keypoint", count);
    } else if (rc == 0 && !fault && a->has_count && (labelled > 0) != (a->num_keypoints > 0)) {
        name(c, a);
        sb_str_printf(&c->text, ": %" PRId64 " labelled keypoints, num_keypoints is %" PRId64,
                      labelled, a->num_keypoints);
    }
    if (c->text.length)
        sb_check_report(c, SB_FINDING_WRONG_KEYPOINTS);
    sb_free(values);
    return rc;
}

enum {
    ID,
    IMAGE_ID,
    CATEGORY_ID,
    BOX,
    AREA,
    CROWD,
    SEGMENTATION,
    KEYPOINTS,
    NUM_KEYPOINTS,
    FILE_NAME,
    SEGMENTS
};
static const struct sb_scan_name annotation_names[] = {
    SB_SCAN_NAME("id"),           SB_SCAN_NAME("image_id"),      SB_SCAN_NAME("category_id"),
    SB_SCAN_NAME("bbox"),         SB_SCAN_NAME("area"),          SB_SCAN_NAME("iscrowd"),
    SB_SCAN_NAME("segmentation"), SB_SCAN_NAME("keypoints"),     SB_SCAN_NAME("num_keypoints"),
    SB_SCAN_NAME("file_name"),    SB_SCAN_NAME("segments_info"), SB_SCAN_NAMES_END};

/* Remembers where an array stands and passes over it. */
static int keep_array(struct sb_scan *s, const char **at)
{
    *at = sb_scan_peek(s) == SB_SCAN_ARRAY ? s->pos : NULL;
    return sb_scan_skip(s);
}

/* The same of an array or object. */
static int keep_segmentation(struct sb_scan *s, const char **at)
{
    if (sb_scan_peek(s) != SB_SCAN_OBJECT)
        return keep_array(s, at);
    *at = s->pos;
    return sb_scan_skip(s);
}

static int read_member(struct sb_scan *s, int key, struct annotation *a)
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
        return keep_segmentation(s, &a->segmentation);
    case KEYPOINTS:
        return keep_array(s, &a->keypoints);
    case NUM_KEYPOINTS:
        a->has_count = true;
        return sb_scan_int(s, -MAX_ID, MAX_ID, &a->num_keypoints);
    case FILE_NAME:
        return sb_scan_string(s, &a->file_name);
    case SEGMENTS:
        return keep_array(s, &a->segments);
    default:
        return key < 0 ? key : sb_scan_skip(s);
    }
}

static void check_box(struct sb_coco_checker *c, const struct annotation *a,
                      const struct sb_coco_image *image)
{
    const double *b = a->box;
    name(c, a);
    sb_str_printf(&c->text, ": box [%g, %g, %g, %g]", b[0], b[1], b[2], b[3]);
    if (!(b[2] > 0 && b[3] > 0)) {
        sb_check_report(c, SB_FINDING_EMPTY_BOX);
        return;
    }
    struct sb_coco_stats *out = c->out;
    const double shorter = b[2] < b[3] ? b[2] : b[3], longer = b[2] < b[3] ? b[3] : b[2];
    if (out->longest_side == 0 || shorter < out->shortest_side)
        out->shortest_side = shorter;
    out->longest_side = longer > out->longest_side ? longer : out->longest_side;
    if (image && image->width && image->height &&
        (b[0] < -SB_CHECK_SLACK || b[1] < -SB_CHECK_SLACK ||
         b[0] + b[2] > image->width + SB_CHECK_SLACK ||
         b[1] + b[3] > image->height + SB_CHECK_SLACK)) {
        sb_str_printf(&c->text, " in an image of %d x %d pixels", image->width, image->height);
        sb_check_report(c, SB_FINDING_BOX_OUTSIDE);
    }
    sb_str_clear(&c->text);
}

static void count_size(struct sb_coco_counts *counts, const struct annotation *a)
{
    const double area = a->has_area ? a->area : a->box[2] * a->box[3];
    if (a->crowd)
        counts->crowds++;
    else if (!a->has_box && !a->has_area)
        return;
    else if (area < SMALL_AREA)
        counts->small++;
    else if (area <= LARGE_AREA)
        counts->medium++;
    else
        counts->large++;
}

/* Counts it, and checks what does not need the text again. */
static int take_annotation(struct sb_coco_checker *c, const struct annotation *a,
                           const struct sb_check_key *image)
{
    struct sb_coco_stats *out = c->out;
    if (sb_grow(&c->ids, &c->ids_capacity, c->num_ids + 1, sizeof(*c->ids), TAG))
        return SB_ENOMEM;
    c->ids[c->num_ids++] = a->id;
    out->all.annotations++;
    const struct sb_check_key *category =
        sb_check_find(c->categories, out->set.num_categories, a->category_id);
    if (image) {
        const size_t n = ++c->per_image[image->index];
        out->most_per_image = n > out->most_per_image ? n : out->most_per_image;
    } else {
        name(c, a);
        sb_str_printf(&c->text, ": image %" PRId64, a->image_id);
        sb_check_report(c, SB_FINDING_UNKNOWN_IMAGE);
    }
    if (category) {
        out->per_category[category->index].annotations++;
        count_size(&out->per_category[category->index], a);
    } else {
        name(c, a);
        sb_str_printf(&c->text, ": category %" PRId64, a->category_id);
        sb_check_report(c, SB_FINDING_UNKNOWN_CATEGORY);
    }
    if (a->has_box)
        check_box(c, a, image ? &out->set.images[image->index] : NULL);
    count_size(&out->all, a);
    return 0;
}

static int check_lists(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a,
                       const struct sb_check_key *image)
{
    int rc = 0;
    const struct sb_coco_image *const of = image ? &c->out->set.images[image->index] : NULL;
    if (a->segmentation) {
        struct sb_scan again = sb_scan_at(s, a->segmentation);
        rc = sb_scan_peek(&again) == SB_SCAN_ARRAY ? check_polygons(c, &again, a)
                                                   : check_mask(c, &again, a, of);
    }
    if (rc == 0 && a->keypoints) {
        struct sb_scan again = sb_scan_at(s, a->keypoints);
        rc = check_keypoints(c, &again, a, of);
    }
    return rc;
}

/* An annotation, or a segment of panoptic annotation `whole`. */
static int read_annotation(struct sb_scan *s, const struct annotation *whole, struct annotation *a)
{
    struct sb_scan_record rec = {.names = annotation_names};
    const char *const at = s->pos;
    int key = 0, rc = sb_scan_open_object(s, &rec);
    *a = (struct annotation){.is_segment = whole != NULL};
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END)
        rc = read_member(s, key, a);
    if (whole)
        a->image_id = whole->image_id;
    else if (rc == 0)
        rc = sb_scan_require(s, &rec, IMAGE_ID, at);
    if (rc == 0 && !a->segments)
        rc = sb_scan_require(s, &rec, ID, at);
    if (rc == 0 && !a->segments)
        rc = sb_scan_require(s, &rec, CATEGORY_ID, at);
    return rc;
}

static int check_one(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a)
{
    const struct sb_check_key *image =
        sb_check_find(c->images, c->out->set.num_images, a->image_id);
    if (take_annotation(c, a, image))
        return sb_error_nomem(s->err, "annotations", c->ids_capacity * sizeof(*c->ids));
    return check_lists(c, s, a, image);
}

/* Remembers the PNG for sb_check_pictures(). */
static int keep_picture(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a)
{
    struct sb_str file = SB_STR_INIT;
    sb_scan_unescape(&a->file_name, &file);
    if (file.failed || sb_grow(&c->pictures, &c->pictures_capacity, c->num_pictures + 1,
                               sizeof(*c->pictures), TAG)) {
        sb_str_release(&file);
        return sb_error_nomem(s->err, "panoptic annotations", a->file_name.length);
    }
    c->pictures[c->num_pictures++] =
        (struct sb_check_picture){a->image_id, file.data, a->segments}; /* ownership moves */
    return 0;
}

/* A panoptic annotation: its segments are counted, their ids are distinct within it. */
static int check_segments(struct sb_coco_checker *c, struct sb_scan *s, const struct annotation *a)
{
    struct sb_scan list = sb_scan_at(s, a->segments);
    struct annotation segment;
    char what[64];
    bool first = true;
    int more = 0, rc = sb_scan_open_array(&list);
    while (rc == 0 && (more = sb_scan_element(&list, &first)) > 0) {
        rc = read_annotation(&list, a, &segment);
        if (rc == 0)
            rc = check_one(c, &list, &segment);
    }
    snprintf(what, sizeof(what), "image %" PRId64 ": segment", a->image_id);
    sb_check_distinct(c, what);
    rc = rc ? rc : more;
    return rc ? rc : keep_picture(c, s, a);
}

static int check_array(struct sb_coco_checker *c, struct sb_scan *s)
{
    struct annotation a;
    bool first = true;
    int more = 0, rc = sb_scan_open_array(s);
    while (rc == 0 && (more = sb_scan_element(s, &first)) > 0) {
        rc = read_annotation(s, NULL, &a);
        if (rc == 0)
            rc = a.segments ? check_segments(c, s, &a) : check_one(c, s, &a);
    }
    return rc ? rc : more;
}

int sb_check_annotations(struct sb_coco_checker *c, struct sb_scan *s)
{
    static const struct sb_scan_name top_names[] = {SB_SCAN_NAME("annotations"), SB_SCAN_NAMES_END};
    struct sb_scan_record rec = {.names = top_names};
    int key = 0, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END)
        rc = key < 0 ? key : key == 0 ? check_array(c, s) : sb_scan_skip(s);
    return rc; /* lists of test images have no annotations */
}
