# Costs and outputs of this program against the committed ones, then against changed ones.
golden=$SPINEBENCH_SOURCE/tests/golden/costs.csv
program=$(command -v spinebench)
spinebench gate --head "$program" --deterministic --costs "$golden" --cells resnet-18-imagenet@64 \
    --junit passed.xml | sed "s|$golden|GOLDEN|; s/error [0-9.e-]* /error E /"
sed 's/^resnet-18-imagenet,224,all,71,11694249/resnet-18-imagenet,224,all,71,1/' "$golden" >changed.csv
code=0
spinebench gate --head "$program" --deterministic --costs changed.csv \
    --cells resnet-18-imagenet@64 --junit failed.xml --markdown failed.md >out 2>err || code=$?
echo "exit $code"
head -n 5 out | sed 's/error [0-9.e-]* /error E /'
cat err >&2
cat passed.xml
grep -c '<failure message="exact costs differ' failed.xml
sed -n '1p; /^```/p; /^- Output/s/error [0-9.e-]* /error E /p' failed.md
sed 's/,[0-9]*$/,1/' "$golden" | sed "1s/.*/$(head -n 1 "$golden")/" >other.csv
spinebench gate --head "$program" --deterministic --costs other.csv --cells resnet-18-imagenet@64 2>err |
    sed -n '/^and/s/[0-9][0-9]*/N/p; /^[-+] /p' | wc -l
# Committed outputs: these, then one with a changed value, one that is no longer there.
grep '"resnet-18-imagenet"' "$SPINEBENCH_SOURCE/tests/golden/outputs.jsonl" >outputs.jsonl
spinebench gate --head "$program" --deterministic --outputs outputs.jsonl --cells resnet-18-imagenet@64 \
    --junit passed.xml | sed -n '2s/error [0-9.e-]* /error E /p'
grep -c 'name="committed outputs"/>' passed.xml
sed 's/"mean": -[0-9.]*/"mean": -0.03/; s/"logits"/"probabilities"/p; s/"probabilities"/"logits"/' outputs.jsonl >changed.jsonl
code=0
spinebench gate --head "$program" --deterministic --outputs changed.jsonl \
    --cells resnet-18-imagenet@64 --junit failed.xml >out 2>err || code=$?
echo "exit $code"
sed -n '2,/^$/p; /^resnet/p; /outputs differ/p' out | sed 's/mean -[0-9.]*,/mean M,/'
grep -c '<failure message="outputs differ' failed.xml
# A model that is timed and whose outputs are committed is run once.
printf '#!/bin/sh\necho "$1 $2" >>"%s/calls"\nexec "%s" "$@"\n' "$PWD" "$program" >counting
chmod +x counting
spinebench gate --head ./counting --deterministic --outputs outputs.jsonl --cells resnet-18-imagenet@64 |
    sed 's/error [0-9.e-]* /error E /'
cat calls
# The committed values hold at every instruction set that this CPU has.
for level in portable avx2 avx512; do
    printf '#!/bin/sh\nexec "%s" "$@" --cpu-mask %s\n' "$program" $level >leveled
    chmod +x leveled
    spinebench gate --head ./leveled --engine native --deterministic --outputs outputs.jsonl \
        --cells resnet-18-imagenet@64 >out 2>err || grep -q "this CPU has no" err || cat out err
done
