#!/bin/sh
# Makes .venv from requirements.lock, wheels only, and installs the project into it, editable. The lock is whole, so pip
# need not resolve anything, which old ones (23.2, of Python 3.12.1) do wrongly for requirements with extras.
# Two stamps, each written when its part is whole, keep a second call short: one for the lock (a difference, or a
# half-made environment, means: make it anew), one for pyproject.toml (a difference means: install the project again).
set -eu
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK=1

lock_stamp="$PWD $(git hash-object requirements.lock)"
project_stamp="$PWD $(git hash-object pyproject.toml)"
stamped() { [ "$(cat ".venv/$1.stamp" 2>/dev/null)" = "$2" ] && [ -x .venv/bin/python ]; }

# Makes an empty .venv with the first interpreter that can.
make_venv() {
    pythons=$(sh make/find_python.sh)
    IFS='
'
    for python in $pythons; do
        rm -rf .venv
        echo "Making .venv with $("$python" -V) ($python)"
        "$python" -m venv .venv </dev/null && .venv/bin/python -m pip --version >/dev/null && return 0
        echo "$python could not make a virtual environment; trying the next" >&2
    done
    echo "expected a working virtual environment in .venv, got none from: $pythons" >&2
    return 1
}

stamped lock "$lock_stamp" && stamped project "$project_stamp" && exit 0

# One at a time: a second call waits for the first (as long as its process lives) and then finds its work done.
making=.cache/environment.pid
while pid=$(cat "$making" 2>/dev/null) && kill -0 "$pid" 2>/dev/null; do
    echo "Waiting for process $pid, which is making .venv (if it is not: rm $making)"
    sleep 5
done
mkdir -p .cache
echo $$ >"$making"
trap 'rm -f "$making"' EXIT

if ! stamped lock "$lock_stamp"; then
    make_venv
    echo "Installing $(grep -c '==' requirements.lock) locked packages as wheels (some minutes the first time)"
    .venv/bin/python -m pip install -qq --no-deps --require-hashes --only-binary :all: -r requirements.lock </dev/null
    printf '%s\n' "$lock_stamp" >.venv/lock.stamp
fi

if ! stamped project "$project_stamp"; then
    .venv/bin/python -m pip install -qq --no-deps --no-build-isolation -e . </dev/null
    printf '%s\n' "$project_stamp" >.venv/project.stamp
fi
