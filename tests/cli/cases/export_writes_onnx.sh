case=$SPINEBENCH_SOURCE/tests/golden/mini_maskrcnn_spinenet49
spinebench export "$case/model.json" --weights "$case/model.ckpt" --onnx m.onnx
# the same bytes again, with the weights read from the file itself
cp m.onnx first.onnx
spinebench export "$case/model.json" --weights "$case/model.ckpt" --onnx m.onnx -q
cmp m.onnx first.onnx
spinebench forward "$case/model.json" --weights m.onnx --input "$case/input.npy" -o out -q
cmp out/detection_classes.npy "$case/detection_classes.npy"
spinebench export "$case/model.json" --weights m.onnx --onnx nhwc.onnx --layout nhwc --size 256
spinebench export "$case/model.json" --onnx untrained.onnx
ls
# Weights that are part of the program are those that are exported.
spinebench export tiny-spinenet-species --onnx own.onnx
