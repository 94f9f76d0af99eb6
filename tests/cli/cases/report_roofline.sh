# The roofline has the machine's roof where the records know its peak and bandwidth, and says where not.
r=$SPINEBENCH_SOURCE/tests/golden/reports/mini.jsonl
sed '/"tiny-a".*"pass": "end_to_end"/s/"pass"/"peak_flops": 6e10, "peak_bytes_per_s": 2e9, "pass"/' "$r" >peak.jsonl
spinebench report peak.jsonl -o peak --no-plots
grep -A 3 "^# .*machine's bandwidth" peak/plots/roofline.dat
grep -c "^# .*machine's bandwidth" peak/plots/roofline.dat
grep -o 'Roof: .*[.,]' peak/report.md
spinebench report "$r" -o none --no-plots
grep -c "^# .*machine's bandwidth" none/plots/roofline.dat || true
grep -o 'No roof .*measured\.' none/report.md
# Six panels at most, and it says so.
for name in c d e f g; do sed "s/tiny-a/tiny-$name/g" "$r"; done | cat "$r" - >many.jsonl
spinebench report many.jsonl -o many --no-plots
grep -o 'Not drawn.* more\.' many/report.md
grep -o 'for want of room' none/report.md || true
