# SPDX-License-Identifier: AGPL-3.0-or-later
# Compares what a capture says (messages.awk) and tshark's table of response times with what the run
# recorded. Prints what it found, and as its last line "SUMMARY key=value ..."; exit 0: they agree; 1: not.
#   awk -v data_out=N -v data_in=N -v median_us_max=100 -v stall_ns=N -v foreign=yes|no \
#       -f judge.awk begin.csv later.csv srt.txt messages.tsv
#   begin.csv: requests.csv's oneshot, initial and event in order of id; later.csv: its interim and final
#   in order of sent_ns; srt.txt: rows of tshark's table. foreign=yes: releases that answer a report
#   occur (credit ended), which tshark counts from the answer on.
#
# Who is who. The n-th BEGIN by id carries the call number n in its reference: an identity. A later
# request has none, its row is the k-th of its kind that was sent and its message the k-th of its kind
# in the capture, as long as SCTP need not queue; that this holds shows in the time from the one to the
# other, which a shift by one request would change by the distance of two requests.
#
# Clocks. tshark's stamps are the kernel's, at the transmission on loopback. Ours are taken before the
# request is handed to the kernel, and after the reply was read and decoded. So ours exceeds theirs in
# every single request, by the way down (rest of the turn, system call) and the way up (wake-up, read,
# decode), and never falls short. Both clocks count nanoseconds at the same rate (Linux slews
# CLOCK_REALTIME and CLOCK_MONOTONIC alike); only a step of the wall clock in the middle would show.
# What is allowed: never less than theirs; the median, and minimum and mean of each row, up to
# median_us_max more; the maximum besides by the longest stall of our own that run.json owns up to
# (loop.stall_ns_max), or by the millisecond below which a delay is not called a stall: a reply that
# lay in the socket meanwhile was on the wire already. These upper limits depend on a machine that
# runs the simulator when it has work: they count apart, as late=; exit 3 when nothing else is wrong.
BEGIN {
    FS = ","
    ERROR = 8388608 # PI_ERROR
    STALL_MIN_NS = 1000000 # LOOP_STALL_MIN_NS
}
function fail(what) { failures++; if (failures <= 20) print "  WRONG: " what }
function check(ok, what) { if (!ok) fail(what) }
function timely(ok, what) { if (!ok) { late++; print "  LATE: " what } }

# A column of times: count, sum, min, max.
function add(column, v) {
    if (!(column in count)) { count[column] = 0; sum[column] = 0; low[column] = v; high[column] = v }
    count[column]++
    sum[column] += v
    if (v < low[column]) low[column] = v
    if (v > high[column]) high[column] = v
}
function mean(column) { return sum[column] / count[column] }

FNR == 1 { file++; if (file > 2) FS = "\t" ; $0 = $0 }

# --- the run: id,kind,target,due_ns,sent_ns,reply_ns,outcome,attempts,flow,flags
function row(kind, i) {
    sent[kind, i] = $5
    reply[kind, i] = $6
    name[kind, i] = $2
    rows++
    if ($5 == "" || $6 == "" || ($7 != "ok" && $7 != "error")) fail("request " $1 " has no reply")
    if ($8 != 1) fail("request " $1 " was sent " $8 " times")
    continued[$2] += $7 == "ok" && $10 !~ /no-credit/
    no_credit[$2] += $10 ~ /no-credit/
}
file == 1 { row("begin", begins++) }
file == 2 { row($2, later[$2]++ + 0) }
file == 3 { table[$1] = $2; table_low[$1] = $3; table_high[$1] = $4; table_mean[$1] = $5 }

# --- the capture
file == 4 && $1 == "W" { fail("frame " $2 ": " $3); malformed += $3 == "malformed" }
file == 4 && $1 == "K" { known++ }
file == 4 && $1 == "X" { if ($2 >= ERROR) expert_errors += $4; print "  expert info, severity " $2 ": " $3 ", " $4 " times" }
file == 4 && $1 == "N" { packets = $2 }
file == 4 && $1 == "S" { add("field " $3, $4) }
file == 4 && $1 == "M" { message() }

function message(  is_data, n, i, part) {
    frame = $2; at = $3; from = $4
    is_data = $7 == 1 && $8 == 1
    check($6 == 3, "frame " frame ": payload protocol identifier " $6)
    check(is_data ? $5 > 0 : $5 == 0, "frame " frame ": M3UA class " $7 " type " $8 " on stream " $5)
    if (!is_data) { others++; return }
    data[from]++
    check($9 != "-", "frame " frame ": DATA without TCAP")
    check($12 == $13, "frame " frame ": " $12 " components, " $13 " decoded as CAP")
    check($12 > 0 || $9 == "E" || $9 == "A", "frame " frame ": " $9 " without a component")
    pdus[from $9]++
    ops = "," $14 ","
    n = split($14, part, ",")
    for (i = 1; i <= n; i++) seen[part[i]]++
    if ($15 != "") n_errors += split($15, part, ",")
    if (from == "s") request($9, $9 == "A" ? $11 : $10)
    else response($9, $11)
}

function has(code) { return index(ops, "," code ",") > 0 }

# Only the answer needs no reply; it can't be told from the end of a call but by its event.
function kind_of(pdu) {
    if (pdu == "B") return "begin"
    if (has(24) && ($16 == 7 || $16 == 15) && !has(36)) return "answer"
    if (has(24)) return "final"
    return has(36) ? "interim" : "unknown"
}

function request(pdu, tid,  kind, i) {
    if (pdu == "A") { forget(tid); return }
    kind = kind_of(pdu)
    check(kind != "unknown", "frame " frame ": a message of the simulator that is no request")
    if (pdu == "B") {
        forget(tid)
        i = $17 + 0
        check(has(60) == (name["begin", i] == "event"), "frame " frame ": call " i " is another kind in requests.csv")
        if (has(0)) from_at["initial", tid] = at
        else from_at["sms", tid] = at
    } else {
        i = taken[kind]++ + 0
    }
    if (has(36)) {
        slices[tid]++
        slice_open[tid] = 1
        from_at["slice", tid] = at
    }
    if (has(24)) from_at["disc", tid] = at
    if (kind == "answer") return
    check((kind, i) in sent, "frame " frame ": no row for " kind " " i)
    check(!(tid in pending), "frame " frame ": a request before the previous one's reply")
    pending[tid] = kind SUBSEP i
    pending_at[tid] = at
    add("way " kind, at - sent[kind, i])
}

function forget(tid) {
    delete pending[tid]; delete slices[tid]; delete slice_open[tid]
    delete from_at["initial", tid]; delete from_at["sms", tid]; delete from_at["disc", tid]
    delete from_at["slice", tid]
}

# A sample of one of tshark's rows, as this capture has it by tshark's own rule, and the run's value.
function sample(row_name, what, tid, ours) {
    if (!((what, tid) in from_at)) return
    add("capture " row_name, at - from_at[what, tid])
    if (from_at[what, tid] == pending_at[tid]) add("run " row_name, ours)
    else strangers[row_name]++
    delete from_at[what, tid]
}

function response(pdu, tid,  ours, theirs, who) {
    if (!(tid in pending)) { fail("frame " frame ": a reply that no request asked for"); return }
    theirs = at - pending_at[tid]
    ours = reply[pending[tid]] - sent[pending[tid]]
    excess[pairs++] = ours - theirs
    total_excess += ours - theirs
    if (ours < theirs) {
        split(pending[tid], who, SUBSEP)
        short[who[1]]++
        if (shown_short++ < 20) print "  frame " frame ", " who[1] ": " theirs " ns in the capture, " ours " ns in requests.csv"
    }
    # tshark's rules (packet-camel: camelsrt_call_matching): initialDP to continue; initialDPSMS to
    # continueSMS; n-th applyChargingReport to applyCharging, of which it looks the third one's
    # answer up under the first and so never counts it; the last eventReportBCSM to releaseCall.
    if (has(31)) sample("initial", "initial", tid, ours)
    if (has(65)) sample("sms", "sms", tid, ours)
    if (has(35) && slice_open[tid] && slices[tid] <= 2) sample("slice" slices[tid], "slice", tid, ours)
    else if (has(35) && slice_open[tid]) third_slices++
    if (has(22)) sample("release", "disc", tid, ours)
    delete slice_open[tid]
    delete pending[tid]
    if (pdu != "C") forget(tid)
}

# --- the verdict
function ms(v) { return v / 1000000 }
function shown(column) {
    return column in count ? sprintf("%5d  %8.3f %8.3f %8.3f", count[column], ms(low[column]),
                                     ms(mean(column)), ms(high[column])) : "    0         -        -        -"
}
# tshark prints hundredths of a millisecond, rounded or cut: it agrees with v within one of them.
function prints(printed, v) { return printed - ms(v) <= 0.0101 && ms(v) - printed <= 0.0101 }

function judge_row(r, expected,  c, o) {
    c = "capture " r
    o = "run " r
    printf "  %-8s %5d  %8.2f %8.2f %8.2f   %s   %s\n", r, table[r], table_low[r], table_mean[r],
        table_high[r], shown(c), shown(o)
    if (!(r in table)) { fail("tshark's table has no row " r); return }
    check(table[r] == count[c] + 0, r ": tshark counts " table[r] ", its rule gives " count[c] + 0)
    if (expected != "") check(table[r] == expected, r ": tshark counts " table[r] ", requests.csv has " expected)
    srt_count += table[r]
    if (table[r] == 0) { fail(r ": no response time at all"); return }
    check(prints(table_low[r], low[c]) && prints(table_mean[r], mean(c)) && prints(table_high[r], high[c]),
          r ": tshark's figures are not those of its own stamps")
    if (strangers[r] > 0) return
    check(table[r] == count[o], r ": tshark counts " table[r] ", the run has " count[o])
    check_side("min", r, low[o], low[c], bound)
    check_side("mean", r, mean(o), mean(c), bound)
    check_side("max", r, high[o], high[c], bound + (stall_ns > STALL_MIN_NS ? stall_ns : STALL_MIN_NS))
}
function check_side(what, r, ours, theirs, limit) {
    check(ours >= theirs, r ": " what " is lower than tshark's")
    timely(ours - theirs <= limit,
          sprintf("%s: %s %.3f ms, tshark %.3f ms, allowed 0 to %.3f ms more", r, what, ms(ours), ms(theirs), ms(limit)))
    if (ours - theirs > worst[what]) worst[what] = ours - theirs
}

# Shell sort, for the median.
function sort(list, n,  gap, i, j, v) {
    for (gap = int(n / 2); gap > 0; gap = int(gap / 2))
        for (i = gap; i < n; i++) {
            v = list[i]
            for (j = i; j >= gap && list[j - gap] > v; j -= gap) list[j] = list[j - gap]
            list[j] = v
        }
}

END {
    bound = median_us_max * 1000
    check(packets > 0, "no packets")
    check(data["s"] == data_out, "DATA of the simulator: capture " data["s"] + 0 ", m3ua.data_out " data_out)
    check(data["r"] == data_in, "DATA of the responder: capture " data["r"] + 0 ", m3ua.data_in " data_in)
    check(pairs == rows, "requests with a reply: capture " pairs + 0 ", requests.csv " rows)
    check(known + 0 == n_errors + 0, "returnErrors " n_errors + 0 ", known warnings " known + 0)

    print "  response times, ms  tshark: count, min, mean, max | its stamps, exactly | requests.csv, as sent"
    judge_row("initial", continued["oneshot"] + continued["initial"])
    judge_row("sms", continued["event"])
    judge_row("slice1", "")
    judge_row("slice2", "")
    judge_row("release", continued["final"] + no_credit["interim"])
    check(count["capture slice1"] + count["capture slice2"] + third_slices == continued["interim"],
          "slices that went on: capture " count["capture slice1"] + count["capture slice2"] + third_slices ", requests.csv " continued["interim"])
    check(table["slice3"] == 0, "tshark counts a third slice: its rule has changed")
    check((strangers["release"] > 0) == (foreign == "yes"), "releases that answer a report: " strangers["release"] + 0)
    check(strangers["release"] == no_credit["interim"], "releases for credit: capture " strangers["release"] + 0 ", requests.csv " no_credit["interim"] + 0)
    check(count["field 31"] == table["initial"] && count["field 65"] == table["sms"] &&
          count["field 35"] == table["release"] && count["field 22"] == table["slice1"] + table["slice2"],
          "tshark's fields and its table differ in number")

    sort(excess, pairs)
    median = excess[int(pairs / 2)]
    printf "  ours exceeds the capture's by, us: min %.1f, median %.1f, mean %.1f, p99 %.1f, max %.1f\n",
        excess[0] / 1000, median / 1000, total_excess / pairs / 1000, excess[int(pairs * 0.99)] / 1000, excess[pairs - 1] / 1000
    timely(median <= bound, "the median excess is over " median_us_max " us")
    timely(excess[int(pairs * 0.99)] <= STALL_MIN_NS, "the 99th percentile of the excess is over 1 ms")
    for (column in count) {
        if (column !~ /^way /) continue
        kind = substr(column, 5)
        spread = high[column] - low[column]
        printf "  from sent_ns to the wire, %s: within %.3f ms\n", kind, ms(spread)
        # Requests that waited in a queue of SCTP leave it by stream, not in the order of sent_ns.
        is_clear = kind == "begin" || spread <= STALL_MIN_NS
        timely(is_clear, kind ": requests waited for each other, who is who is not clear")
        if (short[kind] > 0 && is_clear) fail(kind ": " short[kind] " response times shorter than the capture has them")
    }
    line = ""
    for (code in seen) line = line " " code ":" seen[code]
    print "  operations" line ", returnError:" n_errors + 0
    print "  M3UA besides DATA, on stream 0: " others + 0
    line = ""
    for (code in pdus) line = line " " code ":" pdus[code]
    print "  TCAP" line
    for (code in seen) all = all " " code
    printf "SUMMARY packets=%d data=%d requests=%d calls=%d srt_count=%d malformed=%d expert_errors=%d known=%d min_excess_us=%.1f median_excess_us=%.1f max_excess_us=%.1f worst_min_us=%.1f worst_mean_us=%.1f worst_max_us=%.1f failures=%d late=%d operations=%s\n",
        packets, data["s"] + data["r"], pairs, begins, srt_count, malformed, expert_errors, known, excess[0] / 1000, median / 1000,
        excess[pairs - 1] / 1000, worst["min"] / 1000, worst["mean"] / 1000, worst["max"] / 1000, failures + 0, late + 0, substr(all, 2)
    exit failures > 0 ? 1 : late > 0 ? 3 : 0
}
