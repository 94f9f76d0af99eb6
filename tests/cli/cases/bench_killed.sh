# Killed at any moment, again and again, and resumed: the file is that of an uninterrupted run, but for
# what was measured and the run's name, time and command.
options="tiny-spinenet-species resnet-18-imagenet --weights-seed 1 --size 32 --batch 1,2 --threads 1 --runs 2
    --warmup 0 --step-passes 1 --no-probe --resume"
# shellcheck disable=SC2086 # a list of words
bench() {
    spinebench bench $options -q -o "$1" >out
}
settle() {
    sed -E 's/"(run|started|command)": "[^"]*"/"\1": ""/g; s/"ns": \[[0-9, ]*\]/"ns": []/
        s/"(measured_bytes|other_bytes|steal_ticks|mhz|load)": [0-9.e+-]*/"\1": 0/g' "$1"
}
bench whole.jsonl
kills=0
for delay in 0.03 0.3 0.11 0.47 0.07 0.19; do
    # shellcheck disable=SC2086
    spinebench bench $options -q -o killed.jsonl >out & # not the function: the signal is for the program
    sleep $delay
    kill -9 $! 2>/dev/null && kills=$((kills + 1))
    wait $! 2>/dev/null || true
done
[ $kills -gt 0 ] || echo "no kill"
bench killed.jsonl
settle whole.jsonl >whole
settle killed.jsonl >killed
cmp whole killed && echo "the same file"
grep -c '"pass": "end_to_end"' killed
# A line that is missing in the middle is noticed.
head -n 600 whole.jsonl | sed '200d' >gap.jsonl.part
# shellcheck disable=SC2086
spinebench bench $options -o gap.jsonl >out 2>err
grep -c 'note: the cell at line 2 lacked the .*measured again' err
settle gap.jsonl | cmp whole - && echo "the same file"
