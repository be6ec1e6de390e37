#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# check.sh on run directories that make_run leaves, and on one whose log was damaged.
# Usage: test.sh MAKE_RUN     exit 0: good; 1: wrong; 2: can't be checked here
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" "$work/a" seconds=60 freeze_at_ms=20000 freeze_ms=700 || exit 1
"$1" "$work/b" seconds=30 rate=9450 mean_ms=34.5 refuse_per_million=200 || exit 1
for run in a b; do
    "$here/check.sh" "$work/$run" || exit $?
done
# The check must be able to fail: a log without its second line of figures.
sed -i '7d' "$work/a/latency.hlog"
if "$here/check.sh" "$work/a" >/dev/null; then
    echo "hdr test: a damaged log passed"
    exit 1
fi
