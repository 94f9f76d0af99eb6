# A diagnosis as text, JSON and records; the second results are compared with the first.
cat >gt.json <<'EOF'
{"images":[{"id":1},{"id":2},{"id":3}],
"categories":[{"id":1,"name":"cat"},{"id":2,"name":"dog"},{"id":3,"name":"owl"}],
"annotations":[
{"id":1,"image_id":1,"category_id":1,"bbox":[0,0,40,40],"area":1600,"iscrowd":0},
{"id":2,"image_id":1,"category_id":2,"bbox":[50,50,40,40],"area":1600,"iscrowd":0},
{"id":3,"image_id":2,"category_id":1,"bbox":[10,10,20,20],"area":400,"iscrowd":0},
{"id":4,"image_id":3,"category_id":2,"bbox":[5,5,100,100],"area":10000,"iscrowd":0}]}
EOF
cat >one.json <<'EOF'
[{"image_id":1,"category_id":1,"bbox":[0,0,40,40],"score":0.95},
{"image_id":1,"category_id":1,"bbox":[1,1,40,40],"score":0.35},
{"image_id":1,"category_id":1,"bbox":[50,50,40,40],"score":0.85},
{"image_id":2,"category_id":1,"bbox":[12,10,20,20],"score":0.75},
{"image_id":3,"category_id":2,"bbox":[5,5,100,90],"score":0.65},
{"image_id":3,"category_id":3,"bbox":[300,300,10,10],"score":0.15}]
EOF
sed 's/"bbox":\[12,10,20,20\]/"bbox":[16,16,20,20]/' one.json >two.json
spinebench eval coco gt.json one.json two.json --diagnose --resamples 50 --name first,second --records r.jsonl
echo
spinebench eval coco gt.json one.json --diagnose --resamples 50 --json | grep -A 25 '"tide"'
echo
spinebench report r.jsonl --preset confusion-matrix --no-origin
grep -c '"kind": "category"' r.jsonl
spinebench report r.jsonl -o report --no-plots
ls report/plots
spinebench eval coco gt.json one.json --records x.jsonl 2>&1 || echo "exit $?"
test ! -e x.jsonl
spinebench eval coco gt.json one.json --diagnose --records absent/x.jsonl 2>&1 || echo "exit $?"
