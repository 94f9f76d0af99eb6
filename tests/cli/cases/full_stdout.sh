# What cannot be written must not look like success.
for c in --help version 'help version'; do
    code=0
    spinebench $c >/dev/full 2>err || code=$?
    echo "$c: $code: $(cat err)"
done
# A closed pipe: the exit code alone, since the reader knows.
{
    sleep 0.3
    code=0
    spinebench models 2>err || code=$?
    echo "closed pipe: $code:$(cat err)" >closed
} | true
cat closed
