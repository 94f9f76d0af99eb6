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
# An accuracy says of which weights and data it is; where times are of others, merge and report say so.
grep '"metric": "AP"' accuracy.jsonl |
    grep -o '"weights": "[^"]*", "weights_digest": "[0-9a-f]*", "data_digest": "[0-9a-f]*", "images_digest": "[0-9a-f]*"' |
    sed 's/digest": "[0-9a-f]\{16\}"/digest": "16 digits"/g'
bench --weights-seed 2 -o other.jsonl
spinebench merge accuracy.jsonl other.jsonl -o unlike.jsonl 2>err
sed -E 's/\([0-9a-f]{8}\)/(DIGEST)/g; s/commit [^ ,]+( with changes)?/commit C/g' err
spinebench report unlike.jsonl --columns model,ap --format text --no-origin |
    sed -E 's/\([0-9a-f]{8}\)/(DIGEST)/g; s/commit [^ ,.]+( with changes)?/commit C/g'
bench --weights-seed 2 --accuracy data/annotations/instances_val.json --images data/val -o third.jsonl
grep '"kind": "run"\|"kind": "accuracy"' third.jsonl >third-accuracy.jsonl
bench --weights-seed 3 -o fourth.jsonl
spinebench merge accuracy.jsonl third-accuracy.jsonl fourth.jsonl -o several.jsonl 2>err
cat err
# Other pictures under the same annotations are other data.
spinebench dataset make -o data2 --images 3 --seed 2 -q >out
bench --accuracy data/annotations/instances_val.json --images data2/val -o pictures.jsonl
spinebench compare both.jsonl pictures.jsonl --format csv | grep ',AP,' | cut -d, -f6,7
