# Bad input: exit code 2 and a message.
program=$(command -v spinebench)
for options in "" "--base $program" "--base $program --head no/such/program" \
    "--base $program --head $program --cells nosuch@64" \
    "--base $program --head $program --cells resnet-18-imagenet@x" \
    "--base $program --head $program --rounds 2" \
    "--base $program --head /bin/true --cells resnet-18-imagenet@32" \
    "--base $program --head $program --cells resnet-18-imagenet@64,resnet-18-imagenet@64" \
    "--base $program --head $program --cpu 4095" \
    "--base $program --head $program --markdown no/such/gate.md" \
    "--base $program --head $program --pairs ." \
    "--head $program --deterministic --costs $SPINEBENCH_SOURCE/docs/examples/nine-runs.jsonl" \
    "--head $program --deterministic --costs no/such.csv" \
    "--head $program --deterministic --outputs $SPINEBENCH_SOURCE/docs/examples/nine-runs.jsonl" \
    "--write-outputs new.jsonl"; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench gate $options --no-wait -q >out 2>err || code=$?
    [ "$code" = 2 ] || echo "$options: exit code $code"
    [ ! -s out ] || echo "$options: printed on stdout"
    sed "s|$program|PROGRAM|g; s|$SPINEBENCH_SOURCE/||; s|/tmp/spinebench-[A-Za-z0-9]*|SCRATCH|g" err >&2
done
