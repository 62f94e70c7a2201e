#!/bin/sh
# Starts the sandbox and Dagster's UI on the demo's products, both until Ctrl-C; what is made stays in .eo/.
set -eu
cd "$(dirname "$0")/.."
port=${SANDBOX_PORT:-8900}
export DAGSTER_HOME="$PWD/.eo/dagster"
mkdir -p "$DAGSTER_HOME" .eo/sandbox
cp dagster.yaml "$DAGSTER_HOME/dagster.yaml"

.venv/bin/eo-pipeline sandbox --port "$port" --data .eo/sandbox &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null || true' EXIT INT TERM
export EO_EARTH_ENGINE_URL="http://127.0.0.1:$port" EO_STORAGE_URL="http://127.0.0.1:$port"
export EO_PROJECT=sandbox EO_CREDENTIALS=anonymous EO_BUCKET=sandbox EO_ROOT="$PWD/.eo/data"
.venv/bin/dagster dev -w workspace.yaml --port "${UI_PORT:-3000}"
