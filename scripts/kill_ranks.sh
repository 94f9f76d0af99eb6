#!/bin/sh
# Kills one rank of `detect` at a random moment, resumes with another number of ranks, and compares
# with the results of one process, TIMES times. Works in the current folder.
#   scripts/kill_ranks.sh TIMES [openmpi|mpich] [SEED]     spinebench and spinebench-mpi in PATH
set -eu
times=$1
mpi=${2:-openmpi}
seed=${3:-1}
here=$(cd "$(dirname "$0")/.." && pwd)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
case $mpi in
openmpi) program=spinebench-mpi run="mpirun.openmpi --oversubscribe --quiet" ;;
mpich) program=spinebench-mpich run="mpiexec.mpich" ;;
esac
model=$here/tests/golden/mini_retinanet_spinenet49
spinebench dataset make -o data --seed 3 --images 60 -q >/dev/null
detect="detect $model/model.json --weights $model/model.ckpt --score-threshold 0.1 -t 1 -q --size 256"
# shellcheck disable=SC2086
spinebench $detect -o one.json data/val/*.png >/dev/null

# A whole number below $1, from the seed.
random() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    echo $((seed / 65536 % $1))
}

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
    while [ "$tries" -lt 200 ] && ! pgrep -x -P "$job,$(pgrep -d, -P "$job" || echo "$job")" "$program" >/dev/null 2>&1; do
        sleep 0.01
        tries=$((tries + 1))
    done
    sleep "0.$(printf %03d "$wait")"
    seed=$((seed + 15485863))
    victim=$(pgrep -x -P "$job,$(pgrep -d, -P "$job" || echo "$job")" "$program" 2>/dev/null |
        sed -n "$((1 + $(random "$n")))p") || true
    if [ -n "$victim" ] && kill -KILL "$victim" 2>/dev/null; then
        code=0
        wait "$job" || code=$?
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
    i=$((i + 1))
done
[ "$killed" -gt 0 ] || echo "no rank was killed in time"
echo "$mpi: $identical of $times identical after resuming ($killed were killed while they ran)"
[ "$identical" = "$times" ] && [ "$killed" -gt 0 ]
