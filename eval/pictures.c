/* Pictures of errors. See pictures.h. */
#include "eval/pictures.h"

#include "base/mem.h"
#include "datasets/image_export.h"
#include "detect/canvas.h"
#include "detect/draw.h"
#include "detect/font.h"
#include "eval/similarity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define GAP       6  /* between the panels */
#define LINE      13 /* of text above them: the name, then what is in each */
#define TEXT_LEFT 4
#define PANEL_MAX 500 /* drawings in a panel */

static double f1_of(const struct sb_image_score *s)
{
    return 2.0 * (double)s->found / (double)(2 * s->found + s->missed + s->wrong);
}

static int by_badness(const void *a, const void *b)
{
    const struct sb_image_score *const x = a, *const y = b;
    const double fx = f1_of(x), fy = f1_of(y);
    const int64_t ex = x->missed + x->wrong, ey = y->missed + y->wrong;
    if (fx != fy)
        return fx < fy ? -1 : 1;
    if (ex != ey)
        return ex > ey ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

static bool is_object(const struct sb_coco_gt *gt, uint32_t row)
{
    return !(gt->flags[row] & SB_ANN_IGNORE);
}

int sb_score_images(const struct sb_diagnosis *d, const struct sb_coco_gt *gt,
                    const struct sb_coco_dt *dt, struct sb_image_score **scores, size_t *count,
                    struct sb_error *err)
{
    struct sb_image_score *const all = sb_calloc(d->images, sizeof(*all), TAG);
    if (!all)
        return sb_error_nomem(err, "scores of images", d->images);
    for (size_t i = 0; i < d->images; i++)
        all[i].image = (int32_t)i;
    for (size_t j = 0; j < gt->count; j++) {
        if (gt->image[j] < 0 || gt->category[j] < 0 || !is_object(gt, (uint32_t)j))
            continue;
        const uint32_t by = d->confusion.by[j];
        const bool found = by != SB_NO_ROW && d->tide.pairs.kind[by] == SB_TIDE_RIGHT;
        all[gt->image[j]].found += found;
        all[gt->image[j]].missed += !found;
    }
    for (size_t i = 0; i < dt->count; i++) {
        if (dt->image[i] >= 0 && d->confusion.counted[i])
            all[dt->image[i]].wrong += d->tide.pairs.kind[i] != SB_TIDE_RIGHT;
    }
    *count = 0;
    for (size_t i = 0; i < d->images; i++) {
        if (all[i].found + all[i].missed + all[i].wrong > 0)
            all[(*count)++] = all[i];
    }
    qsort(all, *count, sizeof(*all), by_badness);
    *scores = all;
    return 0;
}

/* The drawings of one panel, and what they point to. */
struct panel {
    const struct sb_diagnosis *d;
    const struct sb_coco_gt *gt;
    const struct sb_coco_dt *dt;
    size_t count;
    struct sb_drawing *drawings; /* (PANEL_MAX) */
    struct sb_mask *masks;       /* (PANEL_MAX) zeroed */
    double (*points)[2];         /* (PANEL_MAX, keypoints) */
    struct sb_mask_scratch scratch;
};

static int make_panel(struct panel *p, struct sb_error *err)
{
    const size_t points = PANEL_MAX * p->d->params.keypoint_count;
    p->drawings = sb_calloc(PANEL_MAX, sizeof(*p->drawings), TAG);
    p->masks = sb_calloc(PANEL_MAX, sizeof(*p->masks), TAG);
    p->points = sb_calloc(points, sizeof(*p->points), TAG);
    if (p->drawings && p->masks && p->points)
        return 0;
    return sb_error_nomem(err, "a picture", PANEL_MAX * sizeof(*p->drawings));
}

static void release_panel(struct panel *p)
{
    for (size_t i = 0; p->masks && i < PANEL_MAX; i++)
        sb_mask_release(&p->masks[i]);
    sb_free(p->masks);
    sb_free(p->drawings);
    sb_free(p->points);
    sb_mask_scratch_release(&p->scratch);
}

static bool needs_masks(const struct panel *p)
{
    return p->gt->shape_at != NULL;
}

static const char *name_of(const struct panel *p, int32_t category)
{
    return p->d->params.use_cats ? p->gt->category_names[category] : "object";
}

/* The box around a mask. */
static void box_of_mask(const struct sb_mask *mask, double box[4])
{
    const struct sb_corners *const c = &mask->corners;
    box[0] = c->x0;
    box[1] = c->y0;
    box[2] = c->x1 - c->x0;
    box[3] = c->y1 - c->y0;
}

/* Keypoints of a drawing from `stride` numbers each; those that are not labelled are left out. */
static void add_points(struct panel *p, const double *from, size_t stride)
{
    const size_t count = p->d->params.keypoint_count;
    double(*const to)[2] = p->points + p->count * count;
    for (size_t i = 0; i < count; i++) {
        const bool there = stride == 2 || from[i * stride + 2] > 0;
        to[i][0] = there ? from[i * stride] : NAN;
        to[i][1] = there ? from[i * stride + 1] : NAN;
    }
    p->drawings[p->count].keypoints = (const double(*)[2])to;
    p->drawings[p->count].keypoint_count = count;
}

static int add_object(struct panel *p, uint32_t row, struct sb_error *err)
{
    const uint32_t by = p->d->confusion.by[row];
    const bool found = by != SB_NO_ROW && p->d->tide.pairs.kind[by] == SB_TIDE_RIGHT;
    struct sb_drawing *const to = &p->drawings[p->count];
    int rc = 0;
    to->score = NAN;
    to->name = name_of(p, p->gt->category[row]);
    to->style = !is_object(p->gt, row) ? SB_DRAW_IGNORED : found ? SB_DRAW_RIGHT : SB_DRAW_MISSED;
    if (p->gt->box)
        memcpy(to->box, p->gt->box[row], sizeof(to->box));
    if (p->gt->keypoints)
        add_points(p, p->gt->keypoints + row * p->d->params.keypoint_count * 3, 3);
    if (needs_masks(p)) {
        rc = sb_object_mask(p->gt, row, &p->masks[p->count], &p->scratch, err);
        to->mask = &p->masks[p->count].rle;
        if (rc == 0 && !p->gt->box)
            box_of_mask(&p->masks[p->count], to->box);
    }
    p->count++;
    return rc;
}

static int add_detection(struct panel *p, uint32_t row, struct sb_error *err)
{
    struct sb_drawing *const to = &p->drawings[p->count];
    int rc = 0;
    memcpy(to->box, p->dt->box[row], sizeof(to->box));
    to->score = p->dt->score[row];
    to->name = name_of(p, p->dt->category[row]);
    to->style = p->d->tide.pairs.kind[row] == SB_TIDE_RIGHT ? SB_DRAW_RIGHT : SB_DRAW_FALSE;
    if (p->dt->keypoints)
        add_points(p, p->dt->keypoints + row * p->d->params.keypoint_count * 2, 2);
    if (p->dt->shape_at) {
        rc = sb_detection_mask(p->gt, p->dt, row, &p->masks[p->count], &p->scratch, err);
        to->mask = &p->masks[p->count].rle;
        if (rc == 0 && !(to->box[2] > 0)) /* results of masks alone */
            box_of_mask(&p->masks[p->count], to->box);
    }
    p->count++;
    return rc;
}

/* Everything of one image, wrong things first: they lie on top. */
static int fill_panel(struct panel *p, bool objects, int32_t image, struct sb_error *err)
{
    const struct sb_class_lists *const lists = objects ? &p->d->index.gts : &p->d->index.dts;
    const size_t begin = lists->start[image];
    const size_t end = objects ? lists->start[image + 1] : begin + p->d->index.dt_count[image];
    int rc = 0;
    for (int right = 0; right < 2; right++) {
        for (size_t i = begin; i < end && p->count < PANEL_MAX && rc == 0; i++) {
            const uint32_t row = lists->order[i];
            const uint32_t by = objects ? p->d->confusion.by[row] : row;
            const bool is_right = by != SB_NO_ROW && p->d->tide.pairs.kind[by] == SB_TIDE_RIGHT;
            if (is_right != right)
                continue;
            if (objects)
                rc = add_object(p, row, err);
            else if (p->d->confusion.counted[row])
                rc = add_detection(p, row, err);
        }
    }
    return rc;
}

static void scale_panel(struct panel *p, double by)
{
    for (size_t i = 0; i < p->count; i++) {
        struct sb_drawing *const d = &p->drawings[i];
        for (int k = 0; k < 4; k++)
            d->box[k] *= by;
        for (size_t k = 0; k < d->keypoint_count; k++) {
            double *const point = p->points[i * d->keypoint_count + k];
            point[0] *= by;
            point[1] *= by;
        }
    }
}

/* Masks at full size, then the smaller image, then lines and text at its size. */
static int draw_panel(struct panel *p, struct sb_image *pixels, double by, struct sb_image *out,
                      struct sb_error *err)
{
    const int width = (int)fmax(1, round(pixels->width * by));
    const int height = (int)fmax(1, round(pixels->height * by));
    sb_draw_masks(pixels, p->drawings, p->count);
    const int rc = sb_image_scale(pixels, width, height, out, err);
    if (rc)
        return rc;
    scale_panel(p, by);
    sb_draw_outlines(out, p->drawings, p->count);
    return 0;
}

static int copy_image(const struct sb_image *in, struct sb_image *out, struct sb_error *err)
{
    const int rc = sb_image_create(out, in->width, in->height, err);
    if (rc == 0)
        sb_image_paste(in, 0, 0, out);
    return rc;
}

static int make_side(struct panel *p, bool objects, int32_t image, struct sb_image *pixels,
                     double by, struct sb_image *out, struct sb_error *err)
{
    int rc = make_panel(p, err);
    if (rc == 0)
        rc = fill_panel(p, objects, image, err);
    if (rc == 0)
        rc = draw_panel(p, pixels, by, out, err);
    release_panel(p);
    return rc;
}

/* A line of text above the panels, cut at `right`. */
static void put_line(struct sb_image *out, int x, int line, int right, const char *text)
{
    static const uint8_t ink[3] = {0, 0, 0};
    char kept[128];
    snprintf(kept, sizeof(kept), "%s", text);
    for (size_t n = strlen(kept); n > 0 && x + sb_label_width(kept) > right; n--)
        kept[n - 1] = '\0';
    sb_draw_text(out, x, line * LINE + (LINE - SB_FONT_ROWS) / 2, 1, kept, ink);
}

static int join(const struct sb_image *left, const struct sb_image *right,
                const struct sb_image_score *score, const char *name, struct sb_image *out,
                struct sb_error *err)
{
    static const uint8_t white[3] = {255, 255, 255};
    const int rc = sb_image_create(out, 2 * left->width + GAP, left->height + 2 * LINE, err);
    const int second = left->width + GAP;
    char text[128];
    if (rc)
        return rc;
    sb_fill_rect(out, (struct sb_rect){0, 0, out->width, out->height}, white, 255);
    sb_image_paste(left, 0, 2 * LINE, out);
    sb_image_paste(right, second, 2 * LINE, out);
    put_line(out, TEXT_LEFT, 0, out->width, name);
    snprintf(text, sizeof(text), "%lld found, %lld missed", (long long)score->found,
             (long long)score->missed);
    put_line(out, TEXT_LEFT, 1, left->width, text);
    snprintf(text, sizeof(text), "%lld right, %lld wrong", (long long)score->found,
             (long long)score->wrong);
    put_line(out, second + TEXT_LEFT, 1, out->width, text);
    return 0;
}

int sb_picture_make(const struct sb_diagnosis *d, const struct sb_coco_gt *gt,
                    const struct sb_coco_dt *dt, const struct sb_image_score *score,
                    const char *name, struct sb_image *pixels, int side, struct sb_image *out,
                    struct sb_error *err)
{
    const int longer = pixels->width > pixels->height ? pixels->width : pixels->height;
    const double by = longer > side ? (double)side / longer : 1;
    struct panel objects = {.d = d, .gt = gt, .dt = dt}, detections = objects;
    struct sb_image copy = {0}, left = {0}, right = {0};
    int rc = copy_image(pixels, &copy, err);
    if (rc == 0)
        rc = make_side(&objects, true, score->image, &copy, by, &left, err);
    if (rc == 0)
        rc = make_side(&detections, false, score->image, pixels, by, &right, err);
    if (rc == 0)
        rc = join(&left, &right, score, name, out, err);
    sb_image_release(&copy);
    sb_image_release(&left);
    sb_image_release(&right);
    return rc;
}
