#!/bin/sh
# Write the lock files again from pyproject.toml: exact versions with hashes, naming no index host and no path.
# With --upgrade, newest versions within the ranges of pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/pip-compile --quiet --generate-hashes --strip-extras --no-header --no-annotate --allow-unsafe \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links "$@"
}
compile "$@" --output-file requirements.txt pyproject.toml
printf 'hatchling>=1.30\neditables>=0.5\n' | compile "$@" --constraint requirements.txt --output-file requirements-build.txt -
compile "$@" --extra dev --constraint requirements.txt --constraint requirements-build.txt \
    --output-file requirements-dev.txt pyproject.toml
