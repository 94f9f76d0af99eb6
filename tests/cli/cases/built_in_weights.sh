# The program's weights are of its own model at its own size: a user's spec has none, even of that name.
spinebench dataset make -o species --set species --seed 1 --images 1 -q >out
image=$(find species -name '*.png')
spinebench classify tiny-spinenet-species "$image" -q -o a.jsonl >out
cat >own.json <<'JSON'
{"name": "tiny-spinenet-species", "base": "tiny-spinenet-species", "activation": "swish"}
JSON
spinebench models own.json | grep -c 'built in' || true
spinebench models tiny-spinenet-species | grep -c 'built in'
spinebench classify own.json "$image" -q -o b.jsonl || echo "exit $?"
spinebench classify own.json "$image" -q -o b.jsonl --weights embedded:tiny-spinenet-species >out
spinebench export own.json --onnx own.onnx
code=0
spinebench classify tiny-spinenet-species "$image" --size 64 -q -o b.jsonl 2>err || code=$?
echo "exit $code"
sed -n '1p;$p' err
