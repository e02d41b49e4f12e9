#!/usr/bin/env bash
# build.sh: publishes out/skep (the command line) and out/skepd (the daemon), each one file of native code that needs no .NET on the machine (ADR 0020).
# SKEP_QUICK=1 is for the inner loop: nothing compiled ahead, needs the installed .NET.
set -euo pipefail
cd "$(dirname "$0")"
export SKEP_FAST=1 # analyzers are the business of test.sh
source scripts/one-compiler.sh
runtime=linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
publish() { # PROJECT PROGRAM: built aside and renamed, so that running daemons keep the file they run
    if [ -n "${SKEP_QUICK:-}" ]; then
        dotnet publish "src/$1" -c Release -r "$runtime" --self-contained false --nologo -v quiet -o "out/.quick.$1" -p:PublishAot=false
        ln -sfn ".quick.$1/$2" "out/$2"
        return
    fi
    dotnet publish "src/$1" -c Release -r "$runtime" --nologo -v quiet -o "out/.$1" -p:NativeDebugSymbols=false -p:DebugType=none -p:GenerateDocumentationFile=false
    cp "out/.$1/$2" "out/$2.new"
    mv "out/$2.new" "out/$2"
}
publish Host skepd
publish Cli skep
