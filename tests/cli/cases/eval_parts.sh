# Shards of detect evaluated as one: the numbers of the joined file; what does not fit is named.
model=$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49
spinebench dataset make -o data --seed 3 --images 4 -q >/dev/null
gt=data/annotations/instances_val.json
detect="detect $model/model.json --weights $model/model.ckpt --score-threshold 0.1 -t 1 -q data/val/*.png"
for i in 1 2 3 4 5; do # one is empty
    # shellcheck disable=SC2086
    spinebench $detect -o "part$i.json" --shard $i/5 >/dev/null
done
spinebench detect --merge -o joined.json part?.json
spinebench eval coco $gt joined.json --dump-arrays one >one.txt 2>one.err
spinebench eval coco $gt part4.json.part part[12].json.part part5.json.part part3.json.part \
    --dump-arrays many >many.txt 2>many.err
cmp one.txt many.txt
cmp one.err many.err
diff -r one many
fail() {
    spinebench eval coco "$@" && echo "no error" || true
}
echo "-- missing, twice, other results beside them" >&2
fail $gt part[1245].json.part
fail $gt part?.json.part part3.json.part
fail $gt part?.json.part joined.json
echo "-- another run's" >&2
# shellcheck disable=SC2086
spinebench $detect -o other.json --shard 3/5 --exif >/dev/null
fail $gt part[1245].json.part other.json.part
echo "-- the file and the byte in it" >&2
sed '/"id": 3, "file/d' $gt >less.json
fail less.json part?.json.part
echo "-- a warning, which has no byte in any of them" >&2
spinebench eval coco less.json part?.json.part --unknown-images drop >/dev/null
echo "-- changed" >&2
echo "[]" >part3.json
fail $gt part?.json.part
