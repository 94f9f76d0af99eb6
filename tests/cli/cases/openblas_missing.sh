# a broken or missing OpenBLAS is told when it is needed, and by the engine that needs it alone
mkdir broken
echo 'no library' >broken/libopenblas.so.0
export LD_LIBRARY_PATH="$PWD/broken"
spinebench version >/dev/null || echo "version needs OpenBLAS"
case=$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49
forward() {
    spinebench forward "$case/model.json" --weights "$case/model.ckpt" --input "$case/input.npy" "$@" -q
}
forward -o out --engine openblas || echo "exit code $?"
ls
forward -o out --engine native
ls
