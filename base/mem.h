/*
 * Tagged memory. Every block carries what it is for (kind) and a group, which the model code uses
 * for the feature level; current and peak bytes per kind and group are always counted, so memory
 * reports need no special build. All blocks are aligned to 64 bytes; large ones that hold tensors
 * (any kind but data) ask for huge pages.
 *
 * The counters are the library's only process-wide mutable state: they are atomic and only
 * observed, never a source of behaviour, except for the failure injection used by tests.
 */
#ifndef SB_BASE_MEM_H
#define SB_BASE_MEM_H

#include <stddef.h>

enum sb_mem_kind {
    SB_MEM_DATA,       /* anything not below: files, parsed JSON, detections */
    SB_MEM_WEIGHTS,    /* model weights, as loaded and as prepacked */
    SB_MEM_ACTIVATION, /* the planned activation arena */
    SB_MEM_WORKSPACE,  /* scratch of kernels (im2col, Winograd) */
    SB_MEM_KINDS
};

#define SB_MEM_GROUPS 16 /* groups per kind; group 0 = none */

/* A tag from kind and group, 0 <= group < SB_MEM_GROUPS. */
#define SB_MEM_TAG(kind, group) ((unsigned)(kind)*SB_MEM_GROUPS + (unsigned)(group))

struct sb_mem_stats {
    size_t current_bytes[SB_MEM_KINDS][SB_MEM_GROUPS];
    size_t peak_bytes[SB_MEM_KINDS][SB_MEM_GROUPS];
    size_t current_total_bytes;
    size_t peak_total_bytes;
    size_t current_taken_bytes; /* all blocks with their headers and alignment: what they take from
                                   the system's allocator */
    size_t peak_taken_bytes;
};

/* size bytes, uninitialised; NULL when out of memory. size 0 gives a valid unique pointer. */
void *sb_malloc(size_t size, unsigned tag);
/* count * size zero bytes; NULL on overflow or when out of memory. */
void *sb_calloc(size_t count, size_t size, unsigned tag);
/* Like realloc for count * size bytes; ptr may be NULL; on failure NULL and ptr stays valid. */
void *sb_realloc(void *ptr, size_t count, size_t size, unsigned tag);
/* Frees; ptr may be NULL. */
void sb_free(void *ptr);
/* Copy of a string; NULL when out of memory or s is NULL. Free with sb_free(). */
char *sb_strdup(const char *s);

/* Makes room for `need` elements of elem_size in *array (capacity *cap), doubling. 0 or SB_ENOMEM.
 */
int sb_grow(void *array_ptr, size_t *cap, size_t need, size_t elem_size, unsigned tag);

void sb_mem_get_stats(struct sb_mem_stats *out);
/* Peaks := current values. */
void sb_mem_reset_peaks(void);
/* Test hook: the n-th allocation from now (1 = next) and all later ones fail; 0 turns it off. */
void sb_mem_fail_after(long n);

#endif
