#!/usr/bin/env bash
# build.sh: publishes out/skep (the command line) and out/skepd (the daemon), each one file that needs no .NET on the machine (ADR 0010).
set -euo pipefail
cd "$(dirname "$0")"
export SKEP_FAST=1 # analyzers are the business of test.sh
runtime=linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
publish() { # PROJECT PROGRAM: built aside and renamed, so that running daemons keep the file they run
    dotnet publish "src/$1" -c Release -r "$runtime" --self-contained true --nologo -v quiet -o "out/.$1" \
        -p:PublishSingleFile=true -p:PublishReadyToRun=true -p:DebugType=none -p:GenerateDocumentationFile=false
    cp "out/.$1/$2" "out/$2.new"
    mv "out/$2.new" "out/$2"
}
publish Host skepd
publish Cli skep
