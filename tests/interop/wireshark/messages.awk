# SPDX-License-Identifier: AGPL-3.0-or-later
# Reads tshark's PDML and writes one line of tabulated text for each M3UA message and each thing that
# is wrong. PDML, as the flat fields of `-T fields` lose which of several SCTP chunks in a packet they
# belong to; within a packet tshark lists all chunks first, then the M3UA messages in the same order.
#   awk -v port=UDP_PORT -f messages.awk
#   M frame t_ns from sid ppid class type pdu otid dtid components decoded operations errors
#     event number
#     from: s simulator, r responder; pdu: B C E A, - without TCAP; operations: codes of CAP with a
#     comma; number: low 40 bits of the call's reference, the simulator's own number of the call
#   S frame row ns                  a response time that tshark itself found, by its field's number
#   K frame                         a warning that is tshark's own fault, see known()
#   W frame what                    wrong
#   X severity message count        expert infos, all of them
#   N packets chunks_of_data        the end
BEGIN {
    WARNING = 6291456 # PI_WARN; PI_ERROR is above it, PI_NOTE and PI_CHAT below
    KNOWN = "BER Error: This field lies beyond the end of the known sequence definition."
}
function show(  s) { s = $0; sub(/.* show="/, "", s); sub(/".*/, "", s); return s }
function value(  s) { s = $0; sub(/.* value="/, "", s); sub(/".*/, "", s); return s }
function ns(seconds,  part) { split(seconds, part, "."); return part[1] * 1000000000 + substr(part[2] "000000000", 1, 9) }
function hex(digits,  i, n) {
    n = 0
    for (i = 1; i <= length(digits); i++)
        n = n * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
    return n
}
function comma(list, item) { return list == "" ? item : list "," item }
function wrong(what) { printf "W\t%d\t%s\n", frame, what }

# The dissector of CAP in Wireshark up to at least 4.0 reads the parameter of a returnError but does not
# move on behind it (dissect_returnErrorData keeps its offset), and then warns of the octets that it
# has just shown. One such warning for each returnError with a parameter is known, no other one.
function known() { return experts == parameters && others == 0 && experts > 0 && malformed == experts }

/^<packet>/ {
    packets++
    chunks = messages = sctp = malformed = experts = others = parameters = 0
    at = from = ""
}
/<proto name="sctp"/ { sctp = 1 }
/<proto name="m3ua"/ {
    m = ++messages
    class[m] = type[m] = otid[m] = dtid[m] = ops[m] = errors[m] = event[m] = number[m] = ""
    pdu[m] = "-"; components[m] = 0; decoded[m] = 0
}
/<proto name="camel"/ { if (messages) decoded[m]++ }
/<proto name="_ws.malformed"/ { malformed++ }
/<proto name="(data|fake-field-wrapper)"/ { wrong("octets that nothing decodes") }
!/<field name="/ && !/^<\/packet>/ { next }
/^<\/packet>/ {
    if (!sctp) wrong("no SCTP")
    if (known()) printf "K\t%d\n", frame
    else if (malformed) wrong("malformed")
    else if (experts + others) wrong("expert info of severity warning or error")
    if (messages != chunks) wrong(chunks " DATA chunks, " messages " M3UA messages")
    for (i = 1; i <= messages; i++)
        printf "M\t%d\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n", frame, at, from,
            sid[i], ppid[i], class[i], type[i], pdu[i], otid[i], dtid[i], components[i], decoded[i],
            ops[i], errors[i], event[i], number[i]
    data += chunks
    next
}
{ name = $0; sub(/.*<field name="/, "", name); sub(/".*/, "", name) }
name == "frame.number" { frame = show() }
name == "frame.time_relative" { at = ns(show()) }
name == "udp.srcport" { from = show() == port ? "r" : "s" }
name == "sctp.checksum.status" && show() != 1 { wrong("SCTP checksum") }
name == "sctp.data_sid" { sid[++chunks] = hex(substr(show(), 3)) }
name == "sctp.data_payload_proto_id" { ppid[chunks] = show() }
name == "m3ua.message_class" { class[m] = show() }
name == "m3ua.message_type" { type[m] = show() }
name == "tcap.begin_element" { pdu[m] = "B" }
name == "tcap.continue_element" { pdu[m] = "C" }
name == "tcap.end_element" { pdu[m] = "E" }
name == "tcap.abort_element" { pdu[m] = "A" }
name == "tcap.otid" { otid[m] = value() }
name == "tcap.dtid" { dtid[m] = value() }
name == "tcap.components" { components[m] += show() }
name == "camel.local" { ops[m] = comma(ops[m], show()) }
name == "camel.error_code_local" { errors[m] = comma(errors[m], show()) }
name == "camel.eventTypeBCSM" { event[m] = show() }
name == "camel.callReferenceNumber" || name == "camel.smsReferenceNumber" { number[m] = hex(substr(value(), 7)) }
name ~ /^camel\.srt\.deltatime/ { printf "S\t%d\t%s\t%.0f\n", frame, substr(name, 20), ns(show()) }
name ~ /^camel\.(UnavailableNetworkResource|PAR_taskRefused)$/ { parameters++ }
name == "_ws.expert.message" { message = show() }
name == "_ws.expert.severity" {
    severity = show()
    expert[severity "\t" message]++
    if (severity == WARNING && message == KNOWN) experts++
    else if (severity >= WARNING) others++
}
END {
    for (key in expert) printf "X\t%s\t%d\n", key, expert[key]
    printf "N\t%d\t%d\n", packets, data
}
