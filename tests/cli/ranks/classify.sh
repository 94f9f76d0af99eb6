# Classification over ranks: the same bytes, and the same counts of hits.
. "$SPINEBENCH_SOURCE/tests/cli/ranks/launch.inc"
spinebench dataset make --set species -o species --images 60 -q >/dev/null
awk '$2 < 5' species/val.txt >list.txt # the classes of the model
model=$SPINEBENCH_SOURCE/tests/golden/mini_classification_spinenet49
options="$model/model.json --weights $model/model.ckpt -t 1 -q --list list.txt --images species"
# shellcheck disable=SC2086
spinebench classify $options -o one.jsonl >one.txt
all() {
    for n in 2 5; do
        # shellcheck disable=SC2086
        ranks $n spinebench classify $options -o many.jsonl >many.txt
        cmp one.jsonl many.jsonl || echo "$mpi, $n ranks: other predictions"
        grep 'labelled images' one.txt >a
        grep 'labelled images' many.txt >b
        cmp a b || echo "$mpi, $n ranks: other counts"
    done
}
each all
# shellcheck disable=SC2086
for i in 1 2; do
    spinebench classify $options -o part$i.jsonl --shard $i/2 >/dev/null
done
spinebench classify --merge -o joined.jsonl part2.jsonl part1.jsonl
cmp one.jsonl joined.jsonl
