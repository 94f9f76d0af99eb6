# The embedded classifiers on the species that they were trained for, without any option.
spinebench dataset make --set species -o s --images 72 -q >/dev/null
for model in tiny-spinenet-species tiny-resnet-species; do
    spinebench classify $model --list s/val.json --images s -q --json -o p.jsonl |
        awk '/"top1"/ {print ($2 + 0 > 36) ? "most are right" : "few are right: " $2}'
    spinebench bench $model --size 128 --runs 1 --warmup 0 --step-passes 0 --no-probe --no-check -q \
        --weights embedded:$model --accuracy s/val.json --images s -o run.jsonl >/dev/null
    sed -n 's/.*"metric": "top-1", "value": \([0-9.]*\).*/\1/p' run.jsonl |
        awk '{print ($1 > 0.5) ? "most are right" : "few are right: " $1}'
    rm run.jsonl
done
