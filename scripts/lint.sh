#!/bin/sh
# Style and static checks over the files that git tracks; prints what is wrong, exit 1 if anything.
#   scripts/lint.sh [COMPILER FLAG...]     flags for clang-tidy: `make lint` passes the project's
# Needs the generated headers (`make lint` builds them).
set -u
cd "$(dirname "$0")/.." || exit 2
failures=$(mktemp -d)
trap 'rm -rf "$failures"' EXIT
sources=$(git ls-files '*.c')
headers=$(git ls-files '*.h')
export TIDY_FLAGS="$*"
shells=$(git ls-files '*.sh' scripts/setup scripts/check_onnx scripts/peers)

# check NAME COMMAND...: the command prints what is wrong; nothing printed is good.
check() {
    name=$1
    shift
    "$@" >"$failures/out" 2>&1
    if [ -s "$failures/out" ]; then
        echo "lint: $name:"
        sed 's/^/  /' "$failures/out"
        touch "$failures/failed"
    else
        echo "lint: $name: ok"
    fi
}

format() {
    # shellcheck disable=SC2086 # lists of words, here and below
    clang-format-14 --dry-run -Werror $sources $headers
}

text_style() {
    git grep -nIP '\t' -- '*.c' '*.h' '*.json' '*.py' | sed 's/$/   <- tab/'
    git grep -nIP '[ \t]+$' -- ':!*.exact' ':!*.glob' ':!tests/golden' | sed 's/$/   <- trailing blank/'
    git grep -lIP '\r' | sed 's/$/: carriage return/'
    # zero-width and bidirectional control characters
    git grep -nIP '[\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]' |
        sed 's/$/   <- invisible character/'
    git grep -nIwE 'TO''DO|FIX''ME|XX''X|HA''CK' | sed 's/$/   <- unfinished/'
    git ls-files --eol ':!tests/golden' ':!tests/fuzz/seeds' | awk '$1 != "i/-text" {sub(/^[^\t]*\t/, ""); print}' | while read -r f; do
        [ ! -s "$f" ] || [ -z "$(tail -c 1 "$f")" ] || echo "$f: no newline at the end"
    done
}

# A folder includes only itself and those before it; reports see records and statistics alone.
include_order() {
    # shellcheck disable=SC2086
    awk '
        BEGIN {
            n = split("base models engine datasets detect eval bench reports cli", order, " ")
            for (i = 1; i <= n; i++) rank[order[i]] = i
        }
        /^#[ \t]*include "/ {
            split($0, quoted, "\"")
            split(FILENAME, from, "/")
            split(quoted[2], to, "/")
            if (!(from[1] in rank)) next
            if (!(to[1] in rank))
                print FILENAME ":" FNR ": includes " quoted[2] ", which is in no source folder"
            else if (rank[to[1]] > rank[from[1]])
                print FILENAME ":" FNR ": " from[1] " must not include " quoted[2]
            else if (from[1] == "reports" && quoted[2] !~ /^(base|reports)\// &&
                     quoted[2] != "bench/record.h" && quoted[2] != "bench/statistics.h")
                print FILENAME ":" FNR ": reports read records only, not " quoted[2]
        }' $sources $headers
}

# Files up to 800 lines, functions up to 100 (a kernel may be longer: engine/kernels/).
lengths() {
    # shellcheck disable=SC2086
    awk '
        FNR == 1 && last > 800 {print name ": " last " lines, limit 800"}
        {name = FILENAME; last = FNR}
        FNR == 1 {start = 0}
        /^\{$/ {start = FNR}
        /^\}$/ {
            if (start && FILENAME !~ /^engine\/kernels\// && FNR - start > 100)
                print FILENAME ":" start ": function of " FNR - start " lines, limit 100"
            start = 0
        }
        END {if (last > 800) print name ": " last " lines, limit 800"}' $sources $headers
    # shellcheck disable=SC2086
    printf '%s\n' $sources $headers | sed 's|.*/||' | sort | uniq -d | sed 's/$/: file name used twice/'
}

header_guards() {
    for f in $headers; do
        guard=SB_$(echo "$f" | tr 'a-z/.-' 'A-Z___')
        grep -q "^#ifndef $guard$" "$f" || echo "$f: include guard is not $guard"
    done
}

# Libraries return errors; only cli/ prints and ends the program. Progress has stderr.
library_rules() {
    git grep -nE '^[^"]*\b(printf|puts|putchar|perror|exit|abort|system|atoi|atof|sprintf|strcpy|strcat|gets|alloca)\(' -- \
        base models engine datasets detect eval bench reports |
        grep -v ':[0-9]*: *[/ ]\*' # comments
    git grep -nE '\b(stdout|stderr)\b' -- '*.c' ':!base/progress.c' ':!cli' ':!tests' ':!examples' |
        grep -v ':[0-9]*: *[/ ]\*'
    git grep -nE '[^_a-z](malloc|calloc|realloc|strdup)\(' -- '*.c' ':!base/mem.c' ':!tests'
}

shell_syntax() {
    for f in $shells; do sh -n "$f"; done
    bash -n .ci/run
    for f in $(git ls-files '*.py'); do
        python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f"
    done
}

tidy() {
    # shellcheck disable=SC2016,SC2086 # $TIDY_FLAGS is expanded by the inner shell
    printf '%s\n' $sources | xargs -P "$(nproc)" -n 4 sh -c \
        'clang-tidy-14 --quiet "$@" -- $TIDY_FLAGS 2>/dev/null' sh |
        grep -E '(error|warning): ' | sed "s|^$PWD/||" | sort -u
}

check "clang-format" format
check "text style" text_style
check "include order" include_order
check "lengths and names" lengths
check "header guards" header_guards
check "library rules" library_rules
check "script syntax" shell_syntax
check "clang-tidy" tidy
[ ! -e "$failures/failed" ]
