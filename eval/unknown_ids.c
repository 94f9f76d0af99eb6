/* Unknown ids. See unknown_ids.h. */
#include "eval/unknown_ids.h"

#include <string.h>

static void note_id(struct sb_unknown_ids *u, int64_t id)
{
    for (size_t i = 0; i < u->named; i++) {
        if (u->ids[i] == id)
            return;
    }
    if (u->named < SB_UNKNOWN_NAMED)
        u->ids[u->named++] = id;
}

void sb_unknown_note(struct sb_unknown_ids *u, int64_t id, int64_t at)
{
    if (u->detections++ == 0)
        u->first_at = at;
    note_id(u, id);
}

void sb_unknown_add(struct sb_unknown_ids *all, const struct sb_unknown_ids *part)
{
    if (all->detections == 0)
        all->first_at = part->first_at;
    all->detections += part->detections;
    for (size_t i = 0; i < part->named; i++)
        note_id(all, part->ids[i]);
}

/* What a rank says about unknown ids; their texts follow, each with its 0. */
struct unknown_head {
    uint64_t detections, named;
    int64_t first_at;
};

static int write_unknown(const struct sb_unknown_ids *u, const struct sb_id_pool *ids,
                         struct sb_str *out, struct sb_error *err)
{
    const struct unknown_head head = {u->detections, u->named, u->first_at};
    sb_str_append(out, (const char *)&head, sizeof(head));
    for (size_t i = 0; i < u->named; i++) {
        sb_id_print(ids, u->ids[i], out);
        sb_str_append(out, "", 1);
    }
    return out->failed ? sb_error_nomem(err, "unknown ids", out->length) : 0;
}

/* Unknown ids of all ranks, the first of the file first. */
struct unknown_names {
    size_t named;
    const char *names[SB_UNKNOWN_NAMED]; /* borrowed */
    int64_t first_at;
};

static void note_name(struct unknown_names *u, const char *name)
{
    for (size_t i = 0; i < u->named; i++) {
        if (strcmp(u->names[i], name) == 0)
            return;
    }
    if (u->named < SB_UNKNOWN_NAMED)
        u->names[u->named++] = name;
}

static void read_unknown(struct unknown_names *u, const struct sb_gathered *all)
{
    bool first = true;
    for (const char *p = all->data; p < all->data + all->total;) {
        struct unknown_head head;
        memcpy(&head, p, sizeof(head));
        p += sizeof(head);
        if (head.detections > 0 && first) {
            u->first_at = head.first_at;
            first = false;
        }
        for (; head.named > 0; head.named--, p += strlen(p) + 1)
            note_name(u, p);
    }
}

static int fail(const struct unknown_names *u, size_t detections, const char *what,
                const char *gt_path, struct sb_error *err)
{
    struct sb_str list = SB_STR_INIT;
    for (size_t i = 0; i < u->named; i++)
        sb_str_printf(&list, "%s%s", i ? ", " : "", u->names[i]);
    sb_error_set(err, SB_EFORMAT,
                 "%zu detections belong to %s that the ground truth does not have: %s%s",
                 detections, what, sb_str_text(&list), u->named == SB_UNKNOWN_NAMED ? ", ..." : "");
    sb_str_release(&list);
    sb_error_offset(err, u->first_at);
    return sb_error_hint(err, "do the results belong to %s?", gt_path);
}

int sb_unknown_refuse(const struct sb_unknown_ids *u, size_t detections, const char *what,
                      const struct sb_coco_gt *gt, struct sb_ranks *ranks, struct sb_error *err)
{
    struct sb_str mine = SB_STR_INIT;
    struct sb_gathered all;
    struct unknown_names names = {0};
    int rc = sb_ranks_agree(ranks, write_unknown(u, &gt->ids, &mine, err), err);
    if (rc == 0)
        rc = sb_ranks_gather_any(ranks, mine.data, mine.length, &all, err);
    sb_str_release(&mine);
    if (rc)
        return rc;
    read_unknown(&names, &all);
    rc = fail(&names, detections, what, gt->path, err);
    sb_gathered_release(&all);
    return rc;
}
