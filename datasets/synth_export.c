/*
 * Images are made and written in batches, one job each; what the annotation files say about them is
 * appended in order after each batch, so the files do not depend on threads. See synth_export.h.
 */
#include "datasets/synth_export.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "datasets/synth_scene.h"
#include "datasets/synth_species.h"

#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define BATCH      16
#define MAX_IMAGES 1000000
#define MAX_SPLIT  32

/* What is known of one image after its job. */
struct made {
    struct sb_scene scene; /* SCENES: its pixels are already released */
    int species;           /* SPECIES */
    uint64_t digest;       /* of the pixels */
    char file[160];        /* relative to the image folder */
};

struct export_state {
    const struct sb_synth_options *options;
    struct sb_synth_written *out;
    size_t first; /* index of the batch's first image */
    struct made made[BATCH];
    pthread_mutex_t lock; /* of err */
    struct sb_error *err; /* of the first job that failed */
    int rc;
    size_t objects;
    struct sb_str images, annotations, list; /* texts of the files, growing */
};

static int check_options(const struct sb_synth_options *o, struct sb_error *err)
{
    const size_t n = strlen(o->split);
    bool good = n >= 1 && n <= MAX_SPLIT;
    for (size_t i = 0; i < n; i++)
        good = good && (isalnum((unsigned char)o->split[i]) || strchr("_-", o->split[i]));
    if (!good)
        return sb_error_set(err, SB_EINVAL,
                            "split '%.40s', expected 1 to %d letters, digits, '_' or '-'", o->split,
                            MAX_SPLIT);
    if (o->images < 1 || o->images > MAX_IMAGES)
        return sb_error_set(err, SB_EINVAL, "%zu images, expected 1 to %d", o->images, MAX_IMAGES);
    return 0;
}

/* Writes the pixels under DIR/SPLIT (scenes) or DIR (species) and notes their digest. */
static int save_image(const struct export_state *s, const struct sb_image *image, struct made *m,
                      struct sb_error *err)
{
    m->digest =
        sb_fnv1a(SB_FNV_START, image->pixels, (size_t)image->width * (size_t)image->height * 3);
    char *path = sb_path_join(sb_str_text(&s->out->images), m->file);
    if (!path)
        return sb_error_nomem(err, "a path", sizeof(m->file));
    const int rc = sb_image_save_png(image, path, err);
    sb_free(path);
    return rc;
}

static int make_scene(const struct export_state *s, size_t index, struct made *m,
                      struct sb_error *err)
{
    const struct sb_synth_options *o = s->options;
    int rc = sb_scene_make(o->seed, o->split, index, &m->scene, err);
    if (rc)
        return rc;
    snprintf(m->file, sizeof(m->file), "%012zu.png", index + 1);
    rc = save_image(s, &m->scene.image, m, err);
    sb_image_release(&m->scene.image);
    return rc;
}

static int make_species(const struct export_state *s, size_t index, struct made *m,
                        struct sb_error *err)
{
    const struct sb_synth_options *o = s->options;
    struct sb_image image;
    int rc = sb_species_make(o->seed, o->split, index, &image, &m->species, err);
    if (rc)
        return rc;
    snprintf(m->file, sizeof(m->file), "%s/%s/%d/%016" PRIx64 ".png", o->split,
             sb_species_get(m->species)->supercategory, m->species,
             sb_rng_mix(sb_rng_mix(o->seed + 17) + index));
    rc = save_image(s, &image, m, err);
    sb_image_release(&image);
    return rc;
}

static void job(void *ctx, size_t number, int worker)
{
    (void)worker;
    struct export_state *s = ctx;
    struct sb_error err;
    const size_t index = s->first + number;
    const int rc = s->options->set == SB_SYNTH_SCENES
                       ? make_scene(s, index, &s->made[number], &err)
                       : make_species(s, index, &s->made[number], &err);
    if (rc == 0)
        return;
    pthread_mutex_lock(&s->lock);
    if (s->rc == 0) {
        s->rc = rc;
        if (s->err)
            *s->err = err;
    }
    pthread_mutex_unlock(&s->lock);
}

/* A line of a JSON array: "," after the one before, if any. */
static struct sb_jw start_line(struct sb_str *text)
{
    struct sb_jw w;
    if (text->length)
        sb_str_puts(text, ",\n");
    sb_jw_init(&w, text, 0);
    sb_jw_object(&w, NULL);
    return w;
}

static void append_image(struct export_state *s, size_t index, const struct made *m, int side)
{
    struct sb_jw w = start_line(&s->images);
    sb_jw_uint(&w, "id", index + 1);
    sb_jw_string(&w, "file_name", m->file);
    sb_jw_int(&w, "width", side);
    sb_jw_int(&w, "height", side);
    if (s->options->set == SB_SYNTH_SPECIES) {
        sb_jw_int(&w, "license", 1);
        sb_jw_string(&w, "rights_holder", "none");
    }
    sb_jw_end(&w);
}

static void append_object(struct export_state *s, size_t index, const struct sb_scene_object *o)
{
    struct sb_str mask = SB_STR_INIT;
    sb_rle_to_text(&o->mask, &mask);
    struct sb_jw w = start_line(&s->annotations);
    sb_jw_uint(&w, "id", ++s->objects);
    sb_jw_uint(&w, "image_id", index + 1);
    sb_jw_int(&w, "category_id", o->category);
    sb_jw_array(&w, "bbox");
    for (int i = 0; i < 4; i++)
        sb_jw_int(&w, NULL, o->box[i]);
    sb_jw_end(&w);
    sb_jw_uint(&w, "area", o->area);
    sb_jw_int(&w, "iscrowd", o->crowd);
    sb_jw_object(&w, "segmentation");
    sb_jw_array(&w, "size");
    sb_jw_int(&w, NULL, SB_SCENE_SIZE);
    sb_jw_int(&w, NULL, SB_SCENE_SIZE);
    sb_jw_end(&w);
    sb_jw_string(&w, "counts", sb_str_text(&mask));
    sb_jw_end(&w);
    sb_jw_end(&w);
    s->annotations.failed |= mask.failed;
    sb_str_release(&mask);
}

static void append_label(struct export_state *s, size_t index, const struct made *m)
{
    struct sb_jw w = start_line(&s->annotations);
    sb_jw_uint(&w, "id", ++s->objects);
    sb_jw_uint(&w, "image_id", index + 1);
    sb_jw_int(&w, "category_id", m->species);
    sb_jw_end(&w);
    sb_str_printf(&s->list, "%s %d\n", m->file, m->species);
}

/* Appends what the annotation files say about the batch's images and empties it. */
static void finish_batch(struct export_state *s, size_t count)
{
    const bool scenes = s->options->set == SB_SYNTH_SCENES;
    for (size_t i = 0; i < count; i++) {
        struct made *m = &s->made[i];
        append_image(s, s->first + i, m, scenes ? SB_SCENE_SIZE : SB_SPECIES_SIZE);
        for (size_t k = 0; k < m->scene.count; k++)
            append_object(s, s->first + i, &m->scene.objects[k]);
        if (!scenes)
            append_label(s, s->first + i, m);
        s->out->digest = sb_fnv1a(s->out->digest, &m->digest, sizeof(m->digest));
    }
}

static void release_batch(struct export_state *s)
{
    for (size_t i = 0; i < BATCH; i++)
        sb_scene_release(&s->made[i].scene);
    memset(s->made, 0, sizeof(s->made));
}

static void append_categories(enum sb_synth_set set, struct sb_str *text)
{
    const int count = set == SB_SYNTH_SCENES ? SB_SCENE_CLASSES : SB_SPECIES_COUNT;
    for (int i = 0; i < count; i++) {
        const bool scenes = set == SB_SYNTH_SCENES;
        struct sb_jw w = start_line(text);
        sb_jw_int(&w, "id", scenes ? i + 1 : i);
        sb_jw_string(&w, "name", scenes ? sb_scene_classes[i].name : sb_species_get(i)->name);
        sb_jw_string(&w, "supercategory",
                     scenes ? sb_scene_classes[i].supercategory : sb_species_get(i)->supercategory);
        sb_jw_end(&w);
    }
}

static int write_annotations(struct export_state *s, struct sb_error *err)
{
    const struct sb_synth_options *o = s->options;
    struct sb_str text = SB_STR_INIT, categories = SB_STR_INIT;
    append_categories(o->set, &categories);
    sb_str_printf(&text,
                  "{\"info\": {\"description\": \"spinebench embedded data set, %s\", \"version\": "
                  "\"1\", \"split\": \"%s\", \"seed\": %" PRIu64 "},\n",
                  o->set == SB_SYNTH_SCENES ? "scenes" : "species", o->split, o->seed);
    sb_str_puts(&text, "\"licenses\": [{\"id\": 1, \"name\": \"Apache-2.0\"}],\n\"images\": [\n");
    sb_str_append(&text, s->images.data, s->images.length);
    sb_str_puts(&text, "],\n\"annotations\": [\n");
    sb_str_append(&text, s->annotations.data, s->annotations.length);
    sb_str_puts(&text, "],\n\"categories\": [\n");
    sb_str_append(&text, categories.data, categories.length);
    sb_str_puts(&text, "]}\n");
    int rc = 0;
    if (text.failed || categories.failed || s->images.failed || s->annotations.failed)
        rc = sb_error_nomem(err, "the annotations", text.length);
    else
        rc = sb_write_file(sb_str_text(&s->out->annotations), text.data, text.length, err);
    s->out->digest = sb_fnv1a(s->out->digest, text.data, text.length);
    s->out->objects = s->objects;
    sb_str_release(&text);
    sb_str_release(&categories);
    return rc;
}

/* DIR/SPLIT.txt of the species. */
static int write_list(struct export_state *s, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, "%s/%s.txt", s->options->dir, s->options->split);
    const int rc = path.failed || s->list.failed
                       ? sb_error_nomem(err, "the list", s->list.length)
                       : sb_write_file(sb_str_text(&path), s->list.data, s->list.length, err);
    sb_str_release(&path);
    return rc;
}

static int make_dir(struct sb_error *err, const char *format, const char *a, const char *b,
                    const char *c, int number)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, format, a, b, c, number);
    const int rc = path.failed ? sb_error_nomem(err, "a path", path.length)
                               : sb_make_dirs(sb_str_text(&path), err);
    sb_str_release(&path);
    return rc;
}

/* Folders and the paths in *out. */
static int prepare(const struct sb_synth_options *o, struct sb_synth_written *out,
                   struct sb_error *err)
{
    int rc = 0;
    if (o->set == SB_SYNTH_SCENES) {
        sb_str_printf(&out->annotations, "%s/annotations/instances_%s.json", o->dir, o->split);
        sb_str_printf(&out->images, "%s/%s", o->dir, o->split);
        rc = make_dir(err, "%s/annotations", o->dir, "", "", 0);
    } else {
        sb_str_printf(&out->annotations, "%s/%s.json", o->dir, o->split);
        sb_str_puts(&out->images, o->dir);
        for (int i = 0; rc == 0 && i < SB_SPECIES_COUNT; i++)
            rc =
                make_dir(err, "%s/%s/%s/%d", o->dir, o->split, sb_species_get(i)->supercategory, i);
    }
    if (rc == 0 && (out->annotations.failed || out->images.failed))
        rc = sb_error_nomem(err, "a path", strlen(o->dir));
    return rc ? rc : sb_make_dirs(sb_str_text(&out->images), err);
}

static int write_all(struct export_state *s, struct sb_pool *pool, struct sb_progress *progress,
                     struct sb_error *err)
{
    const size_t images = s->options->images;
    for (s->first = 0; s->first < images; s->first += BATCH) {
        const size_t count = images - s->first < BATCH ? images - s->first : BATCH;
        sb_pool_run(pool, count, job, s);
        if (s->rc == 0)
            finish_batch(s, count);
        release_batch(s);
        if (s->rc)
            return s->rc;
        sb_progress_update(progress, s->first + count);
    }
    int rc = s->options->set == SB_SYNTH_SPECIES ? write_list(s, err) : 0;
    return rc ? rc : write_annotations(s, err);
}

int sb_synth_write(const struct sb_synth_options *options, struct sb_pool *pool,
                   struct sb_progress *progress, struct sb_synth_written *out, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    out->digest = SB_FNV_START;
    int rc = check_options(options, err);
    if (rc)
        return rc;
    struct export_state *s = sb_calloc(1, sizeof(*s), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!s)
        return sb_error_nomem(err, "a data set", sizeof(*s));
    s->options = options;
    s->out = out;
    s->err = err;
    pthread_mutex_init(&s->lock, NULL);
    rc = prepare(options, out, err);
    if (rc == 0)
        rc = write_all(s, pool, progress, err);
    pthread_mutex_destroy(&s->lock);
    sb_str_release(&s->images);
    sb_str_release(&s->annotations);
    sb_str_release(&s->list);
    sb_free(s);
    if (rc)
        sb_synth_written_release(out);
    return rc;
}

void sb_synth_written_release(struct sb_synth_written *written)
{
    sb_str_release(&written->annotations);
    sb_str_release(&written->images);
    memset(written, 0, sizeof(*written));
}
