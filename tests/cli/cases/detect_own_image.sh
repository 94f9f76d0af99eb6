# A picture of one's own and a model whose trained weights are built in: nothing else is needed.
spinebench dataset make -o data --images 1 -q >/dev/null
cp data/val/000000000001.png "my photo.png"
spinebench detect tiny-retinanet-spinenet "my photo.png" --draw drawn -q | sed 's/: [0-9]* det.*//'
ls drawn
spinebench models tiny-retinanet-spinenet | sed -n 2p
# named weights are the same, and weights of another model are refused
spinebench detect tiny-retinanet-spinenet "my photo.png" -o named.json -q --weights embedded:tiny-retinanet-spinenet >/dev/null
cmp named.json drawn/detections.json
code=0
spinebench detect tiny-retinanet-resnet-fpn "my photo.png" -o other.json -q --weights embedded:tiny-retinanet-spinenet 2>err || code=$?
echo "exit code $code: $(head -c 90 err)"
# other models have none; a folder stays away when nothing was written
spinebench detect retinanet-spinenet-49 "my photo.png" --draw none -q || echo "exit code $?"
spinebench detect tiny-retinanet-spinenet nosuch.png --draw none -q || echo "exit code $?"
spinebench detect tiny-spinenet "my photo.png" -o none.json || echo "exit code $?"
spinebench detect tiny-retinanet-spinenet "my photo.png" || echo "exit code $?"
spinebench detect || echo "exit code $?"
# a drawing replaces neither its image nor another drawing
mkdir other
cp "my photo.png" other/
before=$(cksum <"my photo.png")
spinebench detect tiny-retinanet-spinenet "my photo.png" --draw . -q || echo "exit code $?"
[ "$(cksum <"my photo.png")" = "$before" ] && echo "the image is as it was"
spinebench detect tiny-retinanet-spinenet "my photo.png" "other/my photo.png" --draw none -q || echo "exit code $?"
ls
