# Sorting, filtering, tips by pointer and keyboard, the model view; no complaint in the console; fits a phone;
# screenshots wide, narrow and dark. A page with pictures and a diagnosis, and one with models and a bad line.
records=$SPINEBENCH_SOURCE/tests/golden/reports
sed '9s/"kind"/"kin"/' "$records/mini.jsonl" >mini.jsonl
spinebench report mini.jsonl -o mini --no-plots --keep-going 2>left_out
"$SPINEBENCH_SOURCE/scripts/check_page.sh" mini/report.html shots
grep -o 'Left out: [^<]*' mini/report.html
"$SPINEBENCH_SOURCE/scripts/check_page.sh" "$records/diagnosis/report.html" shots
ls shots
