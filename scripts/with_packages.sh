#!/bin/sh
# Runs a Python program in a venv with packages from pip.
#   scripts/with_packages.sh VENV "PACKAGES" PROGRAM.py [ARGUMENT...]
# VENV is a folder that is made when it is not there and kept; when empty, a temporary one that is removed at the
# end, also after an interruption. For its help (-h, --help) the program gets the system's Python: nothing is
# fetched, so it must print its help without the packages.
set -eu
venv=$1 packages=$2
shift 2
for argument; do
    case $argument in -h | --help) exec python3 "$@" ;; esac
done
if [ -z "$venv" ]; then
    venv=$(mktemp -d)
    trap 'rm -rf "$venv"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
fi
if [ ! -x "$venv/bin/python" ]; then
    echo "fetching $packages into $venv" >&2
    python3 -m venv "$venv"
    # shellcheck disable=SC2086 # a list of packages
    "$venv/bin/pip" install -q $packages
fi
"$venv/bin/python" "$@"
