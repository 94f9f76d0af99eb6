/*
 * The one style of all figures. Colours of families come from Okabe and Ito's set for colour-blind
 * readers ("Color Universal Design", 2008), those of levels rise in lightness, so that they keep
 * their order in print without colour.
 */
#ifndef SB_REPORTS_FIGURE_STYLE_H
#define SB_REPORTS_FIGURE_STYLE_H

#include <stdbool.h>
#include <stdint.h>

struct sb_colour {
    uint32_t rgb; /* 0xrrggbb, on white */
    bool dark;    /* text on it is white */
};

#define SB_COLOURS 18
/* 0..7: families; 8..16: levels stem, L1 .. L7, head; 17: neutral grey. */
extern const struct sb_colour sb_palette[SB_COLOURS];

#define SB_COLOUR_FAMILY 0
#define SB_NUM_FAMILIES  8
#define SB_COLOUR_GREY   17

/* The colour of a level: "stem", "L1".."L7", "head"; grey for any other. */
int sb_level_colour(const char *level);

/* Pixels at the size that figures are designed for; drawings scale. */
#define SB_FIGURE_WIDTH 720
#define SB_FONT_NAME    "DejaVu Sans"
#define SB_FONT_PIXELS  12.0
#define SB_FONT_SMALL   10.0
/* Pixels that UTF-8 text takes in that font, and one byte of it; what is not ASCII counts as a
 * digit. */
double sb_text_pixels(const char *text, double font_pixels);
double sb_byte_pixels(unsigned char byte, double font_pixels);

/* The shape of a series' points: families differ in it as well as in colour. */
enum sb_shape {
    SB_SHAPE_CIRCLE,
    SB_SHAPE_SQUARE,
    SB_SHAPE_UP,
    SB_SHAPE_DIAMOND,
    SB_SHAPE_DOWN,
    SB_SHAPE_PENTAGON,
    SB_SHAPES
};
enum sb_shape sb_shape_of(int colour);

#endif
