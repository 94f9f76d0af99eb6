# Bad input: exit code 2, a message, nothing on stdout, no file.
for options in "" nosuch "resnet-18 --size 0" "resnet-18 --size 128,x" "resnet-18 --threads 0" \
    "resnet-18 --engine cuda" "resnet-18 --runs 0" "resnet-18 resnet-34 --weights w.safetensors" \
    "resnet-18 --size 64 --weights nosuch.safetensors" "nosuch -o run.jsonl" \
    "resnet-18 -o no/such/folder/run.jsonl" "resnet-18 --size 64 -o /dev/full" \
    "resnet-18 --size 64 --trace no/such/trace.json" "resnet-18 --size 64,,128" \
    "retinanet-mobile-spinenet-49xs --size 100,128" "resnet-18 --size 64 --accuracy x --images ."; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench bench $options -q >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$options: exit code $code"
    [ ! -s out ] || echo "$options: printed on stdout"
    cat err >&2
done
ls
