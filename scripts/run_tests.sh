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
    # cmocka's summary: "[  PASSED  ] 3 test(s).", " 1 FAILED TEST(S)", " 2 SKIPPED TEST(S)"
    p=$(sed -n 's/.*\[  PASSED  \] \([0-9][0-9]*\) test(s).*/\1/p' "$log" | tail -n 1)
    f=$(sed -n 's/.*[^0-9]\([0-9][0-9]*\) FAILED TEST(S).*/\1/p' "$log" | tail -n 1)
    s=$(sed -n 's/.*[^0-9]\([0-9][0-9]*\) SKIPPED TEST(S).*/\1/p' "$log" | tail -n 1)
    passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
    if [ "$code" != 0 ]; then
        broken="$broken $program"
        [ "${f:-0}" != 0 ] || failed=$((failed + 1)) # crashed before its summary
    fi
done
[ -z "$broken" ] || echo "failed programs:$broken"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
