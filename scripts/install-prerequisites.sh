#!/usr/bin/env bash
# install-prerequisites.sh [test]: installs what a bare Debian machine lacks to run Skep (and, with `test`, to test it). Does nothing when all is there.
set -euo pipefail
packages=(containerd runc nftables libnftables1 iproute2 procps curl jq tini gcc libc6-dev zlib1g-dev) # tini is what --init starts; the last three link what .NET compiles to native code
[ "${1:-}" != demo ] || packages+=(perl redis-server)
[ "${1:-}" != test ] || packages+=(perl redis-server busybox-static python3-grpcio python3-protobuf python3-yaml docker-registry apache2-utils python3-docker prometheus chromium fonts-dejavu-core)

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}"
    # No service of the distribution is to start: Skep's scripts run their own.
    policy=/usr/sbin/policy-rc.d
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; trap 'rm -f $policy' EXIT; }
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
fi
command -v dotnet >/dev/null || { echo "the .NET 10 SDK is needed: https://learn.microsoft.com/dotnet/core/install/linux-debian" >&2; exit 1; }
