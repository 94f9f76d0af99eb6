# Bad input: exit code 2, a message with a next step where there is one, nothing on stdout.
for options in nosuch "retinanet-spinenet-49 --size 0" "retinanet-spinenet-49 --size 99999999" \
    "retinanet-spinenet-49 --convention flops" "retinanet-spinenet-49 --by colour" \
    "retinanet-spinenet-49 --format word" ""; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench cost $options >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$options: exit code $code"
    [ ! -s out ] || echo "$options: printed on stdout"
    cat err >&2
done
