#!/bin/sh
# Make .venv and install exactly what requirements.lock says. Called by make; safe to run again.
# With uv it is used; without it, python3's venv and pip do the same from the same lock.
set -eu
cd "$(dirname "$0")/.."

fail() { printf 'set-up: %s\n' "$1" >&2; exit 2; }

find_python() {
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or later was not found. Install python3 (Debian, Ubuntu: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3.12 ..."
}

# A half-made environment from an interrupted run is not trusted.
rm -rf .venv
python=$(find_python)
if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$python" .venv
    uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock
    uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
else
    "$python" -m venv .venv ||
        fail "python3 cannot make a virtual environment. Install its venv module (Debian, Ubuntu: apt-get install python3-venv) or uv, then run the same command again."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
touch .venv/.ready
