/*
 * Peak resident memory per phase, without a polling thread: the kernel keeps the high-water mark of
 * resident pages (VmHWM in /proc/self/status), and writing 5 to /proc/self/clear_refs sets it back
 * to what is resident now (Linux, proc(5)).
 *
 *     struct sb_memory_probe probe;
 *     sb_memory_probe_start(&probe);
 *     ... work ...
 *     const int64_t grown = sb_memory_probe_peak(&probe);    // bytes above the start, or SB_NO_INT
 */
#ifndef SB_BENCH_MEMORY_H
#define SB_BENCH_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Why a peak is SB_NO_INT. */
#define SB_MEMORY_HIDDEN "the kernel does not let this process reset its peak memory"

struct sb_memory_probe {
    int64_t start_bytes; /* resident at the start */
    bool works;          /* the mark could be reset */
};

/* Gives free heap pages back to the system first, so that later growth is real growth. */
void sb_memory_probe_start(struct sb_memory_probe *probe);
/* Highest resident bytes since start, minus the bytes at the start; SB_NO_INT when hidden. */
int64_t sb_memory_probe_peak(const struct sb_memory_probe *probe);

/* Resident bytes now, and the high-water mark; SB_NO_INT when /proc does not tell. */
int64_t sb_resident_bytes(void);
int64_t sb_peak_resident_bytes(void);

#endif
