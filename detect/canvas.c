/* Pixels, rectangles and text. See canvas.h. */
#include "detect/canvas.h"

#include "detect/font.h"

#include <stdlib.h>

static struct sb_rect clipped(const struct sb_image *image, struct sb_rect r)
{
    r.x0 = r.x0 > 0 ? r.x0 : 0;
    r.y0 = r.y0 > 0 ? r.y0 : 0;
    r.x1 = r.x1 < image->width ? r.x1 : image->width;
    r.y1 = r.y1 < image->height ? r.y1 : image->height;
    return r;
}

static void blend(uint8_t *pixel, const uint8_t rgb[3], int opacity)
{
    for (int c = 0; c < 3; c++)
        pixel[c] = (uint8_t)((pixel[c] * (255 - opacity) + rgb[c] * opacity + 127) / 255);
}

void sb_blend_pixel(struct sb_image *image, int x, int y, const uint8_t rgb[3], int opacity)
{
    if (x >= 0 && y >= 0 && x < image->width && y < image->height)
        blend(image->pixels + ((size_t)y * (size_t)image->width + (size_t)x) * 3, rgb, opacity);
}

void sb_fill_rect(struct sb_image *image, struct sb_rect rect, const uint8_t rgb[3], int opacity)
{
    const struct sb_rect r = clipped(image, rect);
    for (int y = r.y0; y < r.y1; y++)
        for (int x = r.x0; x < r.x1; x++)
            sb_blend_pixel(image, x, y, rgb, opacity);
}

void sb_draw_frame(struct sb_image *image, struct sb_rect r, int thickness, const uint8_t rgb[3],
                   int opacity)
{
    const int t = thickness;
    const struct sb_rect top = {r.x0, r.y0, r.x1, r.y0 + t < r.y1 ? r.y0 + t : r.y1};
    const struct sb_rect bottom = {r.x0, r.y1 - t > top.y1 ? r.y1 - t : top.y1, r.x1, r.y1};
    const struct sb_rect left = {r.x0, top.y1, r.x0 + t < r.x1 ? r.x0 + t : r.x1, bottom.y0};
    const struct sb_rect right = {r.x1 - t > left.x1 ? r.x1 - t : left.x1, top.y1, r.x1, bottom.y0};
    sb_fill_rect(image, top, rgb, opacity);
    sb_fill_rect(image, bottom, rgb, opacity);
    sb_fill_rect(image, left, rgb, opacity);
    sb_fill_rect(image, right, rgb, opacity);
}

void sb_draw_dashes(struct sb_image *image, struct sb_rect r, int thickness, int on, int off,
                    const uint8_t rgb[3])
{
    const int t = thickness;
    r.x0 = r.x0 > -t ? r.x0 : -t; /* sides far outside take no time */
    r.y0 = r.y0 > -t ? r.y0 : -t;
    r.x1 = r.x1 < image->width + t ? r.x1 : image->width + t;
    r.y1 = r.y1 < image->height + t ? r.y1 : image->height + t;
    for (int x = r.x0; x < r.x1; x += on + off) {
        const int end = x + on < r.x1 ? x + on : r.x1;
        sb_fill_rect(image, (struct sb_rect){x, r.y0, end, r.y0 + t}, rgb, 255);
        sb_fill_rect(image, (struct sb_rect){x, r.y1 - t, end, r.y1}, rgb, 255);
    }
    for (int y = r.y0; y < r.y1; y += on + off) {
        const int end = y + on < r.y1 ? y + on : r.y1;
        sb_fill_rect(image, (struct sb_rect){r.x0, y, r.x0 + t, end}, rgb, 255);
        sb_fill_rect(image, (struct sb_rect){r.x1 - t, y, r.x1, end}, rgb, 255);
    }
}

void sb_draw_line(struct sb_image *image, int x0, int y0, int x1, int y1, int thickness,
                  const uint8_t rgb[3])
{
    const int dx = abs(x1 - x0), dy = abs(y1 - y0);
    const int steps = dx > dy ? dx : dy;
    if (steps > 4 * (image->width + image->height))
        return;
    for (int i = 0; i <= steps; i++) {
        const int x = x0 + (steps ? (int)((int64_t)(x1 - x0) * i / steps) : 0) - thickness / 2;
        const int y = y0 + (steps ? (int)((int64_t)(y1 - y0) * i / steps) : 0) - thickness / 2;
        sb_fill_rect(image, (struct sb_rect){x, y, x + thickness, y + thickness}, rgb, 255);
    }
}

void sb_draw_text(struct sb_image *image, int x, int y, int scale, const char *text,
                  const uint8_t rgb[3])
{
    for (const char *c = text; *c; c++) {
        const int width = sb_glyph_width(*c);
        for (int row = 0; row < SB_FONT_ROWS; row++) {
            for (int column = 0; column < width; column++) {
                const int px = x + column * scale, py = y + row * scale;
                if (sb_glyph_pixel(*c, column, row))
                    sb_fill_rect(image, (struct sb_rect){px, py, px + scale, py + scale}, rgb, 255);
            }
        }
        x += (width + 1) * scale;
    }
}
