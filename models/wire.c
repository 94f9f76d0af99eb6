/* Walking Protocol Buffers in place. See wire.h. */
#include "models/wire.h"

#include <string.h>

bool sb_read_varint(const char *data, size_t size, size_t *pos, uint64_t *value)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 64 && *pos < size; shift += 7) {
        const unsigned char byte = (unsigned char)data[(*pos)++];
        const uint64_t bits = byte & 127u;
        if (shift == 63 && bits > 1)
            return false;
        v |= bits << shift;
        if (byte < 128) {
            *value = v;
            return true;
        }
    }
    return false;
}

uint32_t sb_read_u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool read_fixed(struct sb_wire *w, size_t bytes, uint64_t *value)
{
    if (w->size - w->pos < bytes)
        return false;
    const char *p = w->data + w->pos;
    *value = sb_read_u32(p);
    if (bytes == 8)
        *value |= (uint64_t)sb_read_u32(p + 4) << 32;
    w->pos += bytes;
    return true;
}

static bool read_bytes(struct sb_wire *w, struct sb_wire_field *f)
{
    uint64_t length;
    if (!sb_read_varint(w->data, w->size, &w->pos, &length) || length > w->size - w->pos)
        return false;
    f->data = w->data + w->pos;
    f->size = (size_t)length;
    w->pos += f->size;
    return true;
}

int sb_wire_next(struct sb_wire *w, struct sb_wire_field *f)
{
    if (w->pos == w->size)
        return 0;
    uint64_t tag;
    if (!sb_read_varint(w->data, w->size, &w->pos, &tag) || tag >> 3 == 0 || tag >> 32 != 0)
        return -1;
    memset(f, 0, sizeof(*f));
    f->number = (uint32_t)(tag >> 3);
    f->type = (enum sb_wire_type)(tag & 7);
    switch (f->type) {
    case SB_WIRE_VARINT:
        return sb_read_varint(w->data, w->size, &w->pos, &f->value) ? 1 : -1;
    case SB_WIRE_FIXED64:
        return read_fixed(w, 8, &f->value) ? 1 : -1;
    case SB_WIRE_FIXED32:
        return read_fixed(w, 4, &f->value) ? 1 : -1;
    case SB_WIRE_BYTES:
        return read_bytes(w, f) ? 1 : -1;
    }
    return -1; /* groups, which no format read here uses, and unknown types */
}
