# A rank killed at a random moment, ten times: the job ends, nothing half-written is taken for whole,
# and --resume with another number of ranks ends with the bytes of one process.
. "$SPINEBENCH_SOURCE/tests/cli/ranks/launch.inc"
sh "$SPINEBENCH_SOURCE/scripts/kill_ranks.sh" 10 ${mpis% *} 2>progress || cat progress
