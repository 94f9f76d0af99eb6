spinebench dataset make -o scenes --images 3 --seed 4 -q
ls scenes/val
spinebench dataset make -o species --set species --images 3 --seed 4 -q -t 1
cat species/val.txt
