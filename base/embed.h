/* Files that are compiled into the program (scripts/embed.sh): tables that end with name == NULL.
 */
#ifndef SB_BASE_EMBED_H
#define SB_BASE_EMBED_H

#include <stddef.h>

struct sb_embedded {
    const char *name;          /* file name without folders */
    const char *stem;          /* name without its last extension */
    const unsigned char *data; /* NUL-terminated for convenience; size does not count the NUL */
    size_t size;
};

extern const struct sb_embedded sb_zoo_files[];    /* models/zoo: *.json */
extern const struct sb_embedded sb_name_files[];   /* models/names: *.json */
extern const struct sb_embedded sb_weight_files[]; /* models/weights: *.safetensors */
extern const struct sb_embedded sb_paper_files[];  /* reports: *.json */
extern const struct sb_embedded sb_page_files[];   /* reports/page: style sheet and script */

#endif
