# Kernel choices: measured and written, read again, refused where they belong to something else.
tiny="--size 64 --runs 2 --warmup 0 --step-passes 0 --no-probe -q"
# shellcheck disable=SC2086 # a list of words
spinebench bench retinanet-spinenet-49s $tiny -t 1 --tune t.json --engine native >out
sed -n 's/"cpu": .*/"cpu": ...,/; 1,5p' t.json
sed 's/"choices": {/"choices": { "backbone\/stem\/conv0\/bn": "conv_native",/; s/,}/}/' t.json >t2.json
refused() {
    code=0
    spinebench bench "$@" >out 2>err || code=$?
    echo "exit $code"
    sed 's/is .*/is .../' err >&2
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
