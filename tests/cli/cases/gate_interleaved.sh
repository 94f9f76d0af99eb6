# The program against itself, with few and short runs: no regression, whatever the machine does.
program=$(command -v spinebench)
code=0
spinebench gate --base "$program" --head "$program" --cells resnet-18-imagenet@32 --rounds 6 --delta 50 \
    --run-ms 2 --no-wait -q --pairs pairs.csv -o verdicts.jsonl --markdown gate.md >out 2>err || code=$?
case $code in
0 | 3) echo "no regression" ;;
*) cat out err ;;
esac
lines=$(wc -l <pairs.csv)
if [ "$lines" = 7 ] || [ "$lines" = 13 ]; then
    echo "6 or 12 pairs"
fi
grep -c '"kind": "verdict"' verdicts.jsonl
head -n 1 gate.md | cut -d: -f1
grep -q 'the same bits as base' out && echo "outputs are equal"
