/* From a folder, file or prefix to a checkpoint's prefix. The `checkpoint` file is a text protocol
 * buffer with one line that matters: model_checkpoint_path: "model.ckpt-1234". */
#include "models/tf_checkpoint.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

static char *copy_part(const char *text, size_t length)
{
    struct sb_str s = SB_STR_INIT;
    sb_str_append(&s, text, length);
    if (s.failed)
        sb_str_release(&s);
    return s.data;
}

static bool has_index(const char *prefix)
{
    struct sb_str s = SB_STR_INIT;
    sb_str_printf(&s, "%s.index", prefix);
    const bool yes = !s.failed && sb_is_file(s.data);
    sb_str_release(&s);
    return yes;
}

static int not_found(const char *path, struct sb_error *err)
{
    if (sb_is_file(path))
        sb_error_set(err, SB_EFORMAT, "not a weight file by its name");
    else
        sb_error_set(err, SB_ENOTFOUND, "no weight file of this name");
    sb_error_file(err, path);
    return sb_error_hint(err,
                         "expected a TensorFlow checkpoint (its prefix, its .index file or its "
                         "folder), a .safetensors or an .onnx file");
}

/* The quoted value of a line "model_checkpoint_path: ..." in text; NULL without one. */
static const char *find_quoted(const char *text, size_t size, size_t *length)
{
    static const char key[] = "model_checkpoint_path:";
    const char *line = text, *end = text + size;
    while (line < end) {
        const char *eol = memchr(line, '\n', (size_t)(end - line));
        const char *stop = eol ? eol : end;
        if ((size_t)(stop - line) > sizeof(key) - 1 && memcmp(line, key, sizeof(key) - 1) == 0) {
            const char *open = memchr(line, '"', (size_t)(stop - line));
            const char *close = open ? memchr(open + 1, '"', (size_t)(stop - open - 1)) : NULL;
            if (!close)
                return NULL;
            *length = (size_t)(close - open - 1);
            return open + 1;
        }
        line = stop + 1;
    }
    return NULL;
}

/* Prefix for the name that a `checkpoint` file gives: relative to its folder; an absolute path of
 * the machine that wrote it is also looked for in the folder. */
static char *resolve(const char *dir, const char *name)
{
    if (name[0] == '/' && !has_index(name))
        name = sb_path_base(name);
    return name[0] == '/' ? sb_strdup(name) : sb_path_join(dir, name);
}

static int from_state_file(const char *dir, const char *state, char **prefix, struct sb_error *err)
{
    struct sb_map map;
    int rc = sb_map_open(&map, state, err);
    if (rc)
        return rc;
    size_t length = 0;
    const char *quoted = find_quoted(map.data, map.size, &length);
    if (!quoted || length == 0) {
        rc = sb_error_set(err, SB_EFORMAT, "no line 'model_checkpoint_path: \"...\"'");
        sb_error_file(err, state);
    } else {
        char *name = copy_part(quoted, length);
        *prefix = name ? resolve(dir, name) : NULL;
        sb_free(name);
        if (!*prefix)
            rc = sb_error_nomem(err, "a path", length);
    }
    sb_map_release(&map);
    return rc;
}

/* The only .index file of a folder; *prefix stays NULL when there is none. */
static int from_listing(const char *dir, char **prefix, struct sb_error *err)
{
    DIR *d = opendir(dir);
    if (!d)
        return sb_error_errno(err, "cannot list the folder", dir);
    int rc = 0;
    for (const struct dirent *e = readdir(d); e && rc == 0; e = readdir(d)) {
        if (!sb_ends_with(e->d_name, ".index"))
            continue;
        if (*prefix) {
            rc = sb_error_set(err, SB_ENOTFOUND, "the folder has several checkpoints");
            sb_error_file(err, dir);
            sb_error_hint(err, "name one of them, for example %s", *prefix);
            break;
        }
        char *name = copy_part(e->d_name, strlen(e->d_name) - strlen(".index"));
        *prefix = name ? sb_path_join(dir, name) : NULL;
        sb_free(name);
        if (!*prefix)
            rc = sb_error_nomem(err, "a path", strlen(e->d_name));
    }
    closedir(d);
    if (rc) {
        sb_free(*prefix);
        *prefix = NULL;
    }
    return rc;
}

static int from_folder(const char *dir, char **prefix, struct sb_error *err)
{
    int rc = 0;
    char *state = sb_path_join(dir, "checkpoint");
    char *variables = sb_path_join(dir, "variables");
    if (!state || !variables)
        rc = sb_error_nomem(err, "a path", strlen(dir));
    else if (sb_is_file(state))
        rc = from_state_file(dir, state, prefix, err);
    else
        rc = from_listing(dir, prefix, err);
    if (rc == 0 && !*prefix && sb_is_dir(variables))
        rc = from_listing(variables, prefix, err);
    sb_free(state);
    sb_free(variables);
    return rc;
}

/* Length of path without ".index" or ".data-00000-of-00001", its whole length without either. */
static size_t prefix_length(const char *path)
{
    const size_t length = strlen(path);
    if (sb_ends_with(path, ".index"))
        return length - strlen(".index");
    const size_t tail = strlen(".data-00000-of-00001");
    if (length > tail && memcmp(path + length - tail, ".data-", 6) == 0 &&
        memcmp(path + length - 9, "-of-", 4) == 0)
        return length - tail;
    return length;
}

int sb_tf_checkpoint_prefix(const char *path, char **prefix, struct sb_error *err)
{
    *prefix = NULL;
    int rc = 0;
    if (sb_is_dir(path) && !has_index(path))
        rc = from_folder(path, prefix, err);
    else if (!(*prefix = copy_part(path, prefix_length(path))))
        rc = sb_error_nomem(err, "a path", strlen(path));
    if (rc == 0 && (!*prefix || !has_index(*prefix)))
        rc = not_found(*prefix && sb_is_dir(path) ? *prefix : path, err);
    if (rc) {
        sb_free(*prefix);
        *prefix = NULL;
    }
    return rc;
}
