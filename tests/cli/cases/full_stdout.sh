# What cannot be written must not look like success.
for c in --help version 'help version'; do
    code=0
    spinebench $c >/dev/full 2>err || code=$?
    echo "$c: $code: $(cat err)"
done
