# The worst images as files, a contact sheet and records; the same bytes for any number of threads.
spinebench dataset make -o data --split val --seed 4 --images 4 -q >/dev/null
gt=data/annotations/instances_val.json
{
    echo "["
    sed -n 's/.*"image_id": \([0-9]*\), "category_id": \([0-9]*\), "bbox": \(\[[^]]*\]\).*/{"image_id": \1, "category_id": \2, "bbox": \3, "score": 0.9},/p' $gt | sed '5,9d;3s/"category_id": [0-9]*/"category_id": 2/'
    echo '{"image_id": 4, "category_id": 1, "bbox": [10, 10, 60, 60], "score": 0.8}]'
} >dets.json
draw() {
    spinebench eval coco $gt dets.json --diagnose --resamples 20 --image-folder data/val --worst 3 --name made-up "$@" >text 2>notes
}
draw --draw one --records one.jsonl --threads 1
draw --draw two --records two.jsonl --threads 3
diff -r one two
ls one
for f in one two; do grep '"kind": "picture"' $f.jsonl | sed 's/"run": "[^"]*"//' >$f.pictures; done
cmp one.pictures two.pictures
sed 's/"base64".*//; s/.*"title"/"title"/' one.pictures
spinebench report one.jsonl -o report --no-plots
grep -c '<img ' report/report.html
spinebench eval coco $gt dets.json --diagnose --image-folder absent --records no.jsonl 2>refused || echo "exit $?"
grep absent refused
spinebench eval coco $gt dets.json --diagnose --draw x 2>&1 || echo "exit $?"
