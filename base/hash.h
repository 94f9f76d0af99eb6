/* Checksums: CRC-32C of checkpoint formats and a 64-bit digest for comparing buffers. */
#ifndef SB_BASE_HASH_H
#define SB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli polynomial, RFC 3720) of data, continuing from crc (0 to start).
 * Uses the CPU's crc32 instruction where there is one. */
uint32_t sb_crc32c(uint32_t crc, const void *data, size_t size);
/* The same bit by bit: for other CPUs, and what the fast one is tested against. */
uint32_t sb_crc32c_portable(uint32_t crc, const void *data, size_t size);

/* FNV-1a, 64 bits, continuing from hash (SB_FNV_START to start). Not cryptographic. */
#define SB_FNV_START 0xcbf29ce484222325u
uint64_t sb_fnv1a(uint64_t hash, const void *data, size_t size);

#endif
