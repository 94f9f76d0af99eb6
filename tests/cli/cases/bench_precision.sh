# A precision that cannot be reached in the runs allowed is noted, one that is easily reached is not.
bench() {
    spinebench bench retinanet-mobile-spinenet-49xs --size 128 --threads 1 --engine native --cpu-mask portable \
        --warmup 0 --step-passes 0 --no-probe --no-check "$@" >out
}
bench --precision 0.000001% --max-runs 7
bench --precision 5% --min-runs 2 --max-runs 2
bench --precision 0.000001% --max-runs 7 --quiet
bench --precision 99% --max-runs 500
bench --runs 2
