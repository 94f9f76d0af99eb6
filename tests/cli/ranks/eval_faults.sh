# Errors of `eval coco` over ranks are those of one process, told once, exit code 2.
. "$SPINEBENCH_SOURCE/tests/cli/ranks/launch.inc"
spinebench dataset make -o data --seed 3 --images 12 -q >/dev/null
gt=data/annotations/instances_val.json
echo '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":0.5},
{"image_id":2,"category_id":1,"bbox":[0,0,10,10],"score":0.9},
{"image_id":3,"category_id":1,"bbox":[0,0,10,10],"score":0.9}]' >dets.json
# same OPTION...: fails alike alone and over ranks
same() {
    spinebench eval coco "$@" >one.txt 2>one.err && echo "no error: $*"
    code=0
    ranks 3 spinebench eval coco "$@" >many.txt 2>many.err || code=$?
    echo "exit code $code"
    cmp one.txt many.txt && cmp one.err many.err || cat many.err
    cat one.err
}
all() {
    echo "-- a bad value in the last rank's part"
    sed '3s/10\],/"x"],/' dets.json >bad.json
    same $gt bad.json
    echo "-- unknown images, seen by several ranks"
    sed 's/"image_id":[23]/"image_id":7000/' dets.json >unknown.json
    same $gt unknown.json
    echo "-- a file that is not there, a category that is not there, a column that is not there"
    same $gt missing.json
    same $gt dets.json --categories unicorn
    same $gt dets.json --per-category --sort colour

    echo "-- ranks that see different files"
    mkdir -p 0 1
    cp dets.json 0
    sed 's/0.9/0.8/' dets.json >1/dets.json
    cat >differ.sh <<'END'
cd "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" && exec "$@"
END
    code=0
    ranks 2 sh differ.sh "spinebench-${mpi#open}" eval coco ../$gt dets.json || code=$?
    echo "exit code $code"
    echo "-- a file of an option that differs, or that one rank lacks"
    cp dets.json 1
    echo 1 >0/images.txt
    for images in 2 ''; do
        rm -f 1/images.txt
        [ -z "$images" ] || echo "$images" >1/images.txt
        code=0
        ranks 2 sh differ.sh "spinebench-${mpi#open}" eval coco ../$gt dets.json --images @images.txt || code=$?
        echo "exit code $code"
    done
    echo "-- what one rank alone does"
    code=0
    ranks 2 spinebench eval coco $gt dets.json --diagnose || code=$?
    echo "exit code $code"
}
each all
