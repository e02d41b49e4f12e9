#!/usr/bin/env bash
# demo.sh [--keep]: three nodes become a swarm and run the getting-started stack; nodes and leader die and nobody notices. Cleans up after itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
[ "$(id -u)" = 0 ] || { echo "demo.sh needs root (network namespaces and containers): sudo ./demo.sh" >&2; exit 1; }
keep=; [ "${1:-}" != --keep ] || keep=1
export SKEP_CLUSTER=${SKEP_CLUSTER:-dev}
run=/run/skep-$SKEP_CLUSTER
passed=0 failed=0 began=$(date +%s)

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
ok() { passed=$((passed + 1)); printf '   ok    %s\n' "$*"; }
bad() { failed=$((failed + 1)); printf '   FAIL  %s\n' "$*"; }
check() { if [ "$2" = "$3" ]; then ok "$1 ($3)"; else bad "$1: wanted $2, got $3"; fi; }
skep() { local k=$1; shift; "$here/out/skep" -H "unix://$run/n$k.sock" "$@"; }
show() { printf '   \033[36m$ skep %s\033[0m\n' "$*" >&2; skep "$via" "$@" | sed 's/^/   /'; }
from_client() { ./cluster.sh exec cl curl -s -m 3 "$@" || true; } # what did not answer shows as an empty answer
now() { date +%s.%N; }
since() { echo "$(now) $1" | awk '{ printf "%.1f s", $1 - $2 }'; }

# until_true SECONDS WHAT COMMAND...: every wait has a limit and says what it waited for.
until_true() {
    local limit=$1 what=$2 end; shift 2; end=$(($(date +%s) + limit))
    until "$@" >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$end" ]; then bad "waited $limit s for $what"; return 0; fi
        sleep 0.1
    done
    ok "$what"
}
# What a browser would get: the page, and its stream with every node.
visualizer_shows() {
    from_client "http://$1:8080/" | grep '<title>Skep' >/dev/null || return 1
    local said; said=$(from_client -N -m 2 "http://$1:8080/api/stream" | tr '{' '\n')
    grep -q '"trouble":""' <<<"$said" && [ "$(grep -oE '"name":"n[0-9]"' <<<"$said" | sort -u | grep -c .)" = 3 ]
}
running() { [ "$(skep "$via" service ls --filter "name=$1" --format '{{.Replicas}}' 2>/dev/null)" = "$2" ]; }
visits() { { from_client "http://$1/" || true; } | sed -n 's/.*Visits:<\/b> \([0-9]*\).*/\1/p'; }
leader() { skep "$via" node ls --format '{{.Hostname}} {{.ManagerStatus}}' | awk '$2 == "Leader" { print substr($1, 2) }'; }

cleanup() {
    trap - EXIT INT TERM
    if [ -n "$keep" ]; then
        printf '\nThe cluster keeps running. Try: out/skep -H unix://%s/n1.sock service ls\nEnd it with: ./cluster.sh down\n' "$run"
    else
        ./cluster.sh down
    fi
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] || exit 1
}

say "Prerequisites, build, images"
scripts/install-prerequisites.sh demo
[ -n "${SKEP_NO_BUILD:-}" ] || ./build.sh
demo/images/build.sh out/images
trap cleanup EXIT; trap 'exit 130' INT TERM
./cluster.sh down >/dev/null 2>&1 || true

say "Three machines"
./cluster.sh up 3 --no-swarm | sed 's/^/   /'
via=1
n1=$(./cluster.sh address 1) n2=$(./cluster.sh address 2) n3=$(./cluster.sh address 3)

say "One of them starts a swarm, the others join"
show swarm init --advertise-addr "$n1" | sed -E 's/(SWMTKN-1-.{8}).*-.*( )/\1…\2/'
token=$(skep 1 swarm join-token -q manager)
skep 2 swarm join --token "$token" --advertise-addr "$n2" "$n1:2377" | sed 's/^/   /'
skep 3 swarm join --token "$token" --advertise-addr "$n3" "$n1:2377" | sed 's/^/   /'
until_true 20 "three managers are ready" sh -c "[ \$($here/out/skep -H unix://$run/n1.sock node ls --format '{{.Status}} {{.ManagerStatus}}' | grep -cE '^Ready (Leader|Reachable)') = 3 ]"
show node ls

say "Images are loaded on one node only; the others fetch them from it"
skep 1 image load -i out/images/web.tar | sed 's/^/   /'
skep 1 image load -i out/images/redis.tar | sed 's/^/   /'
skep 1 image load -i out/images/visualizer.tar | sed 's/^/   /'

say "A compose file becomes a running stack"
mkdir -p "$run/redis-data"
export WEB_PORT=80 REDIS_DATA=$run/redis-data ENGINE_SOCKET=$run/{{.Node.Hostname}}.sock # each node here has a socket of its own name
start=$(now)
show stack deploy --detach=false -c demo/compose.yml getstarted
until_true 30 "web runs 5/5" running getstarted_web 5/5
until_true 30 "redis runs 1/1" running getstarted_redis 1/1
until_true 30 "the visualizer runs 1/1" running getstarted_visualizer 1/1
echo "   deployed in $(since "$start")"
show stack ps getstarted

say "One URL, different containers; every node answers; the client's own address is seen"
hosts=$(for _ in $(seq 20); do from_client "http://$n1/who"; done | awk '{ print $1 }' | sort -u | wc -l)
[ "$hosts" -ge 3 ] && ok "$hosts different containers answered $n1" || bad "only $hosts containers answered $n1"
for address in "$n1" "$n2" "$n3"; do
    check "$address sees the client" 203.0.113.10 "$(from_client "http://$address/who" | awk '{ print $2 }')"
done
from_client "http://$n2/" | sed 's/^/   /'
before=$(visits "$n1"); after=$(visits "$n2")
check "the counter counts" "$((before + 1))" "$after"

say "The visualizer shows the cluster on every node's port 8080"
for address in "$n1" "$n2" "$n3"; do until_true 15 "http://$address:8080 shows three nodes" visualizer_shows "$address"; done

say "Scale to ten"
start=$(now)
show service scale getstarted_web=10
until_true 30 "web runs 10/10" running getstarted_web 10/10
echo "   scaled in $(since "$start")"

say "A machine dies: its tasks come back elsewhere"
lead=$(leader)
redis_on=$(skep 1 service ps getstarted_redis --filter desired-state=running --format '{{.Node}}' | head -1); redis_on=${redis_on#n}
victim=; for k in 1 2 3; do [ "$k" = "$lead" ] || [ "$k" = "$redis_on" ] || victim=$k; done
for k in 1 2 3; do [ "$k" = "$victim" ] || via=$k; done
echo "   killing n$victim (leader is n$lead, redis is on n$redis_on)"
start=$(now)
./cluster.sh kill "$victim"
until_true 30 "n$victim is down" sh -c "$here/out/skep -H unix://$run/n$via.sock node ls --format '{{.Hostname}} {{.Status}}' | grep -q '^n$victim Down'"
until_true 30 "web runs 10/10 again" running getstarted_web 10/10
echo "   healed in $(since "$start")"
./cluster.sh restart "$victim"
until_true 30 "n$victim is back" sh -c "$here/out/skep -H unix://$run/n$via.sock node ls --format '{{.Hostname}} {{.Status}}' | grep -q '^n$victim Ready'"

say "The leader's daemon dies: nobody notices"
lead=$(leader)
for k in 1 2 3; do [ "$k" = "$lead" ] || via=$k; done
before=$(visits "$(./cluster.sh address "$via")")
start=$(now)
kill -9 "$(cat "$run/n$lead/skepd.pid")"
until_true 20 "another leader takes over" sh -c "l=\$($here/out/skep -H unix://$run/n$via.sock node ls --format '{{.Hostname}} {{.ManagerStatus}}' | awk '\$2 == \"Leader\" { print \$1 }'); [ -n \"\$l\" ] && [ \"\$l\" != n$lead ]"
skep "$via" service scale --detach getstarted_web=9 >/dev/null
echo "   a new leader accepted a write after $(since "$start")"
ok "the published port answers through n$lead while its daemon is dead ($(from_client "http://$(./cluster.sh address "$lead")/who" | awk '{ print $1 }'))"
./cluster.sh restart "$lead"
until_true 40 "web runs 9/9" running getstarted_web 9/9

say "Nothing was lost"
until_true 20 "redis answers" sh -c "[ -n \"\$(./cluster.sh exec cl curl -s -m 3 http://$n1/ | grep -o 'Visits:</b> [0-9]')\" ]"
after=$(visits "$(./cluster.sh address "$via")")
[ "${after:-0}" -gt "$before" ] && ok "the counter went on from $before to $after" || bad "the counter fell from $before to ${after:-nothing}"
until_true 60 "the visualizer shows three nodes again" visualizer_shows "$(./cluster.sh address "$via")"
show service ls
show node ls

[ -n "$keep" ] || { say "The stack goes"; show stack rm getstarted; }
echo "   the demo took $(($(date +%s) - began)) s"
