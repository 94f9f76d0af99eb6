#!/bin/sh
# Runs the job scripts of docs/slurm through a Slurm of one node, started here for the purpose and
# stopped afterwards, and compares with the results of one process. Needs root; installs slurm-wlm and
# munge where they are missing.
#   scripts/slurm_check.sh BUILD
set -eu
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/.." && pwd)
if [ "$(id -u)" != 0 ]; then
    echo "slurm_check: needs root to start munge and Slurm" >&2
    exit 77
fi
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
fi
work=$(mktemp -d)
chmod 755 "$work"
host=$(hostname -s)
pids=
stop() {
    code=$?
    # shellcheck disable=SC2086 # process ids
    [ -z "$pids" ] || kill $pids 2>/dev/null || true
    wait
    [ "$code" = 0 ] || tail -n 20 "$work"/*.log >&2 || true
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

# A key of our own and a socket in the work folder: nothing of the system's munge is touched.
mkdir -m 700 "$work/munge"
dd if=/dev/urandom of="$work/munge/key" bs=128 count=1 2>/dev/null
chmod 600 "$work/munge/key"
munged --foreground --force --key-file="$work/munge/key" --socket="$work/munge/socket" \
    --pid-file="$work/munge/pid" --seed-file="$work/munge/seed" --log-file="$work/munge.log" \
    >"$work/munged.log" 2>&1 &
pids="$!"
cat >"$work/slurm.conf" <<END
ClusterName=spinebench
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
END
export SLURM_CONF="$work/slurm.conf"
mkdir "$work/state" "$work/spool"
slurmctld -D >/dev/null 2>&1 &
pids="$pids $!"
slurmd -D -N "$host" >/dev/null 2>&1 &
pids="$pids $!"
tries=0
until sinfo -h -o %T 2>/dev/null | grep -q idle; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || {
        echo "slurm_check: the node did not come up" >&2
        exit 1
    }
    sleep 0.5
done

export PATH="$build:$PATH" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cd "$work"
model=$source/tests/golden/mini_retinanet_spinenet49
spinebench dataset make -o data --seed 3 --images 40 -q >/dev/null
set -- "$model/model.json" --weights "$model/model.ckpt" --score-threshold 0.1 data/val/*.png
spinebench detect "$@" -q -o one.json >/dev/null

echo "== job array"
sbatch --wait --quiet --array=1-4 --cpus-per-task=1 "$source/docs/slurm/detect_array.sbatch" \
    "$work/array.json" "$@"
spinebench detect --merge -o array.json array.json.shard-*[0-9]
cmp one.json array.json
echo "identical to one process"

echo "== MPI job"
sbatch --wait --quiet --ntasks=2 --cpus-per-task=1 "$source/docs/slurm/detect_mpi.sbatch" "$@" -q \
    -o "$work/mpi.json"
cat spinebench-*[0-9].log | grep -c '^  rank'
cmp one.json mpi.json
echo "identical to one process"
