# The installed library: the example is built with what pkg-config says, as C and as C++, and run.
build=$(dirname "$(command -v spinebench)")
prefix=$PWD/root
version=$(sed -n 's/^VERSION := //p' "$SPINEBENCH_SOURCE/Makefile")
"$SPINEBENCH_SOURCE/scripts/install.sh" "$build" "$version" "$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
flags="-Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags --libs spinebench)"
sanitizer=$(grep -o -e '-fsanitize=[a-z,]*' "$build/flags" | head -n 1) # of a build that has one
example=$SPINEBENCH_SOURCE/examples/ap.c
gcc -std=c11 $sanitizer "$example" $flags -o ap
./ap
if [ -z "$sanitizer" ]; then # clang's would not be the one of the library
    clang-14 -x c++ -std=c++20 "$example" -x none $flags -o ap-cpp
    ./ap-cpp >cpp.out
    ./ap | cmp - cpp.out
fi
(cd "$prefix" && find . -type f -o -type l) | sort
readelf -d "$prefix/lib/libspinebench.so" | grep -o 'soname:.*'
# nothing but the interface is visible, each symbol with its version
! nm -D --defined-only "$prefix/lib/libspinebench.so" | sed 's/^[^ ]* //' | grep -v ' spinebench_[a-z_]*@@SPINEBENCH_0.1$'
[ "$(pkg-config --modversion spinebench)" = "$version" ]
wc -l <"$example"
# A folder with a blank, and one that depends on where make runs.
"$SPINEBENCH_SOURCE/scripts/install.sh" "$build" "$version" "/a b" "$PWD/dest dir"
ls "dest dir/a b"
"$SPINEBENCH_SOURCE/scripts/install.sh" "$build" "$version" local 2>&1 || echo "exit $?"
