case=$SPINEBENCH_SOURCE/tests/golden/mini_maskrcnn_spinenet49
spinebench forward "$case/model.json" --weights "$case/model.ckpt" --input "$case/input.npy" -o out
ls out
cmp out/detection_classes.npy "$case/detection_classes.npy"
cmp out/num_detections.npy "$case/num_detections.npy"
