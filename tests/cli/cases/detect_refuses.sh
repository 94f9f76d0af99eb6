# Bad input: exit code 2, a message with file and place, nothing on stdout, no file and no folder.
case=$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49
spinebench dataset make -o data --images 2 -q >/dev/null
head -c 2000 data/val/000000000001.png >cut.png
# a header of 65280 x 65280 pixels with its checksum
{
    head -c 16 cut.png
    printf '\000\000\377\000\000\000\377\000\010\002\000\000\000\074\344\062\337'
    tail -c +34 cut.png
} >bomb.png
head -c 500 data/annotations/instances_val.json >cut.json
cp "$case/model.ckpt.index" bad.index
{
    head -c 1000 "$case/model.ckpt.data-00000-of-00001"
    printf 'spoiled'
    tail -c +1008 "$case/model.ckpt.data-00000-of-00001"
} >bad.data-00000-of-00001
for options in "--weights-seed 1 cut.png" "--weights-seed 1 bomb.png" "--weights-seed 1 nosuch.png" \
    "--weights bad cut.png" "--weights nosuch cut.png" "--weights-seed 1 --size 0 cut.png" \
    "--weights-seed 1 --annotations cut.json --images data/val" "--weights-seed 1"; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench detect "$case/model.json" -o dets.json --draw drawn -q $options >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$options: exit code $code"
    [ ! -s out ] || echo "$options: printed on stdout"
    for left in dets.json* drawn; do
        [ ! -e "$left" ] || echo "$options: left $left"
    done
    cat err >&2
done
