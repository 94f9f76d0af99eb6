# Bad input: exit code 2, a message with a next step, nothing on stdout, no output file.
printf 'weights' >broken.safetensors
printf '\001\000\000\000\000\000\000\000{' >cut.safetensors
for options in "" "only-one" "a b" "nosuch out.safetensors" "--list nosuch" \
    "--list broken.safetensors" "--list cut.safetensors" "--list cut.safetensors --format word" \
    "--list cut.safetensors more" "--ema nosuch out.safetensors" \
    "nosuch out.safetensors --model nosuch" "cut.safetensors out.safetensors"; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench weights $options >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$options: exit code $code"
    [ ! -s out ] || echo "$options: printed on stdout"
    [ ! -e out.safetensors ] || echo "$options: left a file"
    cat err >&2
done
