# Kernel choices: measured and written, read again, refused where they belong to something else.
tiny="--size 64 --runs 2 --warmup 0 --step-passes 0 --no-probe -q"
# shellcheck disable=SC2086 # a list of words
spinebench bench retinanet-spinenet-49s ${tiny% -q} -t 1 --tune t.json --engine native >out 2>err
grep '^t.json: ' err >&2
# shellcheck disable=SC2086
spinebench bench retinanet-spinenet-49s ${tiny% -q} -t 1 --tune t.json --engine native >out 2>err
grep '^t.json: ' err >&2
sed -nE 's/"cpu": .*/"cpu": ...,/; s/[0-9a-f]{16}/DIGEST/; 1,5p' t.json
refused() {
    code=0
    spinebench bench "$@" >out 2>err || code=$?
    echo "exit $code"
    sed -E 's/is .*/is .../; s/[0-9a-f]{16}/DIGEST/g' err >&2
}
# shellcheck disable=SC2086
refused retinanet-spinenet-49s $tiny -t 2 --tune t.json --engine native
# shellcheck disable=SC2086
refused resnet-18-imagenet $tiny -t 1 --tune t.json --engine native
# shellcheck disable=SC2086
refused retinanet-spinenet-49s $tiny -t 1,2 --tune t.json --engine native
sed 's/"choices": {/"choices": {"x": "nosuch"/; s/}.*//' t.json | sed '/"x"/q' >bad.json
echo '}}' >>bad.json
# shellcheck disable=SC2086
refused retinanet-spinenet-49s $tiny -t 1 --tune bad.json --engine native
head -c 40 t.json >cut.json
# shellcheck disable=SC2086
refused retinanet-spinenet-49s $tiny -t 1 --tune cut.json --engine native
# A layer that the network lacks; a network of the same name with other layers; a place that cannot be.
sed 's/"choices": {/"choices": {"x": "conv_native"/; s/}.*//' t.json | sed '/"x"/q' >layer.json
echo '}}' >>layer.json
# shellcheck disable=SC2086
refused retinanet-spinenet-49s $tiny -t 1 --tune layer.json --engine native
echo '{"name": "mine", "base": "resnet-18-imagenet", "classes": 8}' >mine.json
# shellcheck disable=SC2086
spinebench bench mine.json $tiny -t 1 --tune mine.tune >out
echo '{"name": "mine", "base": "resnet-18-imagenet", "classes": 16}' >mine.json
# shellcheck disable=SC2086
refused mine.json $tiny -t 1 --tune mine.tune
# shellcheck disable=SC2086
refused mine.json $tiny -t 1 --tune absent/t.json
