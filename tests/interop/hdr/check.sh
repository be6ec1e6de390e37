#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Reads RUN_DIR/latency.hlog with the reference implementation of HdrHistogram (Debian's
# libhdrhistogram-java) and compares count and percentiles of every kind with run.json, digit by digit.
# The maximum is compared by its bucket: run.json has the exact one, the log format does not.
# Usage: tests/interop/hdr/check.sh RUN_DIR    exit 0: the same; 1: a difference; 2: can't be checked
set -u
run=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
jar=${HDRHISTOGRAM_JAR:-/usr/share/java/hdrhistogram.jar}
cannot() { echo "hdr check: $*" >&2; exit 2; }
[ -n "$run" ] || cannot "usage: $0 RUN_DIR"
[ -r "$run/latency.hlog" ] && [ -r "$run/run.json" ] || cannot "$run has no latency.hlog and run.json"
command -v jq >/dev/null || cannot "jq is missing: apt-get install jq"
[ -r "$jar" ] || cannot "$jar is missing: apt-get install libhdrhistogram-java"
java --list-modules 2>/dev/null | grep -q '^jdk.compiler' ||
    cannot "a java with its compiler is missing: apt-get install openjdk-17-jdk-headless"

work=$(mktemp -d) || cannot "no temporary directory"
trap 'rm -rf "$work"' EXIT
warmup=$(jq -e '.settings.simulator.warmup_ms / 1000' "$run/run.json") ||
    cannot "run.json has no settings.simulator.warmup_ms"
java -cp "$jar" "$here/ReadLog.java" "$run/latency.hlog" "$warmup" >"$work/all" ||
    { echo "hdr check: the log can't be read"; exit 1; }
jq -r '({response: .summary.response} + .summary.response_of) | to_entries[] | select(.value.count > 0)
    | .key as $name | "\($name) count \(.value.count)", "\($name) max \(.value.max_ns)",
      (.value.quantiles_ns | to_entries[] | "\($name) \(.key) \(.value)")' "$run/run.json" |
    sort >"$work/ours"
awk '$1 != "log" && !($2 == "count" && $3 == 0)' "$work/all" | sort >"$work/theirs"

awk -v log_name="$run/latency.hlog" '
NR == FNR { ours[$1 " " $2] = $3; count++; next }
{ key = $1 " " $2; seen[key] = 1; compared++ }
!(key in ours) { print key ": in the log, not in run.json"; wrong++; next }
$2 == "max" {
    if ($3 + 0 < ours[key] + 0 || $3 - ours[key] > ours[key] / 1000 + 1) {
        print key ": run.json " ours[key] ", bucket of HdrHistogram up to " $3; wrong++
    }
    next
}
$3 != ours[key] { print key ": run.json " ours[key] ", HdrHistogram " $3; wrong++ }
END {
    for (key in ours)
        if (!(key in seen)) { print key ": in run.json, not in the log"; wrong++ }
    print "hdr check: " compared + 0 " figures compared, " wrong + 0 " differ"
    exit !(wrong == 0 && compared >= 10)
}' "$work/ours" "$work/theirs"
