#!/usr/bin/env bash
# build.sh OUTDIR: makes the demo's images from files of this machine: web (Perl and our server), redis (Debian's redis-server) and, from out/skepd, visualizer (the dashboard alone).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) scripts=$here/../../scripts out=$1
mkdir -p "$out"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

"$scripts/copy-program.sh" "$work/web" perl sh
# The few modules the server loads, found by asking Perl itself.
LC_ALL=C perl -MIO::Socket::INET -MIO::Select -MPOSIX -MSys::Hostname -MSocket -e '
    print "$_\n" for grep { -f } values %INC;
    for my $dir (@INC) { for (qw(POSIX Socket IO Fcntl Sys/Hostname)) { print "$dir/auto/$_/$1.so\n" if m{([^/]+)$} && -f "$dir/auto/$_/$1.so" } }' |
    sort -u | while read -r file; do mkdir -p "$work/web$(dirname "$file")"; cp -L "$file" "$work/web$file"; done
cp "$here/web/server.pl" "$work/web/usr/bin/web"
chmod 755 "$work/web/usr/bin/web"
"$scripts/make-image.sh" getstarted/web:latest "$work/web" "$out/web.tar" \
    'Cmd=["/usr/bin/perl","/usr/bin/web"]' 'Env=["PATH=/usr/bin:/bin","NAME=World","LC_ALL=C"]' 'ExposedPorts={"80/tcp":{}}'

"$scripts/copy-program.sh" "$work/redis" redis-server redis-cli
mkdir -p "$work/redis/data"
"$scripts/make-image.sh" redis:latest "$work/redis" "$out/redis.tar" \
    'Entrypoint=["redis-server","--bind","0.0.0.0","--protected-mode","no"]' 'Env=["PATH=/usr/bin:/bin"]' 'WorkingDir=/data' \
    'Volumes={"/data":{}}' 'ExposedPorts={"6379/tcp":{}}'

# The dashboard of any engine whose socket is mounted. What .NET loads by name is not in ldd's list: OpenSSL.
daemon=$here/../../out/skepd
if [ -f "$daemon" ] && [ ! -L "$daemon" ]; then
    "$scripts/copy-program.sh" "$work/visualizer" "$daemon"
    for library in libssl.so.3 libcrypto.so.3; do
        path=$(ldconfig -p | awk -v l="$library" '$1 == l && !n++ { print $NF }')
        cp -L "$path" "$(dirname "$(find "$work/visualizer" -name libc.so.6)")/"
    done
    "$scripts/make-image.sh" getstarted/visualizer:latest "$work/visualizer" "$out/visualizer.tar" \
        'Cmd=["/usr/bin/skepd","dashboard","--host","unix:///var/run/docker.sock","--listen","0.0.0.0:8080","--open","--give-up","10"]' \
        'Env=["PATH=/usr/bin:/bin"]' 'ExposedPorts={"8080/tcp":{}}'
else
    echo "no visualizer image: it needs ./build.sh without SKEP_QUICK" >&2
fi
