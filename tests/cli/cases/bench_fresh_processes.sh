# Three fresh processes of six runs each make one row of 18; a session that was cut is resumed.
bench() {
    spinebench bench retinanet-mobile-spinenet-49xs --size 128 --threads 1,2 --warmup 0 \
        --step-passes 1 --no-probe -q "$@"
}
bench --runs 6 --processes 3 -o fresh.jsonl >out
spinebench report fresh.jsonl --columns threads,n,processes --format csv --no-origin
# Checks of several processes that agree are no repetition.
spinebench merge fresh.jsonl -o merged.jsonl | sed 's/[0-9]* records/N records/'
bench --runs 2 -o whole.jsonl >out
head -n 600 whole.jsonl >cut.jsonl.part
bench --runs 2 --resume -o cut.jsonl >out
wc -l <whole.jsonl >lines
wc -l <cut.jsonl | cmp - lines && echo "as long as an uninterrupted one"
grep -c '"schema"' whole.jsonl >records
grep -c '"schema"' cut.jsonl | cmp - records && echo "as many records"
bench --runs 2 --scenario cold -o cold.jsonl >out
bench --runs 2 --scenario offline --batch 2 -o offline.jsonl >out
grep -c 'images/s' out
spinebench report offline.jsonl --columns images --format csv --no-origin | sed 's/^[1-9][0-9.]*$/NUMBER/'
grep -c '"scenario": "cold"' cold.jsonl | grep -q '^0' || echo "cold rows"
# Options of the native engine go to its processes alone.
spinebench bench resnet-18-imagenet --size 32 -t 1 --engine native,openblas --cpu-mask portable --runs 1 --warmup 0 \
    --step-passes 0 --processes 2 --no-probe -q -o mixed.jsonl >out
spinebench report mixed.jsonl --columns engine,processes --format csv --no-origin
