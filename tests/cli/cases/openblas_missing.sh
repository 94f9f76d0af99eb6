# a broken or missing OpenBLAS is told when it is needed, and by the commands that need it alone
mkdir broken
echo 'no library' >broken/libopenblas.so.0
export LD_LIBRARY_PATH="$PWD/broken"
spinebench version >/dev/null || echo "version needs OpenBLAS"
case=$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49
spinebench forward "$case/model.json" --weights "$case/model.ckpt" --input "$case/input.npy" -o out ||
    echo "exit code $?"
ls
