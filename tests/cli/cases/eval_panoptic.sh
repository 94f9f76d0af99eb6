# One picture of 8 x 2 pixels: a cat is found but for a pixel, the sky reaches into void, the sea is taken for a cat.
mkdir gt pred
echo iVBORw0KGgoAAAANSUhEUgAAAAgAAAACCAIAAADq9gq6AAAAGUlEQVR4nGNkZEAACPsfhI0pocXIwMDAAAAgugEwX8ZQaQAAAABJRU5ErkJggg== |
    base64 -d >gt/1.png
echo iVBORw0KGgoAAAANSUhEUgAAAAgAAAACCAIAAADq9gq6AAAAHklEQVR4nGNkZ4CCnwwMHDD2DwYGRrgEAwMDIxIJAEW+Agx1R8oMAAAAAElFTkSuQmCC |
    base64 -d >pred/1.png
cat >gt.json <<'EOF'
{"categories": [{"id": 1, "name": "cat", "isthing": 1}, {"id": 2, "name": "sky", "isthing": 0}, {"id": 3, "name": "sea", "isthing": 0},
{"id": 4, "name": "dog", "isthing": 1}],
"annotations": [{"image_id": 1, "file_name": "1.png", "segments_info": [{"id": 1, "category_id": 1, "iscrowd": 0, "area": 8},
{"id": 2, "category_id": 2, "iscrowd": 0, "area": 4}, {"id": 300, "category_id": 3, "iscrowd": 0, "area": 2}]}]}
EOF
cat >pred.json <<'EOF'
{"annotations": [{"image_id": 1, "file_name": "1.png", "segments_info": [{"id": 7, "category_id": 1}, {"id": 8, "category_id": 2},
{"id": 9, "category_id": 1}]}, {"image_id": 2, "file_name": "2.png", "segments_info": []}]}
EOF
spinebench eval panoptic gt.json pred.json --per-category --sort pq
spinebench eval panoptic gt.json pred.json --gt-images gt --images pred --format csv --threads 2 2>/dev/null
spinebench eval panoptic gt.json pred.json --json 2>/dev/null | head -n 19
try() {
    code=0
    "$@" 2>err || code=$?
    echo "$code $(head -n 1 err)"
}
try spinebench eval panoptic gt.json pred.json --images absent
try spinebench eval panoptic gt.json pred.json --format oval
try spinebench eval panoptic gt.json pred.json --per-category --sort size
try spinebench eval panoptic pred.json gt.json --gt-images pred --images gt
try spinebench eval panoptic gt.json gt.json --images pred
try spinebench eval panoptic gt.json
