#!/bin/sh
# Kills one rank of `detect` at a random moment, resumes with another number of ranks, and compares
# with the results of one process, TIMES times. Works in the current folder; every tenth time it tells on
# stderr how far it is.
#   scripts/kill_ranks.sh TIMES [openmpi|mpich] [SEED]     spinebench and spinebench-mpi in PATH
set -eu
times=$1
mpi=${2:-openmpi}
seed=${3:-1}
limit=20 # seconds; a launcher that loses a rank while that starts may wait for ever
SPINEBENCH_SOURCE=$(cd "$(dirname "$0")/.." && pwd)
. "$SPINEBENCH_SOURCE/tests/cli/ranks/launch.inc"
launcher
spinebench dataset make -o data --seed 3 --images 60 -q >/dev/null
detect="detect $detector --size 256"
# shellcheck disable=SC2086
spinebench $detect -o one.json data/val/*.png >/dev/null

# A whole number below $1, from the seed.
random() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    echo $((seed / 65536 % $1))
}

# The ranks of the launcher $job: its children or, with MPICH, theirs. Linux keeps 15 letters of a name.
ranks_of_job() {
    pgrep -x -P "$job,$(pgrep -d, -P "$job" || echo "$job")" "$(printf %.15s "$program")" || true
}

# Waits for $job, which has lost a rank, but not for ever; sets $code.
wait_for_job() {
    (
        trap 'kill $!; exit 0' TERM
        sleep "$limit" &
        wait
        kill -KILL "$job" && echo "$i" >>hung
    ) >/dev/null 2>&1 &
    watchdog=$!
    code=0
    wait "$job" || code=$?
    kill "$watchdog" 2>/dev/null || true
}

rm -f hung
identical=0 killed=0 i=1
while [ "$i" -le "$times" ]; do
    seed=$((seed + i * 7919))
    n=$((2 + $(random 3)))
    seed=$((seed + 104729))
    wait=$(random 900)
    # shellcheck disable=SC2086
    $run -n $n $program $detect -o many.json data/val/*.png >/dev/null 2>launcher &
    job=$!
    # the moment is counted from when the ranks run
    tries=0
    while [ "$tries" -lt 200 ] && [ -z "$(ranks_of_job)" ]; do
        sleep 0.01
        tries=$((tries + 1))
    done
    sleep "0.$(printf %03d "$wait")"
    seed=$((seed + 15485863))
    victim=$(ranks_of_job | sed -n "$((1 + $(random "$n")))p")
    if [ -n "$victim" ] && kill -KILL "$victim" 2>/dev/null; then
        wait_for_job
        if [ "$code" = 0 ]; then
            echo "run $i: had ended before the kill"
        else
            killed=$((killed + 1))
        fi
    else
        wait "$job" || true
    fi
    if [ -e many.json ] && ! cmp -s one.json many.json; then
        echo "run $i: half a result under the final name"
    fi
    # shellcheck disable=SC2086
    $run -n $((5 - n)) $program $detect -o many.json --resume data/val/*.png >/dev/null 2>launcher ||
        cat launcher
    if cmp -s one.json many.json; then
        identical=$((identical + 1))
    else
        echo "run $i: other results after resuming"
    fi
    rm -f many.json*
    [ $((i % 10)) != 0 ] || echo "$i of $times: $identical identical, $killed killed" >&2
    i=$((i + 1))
done
[ "$killed" -gt 0 ] || echo "no rank was killed in time"
echo "$mpi: $identical of $times identical after resuming ($killed were killed while they ran)"
[ ! -e hung ] || echo "$(wc -l <hung) launchers had not ended $limit seconds after and were killed" >&2
[ "$identical" = "$times" ] && [ "$killed" -gt 0 ]
