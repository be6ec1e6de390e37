#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# pulse7-report on run directories that make_run leaves: exit codes, figures, escaping.
# Usage: check_report.sh MAKE_RUN PULSE7_REPORT
set -u
make_run=$1
report=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0
checks=0
check() { # check WHAT COMMAND...
    checks=$((checks + 1))
    local what=$1
    shift
    "$@" || { echo "wrong: $what"; wrong=$((wrong + 1)); }
}
exits() { # exits CODE COMMAND...
    local code=$1
    shift
    "$@" >"$work/out" 2>"$work/err"
    local got=$?
    [ $got -eq "$code" ] || { echo "exit code $got: $*"; cat "$work/err"; return 1; }
}
quietly() { "$@" >/dev/null; }
says() { grep -Fq -- "$1" "$work/out"; }
hostile='x<script>alert(1)</script>&"'\'

"$make_run" "$work/steady" seconds=30 interval_ms=5000 "name=$hostile" || exit 1
"$make_run" "$work/frozen" seconds=30 interval_ms=5000 freeze_at_ms=15000 freeze_ms=300 name=frozen || exit 1
"$make_run" "$work/failing" seconds=30 interval_ms=5000 rate=1500 refuse_per_million=5000 name=failing || exit 1
"$make_run" "$work/lagging" seconds=30 interval_ms=5000 lag_us=2000 name=lagging || exit 1

check "a good run gives 0" exits 0 "$report" --no-html "$work/steady"
check "validity is told" says "VALID"
check "both margins are named" says "E_paper"
check "both margins are named" says "E_bm"
check "a freeze gives 0" exits 0 "$report" "$work/frozen"
check "the outage is told" says "D_gap"
check "the page's place is told" says "$work/frozen/report.html"
check "D_max is within 1/rate of 300 ms" awk '$1 == "D_max" { found = $2 > 300 - 1.34 - 1 && $2 < 301 } END { exit !found }' "$work/out"
check "a broken threshold gives 1" exits 1 "$report" --no-html "$work/failing"
check "an invalid run gives 3" exits 3 "$report" --no-html "$work/lagging" "$work/failing"
check "no run gives 2" exits 2 "$report"
check "a wrong option gives 2" exits 2 "$report" --nonsense
check "a missing directory gives 2" exits 2 "$report" "$work/none"
check "CSV has a row per run" exits 0 "$report" --csv --no-html "$work/steady" "$work/frozen"
check "CSV has a row per run" test "$(wc -l <"$work/out")" -eq 3
check "JSON is JSON" exits 0 "$report" --json --no-html "$work/steady" "$work/frozen"
check "JSON is JSON" quietly jq -e 'length == 2 and .[0].valid == true and .[0].outages[0].estimates_ms.D_max > 298 and .[1].outages == []' "$work/out"
check "an output that is full gives 1" bash -c '"$0" --no-html "$1" >/dev/full 2>/dev/null; test $? -eq 1' "$report" "$work/steady"

"$make_run" "$work/short" seconds=1 rate=20 interval_ms=500 name=short || exit 1
check "a run of few requests can be read" exits 0 "$report" --no-html "$work/short"
check "that outages were not looked for is told" says "Too few requests"
mkdir -p "$work/campaign/load-01500-2" "$work/campaign/other"
"$make_run" "$work/campaign/load-00750-1" seconds=30 interval_ms=5000 name=c || exit 1
"$make_run" "$work/campaign/load-01500-1" seconds=30 interval_ms=5000 rate=1500 name=c || exit 1
check "a campaign stands for its runs" exits 0 "$report" --json "$work/campaign/"
check "a campaign stands for its runs" quietly jq -e 'map(.path | split("/") | last) == ["load-00750-1", "load-01500-1"]' "$work/out"
check "a run that never ended is left out and said so" grep -q 'load-01500-2 has no run.json.*left out' "$work/err"
check "a campaign's page stands in its directory" test -s "$work/campaign/report.html"
mkdir "$work/empty"
check "a directory without runs gives 2" exits 2 "$report" "$work/empty"

check "several runs make one page" exits 3 "$report" --out "$work/new/page" "$work"/{steady,frozen,failing,lagging}
check "several runs make one page" grep -q '3 of 4 runs are valid' "$work/new/page/report.html"
check "text of a run is escaped" grep -q 'x&lt;script&gt;alert' "$work/new/page/report.html"
check "text of a run is escaped" bash -c '! grep -qi "<script" "$0"' "$work/new/page/report.html"
check "text of a configuration is escaped" bash -c '! grep -q "<b>bold" "$0"' "$work/new/page/report.html"

echo "garbage" >>"$work/steady/intervals.csv"
check "a damaged table gives 2" exits 2 "$report" --no-html "$work/steady"
check "a damaged table is named by line" grep -q 'intervals.csv:[0-9]*: 1 cells' "$work/err"

echo "check_report: $checks checks, $wrong wrong"
[ $wrong -eq 0 ] && [ $checks -ge 20 ]
