# Shared by the proofs that run a whole cluster on this machine: witness, two nodes and a simulator
# from the ready configurations, on ports of their own. Sourced after lib.sh, with `set -eu`.
cluster_port=${PULSE7_PROOF_PORT:-21900}
cluster_kind=cluster # or override: the ready configurations to take
node_pid=(0 0)
node_wrap=() witness_wrap=() simulator_wrap=()
witness_address=127.0.0.1
witness_pid=0
console_wrap_0=() console_wrap_1=()

# cluster_ports: a sed script that moves the ready configurations to ports from $cluster_port on, and
# their data to $work.
cluster_ports() {
    local p=$cluster_port
    cat <<EOF
s/\\b9899\\b/$p/; s/\\b9900\\b/$((p + 1))/; s/\\b9901\\b/$((p + 11))/
s/console port 4272/console port $((p + 2))/; s/console port 4273/console port $((p + 3))/
s/\\b7100\\b/$((p + 4))/
s/\\b7101\\b/$((p + 5))/; s/\\b7102\\b/$((p + 6))/; s/\\b7103\\b/$((p + 7))/; s/\\b7104\\b/$((p + 8))/
s|runs/cluster|$work/cluster|
EOF
}

# cluster_files [SED...]: key and configurations in $work/cluster; each SED script is applied to all.
cluster_files() {
    local file script=()
    for file in "$@"; do script+=(-e "$file"); done
    mkdir -p "$work/cluster"
    (umask 077 && head -c 32 /dev/urandom >"$work/cluster/key")
    for file in node0 node1 simulator; do
        sed -e "$(cluster_ports)" "${script[@]+"${script[@]}"}" "$root/config/$cluster_kind-$file.cfg" >"$work/$file.cfg"
    done
    sed -i 's/^cs7 /console port 0\n&/' "$work/simulator.cfg"
}

# cluster_id: of the configurations.
cluster_id() { sed -n 's/^ cluster \([0-9]*\) node.*/\1/p' "$work/node0.cfg"; }

start_witness() {
    start "$work/witness.log" "${witness_wrap[@]+"${witness_wrap[@]}"}" "$witness" \
        --listen "$witness_address:$((cluster_port + 4))" \
        --data "$work/cluster/witness" --cluster "$(cluster_id):$work/cluster/key"
    witness_pid=$pid
}

# start_node N: starts node N; its pid is in ${node_pid[N]}. Its log is kept over restarts. What stands
# in the array node_wrap comes in front of the command (env, ip netns exec, faketime).
start_node() {
    "${node_wrap[@]+"${node_wrap[@]}"}" "$responder" -c "$work/node$1.cfg" >>"$work/node$1.log" 2>&1 &
    node_pid[$1]=$!
    started_pids+=("$!")
}

# ended PID: takes a program that has ended by itself or by a signal off the list of those to end.
ended() {
    local left=() p
    for p in "${started_pids[@]}"; do
        [ "$p" = "$1" ] || left+=("$p")
    done
    started_pids=("${left[@]+"${left[@]}"}")
    wait "$1" 2>/dev/null || true
}

# console N COMMAND...: what node N's console answers. What stands in the array console_wrap_N comes in
# front (ip netns exec).
console() {
    local -n wrap=console_wrap_$1
    timeout 5 "${wrap[@]+"${wrap[@]}"}" bash -c '
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        shift
        for line in enable "$@"; do
            printf "%s\n" "$line" >&3
            # up to the prompt behind its answer; the greeting ends in > and not in #
            IFS= read -r -t 3 -d "#" answer <&3 || exit 1
            [ "$line" = enable ] || printf "%s\n" "$answer"
        done
    ' console "$((cluster_port + 2 + $1))" "${@:2}" 2>/dev/null | tr -d '\000\r' || true
}

# role N: starting, passive, claiming, active, failed; empty when it does not answer.
role() { console "$1" 'show cluster' 2>/dev/null | sed -n 's/^ *role *:* *\([a-z]*\).*/\1/p' | head -1; }
# mode N: PAIR, SOLO, empty.
mode() { console "$1" 'show cluster' 2>/dev/null | sed -n 's/^ *mode *:* *\([A-Za-z]*\).*/\1/p' | head -1; }
# The active says that the register does, and the other node follows.
is_pair() {
    local a
    a=$(active_node) && [ "$(mode "$a")" = PAIR ] && [ "$(role $((1 - a)))" = passive ]
}
is_active() { [ "$(role "$1")" = active ]; }
# active_node: 0 or 1; fails when there is none.
active_node() {
    if [ "$(role 0)" = active ]; then echo 0
    elif [ "$(role 1)" = active ]; then echo 1
    else return 1; fi
}

# start_cluster: witness and both nodes, until they are a pair.
start_cluster() {
    start_witness
    start_node 0
    start_node 1
    await 20 is_pair || {
        tail -5 "$work/witness.log" "$work/node0.log" "$work/node1.log" >&2
        console 0 'show cluster' >&2 || true
        echo "the cluster did not become a pair" >&2
        return 1
    }
}

# stop_cluster: ends both nodes and the witness in good order: the passive first, so that both keep
# what they have.
stop_cluster() {
    local first=1
    [ "$(active_node || echo 0)" = 0 ] || first=0
    stop "${node_pid[$first]}" || true
    stop "${node_pid[$((1 - first))]}" || true
    stop "$witness_pid" || true
}

# reconcile RUN_DIR...: the runs against both ledgers and CDRs; its last line is in $reconciled.
reconcile() {
    local code=0
    "$ledger" reconcile "$@" "$work/cluster/node0" "$work/cluster/node1" \
        --cdr "$work/cluster/node0/cdr" --cdr "$work/cluster/node1/cdr" >"$work/reconcile.txt" 2>&1 || code=$?
    reconciled=$(tail -1 "$work/reconcile.txt")
    return "$code"
}

# start_load LOG OUT OPTION...: a simulator; comes back when its run has started. Its pid is in $pid.
start_load() {
    local log=$1 out=$2
    shift 2
    start "$log" "${simulator_wrap[@]+"${simulator_wrap[@]}"}" "$simulator" -c "$work/simulator.cfg" --screen off --out "$out" "$@"
    await 30 grep -q '^started' "$log" || {
        cat "$log" >&2
        return 1
    }
}

# first_answers RUN_DIR EVENTS: for each line `NAME MONOTONIC_NS` of EVENTS a line `NAME A B`: A ms from
# the event to the end of the longest silence that began within 1.5 s behind it, and B ms that it had.
# Events are to be further apart than that.
first_answers() {
    local csv=$1/requests.csv start_ns
    start_ns=$(field "$1/run.json" .start_monotonic_ns)
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "reply_ns") c = i; next } $c != "" { print $c }' "$csv" |
        sort -n >"$work/replies.txt"
    awk -v start="$start_ns" -v events="$2" '
        BEGIN {
            while ((getline line <events) > 0) {
                split(line, part, " ")
                name[++n] = part[1]
                at[n] = part[2] - start
            }
            current = 1
            last = 0
        }
        {
            for (i = current; i <= n && $1 >= at[i]; i++) {
                if (last > at[i] + 1.5e9) { current = i + 1; continue }
                from = last > at[i] ? last : at[i]
                if ($1 - from > gap[i]) { gap[i] = $1 - from; end[i] = $1 }
            }
            last = $1
        }
        END { for (i = 1; i <= n; i++) printf "%s %.1f %.1f\n", name[i], (end[i] - at[i]) / 1e6, gap[i] / 1e6 }
    ' "$work/replies.txt"
}
