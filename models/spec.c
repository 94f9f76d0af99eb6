/* Loading specs: bases, merging, and finding a value's file again. See spec.h. */
#include "models/spec.h"

#include "base/file.h"
#include "base/mem.h"
#include "models/zoo.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)4 << 20)
#define MAX_MEMBERS    1000
#define TAG            SB_MEM_TAG(SB_MEM_DATA, 0)

int sb_spec_fail(const struct sb_json *at, struct sb_error *err, const char *fmt, ...)
{
    char message[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    sb_error_set(err, SB_EFORMAT, "%s", message);
    sb_error_file(err, at->path);
    return sb_error_pointer(err, "%s", at->pointer[0] ? at->pointer : "/");
}

/* Adds line and column to an error whose pointer leads into this layer. */
static int locate_in(const struct sb_spec_layer *layer, const char *pointer, struct sb_error *err)
{
    int64_t line, column;
    if (!sb_json_position(layer->text, layer->length, pointer, &line, &column))
        return SB_ENOTFOUND;
    sb_error_file(err, layer->path);
    sb_error_line(err, line, column);
    sb_error_pointer(err, "%s", pointer[0] ? pointer : "/");
    return 0;
}

/* Merging would silently take one of two members with the same name. */
static int check_members_once(const struct sb_json *at, struct sb_error *err)
{
    struct sb_json child;
    int rc = 0, count = 0;
    for (bool ok = sb_json_first(at, &child); ok && rc == 0; ok = sb_json_next(&child))
        rc = check_members_once(&child, err);
    for (bool ok = sb_json_first_member(at, &child); ok && rc == 0;
         ok = sb_json_next_member(at, &child)) {
        if (++count > MAX_MEMBERS)
            return sb_spec_fail(at, err, "more than %d members", MAX_MEMBERS);
        if (cJSON_GetObjectItemCaseSensitive(at->item, child.item->string) != child.item)
            return sb_spec_fail(&child, err, "member \"%.60s\" stands twice", child.item->string);
        rc = check_members_once(&child, err);
    }
    return rc;
}

/* Takes ownership of nothing: copies path and text, parses. */
static int push_layer(struct sb_spec *spec, const char *path, const char *text, size_t length,
                      const char *prefix, struct sb_error *err)
{
    if (spec->num_layers == SB_SPEC_MAX_LAYERS) {
        sb_error_set(err, SB_EFORMAT, "more than %d specs build on each other", SB_SPEC_MAX_LAYERS);
        sb_error_file(err, path);
        return sb_error_hint(err, "does a \"base\" lead back to itself?");
    }
    struct sb_spec_layer *layer = &spec->layers[spec->num_layers++];
    layer->path = sb_strdup(path);
    layer->text = sb_malloc(length + 1, TAG);
    layer->length = length;
    layer->prefix = prefix;
    if (!layer->path || !layer->text)
        return sb_error_nomem(err, "a spec", length);
    memcpy(layer->text, text, length);
    layer->text[length] = '\0';
    int rc = sb_json_parse(layer->text, length, layer->path, &layer->doc, err);
    SB_CHECK(rc == 0, rc);
    const struct sb_json root = sb_json_root(layer->doc, layer->path);
    if (cJSON_IsObject(layer->doc))
        rc = check_members_once(&root, err);
    else
        rc = sb_json_expected(&root, "an object", err);
    if (rc) {
        char pointer[sizeof(err->pointer)];
        memcpy(pointer, err->pointer, sizeof(pointer));
        locate_in(layer, pointer, err);
    }
    return rc;
}

static int push_file(struct sb_spec *spec, const char *path, const char *prefix,
                     struct sb_error *err)
{
    struct sb_map map;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    if (map.size > MAX_FILE_BYTES) {
        rc = sb_error_set(err, SB_EFORMAT, "%zu bytes, expected a spec of at most %zu", map.size,
                          MAX_FILE_BYTES);
        sb_error_file(err, path);
    } else {
        rc = push_layer(spec, path, map.size ? map.data : "", map.size, prefix, err);
    }
    sb_map_release(&map);
    return rc;
}

/* The folder of `from` joined with a relative path; NULL when out of memory. */
static char *beside(const char *from, const char *path)
{
    const char *name = sb_path_base(from);
    if (path[0] == '/' || name == from)
        return sb_strdup(path);
    char dir[512];
    snprintf(dir, sizeof(dir), "%.*s", (int)(name - from - 1), from);
    return sb_path_join(dir[0] ? dir : "/", path);
}

/* Opens a zoo name or a path; `from` is the file that named it, NULL for the user. */
static int push_named(struct sb_spec *spec, const char *name, const char *from, const char *prefix,
                      struct sb_error *err)
{
    if (sb_ends_with(name, ".json")) {
        char *path = from ? beside(from, name) : sb_strdup(name);
        const int rc =
            path ? push_file(spec, path, prefix, err) : sb_error_nomem(err, "a path", strlen(name));
        sb_free(path);
        return rc;
    }
    const struct sb_embedded *file = sb_zoo_find(name);
    if (!file)
        return sb_zoo_unknown(name, err);
    char path[160];
    snprintf(path, sizeof(path), "zoo:%.150s", file->name);
    return push_layer(spec, path, (const char *)file->data, file->size, prefix, err);
}

/* Lays the members of patch over target. deep: objects are merged too. */
static int merge(cJSON *target, const cJSON *patch, struct sb_error *err)
{
    for (const cJSON *m = patch->child; m; m = m->next) {
        cJSON *old = cJSON_GetObjectItemCaseSensitive(target, m->string);
        const bool deep = cJSON_IsObject(m) && cJSON_IsObject(old);
        if (deep && strcmp(m->string, "backbone") != 0) {
            const int rc = merge(old, m, err);
            SB_CHECK(rc == 0, rc);
            continue;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(target, m->string);
        if (cJSON_IsNull(m))
            continue;
        cJSON *copy = cJSON_Duplicate(m, true);
        if (!copy || !cJSON_AddItemToObject(target, m->string, copy)) {
            cJSON_Delete(copy);
            return sb_error_nomem(err, "a spec", 0);
        }
    }
    return 0;
}

/* The name at `pointer` + "/base" of an object of a layer, NULL when it has none. */
static int base_of(const struct sb_spec_layer *layer, const cJSON *object, const char *pointer,
                   const char **base, struct sb_error *err)
{
    struct sb_json at = sb_json_root(object, layer->path);
    snprintf(at.pointer, sizeof(at.pointer), "%s", pointer);
    *base = NULL;
    const int rc = sb_json_opt_string(&at, "base", base, err);
    if (rc) {
        snprintf(at.pointer, sizeof(at.pointer), "%s/base", pointer);
        locate_in(layer, at.pointer, err);
    }
    return rc;
}

/* Where a name stands that leads to another spec. */
struct mention {
    const struct sb_spec_layer *layer; /* NULL: the user said it */
    const char *pointer;
};

/* Pushes the spec called `name` and the chain of its bases. */
static int push_chain(struct sb_spec *spec, const char *name, struct mention by, const char *prefix,
                      struct sb_error *err)
{
    while (name) {
        int rc = push_named(spec, name, by.layer ? by.layer->path : NULL, prefix, err);
        if (rc == SB_ENOTFOUND && by.layer)
            locate_in(by.layer, by.pointer, err);
        SB_CHECK(rc == 0, rc);
        by.layer = &spec->layers[spec->num_layers - 1];
        by.pointer = "/base";
        rc = base_of(by.layer, by.layer->doc, "", &name, err);
        SB_CHECK(rc == 0, rc);
    }
    return 0;
}

/* Merges layers first..num_layers-1, the last one lowest. NULL on failure. */
static cJSON *merge_layers(const struct sb_spec *spec, size_t first, struct sb_error *err)
{
    cJSON *doc = cJSON_CreateObject();
    int rc = doc ? 0 : sb_error_nomem(err, "a spec", 0);
    for (size_t i = spec->num_layers; i-- > first && rc == 0;)
        rc = merge(doc, spec->layers[i].doc, err);
    if (rc) {
        cJSON_Delete(doc);
        return NULL;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(doc, "base");
    return doc;
}

/* The layer whose "backbone" counts: the first that has one. */
static const struct sb_spec_layer *backbone_source(const struct sb_spec *spec)
{
    for (size_t i = 0; i < spec->num_layers; i++) {
        if (cJSON_HasObjectItem(spec->layers[i].doc, "backbone"))
            return &spec->layers[i];
    }
    return &spec->layers[0];
}

/* Replaces "backbone" in the merged document by the object it stands for. */
static int resolve_backbone(struct sb_spec *spec, struct sb_error *err)
{
    const cJSON *backbone = cJSON_GetObjectItemCaseSensitive(spec->doc, "backbone");
    const struct sb_spec_layer *source = backbone_source(spec);
    const char *name = NULL;
    const size_t first = spec->num_layers;
    if (!backbone)
        return 0;
    int rc = 0;
    if (cJSON_IsString(backbone))
        name = backbone->valuestring;
    else if (cJSON_IsObject(backbone))
        rc = base_of(source, backbone, "/backbone", &name, err);
    if (rc || !name)
        return rc;
    const struct mention by = {source, cJSON_IsString(backbone) ? "/backbone" : "/backbone/base"};
    rc = push_chain(spec, name, by, "/backbone", err);
    SB_CHECK(rc == 0, rc);
    cJSON *doc = merge_layers(spec, first, err);
    if (doc && cJSON_IsObject(backbone))
        rc = merge(doc, backbone, err);
    if (!doc || rc) {
        cJSON_Delete(doc);
        return SB_ENOMEM;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(doc, "base");
    cJSON_ReplaceItemInObjectCaseSensitive(spec->doc, "backbone", doc);
    return 0;
}

int sb_spec_open(struct sb_spec *spec, const char *name_or_path, struct sb_error *err)
{
    memset(spec, 0, sizeof(*spec));
    const struct mention user = {NULL, NULL};
    const int rc = push_chain(spec, name_or_path, user, "", err);
    if (rc)
        return rc;
    spec->doc = merge_layers(spec, 0, err);
    return spec->doc ? resolve_backbone(spec, err) : SB_ENOMEM;
}

void sb_spec_release(struct sb_spec *spec)
{
    for (size_t i = 0; i < spec->num_layers; i++) {
        sb_free(spec->layers[i].path);
        sb_free(spec->layers[i].text);
        cJSON_Delete(spec->layers[i].doc);
    }
    cJSON_Delete(spec->doc);
    memset(spec, 0, sizeof(*spec));
}

struct sb_json sb_spec_root(const struct sb_spec *spec)
{
    return sb_json_root(spec->doc, spec->layers[0].path);
}

/* The pointer inside a layer, or NULL when it leads elsewhere. A root layer whose "backbone" is
 * overridden by an earlier one holds no value of the backbone. */
static const char *pointer_in_layer(const struct sb_spec *spec, size_t index, const char *pointer)
{
    const struct sb_spec_layer *layer = &spec->layers[index];
    const size_t n = strlen(layer->prefix);
    if (strncmp(pointer, layer->prefix, n) != 0 || (n > 0 && pointer[n] && pointer[n] != '/'))
        return NULL;
    if (n == 0 && strncmp(pointer, "/backbone", 9) == 0 && layer != backbone_source(spec))
        return NULL;
    return pointer + n;
}

int sb_spec_locate(const struct sb_spec *spec, struct sb_error *err)
{
    char pointer[sizeof(err->pointer)];
    if (!err->pointer[0])
        return err->code;
    memcpy(pointer, err->pointer, sizeof(pointer));
    for (size_t i = 0; i < spec->num_layers; i++) {
        const char *inside = pointer_in_layer(spec, i, pointer);
        if (inside && locate_in(&spec->layers[i], inside, err) == 0)
            break;
    }
    return err->code;
}
