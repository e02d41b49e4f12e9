#!/usr/bin/env bash
# test.sh [FILTER]: formatting, analyzers, and every test: cores, simulation, real containers and networks, chaos. Needs root for the kernel's part.
# A FILTER runs only test projects whose name contains it; SKEP_TEST_SKIP="Chaos Host.Tests" leaves those out.
set -uo pipefail
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "test.sh needs root (network namespaces and containers): sudo ./test.sh" >&2; exit 1; }
filter=${1:-}
began=$(date +%s)
results=$(mktemp -d)
passed=0 failed=0 skipped=0 broken=()

scripts/install-prerequisites.sh test || exit 1

step() { printf '\n== %s (%s s)\n' "$*" "$(($(date +%s) - began))"; }

# run_tests NAME: one test project; its log is shown when it fails, its counts are added up.
run_tests() {
    local name=$1 log=$results/$1.log counts
    timeout --kill-after=30 "${2:-600}" dotnet test "tests/$name/$name.csproj" -c Debug --no-build --nologo --logger "console;verbosity=minimal" \
        --blame-hang-timeout 5m --results-directory "$results/$name" >"$log" 2>&1
    local code=$?
    # "Passed!  - Failed:     0, Passed:    12, Skipped:     0, Total: …"
    counts=$(grep -oE 'Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+' "$log" | tail -1 | grep -oE '[0-9]+' | paste -sd' ')
    echo "${counts:-0 0 0} $code" >"$results/$name.counts"
    grep -hE '^(simulation|bench|chaos):' "$log" || true
}

count_up() {
    local name=$1 f p s code
    read -r f p s code <"$results/$name.counts"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$code" -ne 0 ] || [ "$f" -gt 0 ] || [ $((p + f)) -eq 0 ]; then
        broken+=("$name")
        [ "$f" -gt 0 ] || failed=$((failed + 1))
        echo "-- $name FAILED (exit $code)"; grep -E '^ +Failed ' "$results/$name.log"; tail -n 80 "$results/$name.log"
    else
        echo "   $name: $p passed${s:+, $s skipped}"
    fi
}

step "Build with analyzers"
source scripts/one-compiler.sh
SKEP_FAST=0 dotnet build Orchestrator.sln -c Debug --nologo -v quiet || exit 1

pure=() kernel=() first=() lane1=() lane2=()
for project in tests/*/*.csproj; do
    name=$(basename "$project" .csproj)
    case $name in
        *"$filter"*) ;;
        *) continue ;;
    esac
    case " ${SKEP_TEST_SKIP:-} " in *" $name "*) continue ;; esac
    case $name in
        Testing) ;;
        # These make namespaces, containers or clusters of names of their own, and wait more than they work: two lanes of them. Chaos counts on heartbeats: alone.
        Chaos) kernel+=("$name") first+=("$name") ;;
        Host.Tests) kernel+=("$name") lane1+=("$name") ;;
        Overlay.Tests|Engine.Tests|Worker.Tests) kernel+=("$name") lane2+=("$name") ;;
        *) pure+=("$name") ;;
    esac
done

step "Cores, contracts and simulation (two at a time)"
printf '%s\n' "${pure[@]}" | xargs -P 2 -I{} bash -c "$(declare -f run_tests); results=$results run_tests {}"
for name in "${pure[@]}"; do count_up "$name"; done

if printf '%s\n' "${kernel[@]}" | grep -qE '^(Host.Tests|Chaos)$'; then
    step "Publish and images for the cluster tests"
    [ -n "${SKEP_NO_BUILD:-}" ] || ./build.sh || exit 1
    demo/images/build.sh out/images >/dev/null || exit 1
fi
lane() { for name in "$@"; do run_tests "$name" 900; done; }
formatting() { for part in whitespace style; do dotnet format $part Orchestrator.sln --no-restore --verify-no-changes || echo "$part" >>"$results/misformatted"; done; }
step "Containers, networks, clusters, formatting (two lanes)"
lane "${first[@]}"
lane "${lane1[@]}" & { [ -n "$filter" ] || formatting; lane "${lane2[@]}"; }; wait
if [ -f "$results/misformatted" ]; then broken+=("formatting") failed=$((failed + 1)); fi
for name in "${kernel[@]}"; do count_up "$name"; done

printf '\ntook %s s%s\n' "$(($(date +%s) - began))" "${broken:+; failed: ${broken[*]}}"
rm -rf "$results"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
