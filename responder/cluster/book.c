/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/cluster/book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What one record changed. */
struct book_undo {
    uint64_t reference[2];
    uint64_t handle; /* of its entry in the duplicate table, or DUPLICATE_HANDLE_NONE */
    uint64_t amount;
    int64_t reserved_delta;
    uint32_t account;  /* or ACCOUNT_NONE */
    bool touches_call; /* the call `reference` was put or removed */
    bool had_call;     /* there was one before: `call` */
    struct service_dialogue call;
};

enum p7_status book_create(struct book *book, struct service *service, struct calls *calls)
{
    *book = (struct book){.service = service, .calls = calls};
    book->undo = calloc(CLUSTER_UNDO_MAX, sizeof(*book->undo));
    return book->undo == NULL ? P7_NO_MEMORY : P7_OK;
}

void book_destroy(struct book *book)
{
    free(book->undo);
    *book = (struct book){0};
}

static struct book_undo *undo_of(const struct book *book, uint64_t index)
{
    return &book->undo[index % CLUSTER_UNDO_MAX];
}

/* An undo for the record behind the newest one. The record that had its place can't be taken back
 * any more, so it is committed. */
static struct book_undo *begin_undo(struct book *book)
{
    const uint64_t index = book->applied + 1;
    if (index > CLUSTER_UNDO_MAX)
        book_committed(book, index - CLUSTER_UNDO_MAX);
    struct book_undo *undo = undo_of(book, index);
    *undo = (struct book_undo){.account = ACCOUNT_NONE, .handle = DUPLICATE_HANDLE_NONE};
    return undo;
}

/* --- accounts --------------------------------------------------------------------------------- */

/* The subscriber's number as a value; the ledger has no index of a range that may grow. */
static uint64_t number_of_account(const struct accounts *accounts, uint32_t index)
{
    return index == ACCOUNT_NONE ? 0 : accounts->first + index;
}

static uint32_t account_of_number(const struct accounts *accounts, uint64_t number)
{
    if (number == 0 || number < accounts->first || number - accounts->first >= accounts->count)
        return ACCOUNT_NONE;
    return (uint32_t)(number - accounts->first);
}

/* Charges `amount` and reserves `reserved` (or gives it back); false, with nothing changed, where
 * the account does not hold it. */
static bool change_account(struct accounts *accounts, uint32_t index, uint64_t amount,
                           int64_t reserved)
{
    struct account *account = &accounts->entry[index];
    const uint64_t taken = reserved > 0 ? (uint64_t)reserved : 0;
    const uint64_t given = reserved < 0 ? 0 - (uint64_t)reserved : 0;
    if (account->reserved < given)
        return false;
    const uint64_t free_units = account->balance + given;
    if (free_units < taken || free_units - taken < amount)
        return false;
    account->balance = free_units - taken - amount;
    account->reserved = account->reserved - given + taken;
    account->charged += amount;
    accounts->reserved_total = accounts->reserved_total - given + taken;
    accounts->charged_total += amount;
    return true;
}

/* The reverse of a change that was made: sums and differences modulo 2^64 find the way back. */
static void change_account_back(struct accounts *accounts, const struct book_undo *undo)
{
    if (undo->account == ACCOUNT_NONE)
        return;
    struct account *account = &accounts->entry[undo->account];
    const uint64_t reserved = (uint64_t)undo->reserved_delta;
    account->balance += undo->amount + reserved;
    account->reserved -= reserved;
    account->charged -= undo->amount;
    accounts->reserved_total -= reserved;
    accounts->charged_total -= undo->amount;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* As `calls` and the ledger keep it: whether the last reply has gone out is told by the index of
 * its record, the same on all nodes, and not by a flag. */
static struct service_dialogue call_kept(const struct service_dialogue *dialogue)
{
    struct service_dialogue kept = *dialogue;
    kept.flags &= (uint8_t)~SERVICE_DIALOGUE_IN_FLIGHT;
    return kept;
}

static bool same_decision(const struct decision *a, const struct decision *b)
{
    return a->primitive == b->primitive && a->dialogue == b->dialogue && a->body == b->body &&
           a->context == b->context && a->kind == b->kind && a->result == b->result &&
           a->code == b->code && a->problem_kind == b->problem_kind &&
           a->invoke_id == b->invoke_id && a->answers_invoke_id == b->answers_invoke_id &&
           a->flags == b->flags && a->slice_100ms == b->slice_100ms;
}

/* Field by field: a struct copy need not copy the padding. */
static bool same_call(const struct service_dialogue *a, const struct service_dialogue *b)
{
    return a->reference[0] == b->reference[0] && a->reference[1] == b->reference[1] &&
           a->charged == b->charged && a->reserved == b->reserved &&
           a->last_content == b->last_content && a->answered_ns == b->answered_ns &&
           a->account == b->account && a->used_100ms == b->used_100ms &&
           a->granted_100ms == b->granted_100ms && a->sequence == b->sequence &&
           same_decision(&a->last, &b->last) && a->state == b->state && a->flags == b->flags &&
           a->context == b->context && a->invoke_id == b->invoke_id;
}

/* Does to `calls` what the record says. False: no room. */
static bool change_calls(struct book *book, struct book_undo *undo,
                         const struct ledger_record *record)
{
    if ((record->flags & (LEDGER_HAS_CALL | LEDGER_CALL_OVER)) == 0)
        return true;
    const struct service_dialogue *before = calls_find(book->calls, record->reference);
    undo->touches_call = true;
    undo->reference[0] = record->reference[0];
    undo->reference[1] = record->reference[1];
    undo->had_call = before != NULL;
    if (before != NULL)
        undo->call = *before;
    if ((record->flags & LEDGER_HAS_CALL) == 0) {
        calls_remove(book->calls, record->reference);
        return true;
    }
    /* Found by the record's reference only, whatever the call itself says. */
    struct service_dialogue call = call_kept(&record->call);
    call.reference[0] = record->reference[0];
    call.reference[1] = record->reference[1];
    return calls_put(book->calls, &call) != NULL;
}

static void change_calls_back(struct book *book, const struct book_undo *undo)
{
    if (!undo->touches_call)
        return;
    if (!undo->had_call) {
        calls_remove(book->calls, undo->reference);
        return;
    }
    /* Records are taken back in order, so what took its room since is gone. */
    const struct service_dialogue *call = calls_put(book->calls, &undo->call);
    assert(call != NULL);
    (void)call;
}

/* --- the active: the service has decided ------------------------------------------------------ */

void book_mark(const struct book *book, const struct service_dialogue *dialogue,
               struct book_mark *mark)
{
    *mark = (struct book_mark){
        .call = call_kept(dialogue),
        .has_call = dialogue->state == SERVICE_DIALOGUE_CALL,
        .charged_total = book->service->accounts.charged_total,
        .reserved_total = book->service->accounts.reserved_total,
        .inserted = book->service->duplicates.inserted,
    };
}

static void note_call(const struct book_mark *mark, const struct service_dialogue *now,
                      struct ledger_record *record)
{
    if (now->state != SERVICE_DIALOGUE_CALL) {
        if (mark->has_call)
            record->flags |= LEDGER_CALL_OVER;
    } else if (!mark->has_call || !same_call(&mark->call, now)) {
        record->flags |= LEDGER_HAS_CALL;
        record->call = *now;
    }
}

static void note_table(const struct book *book, const struct book_mark *mark,
                       const struct service_reply *reply, struct ledger_record *record)
{
    struct duplicate_identity newest;
    if (book->service->duplicates.inserted == mark->inserted || reply == NULL ||
        !duplicate_newest(&book->service->duplicates, &newest))
        return;
    record->flags |= LEDGER_IN_TABLE;
    /* What ended a dialogue is in the table by the name that its repetition will have. */
    if (newest.key[0] != reply->identity.key[0] || newest.key[1] != reply->identity.key[1]) {
        record->flags |= LEDGER_HAS_STRAY;
        record->stray[0] = newest.key[0];
        record->stray[1] = newest.key[1];
    }
}

bool book_note(struct book *book, const struct book_mark *mark,
               const struct service_dialogue *dialogue, const struct service_reply *reply,
               struct ledger_record *record)
{
    const struct accounts *accounts = &book->service->accounts;
    const struct service_dialogue now = call_kept(dialogue);
    const uint32_t account = reply != NULL ? reply->account : mark->call.account;
    *record = (struct ledger_record){
        .kind = reply != NULL && (reply->disposition != SERVICE_NOTHING ||
                                  now.state == SERVICE_DIALOGUE_CALL)
                    ? LEDGER_CHARGE
                    : LEDGER_SETTLEMENT,
        .account = accounts->count == 0 ? 0 : number_of_account(accounts, account),
        .amount = accounts->charged_total - mark->charged_total,
        .reserved_delta = (int64_t)(accounts->reserved_total - mark->reserved_total),
        .reference = {now.reference[0], now.reference[1]},
    };
    note_call(mark, &now, record);
    note_table(book, mark, reply, record);
    if (record->flags == 0 && record->amount == 0 && record->reserved_delta == 0)
        return false;
    if (reply != NULL && record->kind == LEDGER_CHARGE) {
        record->identity = reply->identity;
        record->sequence = now.sequence;
        record->reply = reply->decision;
    }
    struct book_undo *undo = begin_undo(book);
    if (record->amount != 0 || record->reserved_delta != 0) {
        assert(account != ACCOUNT_NONE);
        undo->account = account;
        undo->amount = record->amount;
        undo->reserved_delta = record->reserved_delta;
    }
    if ((record->flags & LEDGER_IN_TABLE) != 0)
        undo->handle = book->service->duplicates.inserted - 1;
    return true;
}

void book_noted(struct book *book, const struct ledger_record *record)
{
    assert(record->index == book->applied + 1);
    /* The owner sees to the room before the service decides. */
    if (!change_calls(book, undo_of(book, record->index), record))
        book->failures++;
    book->applied = record->index;
}

/* Takes back what the undo says. */
static void revert(struct book *book, const struct book_undo *undo)
{
    change_calls_back(book, undo);
    if (undo->handle != DUPLICATE_HANDLE_NONE) {
        assert(undo->handle + 1 == book->service->duplicates.inserted);
        duplicate_remove_newest(&book->service->duplicates);
    }
    change_account_back(&book->service->accounts, undo);
}

void book_drop(struct book *book)
{
    revert(book, undo_of(book, book->applied + 1));
}

/* --- records ---------------------------------------------------------------------------------- */

static bool apply_amounts(struct book *book, struct book_undo *undo,
                          const struct ledger_record *record)
{
    if (record->amount == 0 && record->reserved_delta == 0)
        return true;
    struct accounts *accounts = &book->service->accounts;
    const uint32_t account = account_of_number(accounts, record->account);
    if (account == ACCOUNT_NONE ||
        !change_account(accounts, account, record->amount, record->reserved_delta))
        return false;
    undo->account = account;
    undo->amount = record->amount;
    undo->reserved_delta = record->reserved_delta;
    return true;
}

static void apply_identity(struct book *book, struct book_undo *undo,
                           const struct ledger_record *record)
{
    struct duplicate_identity identity = record->identity;
    if ((record->flags & LEDGER_IN_TABLE) == 0)
        return;
    if ((record->flags & LEDGER_HAS_STRAY) != 0) {
        identity.key[0] = record->stray[0];
        identity.key[1] = record->stray[1];
    }
    undo->handle = duplicate_insert(&book->service->duplicates, &identity, record->index,
                                    &record->reply, service_wall_s(record->wall_ns));
}

/* Whether the service can work on the call: its account is there, and holds what it reserved. */
static bool call_is_sound(const struct book *book, const struct ledger_record *record)
{
    const struct accounts *accounts = &book->service->accounts;
    const struct service_dialogue *call = &record->call;
    if ((record->flags & LEDGER_HAS_CALL) == 0)
        return true;
    return call->state == SERVICE_DIALOGUE_CALL &&
           (accounts->count == 0 || (call->account < accounts->count &&
                                     call->reserved <= accounts->entry[call->account].reserved));
}

void book_apply(struct book *book, const struct ledger_record *record)
{
    assert(record->index == book->applied + 1);
    struct book_undo *undo = begin_undo(book);
    book->applied = record->index;
    if (record->kind == LEDGER_TERM)
        return;
    const bool paid = apply_amounts(book, undo, record);
    const bool kept = paid && call_is_sound(book, record) && change_calls(book, undo, record);
    /* In any case: a request that could not be charged here may not be charged by this node later
     * either. */
    apply_identity(book, undo, record);
    if (!paid || !kept)
        book->failures++;
}

void book_undo(struct book *book)
{
    assert(book->applied > 0);
    revert(book, undo_of(book, book->applied));
    /* An undo is used up: its place may be left over as that of an older record. */
    *undo_of(book, book->applied) =
        (struct book_undo){.account = ACCOUNT_NONE, .handle = DUPLICATE_HANDLE_NONE};
    book->applied--;
    if (book->answered > book->applied)
        book->answered = book->applied;
}

void book_committed(struct book *book, uint64_t index)
{
    if (index > book->applied)
        index = book->applied;
    while (book->answered < index) {
        book->answered++;
        duplicate_mark_answered(&book->service->duplicates, undo_of(book, book->answered)->handle);
    }
}
