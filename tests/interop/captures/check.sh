#!/usr/bin/env bash
# tshark judges a pcapng file of ours: nothing malformed, no expert warning or error, payload protocol 3
# in every DATA chunk, the messages of MGMT and ASPSM on stream 0 and DATA off it (RFC4666-1.4.7).
# With a table, each packet is also what the table says: message, stream, codes, operation.
# Usage: check.sh FILE.pcapng [TABLE.tsv]      ends with SUMMARY packets=.. kinds=.. wrong=..
set -eu
capture=$1
table=${2:-}
# What tshark 4 complains of where the octets are right:
#   subsystem congested (SCMG type 6, Q.713-5.1) it knows in the Chinese variant only;
#   behind the parameter of a RETURN ERROR it sees one more, having read it right ("PAR-...").
known() {
    awk -F'\t' '
        $9 == "Unknown message" && $10 == 1 { next }
        $9 ~ /^BER Error: This field lies beyond the end of the known sequence definition/ && $11 != "" { next }
        $9 != "" { print }'
}
fields=(frame.number sctp.data_sid m3ua.message_class m3ua.message_type m3ua.error_code m3ua.status_type
    m3ua.status_info sccp.message_type _ws.expert.message sccp.called.ssn camel.errcode sctp.data_payload_proto_id
    camel.local sctp.checksum.status _ws.expert.severity)
args=()
for field in "${fields[@]}"; do args+=(-e "$field"); done
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
# Notes and chats (severity below warning) say nothing against a message: a TCAP END without a begin.
tshark -n -r "$capture" -o sctp.checksum:TRUE -T fields -E occurrence=f "${args[@]}" 2>/dev/null >"$rows"
strict=$(mktemp)
trap 'rm -f "$rows" "$strict"' EXIT
tshark -n -r "$capture" -Y '_ws.malformed || _ws.expert.severity >= 0x600000' -T fields -E occurrence=f "${args[@]}" \
    2>/dev/null | known >"$strict"
[ ! -s "$strict" ] || sed 's/^/  WRONG: tshark complains: /' "$strict" | head -n 20
awk -F'\t' -v table="$table" -v complaints="$(wc -l <"$strict")" '
    function wrong(text) { if (++bad <= 20) print "  WRONG: packet " $1 ": " text }
    function number(text) { sub(/,.*/, "", text); return text ~ /^0x/ ? hex(substr(text, 3)) : text + 0 }
    function hex(text, n, i) {
        n = 0
        for (i = 1; i <= length(text); i++)
            n = n * 16 + index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
        return n
    }
    function same(what, meant, read) {
        if (meant != "-" && (read == "" || number(read) != meant)) wrong(name[$1] ": " what " " read ", meant " meant)
    }
    BEGIN {
        while (table != "" && (getline line <table) > 0) {
            split(line, cell, "\t")
            name[cell[1]] = cell[2]; stream[cell[1]] = cell[3]; class[cell[1]] = cell[4]; type[cell[1]] = cell[5]
            error[cell[1]] = cell[6]; status[cell[1]] = cell[7]; info[cell[1]] = cell[8]
            sccp[cell[1]] = cell[9]; operation[cell[1]] = cell[10]
            meant++
        }
    }
    {
        packets++
        if (number($12) != 3) wrong("payload protocol " $12)
        if ($3 == "") { wrong("no M3UA in it"); next }
        kinds[$3 "." $4] = 1
        if (number($3) == 1 && number($2) == 0) wrong("DATA on stream 0")
        if ((number($3) == 0 || number($3) == 3) && number($2) != 0) wrong("MGMT or ASPSM on stream " $2)
        if (table != "") {
            same("stream", stream[$1], $2)
            same("class", class[$1], $3); same("type", type[$1], $4)
            same("error code", error[$1], $5)
            same("status", status[$1], $6); same("information", info[$1], $7)
            same("SCCP type", sccp[$1], $8)
            same("operation", operation[$1], $13)
        }
    }
    END {
        if (table != "" && packets != meant) { print "  WRONG: " packets " packets, meant " meant; bad++ }
        if (packets == 0) { print "  WRONG: no packet"; bad++ }
        n = 0
        for (k in kinds) n++
        printf "SUMMARY packets=%d kinds=%d complaints=%d wrong=%d\n", packets, n, complaints, bad + complaints
        exit bad + complaints > 0
    }' "$rows"
