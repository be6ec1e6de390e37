#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# A campaign in one process: a run per load and repeat, what its directories hold, what ends it and
# what does not, its exit codes, and its report.
# Usage: test.sh PULSE7_RESPONDER PULSE7_SIMULATOR PULSE7_REPORT
set -u
responder=$1
simulator=$2
report=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
responder_pid=
simulator_pid=
end() {
    [ -z "$simulator_pid" ] || kill "$simulator_pid" 2>/dev/null
    [ -z "$responder_pid" ] || kill "$responder_pid" 2>/dev/null
    wait
    rm -rf "$work"
}
trap end EXIT
wrong=0
checks=0
check() { # check WHAT COMMAND...
    checks=$((checks + 1))
    local what=$1
    shift
    "$@" || { echo "wrong: $what"; wrong=$((wrong + 1)); }
}
says() { grep -Eq -- "$1" "$work/log"; }
await() { # await SECONDS COMMAND...
    local tries=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}
ports='s/^udp-encapsulation local-port 9899$/udp-encapsulation local-port 9918/
    s/^  udp-port 9899$/  udp-port 9918/; s/ 2905 / 2918 /; s/^cs7 /console port 0\n&/'
sed "$ports" "$root/config/loads-responder.cfg" >"$work/responder.cfg"
configure() { # configure LOADS REPEATS REST
    sed -e "$ports" -e "s/^ loads .*/ loads $1/" -e "s/^ repeats .*/ repeats $2/" -e "s/^ rest .*/ rest $3/" \
        -e 's/^ interval .*/ interval 200ms/' "$root/config/loads-simulator.cfg" >"$work/simulator.cfg"
}
begin() { # begin OUT DURATION: in the background, output in log
    "$simulator" -c "$work/simulator.cfg" --screen off --duration "$2" --out "$work/$1" >"$work/log" 2>&1 &
    simulator_pid=$!
}
finish() { # its exit code
    wait "$simulator_pid"
    local code=$?
    simulator_pid=
    return $code
}
result() { jq -r "$2" "$work/$1/run.json"; }

# Without a responder: SIGINT ends it before anything began.
configure "100" 1 0s
begin none 1s
await 10 says '^transport: ' || echo "the simulator did not begin"
kill -INT "$simulator_pid"
finish
check "a campaign without a run gives 3" test $? -eq 3
check "and says why" says 'stopped before the target was reached'
check "and tells what it has" says '^ +100 +1 +it could not run'

"$responder" -c "$work/responder.cfg" >"$work/responder.log" 2>&1 &
responder_pid=$!
await 10 grep -q '^ready$' "$work/responder.log" || { cat "$work/responder.log"; exit 1; }

# Three loads, twice each. Whether a busy machine lets the runs be valid is not tested here.
configure "300 50.5 100" 2 100ms
begin all 1s
finish
code=$?
check "exit code is the worst of the runs" test $code -eq "$(cat "$work"/all/*/run.json | jq -s 'if all(.validity.valid) then 0 else 3 end')"
check "a directory per run, by load and repeat" test "$(cd "$work/all" && echo *)" = \
    "load-00050.5-1 load-00050.5-2 load-00100-1 load-00100-2 load-00300-1 load-00300-2"
check "progress is told" says '^run 3 of 6: 50.5 starts/s, repeat 1 of 2$'
check "the table holds all" test "$(grep -Ec '^ +(300|50.5|100) +[12] +[0-9]+ +0 +yes ' "$work/log")" -eq 6
check "the way to the page is told" says "pulse7-report $work/all$"
check "each load is its own" test "$(result all/load-00300-2 .accounting.total.ok) $(result all/load-00100-1 .accounting.total.ok)" = "300 100"
check "repeats draw anew" test "$(result all/load-00300-1 .settings.simulator.seed) $(result all/load-00300-2 .settings.simulator.seed)" = "1 2"
check "a run's own load is in its settings" test "$(result all/load-00300-1 '.settings.simulator.flows[0].rate_per_s')" = 300
# The CPU time of a run is its own: what was used before it does not add up.
check "CPU time is the run's" awk -v last="$(result all/load-00100-2 '.cpu.user_ns + .cpu.system_ns')" -v sum="$(cat "$work"/all/*/run.json | jq -s 'map(.cpu.user_ns + .cpu.system_ns) | add')" \
    'BEGIN { exit !(last > 0 && last < sum / 2) }'
"$report" --no-html --json "$work/all" >"$work/report.json" 2>"$work/report.err"
check "the report takes the campaign" test "$(jq length "$work/report.json")" -eq 6

begin all 1s
finish
check "a directory that holds something is refused with 2" test $? -eq 2
"$simulator" -c "$work/simulator.cfg" --rate 5 --out "$work/rate" >"$work/log" 2>&1
check "--rate beside loads gives 2" test $? -eq 2
check "and the reason" says 'has loads'

# SIGINT ends the run at hand in order, and the campaign.
configure "100 200" 1 60s
begin interrupted 30s
await 10 says '^started' || echo "the run did not start"
sleep 0.5
kill -INT "$simulator_pid"
finish
check "the interrupted run is written" test "$(result interrupted/load-00100-1 .stopped_early)" = true
check "its requests have outcomes" test "$(result interrupted/load-00100-1 .accounting.total.balanced)" = true
check "no further run begins" test ! -e "$work/interrupted/load-00200-1"
check "the table says so" says '1 of 2 runs, stopped by a signal'
check "the table marks the run" says 'stopped early$'

# ... also between two runs.
begin resting 300ms
await 20 says '^results: ' || echo "the run did not end"
sleep 0.3
kill -TERM "$simulator_pid"
finish
check "a rest is interrupted" says '1 of 2 runs, stopped by a signal'

# A run that fails does not end it: the responder is gone for the first load and back for the second.
configure "100 200" 1 1s
kill -STOP "$responder_pid"
begin recovering 300ms
await 50 says '^pulse7-simulator: no way to the target' || echo "the first run did not give up"
kill -CONT "$responder_pid"
finish
check "a run that could not begin makes it 3" test $? -eq 3
check "the first load could not run" says '^ +100 +1 +it could not run'
check "the second load has run" test "$(result recovering/load-00200-1 .accounting.total.ok)" -eq 60
check "the first left nothing behind" test ! -e "$work/recovering/load-00100-1"
# A run that was killed has no run.json.
mkdir "$work/recovering/load-00100-1"
"$report" --no-html "$work/recovering" >"$work/log" 2>&1
check "the report leaves out what never ended" says 'load-00100-1 has no run.json.*left out'

echo "campaign: $checks checks, $wrong wrong"
[ $wrong -eq 0 ] && [ $checks -ge 27 ]
