#!/bin/sh
# How often does the gate raise a false alarm, and how often does it find a known slow-down?
#   scripts/gate_trials.sh same N [GATE OPTIONS]     the program against itself
#   scripts/gate_trials.sh busy N [...]              the same beside a busy loop on one CPU
#   scripts/gate_trials.sh slow PERMILLE N [...]     against a build that is slower by PERMILLE / 1000
# Prints one line per gate and the counts of outcomes; every gate has its own seed.
set -eu
kind=$1
shift
permille=0
if [ "$kind" = slow ]; then
    permille=$1
    shift
fi
trials=$1
shift
build=${BUILD:-build}
make -s BUILD="$build" all
base="$build/spinebench" head="$build/spinebench"
if [ "$permille" -gt 0 ]; then
    make -s BUILD="build-slow-$permille" CFLAGS="-O2 -g -DSB_SLOWDOWN_PERMILLE=$permille" all
    head="build-slow-$permille/spinebench"
fi
loop=
cleanup() {
    [ -z "$loop" ] || kill "$loop" 2>/dev/null || true
}
trap cleanup EXIT INT TERM
if [ "$kind" = busy ]; then
    (while :; do :; done) &
    loop=$!
fi
passed=0 regressed=0 noisy=0 other=0 i=1
log=$(mktemp)
start=$(date +%s)
while [ "$i" -le "$trials" ]; do
    code=0
    "$base" gate --base "$base" --head "$head" --seed "$i" --quiet --no-wait "$@" \
        >"$log" 2>&1 || code=$?
    case $code in
    0) passed=$((passed + 1)) outcome=passed ;;
    1) regressed=$((regressed + 1)) outcome=regressed ;;
    3) noisy=$((noisy + 1)) outcome="too noisy" ;;
    *) other=$((other + 1)) outcome="exit $code" && cat "$log" ;;
    esac
    echo "gate $i: $outcome; $(grep '^Control:' "$log" || true)"
    i=$((i + 1))
done
rm -f "$log"
echo "$kind $permille: $trials gates, $passed passed, $regressed regressed, $noisy too noisy," \
    "$other others, $(($(date +%s) - start)) s"
