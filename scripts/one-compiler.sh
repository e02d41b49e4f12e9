# Sourced by what builds: one compiler process for all projects, also where the environment says otherwise, since each would begin by compiling
# itself; it is ended when the script ends. Its own code is compiled twice at most: counting first what is worth it (tiered PGO) took a third of a clean build.
export UseSharedCompilation=true DOTNET_TieredPGO=0
trap 'dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true' EXIT
