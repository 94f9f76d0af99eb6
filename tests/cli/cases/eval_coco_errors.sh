# Wrong input of eval coco: exit 2, the file, the byte and the offending value; nothing on stdout.
cat >gt.json <<'EOF'
{"images":[{"id":1},{"id":2}],"categories":[{"id":1,"name":"cat"}],
"annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[0,0,10,10],"area":100,"iscrowd":0}]}
EOF
try() {
    printf '%s' "$1" >dt.json
    code=0
    spinebench eval coco gt.json dt.json --threads 1 2>err || code=$?
    echo "$code $(head -n 1 err)"
}
try '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":0.5}'
try '[{"image_id":7,"category_id":1,"bbox":[0,0,10,10],"score":0.5},{"image_id":8,"category_id":1,"bbox":[0,0,1,1],"score":1}]'
try '[{"image_id":1,"category_id":1,"bbox":[0,0,10],"score":0.5}]'
try '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":"high"}]'
try '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":1e999}]'
try '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10]}]'
try '[]'
try '{}'
spinebench eval coco absent.json dt.json 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --iou-type oval 2>err || echo "$? $(head -n 1 err)"
spinebench eval nothing 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --lvis --max-dets 1,5 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --max-dets 0 2>err || echo "$? $(head -n 1 err)"
echo '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":0.5}]' >dt.json
spinebench eval coco gt.json dt.json --per-category --sort size 2>err || echo "$? $(grep -v warning err)"
spinebench eval coco gt.json dt.json --sort ap 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --format oval 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --format csv --diagnose 2>err || echo "$? $(head -n 1 err)"
# options that would change nothing, and values of another form
refuse() {
    spinebench eval coco gt.json dt.json "$@" 2>err || echo "$? $(head -n 1 err)"
}
refuse --crowding 0.1,0.8
refuse --dilation-ratio 0.1
refuse --det-area mask
refuse --no-cats-oks all
refuse --seed 3
refuse --json --format csv
refuse --no-cats --categories 1,cat
refuse --iou-thresholds 0.1:0.9:129
refuse --areas a-name-of-twenty-four-bytes:0:1
echo '[]' >none.json
refuse --iou-type keypoints --sigmas none.json
refuse --unknown-objects never
# a file that cannot be read among several
echo '[{"image_id":7,"category_id":1,"bbox":[0,0,10,10],"score":0.5}]' >other.json
spinebench eval coco gt.json dt.json other.json 2>err || echo "$? $(grep -v warning err)"
spinebench eval coco gt.json other.json dt.json --keep-going --format csv 2>err || echo "$? $(grep -v warning err)"
spinebench eval coco gt.json other.json dt.json --keep-going --json 2>err | grep -E '"(results|error)"'
# control characters of a name stay out of a terminal; numbers in CSV are exact
printf '%s' '{"images":[{"id":1}],"categories":[{"id":"a,b","name":"\u001b[31mred"}],
"annotations":[{"id":1,"image_id":1,"category_id":"a,b","bbox":[0,0,10,10],"area":100,"iscrowd":0},
{"id":2,"image_id":3,"category_id":"a,b","bbox":[0,0,10,10],"area":100,"iscrowd":0}]}' >gt.json
echo '[{"image_id":1,"category_id":"a,b","bbox":[0,0,10,9],"score":0.5}]' >dt.json
spinebench eval coco gt.json dt.json --per-category 2>err | tail -n 1
grep unknown err
spinebench eval coco gt.json dt.json --per-category --format csv 2>err
spinebench eval coco gt.json dt.json --json 2>err | sed -n '/"warnings"/,/\]/p'
refuse --unknown-objects error
