# Bad input: exit code 2, a message, nothing changed.
echo '{"schema": 1, "kind": "run", "run": "r", "started": "t", "command": "c", "version": "1", "commit": "c1",
"dirty": true, "compiler": "gcc", "flags": "-O2", "machine": "0a"}' | tr -d '\n' >dirty.jsonl
echo >>dirty.jsonl
for options in "" nosuch add "add hist" "add hist nosuch.jsonl" "add hist dirty.jsonl" show "show nosuch" \
    "check nosuch" "show . --format pdf" "show . --model m"; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench history $options >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$options: exit code $code"
    [ ! -s out ] || echo "$options: printed on stdout"
    cat err >&2
done
ls
spinebench history add hist dirty.jsonl --dirty
for file in history.bmp nodir/h.png; do
    code=0
    spinebench history show hist --plot $file 2>err || code=$?
    cat err >&2
    echo "exit $code"
done
head -c 100 hist/0a.jsonl >cut && mv cut hist/0a.jsonl
spinebench history show hist || echo "exit $?"
