#!/usr/bin/env bash
# pulse7 in two minutes, on a fresh Debian 12: installs what is missing, builds, starts a cluster of
# two responders with its witness on loopback and loads it with 750 requests/s for a minute. The
# active is frozen (SIGSTOP) for 300 ms, later killed (kill -9), and started again. Prints the outage
# of each, the takeover's time, what failed, what was sent twice, and the reconciliation of what the
# simulator saw with both ledgers and the CDRs; and the path of the report. Ends with
# RESULT name=demo pass=yes|no ...; exit 0 only when it passed.
# Usage: scripts/demo.sh [OUT]        default: a new folder below runs/
set -eu
here=$(cd "$(dirname "$0")/proofs" && pwd)
. "$here/lib.sh"
. "$here/cluster.sh"

rate=750
seconds=60
freeze_ms=300
out=${1:-$root/runs/demo-$(date -u +%Y%m%dT%H%M%SZ)}

begin
echo "installing what is missing and building (a few minutes the first time) ..."
prepare build run demo

cluster_files
echo "starting the witness and two nodes ..."
start_cluster
active=$(active_node)
start_load "$work/simulator.log" "$out" --rate "$rate" --duration "${seconds}s"
load_pid=$pid
echo "$rate requests/s for $seconds s; node $active is active"
sleep 15
echo "15 s: node $active is frozen for $freeze_ms ms ..."
"$freeze" "${node_pid[$active]}" "$freeze_ms" >"$work/freeze.json"
echo "freeze $(field "$work/freeze.json" .stop_monotonic_ns)" >"$work/events.txt"
sleep 15
killed=$(active_node)
echo "30 s: node $killed is killed ..."
"$stamp" kill -9 "${node_pid[$killed]}" >"$work/kill.json"
ended "${node_pid[$killed]}"
echo "kill $(field "$work/kill.json" .before_ns)" >>"$work/events.txt"
sleep 10
echo "40 s: node $killed is started again ..."
start_node "$killed"
back=no
if await 15 is_pair; then back=yes; fi
taken_over_by=$(active_node || echo none)
code=0
wait "$load_pid" || code=$?
ended "$load_pid"
console "$taken_over_by" 'show cluster' >"$work/show.txt" || true
stop_cluster

run=$out/run.json
[ -f "$run" ] || {
    cat "$work/simulator.log" >&2
    exit 1
}
"$reporter" "$out" >"$work/report.txt" || [ $? -eq 3 ] # an invalid run is reported too
cat "$work/report.txt"
true_ms=$(field "$work/freeze.json" .true_ms)
first_answers "$out" "$work/events.txt" >"$work/answers.txt"
takeover_ms=$(awk '$1 == "kill" { print $2 }' "$work/answers.txt")
freeze_gap_ms=$(awk '$1 == "freeze" { print $3 }' "$work/answers.txt")
# estimate NAME EVENT: of the outage that the run found nearest behind the event.
estimate() {
    field "$run" "$(awk -v e="$2" '$1 == e { print $2 }' "$work/events.txt") as \$at | .start_monotonic_ns as \$start
        | [.outages.list[] | select(.lane == 0) | select(.end_ns + \$start >= \$at and .start_ns + \$start <= \$at + 1e9)
           | .estimates.$1 | select(.known) | .value_ns] | if length == 0 then \"none\" else max / 1e6 end"
}
freeze_max_ms=$(estimate D_max freeze)
kill_max_ms=$(estimate D_max kill)
sent=$(field "$run" .accounting.total.due)
ok=$(field "$run" .accounting.total.ok)
again=$(field "$run" .accounting.total.retransmissions)
twice=$(field "$run" .accounting.total.duplicate_replies)
valid=$(field "$run" .validity.valid)
reconciled= good=no
reconcile "$out" && good=yes
cat "$work/reconcile.txt"
cp "$work/reconcile.txt" "$out/"
echo
echo "freeze      node $active, true $true_ms ms; D_max $freeze_max_ms ms, no reply at all for $freeze_gap_ms ms"
echo "kill -9     node $killed; D_max $kill_max_ms ms; node $taken_over_by took over, first new answer after $takeover_ms ms"
echo "restart     node $killed; both nodes are a pair again: $back"
echo "requests    $sent due, $ok ok, $((sent - ok)) failed"
echo "duplicates  $again requests sent again, $twice second answers, each request charged once"
echo "report      $out/report.html"
pass=$(awk -v d="$freeze_max_ms" -v t="$true_ms" -v k="$takeover_ms" -v sent="$sent" -v ok="$ok" -v back="$back" \
    -v good="$good" -v want=$((rate * seconds)) -v a="$active" -v b="$taken_over_by" -v killed="$killed" 'BEGIN {
        print (d != "none" && d >= t - 20 && k > 0 && k <= 2000 && sent == want && ok == sent && back == "yes" &&
               good == "yes" && b != killed && killed == a) ? "yes" : "no"
    }')
result demo "$pass" "freeze_true_ms=$true_ms" "freeze_max_ms=$freeze_max_ms" "kill_max_ms=$kill_max_ms" \
    "takeover_ms=$takeover_ms" "sent=$sent" "ok=$ok" "failed=$((sent - ok))" "sent_again=$again" "second_answers=$twice" "pair_again=$back" \
    "valid=$valid" "reconcile=$good" "report=$out/report.html"
