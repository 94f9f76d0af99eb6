/* Geometry shared by kernels that slide a window over a plane. */
#ifndef SB_ENGINE_KERNELS_WINDOW_H
#define SB_ENGINE_KERNELS_WINDOW_H

#include <stdint.h>

/*
 * Output positions [first, end) along one axis whose tap at window offset k reads inside the
 * input: 0 <= i * stride + k - pad < in. Both are within [0, out].
 */
struct sb_span {
    int64_t first, end;
};

static inline struct sb_span sb_tap_span(int64_t out, int64_t in, int stride, int pad, int k)
{
    const int64_t lo = pad - k; /* input position of output 0 is -lo */
    struct sb_span span = {lo > 0 ? (lo + stride - 1) / stride : 0,
                           in - 1 + lo >= 0 ? (in - 1 + lo) / stride + 1 : 0};
    if (span.end > out)
        span.end = out;
    if (span.first > span.end)
        span.first = span.end;
    return span;
}

#endif
