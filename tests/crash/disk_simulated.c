/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/crash/disk_simulated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR      DISK_SIMULATED_SECTOR_OCTETS
#define NAMES_MAX   64u
#define HANDLES_MAX 64u
#define CHANGES_MAX 64u

/* A version of a sector that is not durable yet. */
struct pending {
    uint64_t call;
    size_t sector;
    uint8_t octets[SECTOR];
};

struct inode {
    uint8_t *now;
    uint8_t *durable;
    size_t room; /* of both, whole sectors */
    size_t length;
    size_t length_durable;
    struct pending *pending; /* in order */
    size_t pending_count;
    size_t pending_room;
};

struct names {
    struct {
        char name[DISK_NAME_OCTETS];
        struct inode *inode;
    } entry[NAMES_MAX];
    unsigned count;
};

/* A change of the directory that is not durable yet. */
struct change {
    enum disk_simulated_call kind;
    uint64_t call;
    struct inode *inode;
    char from[DISK_NAME_OCTETS];
    char to[DISK_NAME_OCTETS];
};

struct disk_simulated {
    struct disk ops;
    struct disk_simulated_hooks hooks;
    struct random_state random;
    struct inode **inode;
    size_t inode_count;
    size_t inode_room;
    struct names now;
    struct names durable;
    struct change change[CHANGES_MAX];
    unsigned change_count;
    struct inode *handle[HANDLES_MAX];
    uint64_t calls;
    uint64_t fail_at;
    enum p7_status fail_status;
    bool fail_on;
    bool failed;
    enum disk_simulated_call failed_call;
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static void must_hold(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "disk_simulated: %s\n", what);
    abort();
}

static struct inode *inode_new(struct disk_simulated *disk)
{
    if (disk->inode_count == disk->inode_room) {
        disk->inode_room = disk->inode_room == 0 ? 16 : 2 * disk->inode_room;
        disk->inode = must(realloc(disk->inode, disk->inode_room * sizeof(struct inode *)));
    }
    struct inode *inode = must(calloc(1, sizeof(*inode)));
    disk->inode[disk->inode_count++] = inode;
    return inode;
}

static void inode_reach(struct inode *inode, size_t octets)
{
    const size_t room = (octets + SECTOR - 1) / SECTOR * SECTOR;
    if (room <= inode->room)
        return;
    inode->now = must(realloc(inode->now, room));
    inode->durable = must(realloc(inode->durable, room));
    memset(inode->now + inode->room, 0, room - inode->room);
    memset(inode->durable + inode->room, 0, room - inode->room);
    inode->room = room;
}

static void inode_write(struct inode *inode, size_t sector, uint64_t call)
{
    if (inode->pending_count == inode->pending_room) {
        inode->pending_room = inode->pending_room == 0 ? 16 : 2 * inode->pending_room;
        inode->pending =
            must(realloc(inode->pending, inode->pending_room * sizeof(struct pending)));
    }
    struct pending *p = &inode->pending[inode->pending_count++];
    p->call = call;
    p->sector = sector;
    memcpy(p->octets, inode->now + sector * SECTOR, SECTOR);
}

static struct inode **names_find(struct names *names, const char *name)
{
    for (unsigned i = 0; i < names->count; i++)
        if (strcmp(names->entry[i].name, name) == 0)
            return &names->entry[i].inode;
    return NULL;
}

static void names_remove(struct names *names, const char *name)
{
    for (unsigned i = 0; i < names->count; i++)
        if (strcmp(names->entry[i].name, name) == 0) {
            names->entry[i] = names->entry[--names->count];
            return;
        }
}

static void names_put(struct names *names, const char *name, struct inode *inode)
{
    names_remove(names, name);
    must_hold(names->count < NAMES_MAX, "too many files");
    (void)snprintf(names->entry[names->count].name, DISK_NAME_OCTETS, "%s", name);
    names->entry[names->count++].inode = inode;
}

static void names_apply(struct names *names, const struct change *change)
{
    if (change->kind != DISK_CALL_CREATE)
        names_remove(names, change->from);
    if (change->kind != DISK_CALL_REMOVE)
        names_put(names, change->to, change->inode);
}

static void change_note(struct disk_simulated *disk, enum disk_simulated_call kind,
                        const char *from, const char *to, struct inode *inode)
{
    must_hold(disk->change_count < CHANGES_MAX, "the directory is never synced");
    struct change *change = &disk->change[disk->change_count++];
    *change = (struct change){.kind = kind, .call = disk->calls, .inode = inode};
    (void)snprintf(change->from, sizeof(change->from), "%s", from);
    (void)snprintf(change->to, sizeof(change->to), "%s", to);
    names_apply(&disk->now, change);
}

/* Counts the call; anything but P7_OK is its result. */
static enum p7_status enter(struct disk_simulated *disk, enum disk_simulated_call call)
{
    if (disk->hooks.before != NULL)
        disk->hooks.before(disk->hooks.context, call);
    disk->calls++;
    if (disk->fail_at == 0 || disk->calls < disk->fail_at ||
        (disk->calls > disk->fail_at && !disk->fail_on))
        return P7_OK;
    if (!disk->failed)
        disk->failed_call = call;
    disk->failed = true;
    return disk->fail_status;
}

static enum p7_status leave(struct disk_simulated *disk, enum p7_status status)
{
    if (disk->hooks.after != NULL)
        disk->hooks.after(disk->hooks.context);
    return status;
}

static struct inode *of_handle(struct disk_simulated *disk, int file)
{
    must_hold(file >= 0 && (unsigned)file < HANDLES_MAX && disk->handle[file] != NULL,
              "a file that is not open is used");
    return disk->handle[file];
}

static enum p7_status disk_open(void *context, const char *name, int create, uint64_t zero_octets,
                                int *file)
{
    struct disk_simulated *disk = context;
    enum p7_status status = enter(disk, create ? DISK_CALL_CREATE : DISK_CALL_OPEN);
    struct inode **found = names_find(&disk->now, name);
    if (status == P7_OK && create && found != NULL)
        status = P7_EXISTS;
    if (status == P7_OK && !create && found == NULL)
        status = P7_NOT_FOUND;
    if (status != P7_OK)
        return leave(disk, status);
    struct inode *inode = found != NULL ? *found : inode_new(disk);
    if (create) {
        inode_reach(inode, zero_octets);
        inode->length = zero_octets;
        change_note(disk, DISK_CALL_CREATE, "", name, inode);
    }
    for (unsigned handle = 0; handle < HANDLES_MAX; handle++) {
        if (disk->handle[handle] != NULL)
            continue;
        disk->handle[handle] = inode;
        *file = (int)handle;
        return leave(disk, P7_OK);
    }
    must_hold(false, "files are opened and never closed");
    return P7_FULL;
}

static enum p7_status disk_write(void *context, int file, uint64_t offset, struct bytes octets)
{
    struct disk_simulated *disk = context;
    const enum p7_status status = enter(disk, DISK_CALL_WRITE);
    struct inode *inode = of_handle(disk, file);
    const size_t end = offset + octets.length;
    if (octets.length == 0 || (status != P7_OK && end > inode->length))
        return leave(disk, status);
    inode_reach(inode, end);
    if (end > inode->length)
        inode->length = end;
    for (size_t sector = offset / SECTOR; sector * SECTOR < end; sector++) {
        const size_t from = sector * SECTOR < offset ? offset : sector * SECTOR;
        const size_t to = (sector + 1) * SECTOR < end ? (sector + 1) * SECTOR : end;
        if (status != P7_OK && random_below(&disk->random, 2) == 0)
            continue;
        memcpy(inode->now + from, octets.data + (from - offset), to - from);
        inode_write(inode, sector, disk->calls);
    }
    return leave(disk, status);
}

static enum p7_status disk_read(void *context, int file, uint64_t offset, void *dst, size_t octets,
                                size_t *got)
{
    struct disk_simulated *disk = context;
    const enum p7_status status = enter(disk, DISK_CALL_READ);
    const struct inode *inode = of_handle(disk, file);
    if (status != P7_OK)
        return leave(disk, status);
    const size_t left = offset < inode->length ? inode->length - offset : 0;
    *got = octets < left ? octets : left;
    if (*got > 0)
        memcpy(dst, inode->now + offset, *got);
    return leave(disk, P7_OK);
}

static enum p7_status disk_sync(void *context, int file)
{
    struct disk_simulated *disk = context;
    const enum p7_status status = enter(disk, DISK_CALL_SYNC);
    struct inode *inode = of_handle(disk, file);
    for (size_t i = 0; i < inode->pending_count; i++)
        if (status == P7_OK || random_below(&disk->random, 3) == 0)
            memcpy(inode->durable + inode->pending[i].sector * SECTOR, inode->pending[i].octets,
                   SECTOR);
    inode->pending_count = 0;
    if (status == P7_OK || random_below(&disk->random, 2) == 0)
        inode->length_durable = inode->length;
    return leave(disk, status);
}

static void disk_close(void *context, int file)
{
    struct disk_simulated *disk = context;
    (void)of_handle(disk, file);
    disk->handle[file] = NULL;
}

static enum p7_status disk_rename(void *context, const char *from, const char *to)
{
    struct disk_simulated *disk = context;
    enum p7_status status = enter(disk, DISK_CALL_RENAME);
    struct inode **found = names_find(&disk->now, from);
    if (status == P7_OK && found == NULL)
        status = P7_NOT_FOUND;
    if (status == P7_OK)
        change_note(disk, DISK_CALL_RENAME, from, to, *found);
    return leave(disk, status);
}

static enum p7_status disk_remove(void *context, const char *name)
{
    struct disk_simulated *disk = context;
    enum p7_status status = enter(disk, DISK_CALL_REMOVE);
    if (status == P7_OK && names_find(&disk->now, name) == NULL)
        status = P7_NOT_FOUND;
    if (status == P7_OK)
        change_note(disk, DISK_CALL_REMOVE, name, "", NULL);
    return leave(disk, status);
}

static enum p7_status disk_sync_directory(void *context)
{
    struct disk_simulated *disk = context;
    const enum p7_status status = enter(disk, DISK_CALL_SYNC_DIRECTORY);
    if (status != P7_OK)
        return leave(disk, status);
    for (unsigned i = 0; i < disk->change_count; i++)
        names_apply(&disk->durable, &disk->change[i]);
    disk->change_count = 0;
    return leave(disk, P7_OK);
}

static enum p7_status disk_list(void *context, void (*each)(void *user, const char *name),
                                void *user)
{
    struct disk_simulated *disk = context;
    const enum p7_status status = enter(disk, DISK_CALL_LIST);
    struct names names = disk->now;
    (void)leave(disk, status);
    if (status != P7_OK)
        return status;
    for (unsigned i = 0; i < names.count; i++)
        each(user, names.entry[i].name);
    return P7_OK;
}

struct disk_simulated *disk_simulated_create(uint64_t seed)
{
    struct disk_simulated *disk = must(calloc(1, sizeof(*disk)));
    random_seed(&disk->random, seed);
    disk->ops = (struct disk){
        .context = disk,
        .open = disk_open,
        .write = disk_write,
        .read = disk_read,
        .sync = disk_sync,
        .close = disk_close,
        .rename = disk_rename,
        .remove = disk_remove,
        .sync_directory = disk_sync_directory,
        .list = disk_list,
    };
    return disk;
}

void disk_simulated_destroy(struct disk_simulated *disk)
{
    for (size_t i = 0; i < disk->inode_count; i++) {
        free(disk->inode[i]->now);
        free(disk->inode[i]->durable);
        free(disk->inode[i]->pending);
        free(disk->inode[i]);
    }
    free(disk->inode);
    free(disk);
}

const struct disk *disk_simulated_ops(struct disk_simulated *disk)
{
    return &disk->ops;
}

void disk_simulated_set_hooks(struct disk_simulated *disk, const struct disk_simulated_hooks *hooks)
{
    disk->hooks = hooks != NULL ? *hooks : (struct disk_simulated_hooks){0};
}

uint64_t disk_simulated_calls(const struct disk_simulated *disk)
{
    return disk->calls;
}

void disk_simulated_fail_at(struct disk_simulated *disk, uint64_t call, enum p7_status status,
                            bool and_on)
{
    disk->fail_at = call;
    disk->fail_status = status;
    disk->fail_on = and_on;
    disk->failed = false;
}

bool disk_simulated_has_failed(const struct disk_simulated *disk, enum disk_simulated_call *call)
{
    if (disk->failed && call != NULL)
        *call = disk->failed_call;
    return disk->failed;
}

/* Whether a pending thing of that call is left. `newest` is the newest call, `limit` that of the
 * prefix. */
static bool is_left(enum disk_simulated_loss loss, uint64_t call, uint64_t newest, uint64_t limit,
                    struct random_state *random)
{
    switch (loss) {
    case DISK_LOSS_NONE:
        return true;
    case DISK_LOSS_PREFIX:
        return call <= limit;
    case DISK_LOSS_TORN:
        return call < newest || random_below(random, 2) == 0;
    case DISK_LOSS_ANY:
        return random_below(random, 2) == 0;
    case DISK_LOSS_ALL:
    case DISK_LOSS_COUNT:
        break;
    }
    return false;
}

static struct inode *inode_cut(struct disk_simulated *to, const struct inode *inode,
                               enum disk_simulated_loss loss, uint64_t newest, uint64_t limit,
                               struct random_state *random)
{
    struct inode *left = inode_new(to);
    inode_reach(left, inode->room);
    if (inode->room > 0)
        memcpy(left->durable, inode->durable, inode->room);
    /* Each version that is left hides those before it: any version can be the last. */
    for (size_t i = 0; i < inode->pending_count; i++)
        if (is_left(loss, inode->pending[i].call, newest, limit, random))
            memcpy(left->durable + inode->pending[i].sector * SECTOR, inode->pending[i].octets,
                   SECTOR);
    left->length = inode->length_durable;
    if (loss == DISK_LOSS_NONE || loss == DISK_LOSS_TORN)
        left->length = inode->length;
    else if (loss != DISK_LOSS_ALL && inode->length > inode->length_durable) {
        const uint64_t sectors = (inode->length - inode->length_durable + SECTOR - 1) / SECTOR;
        const uint64_t dice = random_below(random, 3);
        if (dice == 1)
            left->length = inode->length;
        if (dice == 2)
            left->length = inode->length_durable + random_below(random, sectors) * SECTOR;
    }
    /* Behind its end a file has nothing, not even when it grows again. */
    if (left->room > left->length)
        memset(left->durable + left->length, 0, left->room - left->length);
    left->length_durable = left->length;
    if (left->room > 0)
        memcpy(left->now, left->durable, left->room);
    return left;
}

struct disk_simulated *disk_simulated_cut(const struct disk_simulated *disk,
                                          enum disk_simulated_loss loss,
                                          struct random_state *random)
{
    struct disk_simulated *left = disk_simulated_create(random_u64(random));
    struct names names = disk->durable;
    const uint64_t newest = disk->calls;
    /* Pending calls are recent ones: most limits fall among them. */
    const uint64_t back = random_below(random, 8);
    const uint64_t limit = newest > back ? newest - back : 0;
    for (unsigned i = 0; i < disk->change_count; i++)
        if (is_left(loss, disk->change[i].call, newest, limit, random))
            names_apply(&names, &disk->change[i]);
    for (unsigned i = 0; i < names.count; i++)
        names_put(&left->now, names.entry[i].name,
                  inode_cut(left, names.entry[i].inode, loss, newest, limit, random));
    left->durable = left->now;
    return left;
}

static uint64_t hash_octets(uint64_t hash, const void *data, size_t length)
{
    const uint8_t *p = data;
    for (; length >= 8; length -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    for (; length > 0; length--, p++)
        hash = (hash ^ *p) * 0x100000001b3ULL;
    return hash;
}

uint64_t disk_simulated_hash(const struct disk_simulated *disk)
{
    uint64_t sum = 0; /* names are in no order */
    for (unsigned i = 0; i < disk->now.count; i++) {
        const struct inode *inode = disk->now.entry[i].inode;
        uint64_t hash = hash_octets(0xcbf29ce484222325ULL, disk->now.entry[i].name,
                                    strlen(disk->now.entry[i].name));
        hash = hash_octets(hash, &inode->length, sizeof(inode->length));
        sum += hash_octets(hash, inode->now, inode->length);
    }
    return sum;
}

struct bytes disk_simulated_file(const struct disk_simulated *disk, const char *name)
{
    for (unsigned i = 0; i < disk->now.count; i++)
        if (strcmp(disk->now.entry[i].name, name) == 0) {
            const struct inode *inode = disk->now.entry[i].inode;
            return bytes_of(inode->now, inode->length);
        }
    return bytes_of(NULL, 0);
}

void disk_simulated_put(struct disk_simulated *disk, const char *name, struct bytes octets)
{
    struct inode *inode = inode_new(disk);
    inode_reach(inode, octets.length + 1);
    if (octets.length > 0) {
        memcpy(inode->now, octets.data, octets.length);
        memcpy(inode->durable, octets.data, octets.length);
    }
    inode->length = octets.length;
    inode->length_durable = octets.length;
    names_put(&disk->now, name, inode);
    names_put(&disk->durable, name, inode);
}

bool disk_simulated_flip_bit(struct disk_simulated *disk, struct random_state *random,
                             struct disk_simulated_flip *flip)
{
    if (disk->now.count == 0)
        return false;
    const unsigned i = (unsigned)random_below(random, disk->now.count);
    struct inode *inode = disk->now.entry[i].inode;
    if (inode->length == 0)
        return false;
    size_t offset = random_below(random, inode->length);
    /* Most of a file is zeros: half of the flips go where there is something. */
    for (unsigned tries = 0; tries < 16 && inode->now[offset] == 0; tries++)
        offset = random_below(random, inode->length);
    const uint8_t bit = (uint8_t)(1u << random_below(random, 8));
    inode->now[offset] ^= bit;
    inode->durable[offset] ^= bit;
    (void)snprintf(flip->name, sizeof(flip->name), "%s", disk->now.entry[i].name);
    flip->offset = offset;
    return true;
}
