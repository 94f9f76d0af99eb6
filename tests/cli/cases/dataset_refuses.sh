# Each is refused with exit code 2 and leaves nothing behind.
refuse() {
    code=0
    spinebench dataset "$@" || code=$?
    [ "$code" = 2 ] || echo "$*: exit code $code"
}
refuse
refuse mkae
refuse make
refuse make -o out --set coco
refuse make -o out --split ../up
refuse make -o out --images 0
refuse make -o /dev/null/out --images 1
printf '[]' >list.json
refuse check list.json
printf '{"images": [], "annotations": [], "categories": []}' >list.json
refuse check list.json
rm list.json
ls
