# Two threads counts of a small model: two rows, records that are complete, no .part file left.
spinebench bench retinanet-mobile-spinenet-49xs --size 128 --threads 1,2 --runs 3 --warmup 0 \
    --step-passes 2 -q -o run.jsonl >out
spinebench report run.jsonl --columns model,threads,n --format csv --no-origin
grep -c 'sum of steps / end to end' out
ls
head -c 28 run.jsonl
echo
grep -c '"pass": "end_to_end"' run.jsonl
grep '"kind": "check"' run.jsonl | grep -c '"passed": true'
spinebench bench retinanet-mobile-spinenet-49xs --size 128 --runs 1 --step-passes 0 -q --json |
    grep -o '"kind": "[a-z]*"' | sort -u
