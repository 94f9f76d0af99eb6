spinebench dataset make -o d --images 4 --seed 2 -q >/dev/null
spinebench dataset check d/annotations/instances_val.json --images d/val
spinebench dataset stats d/annotations/instances_val.json | head -n 19
rm d/val/000000000002.png
head -c 1000 d/val/000000000003.png >cut && mv cut d/val/000000000003.png
sed 's/"bbox": \[\([0-9]*\), /"bbox": [2\1, /' d/annotations/instances_val.json >moved.json
spinebench dataset check moved.json --images d/val
