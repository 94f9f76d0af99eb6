/*
 * The machine that a measurement ran on and the state it was in: CPU, caches, memory, frequency
 * control, load, time stolen by a hypervisor, BLAS. Fields that this system does not show stay
 * empty (text) or SB_NO_INT / NaN (numbers) and become null with a reason in the run record.
 *
 *     struct sb_environment env;
 *     sb_environment_read(&env, "");
 *     sb_environment_to_record(&env, &record);   // borrows env's strings
 */
#ifndef SB_BENCH_ENVIRONMENT_H
#define SB_BENCH_ENVIRONMENT_H

#include "base/str.h"
#include "bench/record.h"

#include <stdint.h>

struct sb_environment {
    char cpu[128];          /* model name */
    char cpu_features[160]; /* of those that kernels care about */
    char kernel[96];        /* "Linux 6.1.0-18-amd64" */
    char affinity[256];     /* CPUs this process may use: "0-1" */
    char governor[48];      /* "performance"; "" = not visible */
    char machine[9];        /* hex digest over CPU, caches, cores and memory: the machine's type */
    char blas[160];         /* OpenBLAS's own configuration line */
    char blas_core[48];     /* the kernels OpenBLAS chose: "SkylakeX" */
    char allocator[48];
    int64_t cpus;        /* online */
    int64_t usable_cpus; /* in the affinity mask */
    int64_t l1d_bytes, l2_bytes, l3_bytes;
    int64_t memory_bytes, page_bytes;
    int64_t mhz;         /* of CPU 0 now, as the kernel tells it */
    double load;         /* one-minute average */
    int64_t steal_ticks; /* since boot, all CPUs */
    bool hypervisor;     /* runs in a virtual machine */
};

/* root is "" or, for tests, a folder that holds proc/ and sys/. Never fails: what cannot be read
 * is missing. */
void sb_environment_read(struct sb_environment *env, const char *root);

/* Fills the machine's part of a run record, with reasons for what is missing. Strings borrow env.
 */
void sb_environment_to_record(const struct sb_environment *env, struct sb_record *run);
/* Fills the program's part from the build. */
void sb_build_to_record(struct sb_record *run);

/* What makes timings here worse than need be and what to do about it, a line each; "" if nothing.
 */
void sb_environment_advice(const struct sb_environment *env, struct sb_str *out);

/* Ticks stolen from all CPUs since boot; SB_NO_INT when the kernel does not tell. */
int64_t sb_steal_ticks(void);

#endif
