# The program against itself, with few and short runs: no regression, whatever the machine does.
program=$(command -v spinebench)
code=0
spinebench gate --base "$program" --head "$program" --cells resnet-18-imagenet@32 --rounds 6 --delta 50 \
    --run-ms 2 --time-limit 0 --no-wait -q --pairs pairs.csv -o verdicts.jsonl --markdown gate.md >out 2>err || code=$?
case $code in
0 | 3) echo "no regression" ;;
*) cat out err ;;
esac
lines=$(wc -l <pairs.csv)
case $lines in
7 | 13 | 25 | 49 | 97 | 193) echo "6 pairs, or twice as many for each further look" ;;
esac
grep -c '"kind": "verdict"' verdicts.jsonl
grep -o '"engine": "[a-z][^"]*"' verdicts.jsonl
head -n 1 gate.md | cut -d: -f1
grep -q 'the same bits as base' out && echo "outputs are equal"
# Time for the rounds but not for more: what is unresolved says so; with --delta so small, all is. Six signs prove nothing.
code=0
spinebench gate --base "$program" --head "$program" --cells tiny-spinenet-species@32 --rounds 6 --delta 0.01 \
    --run-ms 5 --time-limit 0.001 --no-wait -q >out 2>err || code=$?
echo "exit $code"
grep -c 'no time for more rounds of what is unresolved (1)' out
