#!/bin/sh
# Writes requirements.lock, and a lock for each benchmark's peers: versions and hashes for Python >= 3.12 on Linux and
# macOS, without any registry address. What a peer asks for but need not have stands in <name>.excludes. Needs uv (a tool of developers only; UV=/path/to/uv). An upgrade is asked for: make lock UPGRADE=1
set -eu
cd "$(dirname "$0")/.."

# $1: what is asked for, $2: the lock; further options follow
compile() {
    input=$1
    output=$2
    shift 2
    "${UV:-uv}" pip compile "$input" "$@" --universal --python-version 3.12 --generate-hashes --no-build --no-annotate \
        --no-header --quiet ${UPGRADE:+--upgrade} -o "$output" </dev/null >/dev/null
    echo "$output: $(grep -c '==' "$output") packages"
}

compile pyproject.toml requirements.lock --group dev --extra dask --extra lithops --extra postgres
for input in benchmarks/peers/*.in; do
    excludes=${input%.in}.excludes
    if [ -f "$excludes" ]; then compile "$input" "${input%.in}.lock" --excludes "$excludes"
    elif [ -f "$input" ]; then compile "$input" "${input%.in}.lock"; fi
done
