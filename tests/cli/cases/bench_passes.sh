# What each pass gains; levels of instruction sets and small memory have names of their own.
tiny="retinanet-mobile-spinenet-49xs --size 128 -t 1 --runs 2 -q"
# shellcheck disable=SC2086 # a list of words
spinebench bench $tiny --passes >table
tiny="$tiny --warmup 0 --step-passes 0 --no-probe"
cut -c 1-16 table | sed -n '2,/all of them/p' | sed 's/ *$//'
# shellcheck disable=SC2086
spinebench bench $tiny --engine native --cpu-mask portable --low-memory -o run.jsonl >out
spinebench report run.jsonl --columns engine,n --format csv --no-origin
for options in "--passes" "--cpu-mask mmx"; do
    code=0
    # shellcheck disable=SC2086
    spinebench bench $tiny $options >out 2>err || code=$?
    echo "$options: $code"
    cat err >&2
done
