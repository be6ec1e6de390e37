#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Holds a run against a capture of it, as tshark decodes it: every message, every response time.
# Usage: tests/interop/wireshark/check.sh CAPTURE UDP_PORT RUN_DIR yes|no [MEDIAN_US_MAX]
#        yes: subscribers ran out of credit in the run
# The last line is "SUMMARY key=value ..."; exit 0: they agree; 1: they do not; 2: can not be
# checked; 3: they do, but for delays of the simulator (judge.awk says which are allowed).
set -u
cannot() { echo "wireshark check: $*" >&2; exit 2; }
[ $# -ge 4 ] || cannot "usage: $0 CAPTURE UDP_PORT RUN_DIR yes|no [MEDIAN_US_MAX]"
capture=$1 port=$2 run=$3 foreign=$4 median_us_max=${5:-100}
here=$(cd "$(dirname "$0")" && pwd)
for program in tshark jq awk; do
    command -v $program >/dev/null || cannot "$program is missing"
done
[ -r "$capture" ] && [ -r "$run/run.json" ] && [ -r "$run/requests.csv" ] ||
    cannot "$capture, $run/run.json or $run/requests.csv is missing"
work=$(mktemp -d) || cannot "no temporary directory"
trap 'rm -rf "$work"' EXIT

decode() {
    tshark -r "$capture" -d "udp.port==$port,sctp" -o sctp.checksum:CRC-32C \
        -o camel.persistentsrt:TRUE "$@" 2>"$work/tshark.log" || { cat "$work/tshark.log" >&2; exit 2; }
}
decode -T pdml | awk -v port="$port" -f "$here/messages.awk" >"$work/messages.tsv"
decode -q -z camel,srt >"$work/srt"
# |   InitialDP/Continue |   1456 |   0.01 ms|   0.67 ms|   0.04 ms|   4222 |   3971 |
awk -F'|' -v OFS='\t' '
    BEGIN {
        row["InitialDP/Continue"] = "initial"; row["InitialDP/ContinueSMS"] = "sms"
        row["Slice1_ACR/ACH"] = "slice1"; row["Slice2_ACR/ACH"] = "slice2"; row["Slice3_ACR/ACH"] = "slice3"
        row["EvtRepBSCM/Release"] = "release"
    }
    $1 == "" { gsub(/ /, "", $2) }
    $1 == "" && $2 in row { sub(/ms/, "", $4); sub(/ms/, "", $5); sub(/ms/, "", $6)
                            print row[$2], $3 + 0, $4 + 0, $5 + 0, $6 + 0 }' "$work/srt" >"$work/srt.tsv"
tail -n +2 "$run/requests.csv" | awk -F, '$2 ~ /^(oneshot|initial|event)$/' | sort -t, -k1,1n >"$work/begin.csv"
tail -n +2 "$run/requests.csv" | awk -F, '$2 ~ /^(interim|final)$/' | sort -t, -k5,5n >"$work/later.csv"
counter() { jq -e ".counters[\"$1\"]" "$run/run.json" || cannot "run.json has no counter $1"; }
data_out=$(counter m3ua.data_out) && data_in=$(counter m3ua.data_in) &&
    stall_ns=$(counter loop.stall_ns_max) || exit 2
awk -v data_out="$data_out" -v data_in="$data_in" -v median_us_max="$median_us_max" \
    -v stall_ns="$stall_ns" -v foreign="$foreign" -f "$here/judge.awk" \
    "$work/begin.csv" "$work/later.csv" "$work/srt.tsv" "$work/messages.tsv"
