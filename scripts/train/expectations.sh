#!/bin/sh
# Compares every model of models/weights with PyTorch and writes what the tests expect of it (tests/golden/trained).
#   scripts/train/expectations.sh      run in the source tree after make
# PYTHON and ORACLE name the interpreters with PyTorch (default python3) and with pycocotools (default: $PYTHON).
# Goes through all models; exit code 1 when one does not agree.
set -u
python=${PYTHON:-python3}
oracle=${ORACLE:-$python}
failed=0
for weights in models/weights/*.safetensors; do
    name=$(basename "$weights" .safetensors)
    case $name in *-seed?) continue ;; esac
    $python scripts/train/agreement.py "$name" --weights "$weights" --sample "tests/golden/trained/$name.txt" || failed=1
    case $name in tiny-retinanet-*) $oracle scripts/train/expected_ap.py "$name" || failed=1 ;; esac
done
exit $failed
