# Shared by scripts/demo.sh and the proofs: build, start and stop programs by pid, and the RESULT line.
# Sourced, with `set -eu` in force; $root is the project.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/release

# programs: where they are, below $build.
programs() {
    simulator=$build/simulator/pulse7-simulator
    responder=$build/responder/pulse7-responder
    reporter=$build/simulator/report/pulse7-report
    witness=$build/responder/witness/pulse7-witness
    ledger=$build/responder/tool/pulse7-ledger
    stamp=$build/lab/pulse7-stamp
    freeze=$build/lab/pulse7-freeze
    slow_sync=$build/tests/chaos/libslow_sync.so
}
programs

work=
started_pids=()

# Installs what the named groups of scripts/packages lack and builds the release preset.
prepare() {
    "$root/scripts/install-packages" "$@"
    (cd "$root" && cmake --preset release && cmake --build --preset release) >"$work/build.log" 2>&1 || {
        tail -40 "$work/build.log" >&2
        echo "the build failed" >&2
        return 1
    }
}

# A scratch folder that goes away with the script, and so do the programs that it started.
begin() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/pulse7.XXXXXX")
    trap 'end' EXIT
    trap 'exit 130' INT TERM
}

# end_programs: what the script started and did not stop.
end_programs() {
    local pid
    for pid in "${started_pids[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${started_pids[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
    started_pids=()
}

end() {
    end_programs
    [ -z "$work" ] || rm -rf "$work"
}

# start LOG COMMAND...: runs it in the background; its pid is in $pid.
start() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    pid=$!
    started_pids+=("$pid")
}

# stop PID: ends a program that `start` started and waits for it; its exit code is the function's.
stop() {
    local left=() p
    for p in "${started_pids[@]}"; do
        [ "$p" = "$1" ] || left+=("$p")
    done
    started_pids=("${left[@]+"${left[@]}"}")
    kill "$1" 2>/dev/null || true
    wait "$1"
}

# await SECONDS COMMAND...: tries it ten times a second until it succeeds; 1 when the time is over.
await() {
    local tries=$(($1 * 10))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

# start_responder LOG [OPTION...]: starts one and waits until it is ready; its pid is in $pid.
start_responder() {
    local log=$1
    shift
    start "$log" "$responder" "$@"
    await 10 grep -q '^ready$' "$log" || {
        cat "$log" >&2
        echo "the responder did not get ready" >&2
        return 1
    }
}

# field FILE FILTER: a value of a run.json by jq's filter.
field() { jq -r "$2" "$1"; }

# result NAME yes|no KEY=VALUE...: the last line of every proof; exits 0 only for yes.
result() {
    local name=$1 pass=$2
    shift 2
    echo "RESULT name=$name pass=$pass${*:+ $*}"
    [ "$pass" = yes ]
}
