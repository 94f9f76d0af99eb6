#!/bin/sh
# The gate as CI runs it: builds this tree and the commit where it left another one's history, and
# compares the two programs. So what the other branch did since is nobody's regression here.
#   scripts/ci_gate.sh COMMIT [OPTIONS OF GATE]      for example: scripts/ci_gate.sh origin/main
# Leaves build/gate.md (for people), build/gate.xml (JUnit), build/gate.jsonl (records). Exit code of
# `spinebench gate`: 0 no regression, 1 regression or failed check, 2 trouble, 3 too noisy to tell.
set -eu
cd "$(dirname "$0")/.."
commit=$(git rev-parse --verify --quiet "$1^{commit}") || {
    echo "ci_gate: '$1' is no commit here; fetch it first (CI: with the whole history)" >&2
    exit 2
}
base=$(git merge-base HEAD "$commit") || {
    echo "ci_gate: HEAD and '$1' have no common commit here; fetch the whole history" >&2
    exit 2
}
shift
scratch=$(mktemp -d)
cleanup() {
    git worktree remove --force "$scratch/base" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

git worktree add --detach --quiet "$scratch/base" "$base"
for tree in "$scratch/base" .; do
    make -C "$tree" -j"$(nproc)" all >"$scratch/log" 2>&1 || {
        cat "$scratch/log" >&2
        echo "ci_gate: the build failed" >&2
        exit 2
    }
done
build/spinebench gate --base "$scratch/base/build/spinebench" --head build/spinebench \
    --costs tests/golden/costs.csv --outputs tests/golden/outputs.jsonl --markdown build/gate.md --junit build/gate.xml \
    -o build/gate.jsonl "$@"
