# Accuracy beside cost, latency and memory in one row; the same by merging files; repeated records.
spinebench dataset make -o data --images 3 -q >out
bench() {
    spinebench bench retinanet-mobile-spinenet-49xs --size 128 -t 1 --engine openblas --runs 2 --warmup 0 \
        --step-passes 0 --no-probe -q "$@" >out
}
row() {
    spinebench report "$1" --columns model,size,params,n,ap --format csv --no-origin
}
bench --accuracy data/annotations/instances_val.json --images data/val -o both.jsonl
row both.jsonl
grep '"kind": "run"\|"kind": "accuracy"' both.jsonl >accuracy.jsonl
bench -o time.jsonl
spinebench merge accuracy.jsonl time.jsonl accuracy.jsonl -o merged.jsonl
row merged.jsonl
code=0
spinebench merge time.jsonl 2>err || code=$?
echo "exit $code"
cat err >&2
bench --accuracy data/annotations/instances_val.json 2>err || code=$?
cat err >&2
