#!/usr/bin/env bash
# build.sh: publishes out/skep (the command line) and out/skepd (the daemon).
set -euo pipefail
cd "$(dirname "$0")"
export SKEP_FAST=1 # analyzers are the business of test.sh
runtime=linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
publish() { # PROJECT [OPTION...]
    dotnet publish "src/$1" -c Release -r "$runtime" --nologo -v quiet -o "out/.$1" -p:PublishReadyToRun=true -p:DebugType=none "${@:2}"
}
publish Host --self-contained false -p:PublishSingleFile=false
publish Cli --self-contained false -p:PublishSingleFile=false
ln -sfn .Host/skepd out/skepd
ln -sfn .Cli/skep out/skep
