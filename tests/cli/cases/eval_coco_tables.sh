# Tables of categories and of several results files.
exec 2>/dev/null # warnings of the data
cat >gt.json <<'EOF'
{"images":[{"id":1},{"id":2}],"categories":[{"id":7,"name":"dog"},{"id":3,"name":"cat, old"},{"id":9,"name":"bird"}],
"annotations":[{"id":1,"image_id":1,"category_id":7,"bbox":[0,0,10,10],"area":100,"iscrowd":0},
{"id":2,"image_id":1,"category_id":3,"bbox":[20,20,50,50],"area":2500,"iscrowd":0},
{"id":3,"image_id":2,"category_id":3,"bbox":[0,0,50,50],"area":2500,"iscrowd":0}]}
EOF
echo '[{"image_id":1,"category_id":7,"bbox":[0,0,10,10],"score":0.5},{"image_id":2,"category_id":3,"bbox":[0,0,50,45],"score":0.9}]' >a.json
echo '[{"image_id":1,"category_id":7,"bbox":[0,0,10,8],"score":0.5}]' >b.json
spinebench eval coco gt.json a.json --per-category --sort ap
spinebench eval coco gt.json a.json b.json
spinebench eval coco gt.json b.json a.json --per-category --sort name
spinebench eval coco gt.json b.json a.json --format csv --sort ap
spinebench eval coco gt.json a.json --format csv --per-category --sort objects
spinebench eval coco gt.json a.json b.json --format csv --per-category | cut -d , -f 1-7
spinebench eval coco gt.json a.json --format json --sort ar50 2>err || echo "$? $(grep sort err)"
spinebench eval coco gt.json a.json --format json --sort detections | sed -n '/per_category/,$p' | grep -E '"(name|AP)"'
# without a range called all the first one stands in, and says so
spinebench eval coco gt.json a.json --per-category --areas tiny:0:256,rest:256:1e10 --format csv | head -n 1
