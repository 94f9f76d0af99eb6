# Bad use: exit code 2, a message, nothing on stdout.
for options in "retinanet-spinenet-94" "spinenet-49 resnet-50" "--dot" "spinenet-49 --dot --json" \
    "spinenet-49 --size 0" "--check"; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench models $options >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$options: exit code $code"
    [ ! -s out ] || echo "$options: printed on stdout"
    cat err >&2
done
