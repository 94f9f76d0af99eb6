# A file against itself: counted values are the same; verdicts as records; refusals.
spinebench bench retinanet-mobile-spinenet-49xs --size 128 -t 1 --runs 2 --warmup 0 \
    --step-passes 0 --no-probe -q -o a.jsonl >out
spinebench compare a.jsonl a.jsonl -o verdicts.jsonl >out
tail -n 1 out
grep '^Base:' out | sed 's/commit .*/.../'
grep -c '"kind": "verdict"' verdicts.jsonl
spinebench report verdicts.jsonl --preset gate --format csv --no-origin | cut -d, -f1,6,7
# n: the samples of both medians; counted values have none, and nothing is said of pairs.
spinebench report verdicts.jsonl --preset gate --columns metric,base_samples,head_samples --format csv --no-origin |
    cut -d, -f1-3
spinebench report verdicts.jsonl --preset gate --format csv | head -n 1 | grep -c 'p_value\|rounds' || true
spinebench report verdicts.jsonl -o report --no-plots >out
grep -c 'latency (n = 2, 2)' report/plots/verdicts.gp
grep -c '| a.jsonl, commit .*, machine .* | a.jsonl, commit' report/report.md
grep -c 'verdicts.jsonl; commits and machines as shown' report/report.md
grep -c 'base and head were measured one after the other' report/report.md
grep -c interleaved report/report.md || true
for files in "a.jsonl" "a.jsonl nosuch.jsonl" "a.jsonl out"; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench compare $files >out2 2>err || code=$?
    echo "$files: exit $code"
    cat err >&2
done
# A failed output check is loud: a row, a line, the exit code.
sed '/"kind": "check"/s/"passed": true/"passed": false/' a.jsonl >wrong.jsonl
code=0
spinebench compare a.jsonl wrong.jsonl >out 2>err || code=$?
echo "exit $code"
grep -c 'output check *FAILED HEAD' out
tail -n 1 out
cat err >&2
# Over several cells the mean is of all of them, not of one that is not recorded.
{ cat a.jsonl; sed '/"kind": "run"/d;s/spinenet-49xs/spinenet-49x2/' a.jsonl; } >two.jsonl
spinebench compare two.jsonl two.jsonl --format csv | grep '^all cells' | cut -d, -f1-7
# Files without a common cell: the table names them, and that is no success.
sed 's/spinenet-49xs/spinenet-49x2/' a.jsonl >other.jsonl
code=0
spinebench compare a.jsonl other.jsonl >out 2>err || code=$?
echo "exit $code"
grep -x 'No cell was compared.' out
tail -n 1 out
cat err >&2
: >none.jsonl
spinebench merge none.jsonl -o merged.jsonl || echo "exit $?"
ls merged.jsonl 2>/dev/null || echo "nothing merged"
