# Without gnuplot everything else is written, and the reason is told.
spinebench=$(command -v spinebench)
PATH=/nonexistent "$spinebench" report "$SPINEBENCH_SOURCE/tests/golden/reports/mini.jsonl" -o out
ls out out/plots
grep "Not drawn" out/report.md
