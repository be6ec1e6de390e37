#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# The ready pair of global titles: requests to a title find the responder by the table and are answered by
# the caller's title; whole calls take the backup when the primary's association does not come up; one for a
# title that nobody has comes back, no translation, and is an error. Exit code 3 of a run (a busy machine) is
# no matter here.
# Usage: test.sh PULSE7_RESPONDER PULSE7_SIMULATOR
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/scripts/proofs/lib.sh"
responder=$1 # start_responder takes it
simulator=$2
begin
wrong=0
complain() {
    echo "wrong: $*"
    wrong=$((wrong + 1))
}
configure() { # configure PROGRAM: the ready configuration on ports of its own
    sed -e 's/ 9899$/ 9957/; s/ 2905 / 2957 /; s/^ interval .*/ interval 500ms/; /^ realtime$/d' \
        -e 's/^cs7 /console port 0\n&/' "$root/config/gt-$1.cfg"
}
run() { # run NAME: 1 s at 100/s by NAME.cfg
    "$simulator" -c "$work/$1.cfg" --rate 100 --duration 1s --screen off --out "$work/$1" \
        >"$work/$1.log" 2>&1 || [ $? -ne 2 ] || complain "$1: $(cat "$work/$1.log")"
}

configure responder >"$work/responder.cfg"
configure simulator >"$work/known.cfg"
# The simulator's table leads there with it, but the responder's has it not.
sed 's/ gt 46700000200$/ gt 46700000299/' "$work/known.cfg" >"$work/unknown.cfg"
# Nobody listens on the primary's port.
sed -e 's/^ as simulator m3ua$/ asp nobody 2958 0 m3ua\n  remote-ip 127.0.0.1\n  udp-port 9958\n as gone m3ua\n  asp nobody\n  routing-key 2 1.1.1\n&/' \
    -e 's/^  route as simulator .*/  route as gone pc 3.3.3 on gt\n&/' \
    -e 's/^ model plain .*/ model plain call\n  answer-delay 50ms\n  duration 300ms/; s/^  service-key 1$/  service-key 100/' \
    "$work/known.cfg" >"$work/backup.cfg"
start_responder "$work/responder.log" -c "$work/responder.cfg"
responder_pid=$pid
run known
grep -q '^due 100 = ok 100 + error 0 + timeout 0 + unanswered 0' "$work/known.log" ||
    complain "not every request found its way by title: $(tail -5 "$work/known.log")"
grep -q '"digits": *"467000002\*"' "$work/known/run.json" || complain "run.json keeps no table"
run backup
# A call is an initial and a final request; those of the last ones come after the end.
grep -q '^due \(1[0-9][0-9]\) = ok \1 + error 0 + timeout 0 + unanswered 0' "$work/backup.log" ||
    complain "the backup did not take all calls: $(tail -5 "$work/backup.log")"
run unknown
grep -q '^due 100 = ok 0 + error 100 ' "$work/unknown.log" ||
    complain "a title that nobody has was no error: $(tail -5 "$work/unknown.log")"
kill "$responder_pid"
wait "$responder_pid" || complain "no order at the end: $(tail -5 "$work/responder.log")"
grep -q '^sccp.no_translation  *100$' "$work/responder.log" ||
    complain "the responder returned something else: $(tail -9 "$work/responder.log")"
[ "$wrong" -eq 0 ] || exit 1
echo "titles: found by the table, answered by the table, and returned without an entry"
