/*
 * Peak resident memory per phase, without a polling thread: the kernel keeps the high-water mark of
 * resident pages (VmHWM in /proc/self/status), and writing 5 to /proc/self/clear_refs sets it back
 * to what is resident now (Linux, proc(5)).
 *
 *     sb_memory_settle(threads, &err);
 *     struct sb_memory_probe probe;
 *     sb_memory_probe_start(&probe);
 *     ... work ...
 *     const int64_t grown = sb_memory_probe_peak(&probe);    // bytes above the start, or SB_NO_INT
 *     const int64_t taken = sb_memory_probe_taken(&probe);   // what the allocator says
 *
 * The two differ by little, whatever the phase: stacks and allocator arenas of threads, what malloc
 * keeps between blocks, pages of a mapped file around those that were asked for, and the kernel's
 * count of resident pages, which older ones add up in batches per CPU.
 */
#ifndef SB_BENCH_MEMORY_H
#define SB_BENCH_MEMORY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Why a peak is SB_NO_INT. */
#define SB_MEMORY_HIDDEN "the kernel does not let this process reset its peak memory"

/* How far a measured peak may be off with `threads` threads where that is more than 5 %. */
#define SB_MEMORY_SLACK(threads) ((int64_t)(threads)*256 << 10)

struct sb_memory_probe {
    int64_t start_bytes; /* resident at the start */
    size_t start_taken;  /* from the allocator at the start */
    bool works;          /* the mark could be reset */
};

/*
 * Makes the program itself resident, so that later growth is the model's: its code and that of its
 * libraries, which otherwise come page by page as they are first run, and, if `blas_threads`
 * threads will multiply matrices by OpenBLAS, it and the buffers that it keeps for each of them (0:
 * none, which saves 20 ms and its memory).
 */
int sb_memory_settle(int blas_threads, struct sb_error *err);

/* Gives free heap pages back to the system first, so that later growth is real growth. */
void sb_memory_probe_start(struct sb_memory_probe *probe);
/* Highest resident bytes since start, minus the bytes at the start; SB_NO_INT when hidden. */
int64_t sb_memory_probe_peak(const struct sb_memory_probe *probe);
/* Most bytes that the blocks of base/mem.h took since start, minus those at the start. */
int64_t sb_memory_probe_taken(const struct sb_memory_probe *probe);

/* Resident bytes now, and the high-water mark; SB_NO_INT when /proc does not tell. */
int64_t sb_resident_bytes(void);
int64_t sb_peak_resident_bytes(void);

#endif
