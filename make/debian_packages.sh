#!/bin/sh
# Installs the Debian packages that the system tests need, if they are missing: Chromium and a PostgreSQL server.
set -eu

missing=''
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "expected chromium and postgresql on a machine with apt-get, missing:$missing. Install them your system's way" >&2
    exit 1
fi
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

echo "Installing Debian packages:$missing"
as_root apt-get update -qq </dev/null
# shellcheck disable=SC2086 # one word a package is meant
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null
