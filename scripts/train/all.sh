#!/bin/sh
# Trains every model of the embedded data, two at a time, and puts weights, logs and the tests' expectations in
# their places. Stopped, it goes on where it was when it is called again.
#   scripts/train/all.sh FOLDER [STEPS [FIRST_STEPS]]      run in the source tree after make
# FOLDER takes images and checkpoints (2 GB). STEPS (default 20000) are steps of 16 images, the first FIRST_STEPS
# (default half) of 32 images at half the side. PYTHON and ORACLE name the interpreters with PyTorch
# (default python3) and with pycocotools (default: $PYTHON); NICE what goes before long commands.
set -eu
folder=$1
steps=${2:-20000}
first=${3:-$((steps / 2))}
python=${PYTHON:-python3}
# freed memory is kept: PyTorch otherwise gives megabytes back after every layer, to be cleared anew for the next
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=536870912
train="${NICE:-} $python scripts/train/train.py"
spinebench=build/spinebench
detectors="tiny-retinanet-spinenet tiny-retinanet-resnet-fpn"
ablations="tiny-retinanet-r0-sp53 tiny-retinanet-r23-sp30"
species="tiny-spinenet-species tiny-resnet-species"

[ -f "$folder/scenes/annotations/instances_train.json" ] ||
    $spinebench dataset make -o "$folder/scenes" --split train --seed 1 --images 6000
[ -f "$folder/species/train.json" ] ||
    $spinebench dataset make --set species -o "$folder/species" --split train --seed 1 --images 6000

# keep RUN NAME: a run's weights and log become NAME's
keep() {
    cp "$folder/runs/$1/weights.safetensors" "models/weights/$2.safetensors"
    cp "$folder/runs/$1/log.jsonl" "models/weights/$2.log.jsonl"
}

# scenes MODEL SEED NAME [OPTION...]
scenes() {
    model=$1 seed=$2 name=$3
    shift 3
    $train "$model" --data "$folder/scenes" -o "$folder/runs/$name" --seed "$seed" --steps "$steps" --small-steps "$first" "$@"
    keep "$name" "$name"
}

# join: waits for what was started; fails when any of it did
pids=
join() {
    for pid in $pids; do
        wait "$pid"
    done
    pids=
}

for model in $detectors; do
    scenes "$model" 1 "$model" &
    pids="$pids $!"
done
join
for model in $species; do
    {
        $train "$model" --data "$folder/species" -o "$folder/runs/$model" --seed 1 --steps "$((steps / 2))" --batch 64 --rate 3e-3
        keep "$model" "$model"
    } &
    pids="$pids $!"
done
join
for model in $ablations; do
    scenes "$model" 1 "$model" &
    pids="$pids $!"
done
join
scenes tiny-maskrcnn-spinenet 1 tiny-maskrcnn-spinenet --init models/weights/tiny-retinanet-spinenet.safetensors --init-partly
for seed in 2 3; do
    for model in $detectors; do
        scenes "$model" "$seed" "$model-seed$seed" &
        pids="$pids $!"
    done
    join
done

make build/spinebench
scripts/train/expectations.sh
