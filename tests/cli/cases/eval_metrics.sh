# LVIS and CrowdPose print what lvis-api and xtcocotools print; a subset has the shape of its own.
cat >gt.json <<'EOF'
{"images":[{"id":1,"neg_category_ids":[2],"not_exhaustive_category_ids":[],"crowdIndex":0.1},
{"id":2,"neg_category_ids":[],"not_exhaustive_category_ids":[1],"crowdIndex":0.9}],
"categories":[{"id":1,"name":"cat","frequency":"f"},{"id":2,"name":"dog","frequency":"r"}],
"annotations":[
{"id":1,"image_id":1,"category_id":1,"bbox":[0,0,10,10],"area":100,"num_keypoints":1,"keypoints":[1,1,2,5,5,0]},
{"id":2,"image_id":2,"category_id":2,"bbox":[0,0,50,50],"area":2500,"num_keypoints":2,"keypoints":[1,1,2,5,5,2]}]}
EOF
cat >dt.json <<'EOF'
[{"image_id":1,"category_id":1,"bbox":[0,0,10,10],"score":0.9},
{"image_id":1,"category_id":2,"bbox":[0,0,10,10],"score":0.8},
{"image_id":2,"category_id":2,"bbox":[0,0,50,45],"score":0.7},
{"image_id":2,"category_id":1,"bbox":[0,0,50,45],"score":0.7}]
EOF
spinebench eval coco gt.json dt.json --lvis 2>/dev/null
echo '[0.05, 0.1]' >sigmas.json
cat >poses.json <<'EOF'
[{"image_id":1,"category_id":1,"keypoints":[1,1,1,5,5,1],"score":0.9},
{"image_id":2,"category_id":2,"keypoints":[1,2,1,9,5,1],"score":0.9},
{"image_id":2,"category_id":2,"keypoints":[1,2,0,9,5,0],"score":0.95}]
EOF
spinebench eval coco gt.json poses.json --crowdpose --sigmas sigmas.json
spinebench eval coco gt.json dt.json --missing-fields fill --categories dog --images 2 --iou-thresholds 0.5:0.9:3 \
    --recall-points 0,1 --max-dets 1,all --areas all:0:1e10,big:1000:1e10 --json --dump-arrays arrays 2>/dev/null |
    sed -n '/stats/,/\]/p;/"areas"/,/use_cats/p'
spinebench eval coco gt.json dt.json --lvis --crowdpose 2>&1 | head -n 1
spinebench eval coco gt.json dt.json --categories horse --missing-fields fill 2>&1 | head -n 1
spinebench eval coco gt.json dt.json --areas 1:2 2>&1 | head -n 1
spinebench eval coco gt.json dt.json --sigmas sigmas.json 2>&1 | head -n 1
