#!/usr/bin/env bash
# copy-program.sh ROOTFS PROGRAM...: copies programs of this machine into a folder, with the libraries and the loader they need.
set -euo pipefail
rootfs=$1; shift
mkdir -p "$rootfs"/{usr/bin,usr/lib,usr/lib64,etc,tmp,var,run}
for d in bin lib lib64; do [ -e "$rootfs/$d" ] || ln -s "usr/$d" "$rootfs/$d"; done
for program in "$@"; do
    path=$(readlink -f "$(command -v "$program")")
    cp "$path" "$rootfs/usr/bin/$(basename "$program")"
    # ldd fails for static programs: they need nothing.
    { ldd "$path" 2>/dev/null || true; } | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }' | while read -r library; do
        target="$rootfs/usr/${library#/usr/}"; target=${target/usr\/\/lib/usr/lib}
        mkdir -p "$(dirname "$target")"
        cp -L "$library" "$target"
    done
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$rootfs/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$rootfs/etc/group"
