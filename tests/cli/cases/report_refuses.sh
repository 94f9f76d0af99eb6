# Bad usage and bad records: a message, exit code 2, no folder left behind.
r=$SPINEBENCH_SOURCE/tests/golden/reports/mini.jsonl
refused() {
    rc=0
    spinebench report "$@" || rc=$?
    echo "$rc"
}
refused
refused absent.jsonl
refused "$r" --preset per-tree
refused "$r" --columns model,latensy
refused "$r" --sort cpu
refused "$r" --group cpu
refused "$r" --preset accuracy --columns 'note?'
refused "$r" --units latency=MiB
refused "$r" --by leaf
refused "$r" --format word
refused "$r" -o out --preset models
refused "$r" -o out --plot jpg
refused "$r" --where model
refused "$r" --where cpu=x
refused "$r" --where 'latency<3'
refused "$r" --where 'model<3'
refused "$r" --preset runs --columns run,kernal
refused "$r" --preset runs --sort colour
refused "$r" --preset gate --by level
refused "$r" -o out --where model=x
head -c 5000 "$r" >cut.jsonl
refused cut.jsonl -o out
sed 's/"schema": 1/"schema": 9/' "$r" | head -3 >schema.jsonl
refused schema.jsonl -o out
sed '3s/"pass"/"pasc"/;5s/"schema": 1,/"schema": 1, "x": NaN,/' "$r" >bad.jsonl
refused bad.jsonl -o out
sed '3s/"ns"/"nss"/' "$r" >no_ns.jsonl
refused no_ns.jsonl -o out
test ! -e out
spinebench report bad.jsonl --keep-going --columns model,params,latency
spinebench report bad.jsonl --keep-going -o left_out --plot png,pdf 2>/dev/null
grep -A 3 "Left out" left_out/report.md
grep "Made by" left_out/tables/models.tex
head -n 4 left_out/plots/levels.gp | tail -n 1
