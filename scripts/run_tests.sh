#!/bin/sh
# Runs test programs one after the other; ends with "N passed, M failed, K skipped" over all.
#   scripts/run_tests.sh BUILD PROGRAM...
set -u
build=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0 broken=
export SPINEBENCH="$build/spinebench"
export SPINEBENCH_SOURCE=.
for program in "$@"; do
    "$program" >"$log" 2>&1
    code=$?
    cat "$log"
    p=$(grep -c '^\[       OK \]' "$log")
    f=$(sed -n 's/^\[  FAILED  \] \([0-9][0-9]*\) test(s).*/\1/p' "$log" | head -n 1)
    s=$(sed -n 's/^\[  SKIPPED \] \([0-9][0-9]*\) test(s).*/\1/p' "$log" | head -n 1)
    passed=$((passed + p)) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
    if [ "$code" != 0 ]; then
        broken="$broken $program"
        [ "${f:-0}" != 0 ] || failed=$((failed + 1)) # crashed before its summary
    fi
done
[ -z "$broken" ] || echo "failed programs:$broken"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
