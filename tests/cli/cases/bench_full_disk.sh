# A full disk (here a limit on the size of files) is an error; what is whole is kept and resumed.
bench() {
    spinebench bench retinanet-mobile-spinenet-49xs --size 128 --threads 1,2 --runs 2 --warmup 0 \
        --step-passes 1 --no-probe --no-check -q -o run.jsonl "$@" >out
}
code=0
(ulimit -f 300 && bench) 2>err || code=$?
echo "exit $code"
cat err >&2
ls
tail -c 1 run.jsonl.part | od -An -c | tr -d ' '
bench --resume
ls
spinebench report run.jsonl --columns threads,n --format csv --no-origin
