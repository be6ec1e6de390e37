/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Files of a ledger that anybody wrote. The first octet says what the rest is: bit 0 a record to be
 * decoded, else the contents of `synced` (its two slots, 40 octets each, with bit 1) and of a first
 * segment behind its header, which is sound unless bit 2 is set. Bit 3: the segment is in two, cut
 * in the middle. Bit 4: checksums are put right first, so that the fields are looked at.
 * Whatever comes: what decodes encodes to the same octets, and a ledger that opens opens again with
 * the same end, can be read back, and goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "responder/ledger/journal.h"
#include "responder/ledger/record.h"
#include "sigtran/base/crc32c.h"
#include "tests/crash/disk_simulated.h"

#define SEGMENT_OCTETS JOURNAL_SEGMENT_OCTETS_MIN
#define CLUSTER_ID     1u
#define MARK_OCTETS    ((size_t)40)

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_record(struct bytes octets, bool seal)
{
    uint8_t sealed[LEDGER_RECORD_OCTETS_MAX];
    uint8_t again[LEDGER_RECORD_OCTETS_MAX];
    struct ledger_record record;
    uint32_t length = 0;
    uint32_t checksum = 0;
    if (seal && octets.length >= LEDGER_RECORD_OCTETS_MIN && octets.length <= sizeof(sealed)) {
        memcpy(sealed, octets.data, octets.length);
        bytes_store_u32be(sealed, (uint32_t)octets.length);
        octets.data = sealed;
        bytes_store_u32be(sealed + octets.length - 4,
                          crc32c(7, bytes_of(sealed, octets.length - 4)));
    }
    if (ledger_record_decode(octets, 7, &record, &length, &checksum) != P7_OK)
        return;
    struct bytes_writer w = bytes_writer_of(again, again + sizeof(again));
    require(ledger_record_encode(&w, &record, 7) == P7_OK);
    require(bytes_equal(bytes_of(again, bytes_writer_length(&w)), bytes_of(octets.data, length)));
    require(ledger_record_follows(bytes_of(again, length), 7));
}

/* Puts the chain of the records at the start right, as far as their lengths lead. */
static void seal_chain(uint8_t *at, size_t left)
{
    uint32_t checksum = 0;
    for (uint64_t index = 1; left >= LEDGER_RECORD_OCTETS_MIN; index++) {
        const uint32_t length = bytes_load_u32be(at);
        if (length < LEDGER_RECORD_OCTETS_MIN || length > LEDGER_RECORD_OCTETS_MAX || length > left)
            return;
        bytes_store_u64be(at + 4, index);
        bytes_store_u64be(at + 12, 1);
        checksum = crc32c(checksum, bytes_of(at, length - 4));
        bytes_store_u32be(at + length - 4, checksum);
        at += length;
        left -= length;
    }
}

/* As journal_file.c has it. */
static void write_header(uint8_t *dst, uint64_t first, uint32_t previous)
{
    memset(dst, 0, JOURNAL_HEADER_OCTETS);
    memcpy(dst, "pulse7 ledger", 13);
    bytes_store_u32be(dst + 16, 1);
    bytes_store_u64be(dst + 20, CLUSTER_ID);
    bytes_store_u64be(dst + 28, first);
    bytes_store_u32be(dst + 36, previous);
    bytes_store_u32be(dst + JOURNAL_HEADER_OCTETS - 4,
                      crc32c(0, bytes_of(dst, JOURNAL_HEADER_OCTETS - 4)));
}

static void put_files(struct disk_simulated *disk, uint8_t control, struct bytes input)
{
    uint8_t segment[2 * SEGMENT_OCTETS] = {0};
    uint8_t synced[8192] = {0};
    if ((control & 0x02u) != 0) {
        const size_t n = input.length < 2 * MARK_OCTETS ? input.length : 2 * MARK_OCTETS;
        memcpy(synced, input.data, n < MARK_OCTETS ? n : MARK_OCTETS);
        if (n > MARK_OCTETS)
            memcpy(synced + 4096, input.data + MARK_OCTETS, n - MARK_OCTETS);
        input = bytes_of(input.data + n, input.length - n);
        for (unsigned slot = 0; (control & 0x10u) != 0 && slot < 2; slot++) {
            uint8_t *mark = synced + (size_t)4096 * slot;
            memcpy(mark, "p7synced", 8);
            bytes_store_u64be(mark + 8, CLUSTER_ID);
            bytes_store_u32be(mark + 36, crc32c(0, bytes_of(mark, 36)));
        }
        disk_simulated_put(disk, "synced", bytes_of(synced, sizeof(synced)));
    }
    const size_t header = (control & 0x04u) != 0 ? 0 : JOURNAL_HEADER_OCTETS;
    const size_t room = SEGMENT_OCTETS - header;
    const size_t n = input.length < room ? input.length : room;
    if (header != 0)
        write_header(segment, 1, 0);
    if (n > 0)
        memcpy(segment + header, input.data, n);
    if ((control & 0x10u) != 0)
        seal_chain(segment + header, n);
    disk_simulated_put(disk, "segment-00000000000000000001.ledger",
                       bytes_of(segment, SEGMENT_OCTETS));
    if ((control & 0x08u) == 0 || n < 16)
        return;
    /* A second one, of the input's later half; its name and first record from the input, too. */
    const uint64_t first = 1 + input.data[0] % 8u;
    char name[] = "segment-0000000000000000000X.ledger";
    name[27] = (char)('0' + first);
    if (first == 1)
        return;
    uint8_t *second = segment + SEGMENT_OCTETS;
    write_header(second, first, bytes_load_u32be(input.data + 1));
    memcpy(second + JOURNAL_HEADER_OCTETS, input.data + n / 2, n / 2 < 2000 ? n / 2 : 2000);
    disk_simulated_put(disk, name, bytes_of(second, SEGMENT_OCTETS));
}

static void count_record(void *context, struct bytes octets)
{
    uint64_t *count = context;
    require(octets.length >= LEDGER_RECORD_OCTETS_MIN && octets.length <= LEDGER_RECORD_OCTETS_MAX);
    ++*count;
}

static enum p7_status open_journal(struct disk_simulated *disk, struct journal **journal,
                                   struct journal_recovery *recovery)
{
    char text[JOURNAL_TEXT_OCTETS] = "";
    uint64_t count = 0;
    const struct journal_params params = {.disk = disk_simulated_ops(disk),
                                          .cluster_id = CLUSTER_ID,
                                          .segment_octets = SEGMENT_OCTETS,
                                          .record = count_record,
                                          .context = &count};
    const enum p7_status status = journal_open(&params, journal, recovery, text, sizeof(text));
    if (status == P7_OK)
        require(count == recovery->last_index);
    else
        require(status == P7_MALFORMED && text[0] != '\0');
    return status;
}

static void use_journal(struct journal *journal, const struct journal_recovery *recovery)
{
    uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
    size_t got = 0;
    uint64_t read = 0;
    for (uint64_t index = 1; index <= recovery->last_index; index++, read++)
        require(journal_read(journal, index, octets, sizeof(octets), &got) == P7_OK && got > 0);
    require(read == recovery->last_index);
    if (recovery->last_index > 0)
        require(journal_truncate(journal, recovery->last_index / 2) == P7_OK);
    require(journal_last(journal) == recovery->last_index / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal *journal;
    struct journal_recovery recovery;
    struct journal_recovery again;
    if (size == 0)
        return 0;
    const struct bytes input = bytes_of(data + 1, size - 1);
    if ((data[0] & 0x01u) != 0) {
        check_record(input, (data[0] & 0x10u) != 0);
        return 0;
    }
    struct disk_simulated *disk = disk_simulated_create(1);
    put_files(disk, data[0], input);
    if (open_journal(disk, &journal, &recovery) == P7_OK) {
        journal_close(journal);
        require(open_journal(disk, &journal, &again) == P7_OK);
        require(again.last_index == recovery.last_index && again.octets_cut == 0);
        require(again.last_checksum == recovery.last_checksum);
        use_journal(journal, &again);
        journal_close(journal);
        require(open_journal(disk, &journal, &again) == P7_OK);
        require(again.last_index == recovery.last_index / 2);
        journal_close(journal);
    }
    disk_simulated_destroy(disk);
    return 0;
}
