/* EXIF orientation of JPEG files: finding it, and turning an image upright. See image_codec.h. */
#include "base/mem.h"
#include "datasets/image_codec.h"

#include <string.h>

#define TAG_ORIENTATION 274
#define TYPE_SHORT      3
#define ENTRY_BYTES     12

/* A TIFF block in either byte order; reads past its end give 0. */
struct tiff {
    const uint8_t *data;
    size_t size;
    bool little_endian;
};

static unsigned read_u16(const struct tiff *t, size_t at)
{
    if (at > t->size || t->size - at < 2)
        return 0;
    const unsigned a = t->data[at], b = t->data[at + 1];
    return t->little_endian ? a | b << 8 : a << 8 | b;
}

static uint32_t read_u32(const struct tiff *t, size_t at)
{
    const uint32_t a = read_u16(t, at), b = read_u16(t, at + 2);
    return t->little_endian ? a | b << 16 : a << 16 | b;
}

int sb_exif_orientation(const uint8_t *data, size_t size)
{
    static const char marker[6] = "Exif\0";
    if (size < sizeof(marker) + 8 || memcmp(data, marker, sizeof(marker)) != 0)
        return 1;
    struct tiff t = {data + sizeof(marker), size - sizeof(marker), false};
    t.little_endian = t.data[0] == 'I';
    if (t.data[0] != t.data[1] || read_u16(&t, 2) != 42)
        return 1;
    const size_t directory = read_u32(&t, 4);
    const unsigned entries = read_u16(&t, directory);
    for (unsigned i = 0; i < entries; i++) {
        const size_t entry = directory + 2 + (size_t)i * ENTRY_BYTES;
        if (read_u16(&t, entry) != TAG_ORIENTATION || read_u16(&t, entry + 2) != TYPE_SHORT)
            continue;
        const unsigned value = read_u16(&t, entry + 8);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* Where a pixel of the stored image goes: first transposed (5 to 8), then mirrored. */
struct turn {
    bool transpose, mirror_x, mirror_y;
};

static const struct turn turns[9] = {
    [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
    [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
    [8] = {true, false, true},
};

int sb_image_orient(struct sb_image *image, int orientation, struct sb_error *err)
{
    if (orientation < 2 || orientation > 8)
        return 0;
    const struct turn t = turns[orientation];
    struct sb_image out;
    const int rc = sb_image_create(&out, t.transpose ? image->height : image->width,
                                   t.transpose ? image->width : image->height, err);
    if (rc)
        return rc;
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            int to_x = t.transpose ? y : x, to_y = t.transpose ? x : y;
            to_x = t.mirror_x ? out.width - 1 - to_x : to_x;
            to_y = t.mirror_y ? out.height - 1 - to_y : to_y;
            memcpy(out.pixels + ((size_t)to_y * (size_t)out.width + (size_t)to_x) * 3,
                   image->pixels + ((size_t)y * (size_t)image->width + (size_t)x) * 3, 3);
        }
    }
    sb_image_release(image);
    *image = out;
    return 0;
}
