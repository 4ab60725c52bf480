#!/bin/sh
# Write requirements.lock anew from pyproject.toml. Needs uv; its result is read by uv and by pip.
# Run it after a change of dependencies, or with --upgrade to take newer releases.
set -eu
cd "$(dirname "$0")/.."
exec uv pip compile pyproject.toml --group test --group lint --group build \
    --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --custom-compile-command "tools/lock.sh" --output-file requirements.lock "$@"
