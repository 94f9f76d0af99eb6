/*
 * Walking Protocol Buffers without copying: fields of a message as they lie in memory. For messages
 * whose bulk is raw arrays that must stay in the mapped file; small records are unpacked with
 * protobuf-c. Encoding: protobuf.dev/programming-guides/encoding.
 *
 *     struct sb_wire w = {data, size, 0};
 *     struct sb_wire_field f;
 *     int rc;
 *     while ((rc = sb_wire_next(&w, &f)) > 0)
 *         if (f.number == 5 && f.type == SB_WIRE_BYTES) ...
 */
#ifndef SB_MODELS_WIRE_H
#define SB_MODELS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sb_wire_type {
    SB_WIRE_VARINT = 0,
    SB_WIRE_FIXED64 = 1,
    SB_WIRE_BYTES = 2, /* bytes, string, message, packed array */
    SB_WIRE_FIXED32 = 5
};

struct sb_wire {
    const char *data;
    size_t size;
    size_t pos;
};

struct sb_wire_field {
    uint32_t number;
    enum sb_wire_type type;
    uint64_t value;   /* VARINT, FIXED32, FIXED64 */
    const char *data; /* BYTES: `size` bytes inside the message */
    size_t size;
};

/* A base-128 number at *pos < size, which moves behind it; false when it is cut off or longer than
 * 64 bits. */
bool sb_read_varint(const char *data, size_t size, size_t *pos, uint64_t *value);

/* A little-endian 32-bit number. */
uint32_t sb_read_u32(const char *p);

/* The next field: 1, 0 at the end of the message, -1 when it is malformed (w->pos says where). */
int sb_wire_next(struct sb_wire *w, struct sb_wire_field *field);

#endif
