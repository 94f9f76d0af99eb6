# What goes wrong on one rank ends all, with its name, exit code 2 and what is complete.
. "$SPINEBENCH_SOURCE/tests/cli/ranks/launch.inc"
spinebench dataset make -o data --seed 3 --images 12 -q >/dev/null
all() {
    echo "-- a broken image: the results before it are those of one process"
    head -c 999 data/val/000000000003.png >broken.png
    set -- data/val/0000000000[0-6]*.png broken.png data/val/00000000001*.png
    code=0
    # shellcheck disable=SC2086
    ranks 3 spinebench detect $detector -o many.json "$@" >&2 || code=$?
    echo "exit code $code"
    # shellcheck disable=SC2086
    spinebench detect $detector -o one.json "$@" >/dev/null 2>&1 || true
    cmp one.json many.json
    cp data/val/000000000003.png broken.png
    # shellcheck disable=SC2086
    ranks 2 spinebench detect $detector -o many.json --resume "$@" >resumed
    grep -c 'from before' resumed
    # shellcheck disable=SC2086
    spinebench detect $detector -o one.json "$@" >/dev/null
    cmp one.json many.json
    rm -f one.json* many.json*

    echo "-- a full disk on rank 1"
    ln -s /dev/full many.json.journal-1
    code=0
    # shellcheck disable=SC2086
    ranks 2 spinebench detect $detector -o many.json --resume "$@" || code=$?
    echo "exit code $code"
    [ ! -e many.json ] || echo "half a result was taken for whole"
    rm -f many.json*

    echo "-- ranks that see different images"
    mkdir -p 0 1
    cp data/val/*.png 0
    cp data/val/*.png 1
    rm 1/000000000002.png
    cat >differ.sh <<'END'
cd "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" && exec "$@" *.png
END
    code=0
    # shellcheck disable=SC2086
    ranks 2 sh differ.sh "spinebench-${mpi#open}" detect $detector -o ../many.json || code=$?
    echo "exit code $code"

    echo "-- wrong use is told once"
    code=0
    ranks 3 spinebench detect "$model/model.json" || code=$?
    echo "exit code $code"
    code=0
    ranks 2 spinebench cost retinanet-spinenet-49 || code=$?
    echo "exit code $code"
}
each all
