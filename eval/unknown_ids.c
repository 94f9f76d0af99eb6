/* Unknown ids. See unknown_ids.h. */
#include "eval/unknown_ids.h"

#include "base/mem.h"

#include <string.h>

static void note_id(struct sb_unknown_ids *u, int64_t id)
{
    for (size_t i = 0; i < u->named; i++) {
        if (u->ids[i] == id)
            return;
    }
    if (u->named < SB_UNKNOWN_NAMED)
        u->ids[u->named++] = id;
    else
        u->more = true;
}

void sb_unknown_note(struct sb_unknown_ids *u, int64_t id, int64_t at)
{
    if (u->count++ == 0)
        u->first_at = at;
    note_id(u, id);
}

void sb_unknown_add(struct sb_unknown_ids *all, const struct sb_unknown_ids *part)
{
    if (all->count == 0)
        all->first_at = part->first_at;
    all->count += part->count;
    all->more = all->more || part->more;
    for (size_t i = 0; i < part->named; i++)
        note_id(all, part->ids[i]);
}

/* What a rank says about unknown ids; their texts follow, each with its 0. */
struct unknown_head {
    uint64_t count, named, more;
    int64_t first_at;
};

static int write_unknown(const struct sb_unknown_ids *u, const struct sb_id_pool *ids,
                         struct sb_str *out, struct sb_error *err)
{
    const struct unknown_head head = {u->count, u->named, u->more, u->first_at};
    sb_str_append(out, (const char *)&head, sizeof(head));
    for (size_t i = 0; i < u->named; i++) {
        sb_id_print(ids, u->ids[i], out);
        sb_str_append(out, "", 1);
    }
    return out->failed ? sb_error_nomem(err, "unknown ids", out->length) : 0;
}

/* Unknown ids of all ranks, the first of the file first. */
struct all_names {
    size_t count, named;
    bool more;
    int64_t first_at;
    const char *names[SB_UNKNOWN_NAMED]; /* borrowed */
};

static void note_name(struct all_names *u, const char *name)
{
    for (size_t i = 0; i < u->named; i++) {
        if (strcmp(u->names[i], name) == 0)
            return;
    }
    if (u->named < SB_UNKNOWN_NAMED)
        u->names[u->named++] = name;
    else
        u->more = true;
}

static void read_unknown(struct all_names *u, const struct sb_gathered *all)
{
    for (const char *p = all->data; p < all->data + all->total;) {
        struct unknown_head head;
        memcpy(&head, p, sizeof(head));
        p += sizeof(head);
        if (u->count == 0)
            u->first_at = head.first_at;
        u->count += head.count;
        u->more = u->more || head.more;
        for (; head.named > 0; head.named--, p += strlen(p) + 1)
            note_name(u, p);
    }
}

static int take_names(const struct all_names *u, struct sb_unknown_names *names,
                      struct sb_error *err)
{
    struct sb_str list = SB_STR_INIT;
    for (size_t i = 0; i < u->named; i++)
        sb_str_printf(&list, "%s%s", i ? ", " : "", u->names[i]);
    sb_str_puts(&list, u->more ? ", ..." : "");
    names->count = u->count;
    names->first_at = u->first_at;
    names->list = list.failed ? NULL : sb_strdup(sb_str_text(&list));
    sb_str_release(&list);
    return names->list ? 0 : sb_error_nomem(err, "unknown ids", u->named);
}

int sb_unknown_gather(const struct sb_unknown_ids *u, const struct sb_id_pool *ids,
                      struct sb_ranks *ranks, struct sb_unknown_names *names, struct sb_error *err)
{
    struct sb_str mine = SB_STR_INIT;
    struct sb_gathered all;
    struct all_names read = {0};
    memset(names, 0, sizeof(*names));
    int rc = sb_ranks_agree(ranks, write_unknown(u, ids, &mine, err), err);
    if (rc == 0)
        rc = sb_ranks_gather_any(ranks, mine.data, mine.length, &all, err);
    sb_str_release(&mine);
    if (rc)
        return rc;
    read_unknown(&read, &all);
    rc = sb_ranks_agree(ranks, take_names(&read, names, err), err);
    sb_gathered_release(&all);
    return rc;
}

void sb_unknown_names_release(struct sb_unknown_names *names)
{
    sb_free(names->list);
    memset(names, 0, sizeof(*names));
}

int sb_unknown_refuse(const struct sb_unknown_names *names, const char *thing, const char *parents,
                      struct sb_error *err)
{
    sb_error_set(err, SB_EFORMAT, "%zu %s%s to %s that the ground truth does not have: %s",
                 names->count, thing, names->count == 1 ? " belongs" : "s belong", parents,
                 names->list);
    sb_error_offset(err, names->first_at);
    return SB_EFORMAT;
}
