#!/usr/bin/env bash
# pulse7 in two minutes, on a fresh Debian 12: installs what is missing, builds, starts a responder
# and loads it with 750 requests/s for 30 s on loopback; in the middle the responder is frozen
# (SIGSTOP) for exactly 300 ms. Prints the measured downtime beside the true one and the path of the
# report. Ends with RESULT name=demo pass=yes|no ...; exit 0 only when it passed.
# Usage: scripts/demo.sh [OUT]        default: a new folder below runs/
set -eu
. "$(cd "$(dirname "$0")" && pwd)/proofs/lib.sh"

rate=750
seconds=30
freeze_ms=300
out=${1:-$root/runs/demo-$(date -u +%Y%m%dT%H%M%SZ)}

begin
echo "installing what is missing and building (a few minutes the first time) ..."
prepare build run demo

start_responder "$work/responder.log" -c "$root/config/quickstart-responder.cfg"
responder_pid=$pid
start "$work/simulator.log" "$simulator" -c "$root/config/quickstart-simulator.cfg" \
    --rate "$rate" --duration "${seconds}s" --screen off --out "$out"
simulator_pid=$pid
await 30 grep -q '^started' "$work/simulator.log" || {
    cat "$work/simulator.log" >&2
    exit 1
}
echo "$rate requests/s for $seconds s; in the middle the responder is frozen for $freeze_ms ms ..."
sleep $((seconds / 2))
"$build/lab/pulse7-freeze" "$responder_pid" "$freeze_ms" >"$work/freeze.json"
code=0
wait "$simulator_pid" || code=$?
started_pids=("$responder_pid")
stop "$responder_pid" || true

run=$out/run.json
[ -f "$run" ] || {
    cat "$work/simulator.log" >&2
    exit 1
}
"$reporter" "$out" >"$work/report.txt" || [ $? -eq 3 ] # an invalid run is reported too
true_ms=$(field "$work/freeze.json" .true_ms)
sent=$(field "$run" .accounting.total.due)
ok=$(field "$run" .accounting.total.ok)
failed=$((sent - ok))
valid=$(field "$run" .validity.valid)
estimate() { # of the longest outage that was found; "none" is a failure, not a zero
    field "$run" "[.outages.list[] | select(.lane == 0) | .estimates.$1 | select(.known) | .value_ns]
        | if length == 0 then \"none\" else max / 1e6 end"
}
downtime_ms=$(estimate D_max)
gap_ms=$(estimate D_gap)

cat "$work/report.txt"
echo
echo "true freeze        $true_ms ms (stamps of the injector)"
echo "D_max, the studies' downtime  $downtime_ms ms"
echo "D_gap, without any reply      $gap_ms ms"
echo "report             $out/report.html"
pass=$(awk -v d="$downtime_ms" -v t="$true_ms" -v rate="$rate" -v sent="$sent" -v ok="$ok" \
    -v want=$((rate * seconds)) -v valid="$valid" -v code="$code" 'BEGIN {
        limit = 1000 / rate + 2
        off = d - t; if (off < 0) off = -off
        print (d != "none" && off <= limit && sent == want && ok == sent && valid == "true" && code == 0) ? "yes" : "no"
    }')
result demo "$pass" "downtime_ms=$downtime_ms" "true_ms=$true_ms" "gap_ms=$gap_ms" "sent=$sent" \
    "ok=$ok" "failed=$failed" "valid=$valid" "report=$out/report.html"
