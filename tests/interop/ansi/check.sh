#!/usr/bin/env bash
# tshark, told that the network is ANSI's, reads what we have written as ANSI has it (T1.112.3-3.4, T1.112.3-5),
# and puts our segments together (Q.714-4.1.1.1.2). Nothing is malformed.
# Usage: check.sh MESSAGES-PROGRAM
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" "$work/ansi.pcapng"

read_as() {
    local args=() field
    for field in m3ua.protocol_data_opc m3ua.protocol_data_dpc sccp.message_type sccp.called.ansi_pc sccp.called.ssn \
        sccp.called.gti sccp.called.digits sccp.calling.ansi_pc sccpmg.message_type sccpmg.ssn sccpmg.ansi_pc \
        sccp.segmentation.first sccp.segmentation.remaining sccp.segmentation.slr sccp.msg.reassembled.length; do
        args+=(-e "$field")
    done
    tshark -n -r "$work/ansi.pcapng" -o "mtp3.standard:$1" -T fields -E separator='|' -E occurrence=f "${args[@]}" \
        2>/dev/null
}

cat >"$work/meant" <<'MEANT'
16097281|16097283|0x09|245-160-3|146|0x00||245-160-1|||||||
16097281|16097283|0x09||146|0x02|19085551|245-160-1|||||||
16097281|16097283|0x09||146|0x01|12345|245-160-1|||||||
16097281|16097283|0x09|245-160-3|1|0x00||245-160-1|0x02|146|254-1-2||||
16097281|16097283|0x11|245-160-3|146|0x00||245-160-1||||0x01|0x02|0x010203|
16097281|16097283|0x11|245-160-3|146|0x00||245-160-1||||0x00|0x01|0x010203|
16097281|16097283|0x11|245-160-3|146|0x00||245-160-1||||0x00|0x00|0x010203|628
MEANT
read_as ANSI >"$work/read"
diff "$work/meant" "$work/read" || { echo "ansi: tshark reads something else (>) than was meant (<)"; exit 1; }

# 0x600000: warnings and errors.
complaints=$(tshark -n -r "$work/ansi.pcapng" -o mtp3.standard:ANSI -T fields -e frame.number -e _ws.expert.message \
    -Y '_ws.malformed || _ws.expert.severity >= 0x600000' 2>/dev/null)
[ -z "$complaints" ] || { echo "ansi: tshark complains: $complaints"; exit 1; }

# The judge must be able to fail: by ITU's rules the same octets are something else.
if read_as ITU | cmp -s - "$work/meant"; then
    echo "ansi: tshark reads the same by ITU's rules: it has not judged"
    exit 1
fi
echo "ansi: tshark reads all of $(wc -l <"$work/meant") messages as meant"
