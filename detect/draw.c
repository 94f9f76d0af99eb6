/*
 * Drawing of detections in three layers: masks, boxes, labels. A label takes the first free place
 * of: above its box, below it, inside at the top or bottom, farther out, each flush left or right.
 * Where none is free it is left out: the box alone says more than a heap of text. See draw.h.
 */
#include "detect/draw.h"

#include "base/mem.h"
#include "detect/canvas.h"
#include "detect/font.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_DRAWN    1000
#define MASK_OPACITY 110 /* of 255 */
#define EDGE_OPACITY 90
#define MAX_LABEL    64
#define CROWDED      12 /* beyond this many boxes text is smaller */

/* Sizes in pixels, from the image's. */
struct style {
    int scale;   /* of the font */
    int line;    /* thickness of boxes */
    int padding; /* around a label's text */
};

struct label {
    char text[MAX_LABEL];
    struct sb_rect rect;
};

static struct style style_of(const struct sb_image *image, size_t count)
{
    const int longer = image->width > image->height ? image->width : image->height;
    const int size = (longer + 160) / 320;
    const int line = size < 1 ? 1 : (size > 12 ? 12 : size);
    const int scale = count > CROWDED && line > 1 ? line - 1 : line;
    const struct style s = {scale, line, scale + 1};
    return s;
}

/* Hues a golden section apart (the most even spread for any number of classes), bright. */
void sb_category_color(int64_t category_id, uint8_t rgb[3])
{
    const double turn = (double)(category_id % 100000) * 0.61803398874989485 + 0.05;
    const double hue = 6.0 * (turn - floor(turn)), saturation = 0.80;
    for (int c = 0; c < 3; c++) {
        const double shifted = fmod(hue + (c == 0 ? 0.0 : (c == 1 ? 4.0 : 2.0)), 6.0);
        const double ramp = fabs(shifted - 3.0) - 1.0; /* 2 at the channel's own hue, -1 opposite */
        const double level = ramp < 0 ? 0 : (ramp > 1 ? 1 : ramp);
        rgb[c] = (uint8_t)(250.0 * (1.0 - saturation + saturation * level));
    }
}

void sb_drawing_color(const struct sb_drawing *drawing, uint8_t rgb[3])
{
    static const uint8_t colors[][3] = {[SB_DRAW_RIGHT] = {86, 180, 233},
                                        [SB_DRAW_FALSE] = {230, 80, 0},
                                        [SB_DRAW_MISSED] = {240, 228, 66},
                                        [SB_DRAW_IGNORED] = {160, 160, 160}};
    if (drawing->style == SB_DRAW_CLASS)
        sb_category_color(drawing->category_id, rgb);
    else
        memcpy(rgb, colors[drawing->style], 3);
}

/* Black or white, whichever reads better on a colour (perceived lightness, ITU-R BT.601). */
static void text_color(const uint8_t background[3], uint8_t rgb[3])
{
    const int lightness = 299 * background[0] + 587 * background[1] + 114 * background[2];
    rgb[0] = rgb[1] = rgb[2] = lightness > 128000 ? 0 : 255;
}

/* A coordinate as an int; what is far outside or no number stays at the edge. */
static int to_pixel(double v)
{
    return v > -1e6 ? (v < 1e6 ? (int)lround(v) : 1000000) : -1000000;
}

static struct sb_rect box_rect(const struct sb_drawing *d)
{
    const struct sb_rect r = {to_pixel(d->box[0]), to_pixel(d->box[1]),
                              to_pixel(d->box[0] + d->box[2]) + 1,
                              to_pixel(d->box[1] + d->box[3]) + 1};
    return r;
}

/* Tints the pixels of the mask. Runs go down the columns. taken: a byte for each of h x w pixels in
 * the order of the runs, of those that have a tint; NULL: all are tinted. */
static void draw_mask(struct sb_image *image, const struct sb_rle *mask, const uint8_t rgb[3],
                      uint8_t *taken)
{
    const uint64_t pixels = (uint64_t)mask->h * mask->w;
    uint64_t at = 0;
    for (size_t i = 0; i < mask->count; i++) {
        for (uint64_t p = at; i % 2 && p < at + mask->runs[i] && p < pixels; p++) {
            if (!taken || !taken[p])
                sb_blend_pixel(image, (int)(p / mask->h), (int)(p % mask->h), rgb, MASK_OPACITY);
            if (taken)
                taken[p] = 1;
        }
        at += mask->runs[i];
    }
}

static bool overlap(struct sb_rect a, struct sb_rect b)
{
    return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

static bool is_free(const struct sb_image *image, struct sb_rect r, const struct label *placed,
                    size_t count)
{
    if (r.y0 < 0 || r.y1 > image->height)
        return false;
    for (size_t i = 0; i < count; i++)
        if (overlap(r, placed[i].rect))
            return false;
    return true;
}

/* Moves a rectangle sideways into the image. */
static struct sb_rect shifted_inside(const struct sb_image *image, struct sb_rect r)
{
    const int right = r.x1 - image->width;
    const int left = right > 0 ? r.x0 - right : r.x0;
    const int x0 = left > 0 ? left : 0;
    const struct sb_rect out = {x0, r.y0, x0 + r.x1 - r.x0, r.y1};
    return out;
}

static void write_label(const struct sb_drawing *d, char text[MAX_LABEL])
{
    char id[24];
    snprintf(id, sizeof(id), "%lld", (long long)d->category_id);
    const char *const name = d->name ? d->name : id;
    if (isnan(d->score))
        snprintf(text, MAX_LABEL, "%.40s", name);
    else
        snprintf(text, MAX_LABEL, "%.40s %.0f%%", name, 100 * d->score);
}

/* Finds a place for a label, given those placed before it. */
static void place_label(const struct sb_image *image, const struct style *style,
                        const struct sb_drawing *d, struct label *labels, size_t index)
{
    struct label *const label = &labels[index];
    write_label(d, label->text);
    const int width = sb_label_width(label->text) * style->scale + 2 * style->padding;
    const int height = SB_FONT_ROWS * style->scale + style->padding;
    const struct sb_rect box = box_rect(d);
    const int tops[] = {
        box.y0 - height,    box.y1, box.y0, box.y1 - height, box.y0 - 2 * height, box.y1 + height,
        box.y0 - 3 * height};
    const int lefts[] = {box.x0, box.x1 - width};
    for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
        for (size_t k = 0; k < sizeof(lefts) / sizeof(lefts[0]); k++) {
            const struct sb_rect r = {lefts[k], tops[i], lefts[k] + width, tops[i] + height};
            label->rect = shifted_inside(image, r);
            if (is_free(image, label->rect, labels, index))
                return;
        }
    }
    label->rect = (struct sb_rect){0, 0, 0, 0};
}

/* The box, between two thin dark lines that keep it visible on any background. */
static void draw_box(struct sb_image *image, const struct style *style, const struct sb_drawing *d,
                     const uint8_t rgb[3])
{
    const struct sb_rect r = box_rect(d);
    const uint8_t black[3] = {0, 0, 0};
    const int edge = style->line > 1 ? style->line / 2 : 1;
    const struct sb_rect around = {r.x0 - edge, r.y0 - edge, r.x1 + edge, r.y1 + edge};
    sb_draw_frame(image, around, style->line + 2 * edge, black, EDGE_OPACITY);
    if (d->style == SB_DRAW_FALSE)
        sb_draw_dashes(image, r, style->line, 6 * style->line, 4 * style->line, rgb);
    else if (d->style == SB_DRAW_MISSED || d->style == SB_DRAW_IGNORED)
        sb_draw_dashes(image, r, style->line, 2 * style->line, 2 * style->line, rgb);
    else
        sb_draw_frame(image, r, style->line, rgb, 255);
}

/* Pairs of COCO's 17 keypoints that are joined. */
static const uint8_t limbs[][2] = {
    {15, 13}, {13, 11}, {16, 14}, {14, 12}, {11, 12}, {5, 11}, {6, 12}, {5, 6}, {5, 7}, {6, 8},
    {7, 9},   {8, 10},  {1, 2},   {0, 1},   {0, 2},   {1, 3},  {2, 4},  {3, 5}, {4, 6}};

static bool is_there(const double point[2])
{
    return !isnan(point[0]) && !isnan(point[1]);
}

static void draw_keypoints(struct sb_image *image, const struct style *style,
                           const struct sb_drawing *d, const uint8_t rgb[3])
{
    const uint8_t black[3] = {0, 0, 0};
    for (size_t i = 0; d->keypoint_count == 17 && i < sizeof(limbs) / sizeof(limbs[0]); i++) {
        const double *const a = d->keypoints[limbs[i][0]], *const b = d->keypoints[limbs[i][1]];
        if (is_there(a) && is_there(b))
            sb_draw_line(image, to_pixel(a[0]), to_pixel(a[1]), to_pixel(b[0]), to_pixel(b[1]),
                         style->line, rgb);
    }
    for (size_t i = 0; i < d->keypoint_count; i++) {
        if (!is_there(d->keypoints[i]))
            continue;
        const int x = to_pixel(d->keypoints[i][0]), y = to_pixel(d->keypoints[i][1]);
        sb_draw_line(image, x, y, x, y, 3 * style->line + 2, black);
        sb_draw_line(image, x, y, x, y, 3 * style->line, rgb);
    }
}

static void draw_label(struct sb_image *image, const struct style *style, const struct label *label,
                       const uint8_t rgb[3])
{
    uint8_t ink[3];
    text_color(rgb, ink);
    sb_fill_rect(image, label->rect, rgb, 230);
    sb_draw_text(image, label->rect.x0 + style->padding, label->rect.y0 + style->padding,
                 style->scale, label->text, ink);
}

void sb_draw_masks(struct sb_image *image, const struct sb_drawing *drawings, size_t count)
{
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    /* tints that add up would hide the picture; without this memory they do */
    uint8_t *taken = sb_calloc(pixels + 1, 1, SB_MEM_TAG(SB_MEM_DATA, 0));
    uint8_t rgb[3];
    for (size_t i = 0; i < count && i < MAX_DRAWN; i++) {
        const struct sb_rle *const mask = drawings[i].mask;
        sb_drawing_color(&drawings[i], rgb);
        if (mask)
            draw_mask(image, mask, rgb, (size_t)mask->h * mask->w == pixels ? taken : NULL);
    }
    sb_free(taken);
}

void sb_draw_outlines(struct sb_image *image, const struct sb_drawing *drawings, size_t count)
{
    const size_t n = count < MAX_DRAWN ? count : MAX_DRAWN;
    const struct style style = style_of(image, n);
    struct label labels[MAX_DRAWN];
    uint8_t rgb[3];
    for (size_t i = n; i-- > 0;) {
        sb_drawing_color(&drawings[i], rgb);
        draw_box(image, &style, &drawings[i], rgb);
        if (drawings[i].keypoints)
            draw_keypoints(image, &style, &drawings[i], rgb);
    }
    for (size_t i = 0; i < n; i++)
        place_label(image, &style, &drawings[i], labels, i);
    for (size_t i = n; i-- > 0;) {
        if (labels[i].rect.x0 == labels[i].rect.x1)
            continue; /* no free place */
        sb_drawing_color(&drawings[i], rgb);
        draw_label(image, &style, &labels[i], rgb);
    }
}

void sb_draw_detections(struct sb_image *image, const struct sb_drawing *drawings, size_t count)
{
    sb_draw_masks(image, drawings, count);
    sb_draw_outlines(image, drawings, count);
}
