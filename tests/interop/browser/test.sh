#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# check.sh on the reports of a steady run, one with an outage, an invalid one and six loads.
# Usage: test.sh MAKE_RUN PULSE7_REPORT     exit 0: good; 1: wrong; 2: can't be checked here
set -u
make_run=$1
report=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
usual="response-time maximum-response-time percentiles rate"
command -v gnuplot >/dev/null || { echo "gnuplot is missing: apt-get install gnuplot-nox" >&2; exit 2; }

"$make_run" "$work/steady" seconds=60 || exit 1
"$make_run" "$work/frozen" seconds=60 freeze_at_ms=30000 freeze_ms=300 || exit 1
"$make_run" "$work/lagging" seconds=30 lag_us=2000 'name=<b>"a very long name without any blank at all'"$(printf 'x%.0s' {1..20})" || exit 1
for rate in 750 2250 4500 6450 7950 9450; do
    "$make_run" "$work/load-$rate" rate=$rate seconds=30 name=load-$rate || exit 1
done
for run in steady frozen lagging; do
    "$report" "$work/$run" >/dev/null
done
"$report" --out "$work/campaign" "$work"/load-* >/dev/null || exit 1
"$here/check.sh" "$work/steady/report.html" $usual || exit $?
"$here/check.sh" "$work/frozen/report.html" $usual outage || exit $?
"$here/check.sh" "$work/lagging/report.html" $usual || exit $?
"$here/check.sh" "$work/campaign/report.html" $usual mean-by-load throughput-by-load || exit $?
# The check must be able to fail.
sed 's|</main>|<p style="width:1500px">wide</p></main>|' "$work/steady/report.html" >"$work/wide.html"
if "$here/check.sh" "$work/wide.html" >/dev/null; then
    echo "browser test: a page that is too wide passed"
    exit 1
fi
