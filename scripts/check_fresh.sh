#!/bin/sh
# Tries `make demo` and `make test`, each alone, on bare Debian 12 systems that have nothing but git
# and make, built with debootstrap from this machine's package source (root, a few GB, network).
#   scripts/check_fresh.sh FOLDER [demo|test]...      FOLDER is where the systems are made
# Proxy and certificate settings of this machine's apt and resolver are taken over.
set -eu

[ $# -ge 1 ] || {
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
}
folder=$1
shift
[ $# -gt 0 ] || set -- demo test
[ "$(id -u)" = 0 ] || {
    echo "check_fresh: debootstrap and chroot need root" >&2
    exit 2
}
command -v debootstrap >/dev/null || {
    echo "check_fresh: debootstrap is missing; apt-get install debootstrap" >&2
    exit 2
}
source_tree=$(cd "$(dirname "$0")/.." && pwd)
mirror=$(apt-cache policy | sed -n 's/^ *500 \(http[^ ]*\) bookworm\/main .*/\1/p' | head -n 1)
mkdir -p "$folder"
base=$folder/base

if [ ! -e "$base/ready" ]; then
    debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$base" "$mirror"
    cp /etc/resolv.conf /etc/hosts "$base/etc/"
    cp -r /usr/local/share/ca-certificates/. "$base/usr/local/share/ca-certificates/"
    chroot "$base" update-ca-certificates >/dev/null
    for f in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
        if [ -f "$f" ] && grep -qi 'acquire' "$f"; then cp "$f" "$base/etc/apt/apt.conf.d/"; fi
    done
    touch "$base/ready"
fi

root=
trap '[ -z "$root" ] || umount "$root/proc" 2>/dev/null || true' EXIT
for target in "$@"; do
    root=$folder/$target
    umount "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$root"
    cp -a "$base" "$root"
    git clone -q --no-hardlinks "$source_tree" "$root/src"
    mount -t proc proc "$root/proc"
    code=0
    chroot "$root" sh -c "cd /src && make $target" || code=$?
    umount "$root/proc"
    [ "$code" = 0 ] || {
        echo "check_fresh: make $target failed with $code on a bare system" >&2
        exit 1
    }
    echo "check_fresh: make $target succeeds on a bare system"
    rm -rf --one-file-system "$root"
done
