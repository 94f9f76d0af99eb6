/*
 * Name maps: reading models/names/, choosing what applies to a graph, and naming every layer. All
 * maps that apply are used together, backbone, neck and heads each bringing its own rules. See
 * name_map.h for the format.
 */
#include "models/name_map.h"

#include "base/embed.h"
#include "base/json.h"
#include "base/mem.h"
#include "models/pattern.h"

#include <stdio.h>
#include <string.h>

#define TAG           SB_MEM_TAG(SB_MEM_DATA, 0)
#define TRAINING_FILE "training.json"

/* -- reading ---------------------------------------------------------------------------------- */

static int copy_strings(const struct sb_json *at, const char *key, char ***out, size_t *count,
                        struct sb_error *err)
{
    struct sb_json array, elem;
    size_t n;
    int rc = sb_json_get_array(at, key, &array, &n, err);
    if (rc)
        return rc;
    *out = sb_calloc(n, sizeof(**out), TAG);
    if (!*out)
        return sb_error_nomem(err, "a list of names", n * sizeof(**out));
    for (bool more = sb_json_first(&array, &elem); more && rc == 0; more = sb_json_next(&elem)) {
        const char *text;
        rc = sb_json_string(&elem, &text, err);
        if (rc == 0 && !((*out)[*count] = sb_strdup(text)))
            rc = sb_error_nomem(err, "a name", strlen(text));
        *count += rc == 0;
    }
    return rc;
}

static void free_strings(char **strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sb_free(strings[i]);
    sb_free(strings);
}

/* One parsed file of models/names/. Rules stay in the document. */
struct map_file {
    cJSON *doc;
    struct sb_json root;
    const char *scope; /* the chosen one, "" without scopes */
};

static int parse_file(const struct sb_embedded *file, struct map_file *out, struct sb_error *err)
{
    const int rc = sb_json_parse((const char *)file->data, file->size, file->name, &out->doc, err);
    out->root = sb_json_root(out->doc, file->name);
    out->scope = "";
    return rc;
}

int sb_training_names_load(struct sb_training_names *names, struct sb_error *err)
{
    memset(names, 0, sizeof(*names));
    const struct sb_embedded *file = sb_name_files;
    while (file->name && strcmp(file->name, TRAINING_FILE) != 0)
        file++;
    if (!file->name)
        return sb_error_set(err, SB_EINTERNAL, "%s is not compiled in", TRAINING_FILE);
    struct map_file parsed;
    const char *average;
    int rc = parse_file(file, &parsed, err);
    if (rc == 0)
        rc = sb_json_get_string(&parsed.root, "average", &average, err);
    if (rc == 0) {
        snprintf(names->average, sizeof(names->average), "%s", average);
        rc = copy_strings(&parsed.root, "leftovers", &names->leftovers, &names->num_leftovers, err);
    }
    cJSON_Delete(parsed.doc);
    return rc;
}

void sb_training_names_release(struct sb_training_names *names)
{
    free_strings(names->leftovers, names->num_leftovers);
    memset(names, 0, sizeof(*names));
}

bool sb_is_leftover(const struct sb_training_names *names, const char *variable)
{
    for (size_t i = 0; i < names->num_leftovers; i++) {
        if (sb_pattern_match(names->leftovers[i], variable, NULL))
            return true;
    }
    return false;
}

/* -- layers ----------------------------------------------------------------------------------- */

/* "backbone/stem/conv0/conv" of a slot "backbone/stem/conv0/conv/kernel"; the leaf is "kernel". */
static void split_slot(const char *slot, struct sb_str *layer, const char **leaf)
{
    const char *slash = strrchr(slot, '/');
    sb_str_clear(layer);
    sb_str_append(layer, slot, slash ? (size_t)(slash - slot) : 0);
    *leaf = slash ? slash + 1 : slot;
}

static int graph_has_layer(const struct sb_graph *graph, const char *pattern, bool *has,
                           struct sb_error *err)
{
    struct sb_str layer = SB_STR_INIT;
    *has = false;
    for (size_t i = 0; i < graph->num_slots && !*has && !layer.failed; i++) {
        const char *leaf;
        split_slot(graph->slots[i].name, &layer, &leaf);
        *has = sb_pattern_match(pattern, sb_str_text(&layer), NULL);
    }
    const bool failed = layer.failed;
    sb_str_release(&layer);
    return failed ? sb_error_nomem(err, "a name", 0) : 0;
}

static bool file_has_scope(const struct sb_tensors *file, const char *scope)
{
    const size_t length = strlen(scope);
    for (size_t i = 0; i < sb_tensors_count(file); i++) {
        const char *name = sb_tensors_at(file, i)->name;
        if (strncmp(name, scope, length) == 0 && name[length] == '/')
            return true;
    }
    return false;
}

static int choose_scope(struct map_file *map, const struct sb_tensors *file, struct sb_error *err)
{
    struct sb_json array, elem;
    size_t n;
    if (!sb_json_has(&map->root, "scopes"))
        return 0;
    int rc = sb_json_get_array(&map->root, "scopes", &array, &n, err);
    bool found = false;
    for (bool more = rc == 0 && sb_json_first(&array, &elem); more && rc == 0 && !found;
         more = sb_json_next(&elem)) {
        const char *scope;
        rc = sb_json_string(&elem, &scope, err);
        found = rc == 0 && file && file_has_scope(file, scope);
        if (rc == 0 && (found || !map->scope[0]))
            map->scope = scope;
    }
    return rc;
}

/* -- naming ----------------------------------------------------------------------------------- */

struct counter {
    char *stem; /* what stands before the '#', owned */
    size_t used;
};

struct naming {
    const struct map_file *maps;
    size_t num_maps;
    struct counter *counters;
    size_t num_counters, cap_counters;
    struct sb_str layer;    /* of the current slot */
    struct sb_str variable; /* of the current layer, "" when none is published */
    struct sb_json rule;    /* that named it */
};

/* Number of the next layer of this stem. */
static int next_number(struct naming *n, const char *stem, size_t *number, struct sb_error *err)
{
    for (size_t i = 0; i < n->num_counters; i++) {
        if (strcmp(n->counters[i].stem, stem) == 0) {
            *number = n->counters[i].used++;
            return 0;
        }
    }
    char *copy = sb_strdup(stem);
    if (!copy ||
        sb_grow(&n->counters, &n->cap_counters, n->num_counters + 1, sizeof(*n->counters), TAG)) {
        sb_free(copy);
        return sb_error_nomem(err, "a counter", strlen(stem));
    }
    n->counters[n->num_counters++] = (struct counter){copy, 1};
    *number = 0;
    return 0;
}

/* Puts the scope in place of "{scope}", which only a template's start may have. */
static void expand_scope(const char *template, const char *scope, struct sb_str *out)
{
    static const char mark[] = "{scope}";
    const bool has = strncmp(template, mark, sizeof(mark) - 1) == 0;
    sb_str_printf(out, "%s%s", has ? scope : "", has ? template + sizeof(mark) - 1 : template);
}

/* The variable of the current layer from the template of the rule that fits it. */
static int expand_variable(struct naming *n, const struct map_file *map,
                           const struct sb_captures *captures, struct sb_error *err)
{
    const char *template;
    int rc = sb_json_get_string(&n->rule, "variable", &template, err);
    if (rc)
        return rc;
    struct sb_str scoped = SB_STR_INIT;
    expand_scope(template, map->scope, &scoped);
    if (!sb_pattern_expand(sb_str_text(&scoped), captures, &n->variable))
        sb_str_clear(&n->variable); /* for example block 1 where blocks are numbered n-2: unknown */
    const bool failed = scoped.failed || n->variable.failed;
    sb_str_release(&scoped);
    if (failed)
        return sb_error_nomem(err, "a name", strlen(template));
    if (n->variable.length == 0 || n->variable.data[n->variable.length - 1] != '#')
        return 0;
    n->variable.data[--n->variable.length] = '\0';
    size_t number = 0;
    rc = next_number(n, n->variable.data, &number, err);
    if (rc == 0 && number > 0)
        sb_str_printf(&n->variable, "_%zu", number);
    return rc;
}

static int rule_fits(const struct sb_json *rule, const char *layer, struct sb_captures *captures,
                     bool *fits, struct sb_error *err)
{
    struct sb_json array, elem;
    size_t count;
    int rc = sb_json_get_array(rule, "layers", &array, &count, err);
    *fits = false;
    for (bool more = rc == 0 && sb_json_first(&array, &elem); more && rc == 0 && !*fits;
         more = sb_json_next(&elem)) {
        const char *pattern;
        rc = sb_json_string(&elem, &pattern, err);
        captures->count = 0;
        *fits = rc == 0 && sb_pattern_match(pattern, layer, captures);
    }
    return rc;
}

/* Names n->layer by the first rule that fits; leaves n->variable empty when none does. */
static int name_layer(struct naming *n, struct sb_error *err)
{
    sb_str_clear(&n->variable);
    for (size_t m = 0; m < n->num_maps; m++) {
        struct sb_json rules;
        size_t count;
        int rc = sb_json_get_array(&n->maps[m].root, "rules", &rules, &count, err);
        for (bool more = rc == 0 && sb_json_first(&rules, &n->rule); more && rc == 0;
             more = sb_json_next(&n->rule)) {
            struct sb_captures captures = {0};
            bool fits;
            rc = rule_fits(&n->rule, sb_str_text(&n->layer), &captures, &fits, err);
            if (rc == 0 && fits)
                return expand_variable(n, &n->maps[m], &captures, err);
        }
        if (rc)
            return rc;
    }
    return 0;
}

static int name_slot(struct naming *n, const char *slot, char **out, struct sb_error *err)
{
    struct sb_str layer = SB_STR_INIT, full = SB_STR_INIT;
    const char *leaf;
    int rc = 0;
    split_slot(slot, &layer, &leaf);
    if (layer.failed)
        return sb_error_nomem(err, "a name", strlen(slot));
    const bool same = strcmp(sb_str_text(&layer), sb_str_text(&n->layer)) == 0;
    sb_str_release(same ? &layer : &n->layer);
    if (!same) {
        n->layer = layer;
        rc = name_layer(n, err);
    }
    if (rc || n->variable.length == 0)
        return rc;
    rc = sb_json_opt_string(&n->rule, leaf, &leaf, err);
    if (rc)
        return rc;
    sb_str_printf(&full, "%s/%s", n->variable.data, leaf);
    *out = full.data; /* ownership moves */
    return full.failed ? sb_error_nomem(err, "a name", strlen(slot)) : 0;
}

static int name_slots(struct sb_name_map *map, const struct sb_graph *graph,
                      const struct map_file *files, size_t num_files, struct sb_error *err)
{
    struct naming n = {.maps = files, .num_maps = num_files};
    int rc = 0;
    for (size_t i = 0; i < graph->num_slots && rc == 0; i++)
        rc = name_slot(&n, graph->slots[i].name, &map->names[i], err);
    for (size_t i = 0; i < n.num_counters; i++)
        sb_free(n.counters[i].stem);
    sb_free(n.counters);
    sb_str_release(&n.layer);
    sb_str_release(&n.variable);
    return rc;
}

/* Parses one file; *applies says whether the graph has its layers. */
static int open_map(const struct sb_embedded *embedded, const struct sb_graph *graph,
                    const struct sb_tensors *file, struct map_file *out, bool *applies,
                    struct sb_error *err)
{
    static const char *const members[] = {"about", "applies_to", "scopes", "rules", NULL};
    const char *pattern = NULL;
    int rc = parse_file(embedded, out, err);
    if (rc == 0)
        rc = sb_json_only(&out->root, members, err);
    if (rc == 0)
        rc = sb_json_opt_string(&out->root, "applies_to", &pattern, err);
    *applies = true;
    if (rc == 0 && pattern)
        rc = graph_has_layer(graph, pattern, applies, err);
    return rc == 0 && *applies ? choose_scope(out, file, err) : rc;
}

int sb_name_map_build(struct sb_name_map *map, const struct sb_graph *graph,
                      const struct sb_tensors *file, struct sb_error *err)
{
    struct map_file maps[16];
    size_t used = 0;
    int rc = 0;
    memset(map, 0, sizeof(*map));
    map->names = sb_calloc(graph->num_slots, sizeof(*map->names), TAG);
    if (!map->names)
        return sb_error_nomem(err, "a name map", graph->num_slots * sizeof(*map->names));
    map->count = graph->num_slots;
    for (const struct sb_embedded *e = sb_name_files; e->name && rc == 0; e++) {
        bool applies;
        if (strcmp(e->name, TRAINING_FILE) == 0)
            continue;
        if (used == sizeof(maps) / sizeof(maps[0])) {
            rc = sb_error_set(err, SB_EINTERNAL, "more than %zu name maps apply", used);
            break;
        }
        rc = open_map(e, graph, file, &maps[used], &applies, err);
        if (rc || !applies)
            cJSON_Delete(maps[used].doc);
        else
            used++;
    }
    if (rc == 0)
        rc = name_slots(map, graph, maps, used, err);
    for (size_t i = 0; i < used; i++)
        cJSON_Delete(maps[i].doc);
    return rc;
}

void sb_name_map_release(struct sb_name_map *map)
{
    free_strings(map->names, map->count);
    memset(map, 0, sizeof(*map));
}
