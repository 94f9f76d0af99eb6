# What cannot be written must not look like success.
for c in --help version 'help version'; do
    code=0
    spinebench $c >/dev/full 2>err || code=$?
    echo "$c: $code: $(cat err)"
done
# A reader that goes away is told, too.
( sleep 0.3; spinebench models 2>err; echo "closed pipe: $?: $(cat err)" >closed ) | true
cat closed
