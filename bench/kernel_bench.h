/*
 * Times single kernels on layers of the networks, by the calls that the kernel tests make
 * (engine/layer_call.h).
 *
 *     for (size_t i = 0; (c = sb_kernel_case_at(i)); i++)
 *         if (sb_time_kernel(&c->layer, kernel, &options, &result, &err) == 0)
 *             printf("%s %g ms\n", c->name, result.median_ns * 1e-6);
 */
#ifndef SB_BENCH_KERNEL_BENCH_H
#define SB_BENCH_KERNEL_BENCH_H

#include "base/error.h"
#include "engine/layer_call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A layer worth timing. */
struct sb_kernel_case {
    const char *name; /* "3x3, 80x80, 256 to 256": of RetinaNet's head on level 3 */
    struct sb_layer layer;
};
/* Cases in order; NULL after the last. */
const struct sb_kernel_case *sb_kernel_case_at(size_t index);

struct sb_kernel_time_options {
    enum sb_cpu cpu;
    int threads;
    int64_t max_ns; /* of timed runs; at least five are made */
    bool expected;  /* only where the cost model does not expect another kernel to be better */
};

struct sb_kernel_time {
    double median_ns, min_ns;
    size_t count;
    int64_t macs;
    size_t bytes; /* operands, weights and output, once each */
};

/* SB_EUNSUPPORTED when the kernel does not run the layer, or with `expected` is not expected to. */
int sb_time_kernel(const struct sb_layer *layer, const struct sb_kernel *kernel,
                   const struct sb_kernel_time_options *options, struct sb_kernel_time *out,
                   struct sb_error *err);

#endif
