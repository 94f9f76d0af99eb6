# Options that would change nothing, because another one is missing or is there: exit code 2.
: >labels.txt
while read -r words; do
    code=0
    # shellcheck disable=SC2086 # a list of words
    spinebench $words >out || code=$?
    [ "$code" = 2 ] || echo "$words: exit code $code"
    [ ! -s out ] || echo "$words: printed on stdout"
done <<'END'
detect MODEL a.png -o d.json --draw-threshold 0.5
detect MODEL a.png -o d.json --soft-nms-sigma 0.5
detect MODEL a.png -o d.json --images DIR
detect MODEL -o d.json --annotations a.json
detect MODEL a.png -o d.json --ema --weights-seed 1
detect --merge -o d.json a.json --draw out
detect tiny-retinanet-spinenet a.png -o d.json --engine openblas --cpu-mask avx2
classify MODEL a.png -o p.jsonl --synsets s.txt
classify MODEL a.png -o p.jsonl --images DIR
classify --merge -o p.jsonl a.jsonl --top 3
classify tiny-spinenet-species a.png -o p.jsonl --engine openblas --low-memory
forward MODEL -i x.npy -o out --ema
forward MODEL -i x.npy -o out --engine openblas --low-memory
export MODEL --onnx m.onnx --ema
bench MODEL --ema
bench MODEL --runs 3 --time 1
bench MODEL --precision 1 --runs 3
bench MODEL --passes --json
bench MODEL --passes --scenario cold
bench MODEL --first-class 1
bench MODEL --images DIR
bench MODEL --accuracy a.json
bench MODEL --resume
bench MODEL --engine openblas --cpu-mask avx2
cost MODEL --exact --batch 2
cost MODEL --exact --json
cost MODEL --json --format csv
compare a.jsonl b.jsonl --json --format csv
kernels --ms 10
kernels --threads 1
kernels --bench --engine openblas --cpu-mask avx2
gate --head BIN --write-outputs o.jsonl --junit j.xml
gate --head BIN --deterministic --rounds 10
gate --base BIN --head BIN --threads 2 --cpu 1
weights --list f --ema
weights a b.safetensors --allow-extra
weights a b.safetensors --format csv
weights --list f --json --format csv
paper --json --format csv
report run.jsonl --plot svg
report run.jsonl --no-plots
report run.jsonl -o out --plot svg --no-plots
report run.jsonl -o out --sort model
report run.jsonl --format csv,latex
report --list --preset models
report --list run.jsonl
eval coco a.json b.json --worst 3
eval coco a.json b.json --diagnose --worst 3
eval coco a.json b.json --diagnose --image-folder DIR
eval coco a.json b.json c.json --diagnose --keep-going
eval panoptic a.json b.json --sort pq
eval panoptic a.json b.json --json --sort pq
dataset check labels.txt --segments DIR
END
echo '{"images": [], "annotations": [], "categories": []}' >coco.json
spinebench dataset stats coco.json --synsets s.txt || echo "exit code $?"
