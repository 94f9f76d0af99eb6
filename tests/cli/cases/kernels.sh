# the list names both engines; times are of this machine, their shape is not
spinebench kernels | awk '$1 == "native" && $2 == "conv" && NR < 6 || /^openblas *softmax/ {print $1, $2, $3}'
spinebench kernels --bench --filter softmax --ms 0 -q -t 1 --json >times.json
tr -d ' \n' <times.json | grep -o '"kernel":{"value":"softmax"}'
spinebench kernels --bench --filter affine --all --ms 0 -q -t 1 | awk '/scale and shift/ {print $6}'
refused() {
    status=0
    spinebench kernels "$@" || status=$?
    [ "$status" = 2 ] || echo "exit code $status for: $*"
}
refused --bench --filter nothing --ms 0 -q
refused --bench --engine fast
refused --bench --cpu-mask neon
refused --bench --ms -1
refused conv
refused --filter nothing
refused --engine fast
spinebench kernels --filter winograd --engine native | awk 'NR > 2 {print $3}' | head -n 1
