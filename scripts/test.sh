#!/usr/bin/env bash
# Everything that a commit must pass, on a fresh Debian 12: installs what is missing, checks format,
# style, architecture and lint, builds under the address and undefined-behaviour sanitizers, and runs
# the quick and the full tests. Ends with ctest's closing lines; exit 0 only when all of it passed.
# Usage: scripts/test.sh [quick|full]        default: full
set -eu
cd "$(dirname "$0")/.."
tier=${1:-full}
scripts/install-packages build run test
scripts/format --check
scripts/check-style
scripts/check-architecture
scripts/check-docs
cmake --preset asan-ubsan >/dev/null
cmake --build --preset asan-ubsan
cmake --preset release >/dev/null
cmake --build --preset release
scripts/lint
exec ctest --preset "$tier"
