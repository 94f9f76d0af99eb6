# Twelve commits of one model, 10 % slower from the seventh on: added twice, shown, checked.
i=0
while [ "$i" -lt 12 ]; do
    run="\"schema\": 1, \"run\": \"run$i\""
    cell='"model": "tiny", "size": 64, "batch": 1, "threads": 2, "engine": "native"'
    ns=1000000
    [ "$i" -lt 6 ] || ns=1100000
    echo "{$run, \"kind\": \"run\", \"started\": \"2026-01-01T00:00:00Z\", \"command\": \"bench\"," \
        "\"version\": \"1\", \"commit\": \"c0ffee$i\", \"dirty\": false, \"compiler\": \"gcc\"," \
        "\"flags\": \"-O2\", \"machine\": \"0a\"}"
    echo "{$run, \"kind\": \"time\", $cell, \"pass\": \"end_to_end\", \"process\": 0, \"warmup\": 2," \
        "\"reference_ns\": 50000, \"ns\": [$ns, $ns, $ns]}"
    i=$((i + 1))
done >runs.jsonl
spinebench history add hist runs.jsonl
spinebench history add hist runs.jsonl
spinebench history show hist -o levels.jsonl --plot history.svg
ls
spinebench report levels.jsonl --preset history --format csv --no-origin | cut -d, -f1,6,8-
head -n 16 runs.jsonl >young.jsonl
spinebench history add young young.jsonl
spinebench history check young
code=0
spinebench history check hist 2>err || code=$?
echo "exit $code"
cat err >&2
spinebench history check hist --recent 3
spinebench history check hist --delta 20
# AP is shown with the data set that it is on.
sed -n '1p;2p' runs.jsonl >ap.jsonl
echo '{"schema": 1, "run": "run0", "kind": "accuracy", "model": "tiny", "size": 64, "batch": 1, "threads": 2,' \
    '"engine": "native", "dataset": "val.json", "metric": "AP", "value": 0.25, "low": 0.2, "high": 0.3,' \
    '"samples": 24, "data_digest": "0123456789abcdef"}' >>ap.jsonl
spinebench history add on_data ap.jsonl
spinebench history show on_data -o ap_levels.jsonl | sed -n '2p;/AP/p'
spinebench report ap_levels.jsonl -o report --no-plots >out
grep -h '^# AP of' report/plots/history.gp
# Levels of a series are set apart from the next one's; where no series has a step there is no line between rows.
spinebench history show on_data | grep -c '^---'
