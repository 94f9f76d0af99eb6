/* Colours. See figure_style.h. */
#include "reports/figure_style.h"

#include <string.h>

const struct sb_colour sb_palette[SB_COLOURS] = {
    {0x0072b2, true},  {0xd55e00, true}, {0x009e73, true},  {0xe69f00, false}, {0x56b4e9, false},
    {0xcc79a7, false}, {0x000000, true}, {0xf0e442, false}, {0x8c8c8c, false}, {0x440154, true},
    {0x453781, true},  {0x33638d, true}, {0x238a8d, true},  {0x29af7f, false}, {0x7ad151, false},
    {0xd9c91d, false}, {0xd55e00, true}, {0xb0b0b0, false},
};

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
