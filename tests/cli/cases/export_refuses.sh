# every line is one refusal, with exit code 2 and nothing written
case=$SPINEBENCH_SOURCE/tests/golden/mini_retinanet_spinenet49
refused() {
    status=0
    spinebench export "$@" || status=$?
    [ "$status" = 2 ] || echo "exit code $status for: $*"
}
refused "$case/model.json" --weights-seed 1
refused "$case/model.json" --weights "$case/model.ckpt" --weights-seed 1 --onnx m.onnx
refused "$case/model.json" --weights absent.ckpt --onnx m.onnx
refused "$case/model.json" --weights-seed 1 --onnx absent/m.onnx
refused "$case/model.json" --weights-seed 1 --onnx m.onnx --layout nwhc
refused "$case/model.json" --weights-seed 1 --onnx m.onnx --size 0
refused "$case/model.json" --weights-seed 1 --onnx /dev/full
refused no-such-model --weights-seed 1 --onnx m.onnx
refused
ls
