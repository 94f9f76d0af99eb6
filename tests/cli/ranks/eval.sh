# `eval coco` over ranks prints what one process prints and writes the same arrays.
. "$SPINEBENCH_SOURCE/tests/cli/ranks/launch.inc"
spinebench dataset make -o data --seed 3 --images 23 -q >/dev/null
gt=data/annotations/instances_val.json
# the objects as detections: some ten times as high, some of another class, in another order
grep '"bbox"' "$gt" | sort | awk '
    BEGIN { print "[" }
    { sub(/"id": [0-9]+/, "\"score\": 0." (NR * 37) % 10); sub(/"iscrowd": [01], */, "")
      if (NR % 5 == 0) sub(/"category_id": [0-9]+/, "\"category_id\": 3")
      if (NR % 3 == 0) sub(/\], "area"/, "0], \"area\"")
      sub(/},?\]?,?$/, "}"); print (NR > 1 ? "," : "") $0 }
    END { print "]" }' >dets.json
for i in 1 2; do
    # shellcheck disable=SC2086 # words
    spinebench detect $detector -o part$i.json --shard $i/2 data/val/00000000000[1-5].png >/dev/null
done
# same OPTION...: the command alone and over $ranks
same() {
    rm -rf arrays one many
    spinebench eval coco "$@" -t 1 --dump-arrays arrays >one.txt 2>one.err
    mv arrays one
    ranks "$n" spinebench eval coco "$@" -t 1 --dump-arrays arrays >many.txt 2>many.err
    mv arrays many
    cmp one.txt many.txt && cmp one.err many.err && diff -r one many ||
        echo "$mpi, $n ranks: differ: $*"
}
all() {
    for n in 2 3 5; do
        same $gt dets.json
        [ "$(grep -c '^  rank [0-9]* on .*: busy [0-9]* % (reading .* sent [0-9.]* MB, peak [0-9]* MB$' launcher)" = \
            "$n" ] || cat launcher
    done
    n=2
    same $gt dets.json --iou-type segm --per-category --sort ap
    same $gt dets.json dets.json --no-cats --json
    same $gt part2.json.part part1.json.part
}
each all
spinebench eval coco $gt dets.json 2>/dev/null >summary
head -1 summary
