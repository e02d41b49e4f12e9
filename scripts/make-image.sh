#!/usr/bin/env bash
# make-image.sh NAME:TAG ROOTFS OUT.tar [KEY=VALUE ...]: packs a folder as a container image, in the layout of `docker save`.
# Keys: Entrypoint, Cmd (JSON lists), Env (JSON list), WorkingDir, User, Volumes, ExposedPorts, StopSignal, Healthcheck (JSON).
set -euo pipefail
name=$1 rootfs=$2 out=$3; shift 3

# Where every container gets something mounted, as any builder leaves it: else the runtime makes these places again in each container.
mkdir -p "$rootfs"/{proc,sys,dev,etc}
touch "$rootfs"/etc/{hosts,hostname,resolv.conf}

work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
# The same files give the same digest, whenever and wherever they are packed.
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -C "$rootfs" -cf "$work/layer.tar" .
diff_id=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)

config='{}'
for pair in "$@"; do
    key=${pair%%=*} value=${pair#*=}
    case $value in
        '['*|'{'*) config=$(jq -c --arg k "$key" --argjson v "$value" '.[$k] = $v' <<<"$config") ;;
        *) config=$(jq -c --arg k "$key" --arg v "$value" '.[$k] = $v' <<<"$config") ;;
    esac
done
arch=$(dpkg --print-architecture)
jq -cn --argjson c "$config" --arg d "sha256:$diff_id" --arg a "$arch" \
    '{architecture: $a, os: "linux", created: "1970-01-01T00:00:00Z", config: $c, rootfs: {type: "layers", diff_ids: [$d]},
      history: [{created: "1970-01-01T00:00:00Z", created_by: "make-image.sh"}]}' >"$work/config.json"
image_id=$(sha256sum "$work/config.json" | cut -d' ' -f1)

mkdir "$work/image" "$work/image/$diff_id"
mv "$work/layer.tar" "$work/image/$diff_id/layer.tar"
mv "$work/config.json" "$work/image/$image_id.json"
jq -cn --arg c "$image_id.json" --arg n "$name" --arg l "$diff_id/layer.tar" '[{Config: $c, RepoTags: [$n], Layers: [$l]}]' >"$work/image/manifest.json"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work/image" -cf "$out" .
echo "$name sha256:$image_id"
