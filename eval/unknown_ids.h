/* Ids that a file refers to and that nobody lists: counted, the first few by name. */
#ifndef SB_EVAL_UNKNOWN_IDS_H
#define SB_EVAL_UNKNOWN_IDS_H

#include "base/ranks.h"
#include "eval/id_map.h"

#define SB_UNKNOWN_NAMED 10

/* Those of a part of a file. Zero it. */
struct sb_unknown_ids {
    size_t count;     /* objects or detections with such an id */
    size_t named;     /* distinct ids noted, at most SB_UNKNOWN_NAMED */
    bool more;        /* there are others */
    int64_t first_at; /* byte offset of the first */
    int64_t ids[SB_UNKNOWN_NAMED];
};

/* Another object or detection with that id, at byte `at`. */
void sb_unknown_note(struct sb_unknown_ids *u, int64_t id, int64_t at);
/* Those of a part of the file that follows. */
void sb_unknown_add(struct sb_unknown_ids *all, const struct sb_unknown_ids *part);

/* Those of all ranks. */
struct sb_unknown_names {
    size_t count;
    int64_t first_at; /* byte offset of the first; -1 where it is in no one file */
    char *list;       /* "5, 7, ...", up to ten ids in the order of the file; owned */
};

/* Fills *names. Collective. */
int sb_unknown_gather(const struct sb_unknown_ids *u, const struct sb_id_pool *ids,
                      struct sb_ranks *ranks, struct sb_unknown_names *names, struct sb_error *err);
void sb_unknown_names_release(struct sb_unknown_names *names);
/* SB_EFORMAT "COUNT THINGS belong to PARENTS that the ground truth does not have: LIST" at the
 * first of them. thing: "detection"; parents: "images". */
int sb_unknown_refuse(const struct sb_unknown_names *names, const char *thing, const char *parents,
                      struct sb_error *err);

#endif
