# The page is valid HTML by an outside checker. It does not know SVG's links, which are fine.
command -v tidy >/dev/null || { echo "no tidy" >&2; exit 77; }
spinebench report "$SPINEBENCH_SOURCE/tests/golden/reports/mini.jsonl" -o out --no-plots
tidy -quiet -errors -utf8 out/report.html 2>&1 | grep -v '<a> proprietary attribute "\(href\|aria-label\)"' || echo valid
