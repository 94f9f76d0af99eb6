# Top-1 beside cost and latency in one row. Label 0 is the class that --first-class or the spec names.
spinebench dataset make -o species --set species --split val --images 12 -q >out
echo '{"name": "tiny", "base": "resnet-18-imagenet", "size": 64, "classes": 25}' >tiny.json
bench() {
    spinebench bench tiny.json -t 1 --runs 2 --warmup 0 --step-passes 0 --no-probe --no-check -q \
        --images species "$@" >out
}
bench --accuracy species/val.json --first-class 1 -o run.jsonl
spinebench report run.jsonl --columns model,size,params,n,top1? --format csv --no-origin | sed 's/,[0-9.]*$/,TOP1/'
grep -o '"metric": "top-[15]"' run.jsonl
grep -c '"low": 0' run.jsonl
# Labels of another data set are noticed before and after.
sed 's/"category_id": *\([0-9]*\)/"category_id": 10\1/' species/val.json >other.json
bench --accuracy other.json -o other.jsonl
grep -m1 -o '"note": "[^"]*"' other.jsonl
spinebench classify tiny.json --weights-seed 1 --list other.json --images species -q --max-images 3 \
    --json -o other.p | grep top5
spinebench classify tiny.json --weights-seed 1 --list species/val.json --images species -t 1 \
    -q --json -o p.jsonl | grep '"top1"' | tr -dc '0-9\n' | cut -c2- >hits
grep '"metric": "top-1"' run.jsonl | sed 's/.*"value": \([0-9.e-]*\).*/\1/' >value
awk 'NR == 1 {hits = $1} NR == 2 {print (hits / 12 - $1 < 1e-12 && $1 - hits / 12 < 1e-12) ? "as classify counts" : "other"}' \
    hits value
# A model whose weights are part of the program has them, unless a seed is asked for.
for options in "" "--weights-seed 1"; do
    # shellcheck disable=SC2086 # a list of words
    spinebench bench tiny-spinenet-species -t 1 --runs 1 --warmup 0 --step-passes 0 --no-probe --no-check -q \
        $options -o own.jsonl >out
    grep -o '"weights": "[^"]*"' own.jsonl
done
# Below the size where the layers have other shapes there are none that fit.
spinebench bench tiny-spinenet-species --size 32 -t 1 --runs 1 --warmup 0 --step-passes 0 --no-probe --no-check \
    -o small.jsonl 2>&1 >out | grep trained
grep -o '"weights": "[^"]*"' small.jsonl
