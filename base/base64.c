/* Three bytes to four characters. See base64.h. */
#include "base/base64.h"

#include <stdint.h>

void sb_base64(const void *data, size_t size, struct sb_str *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *const bytes = data;
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i < 3 ? size - i : 3;
        uint32_t group = 0;
        char text[4];
        for (size_t b = 0; b < 3; b++)
            group = group << 8 | (b < left ? bytes[i + b] : 0);
        for (size_t c = 0; c < 4; c++)
            text[c] = c <= left ? digits[group >> (18 - 6 * c) & 63] : '=';
        sb_str_append(out, text, sizeof(text));
    }
}
