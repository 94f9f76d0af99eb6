/*
 * A pixel font for labels: the printable ASCII characters, 5 x 9 pixels at most, of proportional
 * width. The baseline lies under row 6; rows 7 and 8 are descenders.
 */
#ifndef SB_DETECT_FONT_H
#define SB_DETECT_FONT_H

#include <stdbool.h>

#define SB_FONT_ROWS   9 /* of a glyph */
#define SB_FONT_HEIGHT 7 /* of a capital letter */

/* Columns of a character, 1..5, without the gap to the next. Characters the font does not have
 * (UTF-8 among them) look like '?'. */
int sb_glyph_width(char c);
/* True when pixel (x, y) of a character is set. */
bool sb_glyph_pixel(char c, int x, int y);
/* Columns of a text with one column between characters. */
int sb_label_width(const char *text);

#endif
