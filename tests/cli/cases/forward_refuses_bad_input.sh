# every line is one refusal, with exit code 2 and nothing written
case=$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49
refused() {
    status=0
    spinebench forward "$@" || status=$?
    [ "$status" = 2 ] || echo "exit code $status for: $*"
}
head -c 1000 "$case/input.npy" >cut.npy
refused "$case/model.json" --weights "$case/model.ckpt" -o out
refused "$case/model.json" --weights "$case/model.ckpt" --input "$case/input.npy"
refused "$case/model.json" --input "$case/input.npy" -o out
refused "$case/model.json" --weights "$case/model.ckpt" --weights-seed 1 --input "$case/input.npy" -o out
refused "$case/model.json" --weights absent.ckpt --input "$case/input.npy" -o out
refused "$case/model.json" --weights "$case/model.ckpt" --input cut.npy -o out
refused "$case/model.json" --weights "$case/model.ckpt" --input "$case/anchors.npy" -o out
refused "$case/model.json" --weights-seed 1 --size 256 --input "$case/input.npy" -o out
refused "$case/model.json" --weights-seed 1 --size 0 --input "$case/input.npy" -o out
refused "$case/model.json" --weights-seed 1 --engine fast --input "$case/input.npy" -o out
refused no-such-model --weights-seed 1 --input "$case/input.npy" -o out
refused
ls
