#!/bin/sh
# How often does the gate raise a false alarm, and how often does it find a known slow-down?
#   scripts/gate_trials.sh DIR prepare                   builds all programs and cells of a study
#   scripts/gate_trials.sh DIR KIND N [SECONDS [OPTIONS]] runs gates until DIR/outcomes has N of KIND
#   scripts/gate_trials.sh DIR counts                    what DIR/outcomes holds
# Kinds: same (a program against itself), busy (the same beside a busy loop), crowded (the loop on
# the gate's own CPU), slow50 and slow100 (against a build with 5 % and 10 % more work per run), ten
# (the program against itself over ten models of the zoo, with gate's own settings: how long that
# takes). What a kind needs is built when it is missing. It stops by itself after SECONDS (default:
# never) and goes on when it is called again. The two cells, but of ten, are so small that a gate
# takes seconds; OPTIONS are further options of `gate`.
set -eu
dir=$1 kind=$2
outcomes="$dir/outcomes"

build_same() {
    build=${BUILD:-build}
    make -s BUILD="$build" all >/dev/null
    cp "$build/spinebench" "$dir/same"
    cat >"$dir/permuted.json" <<EOF
{"name": "small-permuted", "base": "retinanet-mobile-spinenet-49xs", "size": 128, "classes": 3,
 "backbone": {"base": "mobile-spinenet-49xs", "filter_scale": 0.25, "endpoint_filters": 8},
 "head": {"filters": 8}}
EOF
    cat >"$dir/pyramid.json" <<EOF
{"name": "small-pyramid", "base": "retinanet-resnet-18-fpn", "size": 128, "classes": 3,
 "backbone": {"base": "resnet-18", "stage_filters": [8, 8, 16, 16], "stem_filters": 16},
 "head": {"filters": 16}, "neck": {"type": "fpn", "filters": 16}}
EOF
}

# build_slow slowN: the same program with N permille more work per run (bench/latency.c).
build_slow() {
    make -s BUILD="build-$1" CFLAGS="-O2 -g -DSB_SLOWDOWN_PERMILLE=${1#slow}" all >/dev/null
    cp "build-$1/spinebench" "$dir/$1"
}

prepare() {
    build_same
    build_slow slow50
    build_slow slow100
}

# Gates of a kind with an outcome.
count() {
    grep -c "^$1 .*$2" "$outcomes" || true
}

counts() {
    for k in same busy crowded slow50 slow100 ten; do
        [ "$(count $k "")" = 0 ] ||
            echo "$k: $(count $k "") gates, $(count $k " passed") passed," \
                "$(count $k " regressed") regressed, $(count $k " noisy") too noisy," \
                "$(count $k " failed") failed"
    done
}

mkdir -p "$dir"
touch "$outcomes"
case $kind in
prepare | counts) "$kind" && exit ;;
same | busy | crowded | ten) head="$dir/same" ;;
slow50 | slow100) head="$dir/$kind" ;;
*) echo "gate_trials: unknown kind '$kind'" >&2 && exit 2 ;;
esac
[ -x "$dir/same" ] || build_same
[ -x "$head" ] || build_slow "$kind"
case $kind in
ten) settings="--cells tiny-spinenet-species@64,tiny-retinanet-spinenet@128,tiny-retinanet-resnet-fpn@128,\
tiny-retinanet-r0-sp53@128,tiny-retinanet-r23-sp30@128,tiny-maskrcnn-spinenet@128,resnet-18-imagenet@64,\
retinanet-mobile-spinenet-49xs@128,retinanet-spinenet-49s@128,retinanet-resnet-18-fpn@128" ;;
*) settings="--no-wait --run-ms 20 --cells $dir/permuted.json,$dir/pyramid.json" ;;
esac
trials=$3 seconds=${4:-1000000}
shift 3
[ $# = 0 ] || shift

loop=
cleanup() {
    [ -z "$loop" ] || kill "$loop" 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 143' INT TERM
cpu=$(($(nproc) - 1))
case $kind in
busy) (while :; do :; done) & loop=$! ;;
crowded) taskset -c "$cpu" sh -c 'while :; do :; done' & loop=$! ;;
esac

start=$(date +%s) log="$dir/log"
while [ "$(count "$kind" "")" -lt "$trials" ] && [ $(($(date +%s) - start)) -lt "$seconds" ]; do
    seed=$(($(count "$kind" "") + 1)) code=0 before=$(date +%s.%N)
    # shellcheck disable=SC2086 # $settings is a list of words
    "$dir/same" gate --base "$dir/same" --head "$head" --cpu "$cpu" --seed "$seed" $settings \
        --quiet "$@" >"$log" 2>&1 || code=$?
    case $code in
    0) outcome=passed ;;
    1) outcome=regressed ;;
    3) outcome=noisy ;;
    *) outcome=failed ;;
    esac
    took=$(echo "$(date +%s.%N) $before" | awk '{printf "%.1f", $1 - $2}')
    why=$(grep -E '^Control|unresolved|slower' "$log" || tail -n 1 "$log")
    echo "$kind $seed $outcome $took s;" "$(echo "$why" | tr '\n' ' ')" >>"$outcomes"
done
counts
