/* The worst images, drawn. See diagnose_pictures.h. */
#include "cli/diagnose_pictures.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/mem.h"
#include "datasets/coco_images.h"
#include "datasets/image_export.h"
#include "detect/canvas.h"
#include "detect/font.h"
#include "eval/pictures.h"

#include <stdio.h>
#include <string.h>

#define LARGE_SIDE   640 /* pixels of a panel in files */
#define PAGE_SIDE    360 /* on the page */
#define SHEET_SIDE   300 /* on the contact sheet */
#define COLUMNS      2
#define MARGIN       10
#define JPEG_QUALITY 80

struct gallery {
    const struct sb_diagnose_pictures *options;
    const struct sb_diagnosis *d;
    const struct sb_coco_gt *gt;
    const struct sb_coco_dt *dt;
    const struct sb_accuracy_source *source;
    sb_record_fn emit;
    void *ctx;
    struct sb_coco_images files;
    struct sb_image *tiles; /* of the sheet, (count) */
};

/* The image's entry of the annotation file, or NULL. */
static const struct sb_coco_image *file_of(const struct gallery *g, int32_t image)
{
    const int64_t id = g->gt->images.ids[image];
    for (size_t i = 0; i < g->files.num_images; i++) {
        if (g->files.images[i].id == id)
            return &g->files.images[i];
    }
    return NULL;
}

/* The picture at one size, from the pixels, which stay as they are. */
static int make(const struct gallery *g, const struct sb_image_score *score, const char *name,
                const struct sb_image *pixels, int side, struct sb_image *out, struct sb_error *err)
{
    struct sb_image copy;
    int rc = sb_image_create(&copy, pixels->width, pixels->height, err);
    if (rc)
        return rc;
    sb_image_paste(pixels, 0, 0, &copy);
    rc = sb_picture_make(g->d, g->gt, g->dt, score, name, &copy, side, out, err);
    sb_image_release(&copy);
    return rc;
}

static int emit_picture(const struct gallery *g, const struct sb_image *picture, const char *name,
                        const struct sb_image_score *score, struct sb_error *err)
{
    struct sb_str jpeg = SB_STR_INIT, text = SB_STR_INIT, caption = SB_STR_INIT;
    struct sb_record r;
    int rc = sb_image_encode_jpeg(picture, JPEG_QUALITY, &jpeg, err);
    if (rc == 0)
        sb_base64(jpeg.data, jpeg.length, &text);
    sb_str_printf(&caption, "%s: %lld of %lld objects found, %lld wrong detection%s",
                  g->source->cell.model, (long long)score->found,
                  (long long)(score->found + score->missed), (long long)score->wrong,
                  sb_plural((size_t)score->wrong));
    if (rc == 0 && (text.failed || caption.failed))
        rc = sb_error_nomem(err, "a picture", jpeg.length);
    if (rc == 0) {
        sb_record_init(&r, SB_RECORD_PICTURE);
        r.run = g->source->run;
        r.cell = g->source->cell;
        r.u.picture = (struct sb_picture_record){name,           caption.data,    "image/jpeg",
                                                 picture->width, picture->height, text.data};
        rc = g->emit(g->ctx, &r, err);
    }
    sb_str_release(&jpeg);
    sb_str_release(&text);
    sb_str_release(&caption);
    return rc;
}

static int save(const struct sb_image *picture, const char *dir, const char *name, int number,
                struct sb_error *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s-%02d.png", dir, name, number);
    return sb_image_save_png(picture, path, err);
}

/* One image at the sizes asked for. */
static int show(struct gallery *g, const struct sb_image_score *score, size_t number,
                struct sb_error *err)
{
    const struct sb_coco_image *const file = file_of(g, score->image);
    struct sb_image pixels = {0}, picture = {0};
    if (!file)
        return sb_error_set(err, SB_EFORMAT, "an image without a file name");
    const char *const name = sb_path_base(file->file_name);
    char *const path = sb_path_join(g->options->images, file->file_name);
    int rc = path ? sb_image_load(path, NULL, &pixels, err) : sb_error_nomem(err, "a path", 1);
    sb_free(path);
    if (rc == 0)
        rc = make(g, score, name, &pixels, PAGE_SIDE, &picture, err);
    if (rc == 0)
        rc = emit_picture(g, &picture, name, score, err);
    sb_image_release(&picture);
    if (rc == 0 && g->options->draw) {
        rc = make(g, score, name, &pixels, LARGE_SIDE, &picture, err);
        if (rc == 0)
            rc = save(&picture, g->options->draw, sb_path_base(g->source->cell.model),
                      (int)number + 1, err);
        sb_image_release(&picture);
        if (rc == 0)
            rc = make(g, score, name, &pixels, SHEET_SIDE, &g->tiles[number], err);
    }
    sb_image_release(&pixels);
    return rc;
}

/* Places of the tiles, row by row; the sheet's size. */
static void place_tiles(const struct gallery *g, size_t count, int (*at)[2], int *width,
                        int *height)
{
    int y = MARGIN;
    *width = 0;
    for (size_t i = 0; i < count; i += COLUMNS) {
        int x = MARGIN, tallest = 0;
        for (size_t k = i; k < count && k < i + COLUMNS; k++) {
            at[k][0] = x;
            at[k][1] = y;
            x = MARGIN + (int)(k - i + 1) * (2 * SHEET_SIDE + 3 * MARGIN);
            *width = at[k][0] + g->tiles[k].width + MARGIN > *width
                         ? at[k][0] + g->tiles[k].width + MARGIN
                         : *width;
            tallest = g->tiles[k].height > tallest ? g->tiles[k].height : tallest;
        }
        y += tallest + 2 * MARGIN;
    }
    *height = y;
}

static int write_sheet(const struct gallery *g, size_t count, struct sb_error *err)
{
    static const uint8_t white[3] = {255, 255, 255};
    struct sb_image sheet;
    char path[4096];
    int width, height;
    int(*const at)[2] = sb_calloc(count, sizeof(*at), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!at)
        return sb_error_nomem(err, "a contact sheet", count);
    place_tiles(g, count, at, &width, &height);
    int rc = sb_image_create(&sheet, width, height, err);
    if (rc == 0) {
        sb_fill_rect(&sheet, (struct sb_rect){0, 0, width, height}, white, 255);
        for (size_t i = 0; i < count; i++)
            sb_image_paste(&g->tiles[i], at[i][0], at[i][1], &sheet);
        snprintf(path, sizeof(path), "%s/%s-worst.png", g->options->draw,
                 sb_path_base(g->source->cell.model));
        rc = sb_image_save_png(&sheet, path, err);
        sb_image_release(&sheet);
    }
    sb_free(at);
    return rc;
}

static int show_all(struct gallery *g, struct sb_error *err)
{
    struct sb_image_score *scores;
    size_t count;
    int rc = sb_score_images(g->d, g->gt, g->dt, &scores, &count, err);
    if (rc)
        return rc;
    count = count < g->options->count ? count : g->options->count;
    g->tiles = sb_calloc(count, sizeof(*g->tiles), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!g->tiles)
        rc = sb_error_nomem(err, "a contact sheet", count);
    if (rc == 0 && g->options->draw)
        rc = sb_make_dirs(g->options->draw, err);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = show(g, &scores[i], i, err);
    if (rc == 0 && g->options->draw && count)
        rc = write_sheet(g, count, err);
    for (size_t i = 0; g->tiles && i < count; i++)
        sb_image_release(&g->tiles[i]);
    sb_free(g->tiles);
    sb_free(scores);
    return rc;
}

int sb_diagnose_draw(const struct sb_diagnose_pictures *options, const struct sb_diagnosis *d,
                     const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                     const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                     struct sb_error *err)
{
    struct gallery g = {
        .options = options, .d = d, .gt = gt, .dt = dt, .source = source, .emit = emit, .ctx = ctx};
    int rc = sb_coco_images_load(options->annotations, &g.files, err);
    if (rc)
        return rc;
    rc = show_all(&g, err);
    sb_coco_images_release(&g.files);
    return rc;
}
