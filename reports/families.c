/* Families of models. See families.h. */
#include "reports/families.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

const char *sb_family_of(struct sb_texts *texts, const char *model)
{
    struct sb_str name = SB_STR_INIT;
    bool dropped = false;
    for (const char *part = model; *part;) {
        const size_t n = strcspn(part, "-");
        const bool number = n > 0 && part[0] >= '0' && part[0] <= '9';
        if (number && !dropped && part != model) {
            dropped = true;
        } else {
            sb_str_puts(&name, name.length ? "-" : "");
            sb_str_append(&name, part, n);
        }
        part += n + (part[n] == '-');
    }
    const char *kept = sb_texts_keep(texts, sb_str_text(&name));
    texts->failed = texts->failed || name.failed;
    sb_str_release(&name);
    return kept;
}

void sb_families_release(struct sb_families *families)
{
    sb_free(families->names);
    sb_texts_release(&families->texts);
    memset(families, 0, sizeof(*families));
}

size_t sb_families_index(struct sb_families *families, const char *model)
{
    const char *name = sb_family_of(&families->texts, model);
    for (size_t i = 0; i < families->count; i++) {
        if (strcmp(families->names[i], name) == 0)
            return i;
    }
    if (sb_grow(&families->names, &families->capacity, families->count + 1,
                sizeof(*families->names), SB_MEM_TAG(SB_MEM_DATA, 0))) {
        families->texts.failed = true;
        return 0;
    }
    families->names[families->count] = name;
    return families->count++;
}
