# The rules of eval coco: the warning that counts what a rule touches, and what its option changes.
cat >gt.json <<'EOF'
{"images":[{"id":1,"height":40,"width":40},{"id":2,"height":40,"width":40}],
"categories":[{"id":1,"name":"cat"},{"id":2,"name":"dog"}],
"annotations":[
{"id":0,"image_id":1,"category_id":1,"bbox":[0,0,10,10],"area":100,"iscrowd":0,"segmentation":[[0,0,10,0,10,10,0,10]]},
{"id":1,"image_id":1,"category_id":1,"bbox":[20,0,10,10],"area":1024,"iscrowd":0,"segmentation":[[20,0,30,0,30,10,20,10]]},
{"id":2,"image_id":1,"category_id":1,"bbox":[20,0,10,10],"area":100,"iscrowd":0,"ignore":1,"segmentation":[[20,0,30,0,30,10,20,10]]},
{"id":3,"image_id":2,"category_id":2,"bbox":[0,0,40,40],"area":1600,"iscrowd":1,"segmentation":[[0,0,40,0,40,40,0,40]]}]}
EOF
cat >dt.json <<'EOF'
[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":0.9},
{"image_id":1,"category_id":1,"bbox":[20,0,10,10],"score":0.8},
{"image_id":2,"category_id":2,"bbox":[5,5,10,10],"score":0.7},
{"image_id":2,"category_id":7,"bbox":[5,5,10,10],"score":0.7}]
EOF
# Warnings, all of them, and AP; behind a switch only what differs from the first run.
show() {
    spinebench eval coco gt.json dt.json --threads 1 --notes "$@" 2>&1 |
        sed -n 's/spinebench eval coco: //p; / AP/p; /(AP).*0.50:0.95.*area= *[as]/s/.*| area=/AP: area=/p'
}
show | tee first
try() {
    echo "== $*"
    show "$@" >now
    diff first now | grep '^[<>]' || true
}
try --id-zero match
try --ignore-flag either
try --crowd off
try --tie first
try --gt-area box
try --area-bounds half-open
try --unknown-cats error
try --eps none
try --ap-points 11
try --ap-points all
try --max-dets 1 --max-dets-scope image
try --max-dets 1,2,3
try --max-dets 1,2,3 --summary-maxdets largest
try --iou-type segm --gt-area mask
try --rle-compat never
sed -i 's/"iscrowd":0,//' gt.json
try --missing-fields error
try --missing-fields fill
echo '[{"image_id":3,"category_id":1,"bbox":[0,0,10,10],"score":0.9}]' >dt.json
try --unknown-images drop --missing-fields fill
echo '[]' >dt.json
try --empty-results zeros --missing-fields fill
