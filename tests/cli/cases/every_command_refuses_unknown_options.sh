# An option that no command knows: exit 2, a message with a next step, nothing on stdout.
for c in $(spinebench --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    code=0
    spinebench "$c" --no-such-option >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$c: exit code $code"
    [ ! -s out ] || echo "$c: printed on stdout"
    grep -q "^spinebench $c" err || echo "$c: its message does not name it: $(cat err)"
    grep -q '^hint: ' err || echo "$c: no hint"
done
