#!/usr/bin/env bash
# build.sh OUTDIR: makes the image the cluster tests run, from files of this machine: probe:latest and probe:2 (same program, other environment).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) scripts=$here/../../../scripts out=$1
mkdir -p "$out"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

rootfs=$work/rootfs; mkdir "$rootfs"
"$scripts/copy-program.sh" "$rootfs" perl
perl -MIO::Socket::INET -MIO::Select -MPOSIX -MSys::Hostname -MSocket -e '
    print "$_\n" for grep { -f } values %INC;
    for my $dir (@INC) { for (qw(POSIX Socket IO Fcntl Sys/Hostname)) { print "$dir/auto/$_/$1.so\n" if m{([^/]+)$} && -f "$dir/auto/$_/$1.so" } }' |
    sort -u | while read -r file; do mkdir -p "$rootfs$(dirname "$file")"; cp -L "$file" "$rootfs$file"; done
cp "$here/probe/probe.pl" "$rootfs/usr/bin/probe"
cp "$(command -v busybox)" "$rootfs/usr/bin/busybox"
for applet in sh cat ls id sleep echo mount ps; do ln -s busybox "$rootfs/usr/bin/$applet"; done
mkdir -p "$rootfs/data"
for version in latest 2; do
    "$scripts/make-image.sh" "probe:$version" "$rootfs" "$out/probe-$version.tar" 'Cmd=["/usr/bin/perl","/usr/bin/probe"]' \
        "Env=[\"PATH=/usr/bin:/bin\",\"LC_ALL=C\",\"VERSION=$version\"]" 'ExposedPorts={"80/tcp":{}}'
done
