#!/bin/sh
# Prints each Python >= 3.12 of this machine that can make a virtual environment with pip, one path a line, best first.
# A candidate is believed only after it ran: a pyenv shim can exist and fail. PYTHON=/path/to/python comes first.
# Exit code 1, with what was tried and what to do, if there is none.
set -u

candidates() {
    [ -n "${PYTHON:-}" ] && printf '%s\n' "$PYTHON"
    printf '%s\n' python3.13 python3.12 python3 python
    ls -r "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python 2>/dev/null
}

# Prints the interpreter's own path, or fails: too old, broken, or without the modules that venv and pip need.
real_path() {
    "$1" -c '
import sys
if sys.version_info < (3, 12):
    sys.exit("Python %d.%d is older than 3.12" % sys.version_info[:2])
import ctypes, ensurepip, sqlite3, ssl, venv, zlib
print(sys.executable)' 2>&1
}

tried=$(mktemp) || exit 1
trap 'rm -f "$tried"' EXIT
found=''
IFS='
'
for candidate in $(candidates); do
    if answer=$(real_path "$candidate" </dev/null); then
        path=$(printf '%s\n' "$answer" | tail -n 1)
        case "$found" in *"|$path|"*) continue ;; esac
        found="$found|$path|"
        printf '%s\n' "$path"
    else
        printf '  %s: %s\n' "$candidate" "$(printf '%s\n' "$answer" | tail -n 1)" >>"$tried"
    fi
done
[ -n "$found" ] && exit 0

{
    echo "expected a Python >= 3.12 with venv and pip, got none that runs. Tried:"
    cat "$tried"
    echo "Install one (Debian: apt-get install python3 python3-venv; pyenv: pyenv install 3.13)"
    echo "or name it: make PYTHON=/path/to/python3.13 test"
} >&2
exit 1
