/* Colours. See figure_style.h. */
#include "reports/figure_style.h"

#include <string.h>

const struct sb_colour sb_palette[SB_COLOURS] = {
    {0x0072b2, true},  {0xd55e00, true}, {0x009e73, true},  {0xe69f00, false}, {0x56b4e9, false},
    {0xcc79a7, false}, {0x000000, true}, {0xf0e442, false}, {0x8c8c8c, false}, {0x440154, true},
    {0x453781, true},  {0x33638d, true}, {0x238a8d, true},  {0x29af7f, false}, {0x7ad151, false},
    {0xd9c91d, false}, {0xd55e00, true}, {0xb0b0b0, false},
};

/* Advances of DejaVu Sans from the blank to the tilde, in thousandths of the font's size. */
static const short advances[] = {
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838,
};

double sb_byte_pixels(unsigned char byte, double font_pixels)
{
    if ((byte & 0xc0) == 0x80) /* goes on with a character */
        return 0;
    const bool known = byte >= ' ' && byte <= '~';
    return advances[(known ? byte : '0') - ' '] * font_pixels / 1000;
}

double sb_text_pixels(const char *text, double font_pixels)
{
    double sum = 0;
    for (; *text; text++)
        sum += sb_byte_pixels((unsigned char)*text, font_pixels);
    return sum;
}

enum sb_shape sb_shape_of(int colour)
{
    return colour < SB_NUM_FAMILIES ? (enum sb_shape)(colour % SB_SHAPES) : SB_SHAPE_CIRCLE;
}

int sb_level_colour(const char *level)
{
    if (strcmp(level, "stem") == 0)
        return 8;
    if (strcmp(level, "head") == 0)
        return 16;
    if (level[0] == 'L' && level[1] >= '1' && level[1] <= '7' && level[2] == '\0')
        return 8 + (level[1] - '0');
    return SB_COLOUR_GREY;
}
