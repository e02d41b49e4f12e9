#!/usr/bin/env bash
# install.sh [--prefix /usr/local] [--uninstall]: puts skep and skepd, the systemd unit, the group and shell completion on this machine, or takes them away.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=/usr/local uninstall=
usage() { sed -n '2s/^# //p' "$0"; }
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) [ $# -gt 1 ] || { echo "--prefix needs a folder" >&2; exit 1; }; prefix=$2; shift ;;
        --prefix=*) prefix=${1#*=} ;;
        --uninstall) uninstall=yes ;;
        -h | --help) usage; exit 0 ;;
        *) echo "install.sh: unknown word $1" >&2; usage >&2; exit 1 ;;
    esac
    shift
done
[ "$(id -u)" = 0 ] || { echo "install.sh needs root: sudo ./install.sh" >&2; exit 1; }

completions=(/usr/share/bash-completion/completions/skep /usr/share/zsh/vendor-completions/_skep /usr/share/fish/vendor_completions.d/skep.fish)

if [ -n "$uninstall" ]; then
    [ ! -d /run/systemd/system ] || systemctl disable --now skep.service 2>/dev/null || true
    rm -f /etc/systemd/system/skep.service "$prefix/bin/skep" "$prefix/bin/skepd" "${completions[@]}"
    rm -rf "$prefix/lib/skep"
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
    echo "skep is gone from $prefix. Left for you to decide: the node's data in /var/lib/skep, settings in /etc/skep, the group skep,"
    echo "and containers that still run (leave the swarm first, and they end: skep swarm leave)"
    exit 0
fi

"$here/scripts/install-prerequisites.sh"
[ -x "$here/out/skepd" ] || "$here/build.sh"

# Each version has a folder of its own: a running daemon starts its names program (ADR 0011) from its own file, whatever is installed meanwhile.
version=$(cat "$here/out/skep" "$here/out/skepd" | sha256sum | cut -c1-12)
versions=$prefix/lib/skep
install -d "$prefix/bin" "$versions/$version" /etc/skep
for program in skep skepd; do
    cmp -s "$here/out/$program" "$versions/$version/$program" || install -m 755 "$here/out/$program" "$versions/$version/$program"
    ln -sfn "../lib/skep/$version/$program" "$prefix/bin/$program.new"
    mv -T "$prefix/bin/$program.new" "$prefix/bin/$program"
done

"$here/scripts/make-group.sh" skep
[ -e /etc/skep/skepd.json ] || echo '{}' >/etc/skep/skepd.json
sed "s#@prefix@#$prefix#" "$here/packaging/skep.service" >/etc/systemd/system/skep.service

for shell in bash zsh fish; do
    case $shell in
        bash) target=/usr/share/bash-completion/completions/skep ;;
        zsh) target=/usr/share/zsh/vendor-completions/_skep ;;
        fish) target=/usr/share/fish/vendor_completions.d/skep.fish ;;
    esac
    [ ! -d "$(dirname "$target")" ] || "$prefix/bin/skep" completion $shell >"$target"
done

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if systemctl is-active --quiet skep.service; then
        systemctl restart skep.service # an upgrade: the containers go on
        echo "skep $("$prefix/bin/skep" --version | awk '{print $NF}') runs in place of the one before; no container was touched"
    else
        systemctl enable --now skep.service
        echo "skep runs. Root may use it, and the group skep. Then: skep swarm init"
    fi
else
    echo "installed. No systemd runs here: start $prefix/bin/skepd by hand, after containerd"
fi

running=$(readlink /proc/[0-9]*/exe 2>/dev/null || true) # some have none
for old in "$versions"/*/; do # those that nothing runs any more
    [ "$old" = "$versions/$version/" ] || [[ $running == *"$(readlink -f "$old")/"* ]] || rm -rf "$old"
done
