# Any number of ranks writes the bytes of one process; merged shards too.
. "$SPINEBENCH_SOURCE/tests/cli/ranks/launch.inc"
spinebench dataset make -o data --seed 3 --images 23 -q >/dev/null
# shellcheck disable=SC2086
spinebench detect $detector -o one.json data/val/*.png >/dev/null
all() {
    for n in 1 2 3 5; do
        # shellcheck disable=SC2086
        ranks $n spinebench detect $detector -o many.json data/val/*.png >out
        cmp one.json many.json || echo "$mpi, $n ranks: other results"
        [ "$(grep -c '^  rank [0-9]* on .* images, busy [0-9]* %' out)" = "$((n == 1 ? 0 : n))" ] ||
            cat out
        [ "$(echo many.json*)" = many.json ] || echo "$mpi, $n ranks: left" many.json*
        rm many.json
    done
    for i in 2 1 3; do
        # shellcheck disable=SC2086
        ranks 2 spinebench detect $detector -o part$i.json --shard $i/3 data/val/*.png >/dev/null
    done
    spinebench detect --merge -o joined.json part3.json part1.json part2.json
    cmp one.json joined.json || echo "$mpi: parts of ranks differ"
}
each all
