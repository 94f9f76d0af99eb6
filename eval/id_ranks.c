/* Interned ids over ranks: pools travel as bytes and are interned again in order of ranks. See
 * id_ranks.h. */
#include "eval/id_ranks.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* An entry on its way; its text, with the 0 behind it, follows. */
struct entry_head {
    double number;
    uint64_t is_text;
};

static int write_pool(const struct sb_id_pool *pool, struct sb_str *out, struct sb_error *err)
{
    for (size_t i = 0; i < pool->count; i++) {
        const struct sb_id_entry *const e = &pool->entries[i];
        const struct entry_head head = {e->number, e->is_text};
        sb_str_append(out, (const char *)&head, sizeof(head));
        sb_str_append(out, e->text, strlen(e->text) + 1);
    }
    return out->failed ? sb_error_nomem(err, "the table of ids", out->length) : 0;
}

/* Interns all entries; those of this rank, [from, to) of the bytes, are noted in fresh. */
static int read_pools(struct sb_id_pool *pool, const struct sb_gathered *all, size_t from,
                      size_t to, int64_t *fresh, struct sb_error *err)
{
    size_t own = 0;
    for (size_t at = 0; at < all->total;) {
        struct entry_head head;
        char *const text = all->data + at + sizeof(head);
        memcpy(&head, all->data + at, sizeof(head));
        const struct sb_id_entry entry = {text, head.number, head.is_text};
        int64_t id;
        const int rc = sb_id_intern(pool, &entry, &id, err);
        if (rc)
            return rc;
        if (at >= from && at < to)
            fresh[own++] = id;
        at += sizeof(head) + strlen(text) + 1;
    }
    return 0;
}

int sb_id_pool_share(struct sb_id_pool *pool, struct sb_ranks *ranks, int64_t **fresh,
                     struct sb_error *err)
{
    struct sb_str mine = SB_STR_INIT;
    struct sb_gathered all;
    *fresh = NULL;
    int rc = sb_ranks_agree(ranks, write_pool(pool, &mine, err), err);
    if (rc == 0)
        rc = sb_ranks_gather_any(ranks, mine.data, mine.length, &all, err);
    sb_str_release(&mine);
    if (rc)
        return rc;
    size_t from = 0;
    for (int r = 0; r < sb_ranks_rank(ranks); r++)
        from += all.bytes[r];
    if (all.total > 0) {
        *fresh = sb_malloc(pool->count * sizeof(**fresh), TAG);
        sb_id_pool_release(pool);
        sb_id_pool_init(pool);
        rc = *fresh
                 ? read_pools(pool, &all, from, from + all.bytes[sb_ranks_rank(ranks)], *fresh, err)
                 : sb_error_nomem(err, "the table of ids", all.total);
    }
    sb_gathered_release(&all);
    return sb_ranks_agree(ranks, rc, err);
}
