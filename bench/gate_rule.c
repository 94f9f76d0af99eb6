/* Verdicts from differences. See gate_rule.h. */
#include "bench/gate_rule.h"

#include "base/mem.h"
#include "bench/statistics.h"

#include <math.h>
#include <string.h>

#define TAG           SB_MEM_TAG(SB_MEM_DATA, 0)
#define CONFIDENCE    0.95
#define CONTROL_LEVEL 0.01

const char *sb_gate_verdict_name(enum sb_gate_verdict verdict)
{
    static const char *const names[] = {
        [SB_GATE_SAME] = "SAME",
        [SB_GATE_REGRESSED] = "REGRESSED",
        [SB_GATE_IMPROVED] = "IMPROVED",
        [SB_GATE_UNRESOLVED] = "UNRESOLVED",
    };
    return names[verdict];
}

struct sb_gate_rule sb_gate_rule_at(const struct sb_gate_rule *rule, int look)
{
    return (struct sb_gate_rule){.delta = rule->delta, .alpha = ldexp(rule->alpha, -look)};
}

/* Median and interval of d as logarithms; NaN interval when there are too few. */
static bool locate(const double *d, size_t count, double *median, double *low, double *high)
{
    double *sorted = sb_calloc(count + 1, sizeof(*sorted), TAG);
    *median = *low = *high = (double)NAN;
    if (!sorted)
        return false;
    memcpy(sorted, d, count * sizeof(*sorted));
    sb_sort_doubles(sorted, count);
    const struct sb_interval interval = sb_median_interval_sorted(sorted, count, CONFIDENCE);
    if (count)
        *median = sb_median_sorted(sorted, count);
    if (interval.known) {
        *low = interval.low;
        *high = interval.high;
    }
    sb_free(sorted);
    return true;
}

static enum sb_gate_verdict decide(const struct sb_gate_cell *cell, double m, double low,
                                   double high, const struct sb_gate_rule *rule)
{
    const double effect = log1p(rule->delta);
    if (cell->p_up <= rule->alpha && m > effect)
        return SB_GATE_REGRESSED;
    if (cell->p_down <= rule->alpha && m < -effect)
        return SB_GATE_IMPROVED;
    return low >= -effect && high <= effect ? SB_GATE_SAME : SB_GATE_UNRESOLVED;
}

/* Whether the pairs since the last look reject chance, all by themselves. */
static bool confirmed(const struct sb_gate_cell *cell, enum sb_gate_verdict found,
                      const struct sb_gate_rule *rule)
{
    const struct sb_sign_test test = sb_sign_test(cell->d + cell->seen, cell->count - cell->seen);
    return cell->suspected == found &&
           (found == SB_GATE_REGRESSED ? test.p_up : test.p_down) <= rule->alpha;
}

/* What the look found becomes the verdict, or a suspicion. */
static void settle(struct sb_gate_cell *cell, enum sb_gate_verdict found,
                   const struct sb_gate_rule *rule)
{
    const bool differs = found == SB_GATE_REGRESSED || found == SB_GATE_IMPROVED;
    const bool suspicion = differs && !confirmed(cell, found, rule);
    cell->verdict = suspicion ? SB_GATE_UNRESOLVED : found;
    cell->suspected = suspicion ? found : SB_GATE_SAME;
    cell->seen = cell->count;
}

/* Raw p values into the cells, then corrected ones. */
static bool test_signs(struct sb_gate_cell *cells, size_t count)
{
    double *p = sb_calloc(2 * count + 1, sizeof(*p), TAG);
    if (!p)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct sb_sign_test test = sb_sign_test(cells[i].d, cells[i].count);
        p[i] = test.p_up;
        p[count + i] = test.p_down;
    }
    const bool ok = sb_holm(p, count, p) && sb_holm(p + count, count, p + count);
    for (size_t i = 0; i < count; i++) {
        cells[i].p_up = p[i];
        cells[i].p_down = p[count + i];
    }
    sb_free(p);
    return ok;
}

bool sb_gate_judge(struct sb_gate_cell *cells, size_t count, const struct sb_gate_rule *rule)
{
    if (!test_signs(cells, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        double m, low, high;
        if (!locate(cells[i].d, cells[i].count, &m, &low, &high))
            return false;
        settle(&cells[i], decide(&cells[i], m, low, high, rule), rule);
        cells[i].ratio = exp(m);
        cells[i].low = exp(low);
        cells[i].high = exp(high);
    }
    return true;
}

bool sb_gate_check_control(const double *d, size_t count, const struct sb_gate_rule *rule,
                           struct sb_gate_control *out)
{
    double m, low, high;
    const struct sb_sign_test test = sb_sign_test(d, count);
    const double smaller = test.p_up < test.p_down ? test.p_up : test.p_down;
    if (!locate(d, count, &m, &low, &high))
        return false;
    out->count = count;
    out->p = 2 * smaller < 1 ? 2 * smaller : 1;
    out->half_width = expm1((high - low) / 2);
    out->differs = out->p <= CONTROL_LEVEL;
    out->noisy = out->differs || !(out->half_width <= rule->delta);
    return true;
}
