#!/usr/bin/env bash
# cluster.sh: several nodes on one machine, each in a network namespace of its own with its own containerd and skepd.
#
#   cluster.sh up [N]           start N nodes (3) as managers of one swarm; --no-swarm leaves them apart; --managers M makes the rest workers
#   cluster.sh exec K CMD...    run a command in node K's network; K = cl is a client on another subnet
#   cluster.sh kill K           the machine dies: everything on it at once
#   cluster.sh cut K | heal K   its network cable
#   cluster.sh restart K        bring it back (after kill), or restart its daemon (skepd only) when it runs
#   cluster.sh revive K         start whichever of its daemons died; what runs is left alone
#   cluster.sh status           what runs
#   cluster.sh address K        the address of node K
#   cluster.sh down             nothing remains
#
# Node K is 192.168.77.1K; its socket is /run/skep-dev/nK.sock, its logs /run/skep-dev/nK/*.log. SKEP_CLUSTER names a second cluster.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=${SKEP_CLUSTER:-dev}
net=${SKEP_CLUSTER_NET:-192.168.77}
run=/run/skep-$name data=${SKEP_CLUSTER_DATA:-/var/lib/skep-$name} ns=skep-$name
bin=${SKEP_BIN:-$here/out}

die() { echo "cluster.sh: $*" >&2; exit 1; }
ip_of() { echo "$net.$((10 + $1))"; }
in_node() { local k=$1; shift; nsenter --net="/run/netns/$ns-$k" "$@"; }
# spawn K PIDFILE LOG COMMAND...: a daemon in node K's network; the pid is the daemon's own.
spawn() {
    local k=$1 pid=$2 log=$3; shift 3
    (exec nsenter --net="/run/netns/$ns-$k" setsid "$@" </dev/null >>"$log" 2>&1) &
    echo $! >"$pid"
}
alive() { [ -s "$1" ] && ! grep -q '^State:.[ZX]' "/proc/$(cat "$1")/status" 2>/dev/null && kill -0 "$(cat "$1")" 2>/dev/null; } # dead and unreaped is dead
nodes() { local f; for f in "$run"/n*/; do [ -d "$f" ] && basename "$f" | tr -d n; done; }

# wait_for SECONDS WHAT COMMAND...: polls; a limit and a name for every wait.
wait_for() {
    local limit=$1 what=$2 end; shift 2; end=$(($(date +%s) + limit))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || { echo "cluster.sh: waited ${limit} s for $what" >&2; return 1; }
        sleep 0.1
    done
}

underlay_up() {
    ip netns add "$ns-sw"; ip netns add "$ns-cl"
    ip -n "$ns-sw" link set lo up; ip -n "$ns-cl" link set lo up
    ip -n "$ns-sw" link add br0 type bridge
    ip -n "$ns-sw" link set br0 up
    nsenter --net="/run/netns/$ns-sw" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
    nsenter --net="/run/netns/$ns-sw" sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
    ip -n "$ns-sw" addr add "$net.1/24" dev br0
    ip -n "$ns-sw" link add tocl type veth peer name eth0 netns "$ns-cl"
    ip -n "$ns-sw" addr add 203.0.113.1/24 dev tocl; ip -n "$ns-sw" link set tocl up
    ip -n "$ns-cl" addr add 203.0.113.10/24 dev eth0; ip -n "$ns-cl" link set eth0 up
    ip -n "$ns-cl" route add default via 203.0.113.1
}

machine_up() { # the network namespace of node K
    local k=$1
    ip netns add "$ns-$k"
    ip -n "$ns-$k" link set lo up
    ip -n "$ns-sw" link add "p$k" type veth peer name eth0 netns "$ns-$k"
    ip -n "$ns-sw" link set "p$k" master br0 up
    ip -n "$ns-$k" addr add "$(ip_of "$k")/24" dev eth0
    ip -n "$ns-$k" link set eth0 up
    ip -n "$ns-$k" route add default via "$net.1"
}

start_containerd() {
    local k=$1 d=$run/n$1
    mkdir -p "$d/containerd" "$data/n$k/containerd"
    cat >"$d/containerd.toml" <<TOML
version = 2
root = "$data/n$k/containerd"
state = "$d/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$d/containerd.sock"
[ttrpc]
  address = "$d/containerd.sock.ttrpc"
TOML
    spawn "$k" "$d/containerd.pid" "$d/containerd.log" containerd --config "$d/containerd.toml"
}

start_skepd() {
    local k=$1 d=$run/n$1
    [ -x "$bin/skepd" ] || die "$bin/skepd is missing: run ./build.sh first"
    spawn "$k" "$d/skepd.pid" "$d/skepd.log" "$bin/skepd" --node-name "n$k" --data-dir "$data/n$k/skep" --run-dir "$d/skep" --socket "$run/n$k.sock" \
        --containerd "$d/containerd.sock" --cgroup-parent "/skep-$name/n$k" --advertise-addr "$(ip_of "$k")" ${SKEPD_FLAGS:-}
}

start_node() {
    local k=$1
    mkdir -p "$run/n$k" "$data/n$k"
    [ -e "/run/netns/$ns-$k" ] || machine_up "$k"
    alive "$run/n$k/containerd.pid" || start_containerd "$k"
    wait_for 20 "containerd of node $k" test -S "$run/n$k/containerd.sock"
    start_skepd "$k"
}

answers() { curl -sf -m 2 --unix-socket "$run/n$1.sock" http://localhost/_ping; }

stop_pid() { # FILE SIGNAL: ends the process of a pid file, waits for it
    alive "$1" || { rm -f "$1"; return 0; }
    local pid; pid=$(cat "$1")
    kill "-$2" "$pid" 2>/dev/null || true
    wait_for 15 "process $pid ($1) to end" sh -c "! kill -0 $pid 2>/dev/null" || kill -9 "$pid" 2>/dev/null || true
    rm -f "$1"
}

kill_node() { # everything on node K ends at once, as by a power cut; disks stay
    local k=$1 d=$run/n$1 f pids=() attempt
    for f in "$d/skepd.pid" "$d/containerd.pid" "$d/skep/netns/names.pid"; do alive "$f" && kill -9 "$(cat "$f")" 2>/dev/null || true; rm -f "$f"; done
    for attempt in 1 2 3; do
        pids=()
        for f in "$d"/containerd/io.containerd.runtime.v2.task/*/*/{shim.pid,init.pid}; do [ -s "$f" ] && pids+=("$(cat "$f")"); done
        # Whatever else lives in the node's containers' control groups (exec'ed processes).
        while read -r f; do pids+=("$f"); done < <(find /sys/fs/cgroup/*/"skep-$name/n$k" "/sys/fs/cgroup/skep-$name/n$k" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u)
        [ ${#pids[@]} -gt 0 ] && kill -9 "${pids[@]}" 2>/dev/null || true
        [ -z "$(find /sys/fs/cgroup/*/"skep-$name/n$k" "/sys/fs/cgroup/skep-$name/n$k" -name cgroup.procs -exec cat {} + 2>/dev/null)" ] && break
        sleep 0.2
    done
    # What the kernel would lose with the machine: mounts, namespaces, control groups, /run.
    awk -v d="$d/" -v e="$data/n$k/" 'index($5, d) == 1 || index($5, e) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r f; do umount -l "$f" 2>/dev/null || true; done
    find /sys/fs/cgroup/*/"skep-$name/n$k" "/sys/fs/cgroup/skep-$name/n$k" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    for f in $(ip netns pids "$ns-$k" 2>/dev/null); do kill -9 "$f" 2>/dev/null || true; done
    ip netns del "$ns-$k" 2>/dev/null || true
    ip -n "$ns-sw" link del "p$k" 2>/dev/null || true
    rm -rf "$d/containerd" "$d/skep" "$d"/*.sock* "$run/n$k.sock"
}

case ${1:-} in
up)
    shift; count=3 managers= swarm=1
    while [ $# -gt 0 ]; do case $1 in
        --no-swarm) swarm= ;;
        --managers) managers=$2; shift ;;
        [0-9]*) count=$1 ;;
        *) die "unknown option $1" ;;
    esac; shift; done
    [ "$(id -u)" = 0 ] || die "needs root (namespaces, containers)"
    [ ! -e "/run/netns/$ns-sw" ] || die "cluster $name is up already: cluster.sh down first"
    managers=${managers:-$count}
    mkdir -p "$run" "$data"
    mountpoint -q "$run" || mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$run" # in memory, as /run is on a machine that boots, and named as there
    underlay_up
    for k in $(seq "$count"); do start_node "$k"; done
    for k in $(seq "$count"); do wait_for 30 "node $k to answer on $run/n$k.sock (see $run/n$k/skepd.log)" answers "$k"; done
    if [ -n "$swarm" ]; then
        "$bin/skep" -H "unix://$run/n1.sock" swarm init --advertise-addr "$(ip_of 1)" >/dev/null
        for k in $(seq 2 "$count"); do
            role=worker; [ "$k" -le "$managers" ] && role=manager
            token=$("$bin/skep" -H "unix://$run/n1.sock" swarm join-token -q $role)
            "$bin/skep" -H "unix://$run/n$k.sock" swarm join --token "$token" --advertise-addr "$(ip_of "$k")" "$(ip_of 1):2377" >/dev/null
        done
    fi
    for k in $(seq "$count"); do echo "n$k $(ip_of "$k") $run/n$k.sock"; done ;;
exec)
    k=$2; shift 2; in_node "$k" "$@" ;;
kill)
    kill_node "$2" ;;
address)
    ip_of "$2" ;;
cut)
    ip -n "$ns-sw" link set "p$2" down ;;
heal)
    ip -n "$ns-sw" link set "p$2" up ;;
restart)
    k=$2
    stop_pid "$run/n$k/skepd.pid" "${3:-TERM}"
    start_node "$k"
    wait_for 30 "node $k to answer on $run/n$k.sock" answers "$k" ;;
revive)
    k=$2
    alive "$run/n$k/containerd.pid" || { rm -f "$run/n$k/containerd.sock"*; start_containerd "$k"; }
    wait_for 20 "containerd of node $k" test -S "$run/n$k/containerd.sock"
    alive "$run/n$k/skepd.pid" || start_skepd "$k"
    wait_for 30 "node $k to answer on $run/n$k.sock" answers "$k" ;;
status)
    for k in $(nodes); do
        echo "n$k $(ip_of "$k") skepd $(alive "$run/n$k/skepd.pid" && cat "$run/n$k/skepd.pid" || echo down) containerd $(alive "$run/n$k/containerd.pid" && cat "$run/n$k/containerd.pid" || echo down)"
    done ;;
down)
    for k in $(nodes); do kill_node "$k"; done
    for k in $(ip netns list | awk '{ print $1 }' | grep "^$ns-" || true); do
        for p in $(ip netns pids "$k" 2>/dev/null); do kill -9 "$p" 2>/dev/null || true; done
        ip netns del "$k"
    done
    find /sys/fs/cgroup/*/"skep-$name" "/sys/fs/cgroup/skep-$name" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    ! mountpoint -q "$run" || umount -l "$run"
    rm -rf "$run" "$data" ;;
*)
    sed -n '2,15s/^# \{0,1\}//p' "$0"; [ "${1:-}" = help ] || exit 2 ;;
esac
