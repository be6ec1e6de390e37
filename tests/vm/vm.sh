# Guests for tests: QEMU, Debian's cloud kernel with kernel SCTP, our programs, in a network namespace.
# Sourced after scripts/proofs/lib.sh; tests/vm/smoke is the shortest user of it, tests/vm/guest is for
# the hand. What runs in a guest is a process of the script: it has a pid, a log, an exit code.
#
#   begin; prepare build test                 of lib.sh, outside of the namespace: they need the network
#   vm_inside "$0" --in-namespace "$work"     runs the script again, as root of new namespaces; when that
#                                             ends, however it ends, all that it started goes with it
#   ... and there:
#   vm_bridge lan 10.77.0.1/24                a bridge, and this side's address on it (more: several)
#   vm_image [PROGRAM...]                     builds the image, with these programs besides our own
#   vm_start a --nic lan=10.77.0.2/24         boots a guest and waits for it. More of its options below
#   vm_run a [--timeout S] [--stdin] WORDS    a command in it, no shell; 60 s; 124: time over, 125: no guest
#   vm_background a LOG [--timeout S] WORDS   the same in the background; $pid is its pid: `stop $pid` ends
#                                             it in the guest (TERM), kill -9 of it too, `wait` waits
#   vm_put a FILE... FOLDER                   files into a folder of the guest
#   vm_get a FILE... FOLDER                   and out of it
#   vm_link a 0 down | up                     cuts the guest's interface 0 off the bridge
#   vm_stop a                                 powers it off; vm_kill a: pulls the plug
#   vm_tail a                                 the end of its kernel's console
#
# Limits: a guest lives for 600 s (--life S), boots within 60 s (--boot S), runs 16 commands at a time.
# Emulation is slow: a guest does some hundred requests/s, and its clock stands when the host is busy.
#
# Guests' state is below $work/vm/NAME: console.log, qmp and monitor (QEMU's sockets), p0 ... (ports).
vm_root=$root/tests/vm
vm_image_path=
declare -A vm_pid=()

# vm_inside SCRIPT WORDS...: runs it in network and process namespaces of its own, as root there.
vm_inside() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(--user --map-root-user)
    unshare --net --pid --fork --kill-child "${as_root[@]}" "$@"
}

# vm_bridge NAME ADDRESS/LENGTH...
vm_bridge() {
    local name=$1 address
    shift
    ip link set lo up
    ip link add "$name" type bridge forward_delay 0 mcast_snooping 0
    for address in "$@"; do ip address add "$address" dev "$name"; done
    ip link set "$name" up
}

vm_image() {
    vm_image_path=$("$vm_root/image" "$build" "$@")
}

# vm_hardware_address NAME INDEX: the same for the same guest and interface.
vm_hardware_address() {
    local sum
    sum=$(printf '%s %s' "$1" "$2" | cksum)
    printf '52:54:00:%02x:%02x:%02x' $((${sum%% *} >> 16 & 255)) $((${sum%% *} >> 8 & 255)) "$((${sum%% *} & 255))"
}

# vm_start NAME [--nic BRIDGE[=ADDRESS/LENGTH[,ADDRESS/LENGTH]]]... [--memory MB] [--cpus N] [--life S]
#               [--boot S] [--append WORDS] [--qemu WORD]...
vm_start() {
    local name=$1 memory=256 cpus=1 life=600 boot=60 index=0 i tap address folder append="" devices=()
    shift
    [ -n "$vm_image_path" ] || vm_image
    folder=$work/vm/$name
    mkdir -p "$folder"
    while [ $# -gt 0 ]; do
        case $1 in
        --nic)
            tap=$name$index
            ip tuntap add "$tap" mode tap
            ip link set "$tap" master "${2%%=*}" up
            devices+=(-netdev "tap,id=n$index,ifname=$tap,script=no,downscript=no"
                -device "virtio-net-pci,netdev=n$index,mac=$(vm_hardware_address "$name" "$index"),romfile=")
            [ "${2%%=*}" = "$2" ] || for address in $(tr ',' ' ' <<<"${2#*=}"); do append+=" p7.ip=$index:$address"; done
            index=$((index + 1))
            ;;
        --memory) memory=$2 ;;
        --cpus) cpus=$2 ;;
        --life) life=$2 ;;
        --boot) boot=$2 ;;
        --append) append+=" $2" ;;
        --qemu) devices+=("$2") ;;
        *) echo "vm_start: no option $1" >&2; return 2 ;;
        esac
        shift 2
    done
    for ((i = 0; i < 16; i++)); do
        devices+=(-chardev "socket,id=p$i,path=$folder/p$i,server=on,wait=off"
            -device "virtserialport,bus=ports.0,nr=$((i + 1)),chardev=p$i,name=p$i")
    done
    start "$folder/qemu.log" timeout --foreground -k 5 "$life" qemu-system-x86_64 -name "$name" -nodefaults \
        -no-user-config -machine pc -accel "${PULSE7_VM_ACCEL:-tcg}" -cpu max -m "$memory" -smp "$cpus" \
        -display none -no-reboot -kernel "$(vm_kernel)" -initrd "$vm_image_path" \
        -append "console=ttyS0 loglevel=6 panic=-1 p7.name=$name$append" -serial "file:$folder/console.log" \
        -monitor "unix:$folder/monitor,server=on,wait=off" -qmp "unix:$folder/qmp,server=on,wait=off" \
        -device virtio-serial-pci,id=ports,max_ports=17 "${devices[@]}"
    vm_pid[$name]=$pid
    await 10 test -S "$folder/p15" && vm_run "$name" --timeout "$boot" true && return
    cat "$folder/qemu.log" >&2
    vm_tail "$name" >&2
    vm_kill "$name"
    echo "vm_start: guest $name did not boot within $boot s" >&2
    return 1
}

vm_kernel() { printf '%s\n' /boot/vmlinuz-*-cloud-amd64 | sort -V | tail -1; }

vm_run() {
    local name=$1
    shift
    "$build/tests/vm/vm-call" "$work/vm/$name" "$@"
}

vm_background() {
    local name=$1 log=$2
    shift 2
    start "$log" "$build/tests/vm/vm-call" "$work/vm/$name" "$@"
}

vm_put() {
    local name=$1 files=("${@:2:$#-2}") file
    for file in "${files[@]}"; do printf '%s\0' -C "$(cd "$(dirname "$file")" && pwd)" "$(basename "$file")"; done |
        xargs -0 tar -c | vm_run "$name" --stdin sh -c 'mkdir -p "$1" && tar -x -C "$1"' put "${!#}"
}

vm_get() {
    local name=$1 files=("${@:2:$#-2}")
    vm_run "$name" tar -c "${files[@]}" 2>/dev/null | tar -x -C "${!#}" --transform 's|.*/||'
}

vm_link() { ip link set "$1$2" "$3"; }

vm_kill() {
    local p=${vm_pid[$1]:-} i
    [ -n "$p" ] || return 0
    unset "vm_pid[$1]"
    stop "$p" 2>/dev/null || true
    for i in 0 1 2 3 4 5 6 7; do ip link delete "$1$i" 2>/dev/null || true; done
}

vm_stop() {
    vm_run "$1" --timeout 5 poweroff -f 2>/dev/null || true
    vm_kill "$1"
}

vm_tail() {
    echo "the end of the console of guest $1:"
    tail -n "${2:-25}" "$work/vm/$1/console.log" | tr -d '\r'
}
