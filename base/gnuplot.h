/*
 * Drawing through the gnuplot program: a script in, a PNG, SVG or PDF file out, under its name only
 * when it is complete. What to draw is the caller's; terminal, size, font and output file are set
 * here. The same script gives the same bytes, whatever the date, time zone and language, where
 * gnuplot, cairo and the fonts are the same; none of their versions is named in the file.
 *
 *     struct sb_str s = SB_STR_INIT;
 *     sb_str_puts(&s, "plot sin(x)\n");
 *     rc = sb_gnuplot_draw("sine.png", 800, 600, sb_str_text(&s), &err);
 */
#ifndef SB_BASE_GNUPLOT_H
#define SB_BASE_GNUPLOT_H

#include "base/error.h"
#include "base/str.h"

/* path ends in .png, .svg or .pdf (else SB_EINVAL); width and height in pixels, 96 to the inch.
 * SB_EUNSUPPORTED when gnuplot is not installed, SB_EINTERNAL with gnuplot's first complaint when
 * it refuses the script. */
int sb_gnuplot_draw(const char *path, int width, int height, const char *script,
                    struct sb_error *err);

/* The same with the script run in folder `dir` (NULL: the current one), so that it finds its data,
 * and PNG files `scale` times as large, texts and lines included. The variable `px` holds what a
 * pixel is in the terminal's font sizes: font sprintf(',%g', 10 * px). */
int sb_gnuplot_draw_in(const char *path, int width, int height, double scale, const char *dir,
                       const char *script, struct sb_error *err);

/* Appends text as a quoted gnuplot string without markup: '...' with quotes doubled, newlines as
 * blanks. Labels and titles need `noenhanced` for text that may hold _ ^ { } @ & ~. */
void sb_gnuplot_quote(struct sb_str *script, const char *text);

#endif
