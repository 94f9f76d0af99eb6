# A perfect detection and a miss of another image; the same data twice.
cat >gt.json <<'EOF'
{"images":[{"id":1},{"id":2}],"categories":[{"id":1,"name":"cat"}],
"annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[0,0,10,10],"area":100,"iscrowd":0}]}
EOF
echo '[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":0.5},
{"image_id":2,"category_id":1,"bbox":[0,0,10,10],"score":0.9}]' >dt.json
spinebench eval coco gt.json dt.json dt.json --threads 2
spinebench eval coco gt.json dt.json --json --dump-arrays arrays | grep -A 20 per_category
ls arrays
spinebench eval coco gt.json dt.json --max-dets 5,1,300 --numpy-mean 1
