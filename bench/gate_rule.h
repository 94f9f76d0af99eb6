/*
 * The gate's decision: from paired, interleaved differences to a verdict per cell. Integers, one
 * binomial tail and no random numbers: the same differences give the same verdict.
 *
 * A difference is d = ln(time of head) - ln(time of base) of one round. Per cell: the median m and
 * its 95 % order-statistic interval; one-sided sign tests of "mostly slower" and "mostly faster",
 * ties speaking against both; each corrected over the cells by Holm's method. Then
 *
 *   REGRESSED   "slower" is rejected as chance at level alpha and m >  ln(1 + delta)
 *   IMPROVED    "faster" is rejected as chance at level alpha and m < -ln(1 + delta)
 *   SAME        the interval lies inside +-ln(1 + delta)
 *   UNRESOLVED  otherwise
 *
 * The sign test needs no assumption about the noise but that a pair's order does not matter, which
 * the rounds' alternation takes care of.
 *
 * A difference that one look finds is a suspicion. It becomes the verdict when the next look finds
 * it, too, and the pairs taken since, which had no part in raising it, reject chance by themselves.
 * Who runs a gate at every commit sees many: at level 1 %, one of a hundred would accuse a commit
 * that changed nothing.
 */
#ifndef SB_BENCH_GATE_RULE_H
#define SB_BENCH_GATE_RULE_H

#include <stdbool.h>
#include <stddef.h>

struct sb_gate_rule {
    double delta; /* smallest effect that matters: 0.02 */
    double alpha; /* family-wise level: 0.01 */
};

enum sb_gate_verdict { SB_GATE_SAME, SB_GATE_REGRESSED, SB_GATE_IMPROVED, SB_GATE_UNRESOLVED };
/* "SAME", "REGRESSED", ... */
const char *sb_gate_verdict_name(enum sb_gate_verdict verdict);

/* The differences of one cell. */
struct sb_gate_cell {
    const double *d;
    size_t count;
    /* results; what a look leaves in them the next one needs */
    enum sb_gate_verdict verdict;
    enum sb_gate_verdict suspected; /* REGRESSED, IMPROVED: unconfirmed, so UNRESOLVED; else SAME */
    size_t seen;                    /* pairs when the last look judged */
    double ratio, low, high; /* exp() of the median and of its interval; low, high NaN: too few */
    double p_up, p_down;     /* corrected */
};

/* Cells that a look leaves unresolved get as many pairs again and another look, SB_GATE_MAX_LOOKS
 * at most (21 pairs become 672). Each look has half the level of the one before, so that all
 * together suspect a cell by chance with less than twice alpha, and call it REGRESSED by chance
 * with less than alpha squared, as the confirming pairs are new and their level is at most alpha
 * / 2; a median beyond delta comes on top. */
#define SB_GATE_MAX_LOOKS 6
/* The rule of look 0, 1, 2, ... */
struct sb_gate_rule sb_gate_rule_at(const struct sb_gate_rule *rule, int look);

/* One look: fills the results of all cells together. False when out of memory. */
bool sb_gate_judge(struct sb_gate_cell *cells, size_t count, const struct sb_gate_rule *rule);

/* Control pairs, base against base: they must show nothing. */
struct sb_gate_control {
    size_t count;
    double p;          /* two-sided sign test */
    double half_width; /* of the median's 95 % interval, as a ratio; NaN: too few */
    bool differs;      /* p <= 1 % */
    bool noisy;        /* differs, or the interval is wider than delta on one side */
};
/* False when out of memory. */
bool sb_gate_check_control(const double *d, size_t count, const struct sb_gate_rule *rule,
                           struct sb_gate_control *out);

#endif
