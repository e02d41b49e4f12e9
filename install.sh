#!/usr/bin/env bash
# install.sh [--prefix /usr/local]: puts skep and skepd, the systemd unit, the group and shell completion on this machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=/usr/local
[ "${1:-}" != --prefix ] || prefix=$2
[ "$(id -u)" = 0 ] || { echo "install.sh needs root: sudo ./install.sh" >&2; exit 1; }

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

getent group skep >/dev/null || groupadd --system skep
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
        echo "skep runs. Add yourself to the group skep, then: skep swarm init"
    fi
else
    echo "installed. No systemd runs here: start $prefix/bin/skepd by hand, after containerd"
fi

running=$(readlink /proc/[0-9]*/exe 2>/dev/null || true) # some have none
for old in "$versions"/*/; do # those that nothing runs any more
    [ "$old" = "$versions/$version/" ] || [[ $running == *"$(readlink -f "$old")/"* ]] || rm -rf "$old"
done
