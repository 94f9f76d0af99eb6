/* The noise probe. See noise.h. */
#include "bench/noise.h"

#include "base/clock.h"
#include "base/rng.h"
#include "bench/statistics.h"

#include <stdint.h>

#define REPEATS 100
#define WORK_NS 1000000 /* one repetition */

/* A chain of dependent integer operations; its result must be used. */
static uint64_t work(long rounds, uint64_t x)
{
    for (long i = 0; i < rounds; i++)
        x = sb_rng_mix(x + 1);
    return x;
}

double sb_noise_probe(void)
{
    volatile uint64_t sink = 1; /* keeps the work */
    long rounds = 1000;
    int64_t ns = 0;
    while (ns < WORK_NS) { /* doubling also warms the clock frequency up */
        rounds *= 2;
        const int64_t before = sb_now_ns();
        sink = work(rounds, sink);
        ns = sb_now_ns() - before;
    }
    double times[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
        const int64_t before = sb_now_ns();
        sink = work(rounds, sink);
        times[i] = (double)(sb_now_ns() - before);
    }
    sb_sort_doubles(times, REPEATS);
    return sb_quantile_sorted(times, REPEATS, 0.9) / times[0] - 1;
}

void sb_noise_advice(double noise, struct sb_str *out)
{
    if (noise > SB_NOISE_LIMIT)
        sb_str_printf(out,
                      "noise probe: fixed work took up to %.0f %% longer than its fastest run; "
                      "stop other work, or compare with 'gate', which interleaves\n",
                      100 * noise);
}
