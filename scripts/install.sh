#!/bin/sh
# Installs what is built: the program, the library of the evaluator, its header and pkg-config file.
#   scripts/install.sh BUILD VERSION PREFIX [DESTDIR]     libraries go to $LIBDIR (PREFIX/lib)
set -eu
cd "$(dirname "$0")/.."
build=$1 version=$2 prefix=$3 dest=${4:-}
case $prefix in
/*) ;;
*)
    echo "install: PREFIX is '$prefix', expected a path that starts with /" >&2
    exit 2
    ;;
esac
libdir=${LIBDIR:-$prefix/lib}
soname=libspinebench.so.${version%%.*}
install -d "$dest$prefix/bin" "$dest$libdir/pkgconfig" "$dest$prefix/include/spinebench"
install -m 755 "$build/spinebench" "$dest$prefix/bin/spinebench"
install -m 644 include/spinebench/eval.h "$dest$prefix/include/spinebench/eval.h"
install -m 755 "$build/libspinebench.so.$version" "$dest$libdir/libspinebench.so.$version"
ln -sf "libspinebench.so.$version" "$dest$libdir/$soname"
ln -sf "$soname" "$dest$libdir/libspinebench.so"
cat >"$dest$libdir/pkgconfig/spinebench.pc" <<PC
prefix=$prefix
libdir=$libdir
includedir=\${prefix}/include

Name: spinebench
Description: COCO average precision and recall, as pycocotools computes them
Version: $version
Libs: -L\${libdir} -lspinebench
Libs.private: -lm -pthread
Cflags: -I\${includedir}
PC
