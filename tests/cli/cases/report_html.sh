# The pages are valid HTML by an outside checker. It does not know SVG's links, which are fine.
command -v tidy >/dev/null || { echo "no tidy" >&2; exit 77; }
for r in mini diagnosis; do
    tidy -quiet -errors -utf8 "$SPINEBENCH_SOURCE/tests/golden/reports/$r/report.html" 2>&1 |
        grep -v '<a> proprietary attribute "\(href\|aria-label\)"' || echo "$r is valid"
done
