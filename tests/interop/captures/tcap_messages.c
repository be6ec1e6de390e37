/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* TCAP: every type of message, dialogue PDU, component, problem and abort cause. */
#include "sigtran/codec/tcap.h"

#include "sigtran/codec/cap_operation.h"
#include "tests/interop/captures/catalogue.h"

static const struct tcap_transaction_id ours = {.value = 0x01020304, .length = 4};
static const struct tcap_transaction_id theirs = {.value = 0x0506, .length = 2};

static void put(struct catalogue *catalogue, const char *name, const struct tcap_parts *parts)
{
    uint8_t octets[512];
    struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
    if (tcap_write_parts(&w, parts) != P7_OK)
        catalogue_fail(name, "tcap_write_parts refuses it");
    catalogue_put_tcap(catalogue, catalogue_row_of(name, M3UA_DATA),
                       bytes_of(octets, bytes_writer_length(&w)));
}

static void dialogues_add(struct catalogue *catalogue)
{
    const struct bytes context = cap_application_context_oid(CAP_AC_V2_GSMSSF);
    const struct tcap_dialogue_portion aarq = tcap_aarq(context);
    const struct tcap_dialogue_portion aare = tcap_aare_accepted(context);
    const struct tcap_dialogue_portion refused = tcap_aare_ac_not_supported(context);
    const struct tcap_dialogue_portion abrt = tcap_abrt_user();
    const struct tcap_dialogue_portion provider = tcap_abrt_provider();
    const struct tcap_dialogue_portion none = tcap_aare_no_common_dialogue_portion(context);
    put(catalogue, "BEGIN, AARQ",
        &(struct tcap_parts){.type = TCAP_BEGIN, .otid = ours, .dialogue = &aarq});
    put(catalogue, "CONTINUE, AARE",
        &(struct tcap_parts){
            .type = TCAP_CONTINUE, .otid = ours, .dtid = theirs, .dialogue = &aare});
    put(catalogue, "CONTINUE",
        &(struct tcap_parts){.type = TCAP_CONTINUE, .otid = ours, .dtid = theirs});
    put(catalogue, "END, AARE",
        &(struct tcap_parts){.type = TCAP_END, .dtid = theirs, .dialogue = &aare});
    put(catalogue, "END", &(struct tcap_parts){.type = TCAP_END, .dtid = theirs});
    put(catalogue, "ABORT, AARE refused",
        &(struct tcap_parts){.type = TCAP_ABORT, .dtid = theirs, .dialogue = &refused});
    put(catalogue, "ABORT, ABRT by the user",
        &(struct tcap_parts){.type = TCAP_ABORT, .dtid = theirs, .dialogue = &abrt});
    put(catalogue, "ABORT, ABRT by the provider",
        &(struct tcap_parts){.type = TCAP_ABORT, .dtid = theirs, .dialogue = &provider});
    put(catalogue, "ABORT, no common dialogue portion",
        &(struct tcap_parts){.type = TCAP_ABORT, .dtid = theirs, .dialogue = &none});
    /* Q.773-4.2.1.3 */
    for (unsigned cause = 0; cause <= TCAP_P_ABORT_RESOURCE_LIMITATION; cause++)
        put(catalogue, tcap_p_abort_cause_text((uint8_t)cause),
            &(struct tcap_parts){.type = TCAP_ABORT,
                                 .dtid = theirs,
                                 .has_p_abort = true,
                                 .p_abort_cause = (uint8_t)cause});
}

static void component_add(struct catalogue *catalogue, const char *name,
                          const struct tcap_component *component)
{
    const struct bytes context = cap_application_context_oid(CAP_AC_V2_GSMSSF);
    const struct tcap_dialogue_portion aare = tcap_aare_accepted(context);
    put(catalogue, name,
        &(struct tcap_parts){.type = TCAP_CONTINUE,
                             .otid = ours,
                             .dtid = theirs,
                             .dialogue = &aare,
                             .components = component,
                             .component_count = 1});
}

/* Q.773-4.2.2.6 */
static void rejects_add(struct catalogue *catalogue)
{
    static const struct {
        uint8_t kind;
        uint8_t problems;
    } rejects[] = {{TCAP_PROBLEM_GENERAL, 3},
                   {TCAP_PROBLEM_INVOKE, 8},
                   {TCAP_PROBLEM_RETURN_RESULT, 3},
                   {TCAP_PROBLEM_RETURN_ERROR, 5}};
    for (size_t i = 0; i < sizeof(rejects) / sizeof(rejects[0]); i++)
        for (uint8_t problem = 0; problem < rejects[i].problems; problem++) {
            const struct tcap_component reject = {.type = TCAP_REJECT,
                                                  .has_invoke_id = true,
                                                  .invoke_id = 1,
                                                  .problem_kind = rejects[i].kind,
                                                  .problem = problem};
            component_add(catalogue, "REJECT", &reject);
        }
    const struct tcap_component unknown = {
        .type = TCAP_REJECT, .problem_kind = TCAP_PROBLEM_GENERAL, .problem = 1};
    component_add(catalogue, "REJECT of an unknown invoke", &unknown);
}

void catalogue_tcap_add(struct catalogue *catalogue)
{
    dialogues_add(catalogue);
#define ERROR_CODE(name, code, text) (code),
    static const int32_t errors[] = {CAP_ERROR_LIST(ERROR_CODE)};
#undef ERROR_CODE
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct tcap_component error = tcap_return_error(1, errors[i]);
        /* These have a parameter that they must not go without (TS29.078-5.3). */
        static const uint8_t one[] = {0x0a, 0x01, 0x01};
        if (errors[i] == CAP_ERROR_CANCEL_FAILED)
            continue; /* its parameter is a SEQUENCE; none of ours sends it */
        if (errors[i] == CAP_ERROR_REQUESTED_INFO_ERROR || errors[i] == CAP_ERROR_SYSTEM_FAILURE ||
            errors[i] == CAP_ERROR_TASK_REFUSED)
            error.parameter = bytes_of(one, sizeof(one));
        component_add(catalogue, "RETURN ERROR", &error);
    }
    const struct tcap_component result = {
        .type = TCAP_RETURN_RESULT_LAST, .has_invoke_id = true, .invoke_id = 1};
    component_add(catalogue, "RETURN RESULT, empty", &result);
    rejects_add(catalogue);
}
