#!/usr/bin/env python3
"""Reference values for tests/bench/test_statistics.c, from SciPy and statsmodels.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install scipy statsmodels
    /tmp/v/bin/python scripts/oracle_statistics.py > tests/golden/statistics.txt

Each line: what, arguments, result(s) with 17 significant digits.
"""
import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

print(f"# scripts/oracle_statistics.py with SciPy {scipy.__version__},"
      f" statsmodels {statsmodels.__version__}, NumPy {np.__version__}")

for n in (1, 5, 6, 7, 12, 21, 31, 62, 299, 1000, 5000, 20001):
    for k in sorted({0, 1, n // 4, n // 2, n // 2 + 1, (2 * n) // 3, n - 1, n}):
        print(f"tail {n} {k} {stats.binom.sf(k - 1, n, 0.5):.17g}")

# Ranks and coverage of the order-statistic interval of the median, from the binomial distribution.
for n in (5, 6, 7, 10, 11, 21, 31, 50, 100, 1000, 10001):
    for confidence in (0.9, 0.95, 0.99):
        rank, coverage = 0, 0.0
        for k in range(1, n // 2 + 1):
            c = 1 - 2 * stats.binom.cdf(k - 1, n, 0.5)
            if c >= confidence:
                rank, coverage = k, c
        print(f"rank {n} {confidence} {rank} {coverage:.17g}")

rng = np.random.default_rng(7)
for n in (1, 2, 7, 30, 299):
    x = np.round(rng.lognormal(3, 0.4, n), 3)
    values = " ".join(f"{v:.17g}" for v in x)
    q90 = np.quantile(x, 0.9, method="inverted_cdf")
    q99 = np.quantile(x, 0.99, method="inverted_cdf")
    print(f"summary {n} {np.median(x):.17g} {stats.gmean(x):.17g} {q90:.17g} {q99:.17g} {values}")

for n in (8, 21, 31):
    d = np.round(rng.normal(0.3, 1, n), 2)
    d[1] = 0.0
    up = stats.binomtest(int((d > 0).sum()), n, 0.5, alternative="greater").pvalue
    down = stats.binomtest(int((d < 0).sum()), n, 0.5, alternative="greater").pvalue
    print(f"sign {n} {up:.17g} {down:.17g} " + " ".join(f"{v:.17g}" for v in d))

for m in (1, 3, 10):
    p = rng.uniform(0, 0.2, m)
    if m > 2:
        p[2] = p[0]
    adjusted = multipletests(p, method="holm")[1]
    print(f"holm {m} " + " ".join(f"{v:.17g}" for v in p) + " "
          + " ".join(f"{v:.17g}" for v in adjusted))
