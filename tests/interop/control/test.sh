#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Scripts read and steer both programs by CTRL, and a statsd gets their figures; a second simulator
# that finds its CTRL port taken runs nevertheless. Exit code 3 of a run (a busy machine) is no matter here.
# Usage: test.sh PULSE7_RESPONDER PULSE7_SIMULATOR PROBE
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/scripts/proofs/lib.sh"
responder=$1 # start_responder takes it
simulator=$2
probe=$3
begin
wrong=0
complain() {
    echo "wrong: $*"
    wrong=$((wrong + 1))
}
configure() { # configure PROGRAM CONTROL_PORT: the quick start on ports of its own
    sed -e 's/ 9899$/ 9947/; s/ 2905 / 2947 /; s/^ interval .*/ interval 500ms/; /^ realtime$/d' \
        -e 's/^cs7 /console port 0\ncontrol port '"$2"'\n&/' "$root/config/quickstart-$1.cfg"
    printf '%s\n' 'stats interval 1' 'stats reporter statsd' ' remote-ip 127.0.0.1' \
        ' remote-port 8947' ' level global' ' enable'
}
gives() { # gives PORT COMMAND PATTERN
    local answer
    answer=$("$probe" ask "$1" "$2" 2>&1) || true
    [[ $answer =~ ^$3$ ]] || {
        echo "$2: $answer"
        return 1
    }
}
expect() { gives "$@" || complain "that is not $3"; }

configure responder 4947 >"$work/responder.cfg"
configure simulator 4948 >"$work/simulator.cfg"
start "$work/statsd.log" "$probe" statsd 8947 20 simulator.0.ok: simulator.0.p99-us: \
    responder.0.oneshot.succ:
statsd_pid=$pid
start_responder "$work/responder.log" -c "$work/responder.cfg"
start "$work/simulator.log" "$simulator" -c "$work/simulator.cfg" --rate 200 --duration 60s \
    --screen off --out "$work/run"
simulator_pid=$pid
await 20 grep -q '^started' "$work/simulator.log" || complain "the run did not start"

number='[1-9][0-9]*'
await 10 gives 4948 'GET 1 ok' "GET_REPLY 1 ok $number" || complain "no request was answered"
await 10 gives 4947 'GET 2 oneshot-succ' "GET_REPLY 2 oneshot-succ $number" ||
    complain "the responder reports no request"
expect 4948 'GET 3 due' "GET_REPLY 3 due $number"
expect 4948 'GET 4 p99-us' "GET_REPLY 4 p99-us $number"
expect 4948 'GET 5 failed' 'GET_REPLY 5 failed 0'
expect 4948 'GET 6 open' 'GET_REPLY 6 open [0-9]+'
expect 4948 'GET 7 statistics' 'GET_REPLY 7 statistics rate 200\.0 [^;]*;due [^;]*;last second: .*'
expect 4948 'SET 8 due 1' 'ERROR 8 read only'
expect 4948 'SET 9 rate 300' 'SET_REPLY 9 rate 300\.000'
expect 4948 'SET 10 rate fast' 'ERROR 10 .*'
expect 4948 'SET 11 rate -1' 'ERROR 11 .*'
expect 4948 'SET 12 paused 1' 'SET_REPLY 12 paused 1'
expect 4948 'SET 13 paused yes' 'ERROR 13 .*'
await 10 gives 4948 'GET 14 completed' 'GET_REPLY 14 completed 0' || complain "the pause is none"
expect 4948 'SET 15 paused 0' 'SET_REPLY 15 paused 0'
await 10 gives 4948 'GET 16 completed' "GET_REPLY 16 completed $number" || complain "no way on"
expect 4948 'GET 17 rate' 'GET_REPLY 17 rate 300\.000'
expect 4947 'GET 18 response-avg-us' 'GET_REPLY 18 response-avg-us [0-9]+'
expect 4947 'GET 19 dialogues-open' 'GET_REPLY 19 dialogues-open [0-9]+'

wait "$statsd_pid" || complain "statsd: $(cat "$work/statsd.log")"
kill "$simulator_pid"
wait "$simulator_pid" || [ $? -eq 3 ] || complain "no order at the end: $(tail -5 "$work/simulator.log")"

sed 's/^control port .*/control port 4947/' "$work/simulator.cfg" >"$work/taken.cfg"
"$simulator" -c "$work/taken.cfg" --rate 50 --duration 1s --screen off --out "$work/taken" \
    >"$work/taken.log" 2>&1 || [ $? -eq 3 ] || complain "a taken CTRL port ended the run: $(cat "$work/taken.log")"
[ -s "$work/taken/run.json" ] || complain "no result"
grep -q 'control port 4947 is taken' "$work/taken.log" || complain "nothing is said of the taken port"
[ "$wrong" -eq 0 ] || exit 1
echo "control: both programs answer, obey, and export"
