/*
 * OpenBLAS, opened on first use instead of at program start: loading it takes milliseconds and
 * starts a thread that spins for a while, which commands that multiply no matrices need not pay.
 */
#ifndef SB_ENGINE_KERNELS_OPENBLAS_H
#define SB_ENGINE_KERNELS_OPENBLAS_H

#include "base/error.h"

#include <cblas.h>

/* The functions used here; cblas.h says what they do. */
struct sb_openblas {
    __typeof__(&cblas_sgemm) sgemm;
    __typeof__(&openblas_set_num_threads) set_num_threads;
    __typeof__(&openblas_get_config) get_config;
    __typeof__(&openblas_get_corename) get_corename;
};

/* The opened library; the first call opens it. Thread-safe. NULL and SB_EUNSUPPORTED where it
 * cannot be opened; the message says why. */
const struct sb_openblas *sb_openblas_open(struct sb_error *err);

#endif
