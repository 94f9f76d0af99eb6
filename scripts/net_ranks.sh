#!/bin/sh
# Runs spinebench-mpi on ranks that each have a network of their own with limited bandwidth: one
# namespace per rank, joined by a bridge, so that what a cluster's network costs shows on one machine.
#   scripts/net_ranks.sh RANKS MBIT COMMAND...     e.g. 2 1000 spinebench-mpi eval coco GT DETS -t 1
# MBIT is what a rank can send per second; 0 = no limit. Needs root, iproute2 and Open MPI.
set -eu
ranks=$1 mbit=$2
shift 2
name=sbnet$$
folder=$(mktemp -d)

clean() {
    i=1
    while [ "$i" -le "$ranks" ]; do
        ip netns del "$name-$i" 2>/dev/null || true
        i=$((i + 1))
    done
    ip link del "$name" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean EXIT INT TERM

ip link add "$name" type bridge
ip addr add 10.77.0.254/24 dev "$name"
ip link set "$name" up
hosts= i=1
while [ "$i" -le "$ranks" ]; do
    ns=$name-$i
    ip netns add "$ns"
    ip link add "$name.$i" type veth peer name eth0 netns "$ns"
    ip link set "$name.$i" master "$name" up
    ip -n "$ns" addr add "10.77.0.$i/24" dev eth0
    ip -n "$ns" link set eth0 up
    ip -n "$ns" link set lo up
    if [ "$mbit" != 0 ]; then # what the rank sends
        tc -n "$ns" qdisc add dev eth0 root tbf rate "${mbit}mbit" burst 256kb latency 100ms
    fi
    hosts=$hosts${hosts:+,}10.77.0.$i
    i=$((i + 1))
done

# Stands in for ssh: AGENT 10.77.0.I COMMAND. A host name of its own makes each a machine.
cat >"$folder/agent" <<END
#!/bin/sh
host=\$1
shift
exec ip netns exec $name-\${host##*.} unshare --uts sh -c "hostname net\${host##*.}; \$*"
END
chmod +x "$folder/agent"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun.openmpi --quiet -n "$ranks" -host "$hosts" --bind-to none \
    --mca plm_rsh_agent "$folder/agent" --mca btl tcp,self \
    --mca oob_tcp_if_include 10.77.0.0/24 --mca btl_tcp_if_include 10.77.0.0/24 "$@"
