/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* catalogue OUT.pcapng OUT.tsv */
#include "tests/interop/captures/catalogue.h"

#include <stdlib.h>
#include <string.h>

#define STEP_NS 1000000

_Noreturn void catalogue_fail(const char *name, const char *what)
{
    (void)fprintf(stderr, "catalogue: %s: %s\n", name, what);
    exit(1);
}

struct catalogue_row catalogue_row_of(const char *name, enum m3ua_kind kind)
{
    return (struct catalogue_row){.name = name,
                                  .m3ua_kind = (int)kind,
                                  .error_code = CATALOGUE_NONE,
                                  .status_type = CATALOGUE_NONE,
                                  .status_information = CATALOGUE_NONE,
                                  .sccp_type = CATALOGUE_NONE,
                                  .operation = CATALOGUE_NONE};
}

static void write_out(FILE *file, const struct bytes_writer *w, const char *name)
{
    if (w->failed)
        catalogue_fail(name, "it does not fit its buffer");
    if (fwrite(w->start, 1, bytes_writer_length(w), file) != bytes_writer_length(w))
        catalogue_fail(name, "the file can't be written");
}

static void put_cell(FILE *table, int value)
{
    if (value == CATALOGUE_NONE)
        (void)fputs("\t-", table);
    else
        (void)fprintf(table, "\t%d", value);
}

void catalogue_put(struct catalogue *catalogue, const struct catalogue_row *row,
                   struct bytes message)
{
    struct bytes_writer w =
        bytes_writer_of(catalogue->block, catalogue->block + sizeof(catalogue->block));
    capture_write_message(&w, &catalogue->flow, catalogue->at_ns, row->stream, 3, message);
    write_out(catalogue->capture, &w, row->name);
    catalogue->at_ns += STEP_NS;
    (void)fprintf(catalogue->table, "%u\t%s\t%u\t%d\t%d", ++catalogue->rows, row->name, row->stream,
                  row->m3ua_kind >> 8, row->m3ua_kind & 0xff);
    put_cell(catalogue->table, row->error_code);
    put_cell(catalogue->table, row->status_type);
    put_cell(catalogue->table, row->status_information);
    put_cell(catalogue->table, row->sccp_type);
    put_cell(catalogue->table, row->operation);
    (void)fputc('\n', catalogue->table);
}

void catalogue_put_data(struct catalogue *catalogue, const struct catalogue_row *row,
                        const struct m3ua_data *data, struct bytes payload)
{
    struct bytes_writer w =
        bytes_writer_of(catalogue->message, catalogue->message + sizeof(catalogue->message));
    struct m3ua_data filled = *data;
    filled.payload = payload;
    m3ua_data_encode(&w, &filled);
    if (w.failed)
        catalogue_fail(row->name, "it does not fit a message");
    catalogue_put(catalogue, row, bytes_of(w.start, bytes_writer_length(&w)));
}

void catalogue_put_tcap(struct catalogue *catalogue, struct catalogue_row row, struct bytes tcap)
{
    const struct m3ua_data data = {
        .si = 3, .sls = 5, .opc = 0x808, .dpc = 0x1010, .has_routing_context = true};
    struct sccp_party called, calling;
    uint8_t octets[4096];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    if (sccp_party_set_ssn(&called, SCCP_ITU, true, 0x1010, SCCP_SSN_CAP) != P7_OK ||
        sccp_party_set_ssn(&calling, SCCP_ITU, true, 0x808, SCCP_SSN_CAP) != P7_OK ||
        sccp_write_udt(&w, 1, true, sccp_party_bytes(&called), sccp_party_bytes(&calling), tcap) !=
            P7_OK)
        catalogue_fail(row.name, "it does not fit a UDT");
    row.stream = 6;
    row.sccp_type = SCCP_UDT;
    catalogue_put_data(catalogue, &row, &data, bytes_of(w.start, bytes_writer_length(&w)));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fputs("usage: catalogue OUT.pcapng OUT.tsv\n", stderr);
        return 2;
    }
    struct catalogue *catalogue = calloc(1, sizeof(*catalogue));
    if (catalogue == NULL)
        catalogue_fail("catalogue", "out of memory");
    catalogue->capture = fopen(argv[1], "wb");
    catalogue->table = fopen(argv[2], "w");
    if (catalogue->capture == NULL || catalogue->table == NULL)
        catalogue_fail(argv[1], "a file can't be made");
    catalogue->flow = (struct capture_flow){.source = {.octets = {192, 0, 2, 1}},
                                            .destination = {.octets = {192, 0, 2, 2}},
                                            .source_port = 2905,
                                            .destination_port = 2905,
                                            .is_outbound = true,
                                            .verification_tag = 1,
                                            .tsn = 1};
    struct bytes_writer head =
        bytes_writer_of(catalogue->block, catalogue->block + sizeof(catalogue->block));
    capture_write_head(&head, "pulse7 catalogue", "One of each message that pulse7 can encode.");
    write_out(catalogue->capture, &head, "head");
    catalogue_m3ua_add(catalogue);
    catalogue_sccp_add(catalogue);
    catalogue_tcap_add(catalogue);
    catalogue_cap_add(catalogue);
    const int closed = fclose(catalogue->capture) | fclose(catalogue->table);
    (void)printf("%u messages\n", catalogue->rows);
    free(catalogue);
    return closed == 0 ? 0 : 1;
}
