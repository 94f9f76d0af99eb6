# One table with the caller's columns, order and units, in every format.
r=$SPINEBENCH_SOURCE/tests/golden/reports/mini.jsonl
spinebench report "$r"
echo
spinebench report "$r" --preset per-level --columns model,part,macs,time --group model --sort -time --units time=us
echo
spinebench report "$r" --by op --columns model,part,time,macs --format csv
echo
spinebench report "$r" --columns model,latency,ap --format latex
echo
echo "a file given twice counts once:"
spinebench report "$r" "$r" --columns model,latency,n
echo
echo "what names no model fills no table of the paper:"
sed 's/"model": "[^"]*"/"model": null/' "$r" >nameless.jsonl
spinebench report nameless.jsonl --preset paper-table-4 --columns model,latency_paper --no-origin
# A diagnosis names which model it made on which data, however many; keys are words that options take.
golden=$SPINEBENCH_SOURCE/tests/golden/reports
sed 's/"gt.json"/"test.json"/; s/"first"/"second"/; s/"r1"/"r2"/' "$golden/diagnosis.jsonl" >second.jsonl
spinebench report "$golden/diagnosis.jsonl" second.jsonl --preset errors | grep ' on gt'
spinebench report "$golden/diagnosis.jsonl" second.jsonl -o two --no-plots >out
grep -c '^# .*first on gt.json, n = 3 images; second on test.json' two/plots/*.gp
spinebench report "$golden/mini.jsonl" --preset paper-table-3 --columns block_adjustment,AP_paper --format csv --no-origin | head -n 2
spinebench report "$golden/mini.jsonl" --columns model,rate,ap --units rate=G --format csv --no-origin | head -n 1
