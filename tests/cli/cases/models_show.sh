# Blocks, levels and edges of one model, and the start of the list.
spinebench models spinenet-49 --size 128
spinebench models | head -n 3
spinebench models spinenet-49 --dot | grep -c -- '->'
spinebench models --json | grep -c "^  \"model\": \"retinanet-spinenet-49\""
spinebench models spinenet-49 --json | grep -A 3 '"from": "backbone/block11"' | tail -n 4
