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
spinebench eval coco gt.json dt.json --max-dets 1,1,5 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --max-dets 0 2>err || echo "$? $(head -n 1 err)"
echo '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":0.5}]' >dt.json
spinebench eval coco gt.json dt.json --per-category --sort size 2>err || echo "$? $(grep -v warning err)"
spinebench eval coco gt.json dt.json --sort ap 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --format oval 2>err || echo "$? $(head -n 1 err)"
spinebench eval coco gt.json dt.json --format csv --diagnose 2>err || echo "$? $(head -n 1 err)"
