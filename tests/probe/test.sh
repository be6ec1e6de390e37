#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# pulse7-simulator --probe: what it says and its exit code when a request is answered, refused, or
# does not get anywhere.
# Usage: test.sh PULSE7_RESPONDER PULSE7_SIMULATOR
set -u
responder=$1
simulator=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
responder_pid=
end() {
    [ -z "$responder_pid" ] || kill "$responder_pid" 2>/dev/null
    wait
    rm -rf "$work"
}
trap end EXIT
wrong=0
check() { # check WHAT COMMAND...
    local what=$1
    shift
    "$@" || { echo "wrong: $what"; cat "$work/log"; wrong=$((wrong + 1)); }
}
says() { grep -Eq -- "$1" "$work/log"; }
configure() { # configure NAME FROM SED...
    local name=$1 from=$2
    shift 2
    sed -e 's/^udp-encapsulation local-port 9899$/udp-encapsulation local-port 9921/' \
        -e 's/^  udp-port 9899$/  udp-port 9921/' -e 's/ 2905 / 2921 /' -e 's/^cs7 /console port 0\n&/' \
        "$@" "$root/config/$from" >"$work/$name.cfg"
}
ask() { # ask NAME: its exit code
    (cd "$root" && timeout 30 "$simulator" -c "$work/$1.cfg" --probe --quiet) >"$work/log" 2>&1 </dev/null
}
serve() { # serve NAME
    [ -z "$responder_pid" ] || { kill "$responder_pid"; wait "$responder_pid"; }
    "$responder" -c "$work/$1.cfg" --quiet >"$work/responder.log" 2>&1 </dev/null &
    responder_pid=$!
}

configure simulator calls-simulator.cfg
configure outcomes outcomes-simulator.cfg
configure responder quickstart-responder.cfg
configure refusing quickstart-responder.cfg -e '$a\ fault error 100000'
configure poor quickstart-responder.cfg -e 's/^ accounts .*/ accounts 467010000000 100000 balance 0/'
configure broken calls-simulator.cfg -e 's/^ seed .*//' -e 's/  cap 2/  cap 9/'

ask simulator
check "nobody there: exit code 1" [ $? -eq 1 ]
check "nobody there: the step and the way out" says '^FAIL  SCTP up.*is the peer running'
serve responder
ask simulator
check "answered: exit code 0" [ $? -eq 0 ]
for step in 'SCTP up' 'ASP up' 'ASP active' 'reply'; do
    check "answered: $step" says "^ok    $step"
done
ask outcomes
check "subscribers of a file: exit code 0" [ $? -eq 0 ]
ask broken
check "a wrong configuration: exit code 2" [ $? -eq 2 ]
serve poor
ask simulator
check "no credit is an answer: exit code 0" [ $? -eq 0 ]
check "no credit is told" says 'no credit'
serve refusing
ask simulator
check "refused: exit code 1" [ $? -eq 1 ]
check "refused: the cause" says '^FAIL  reply: return error systemFailure'
[ "$wrong" -eq 0 ] && echo "probe: as it should be"
[ "$wrong" -eq 0 ]
