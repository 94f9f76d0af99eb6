/* Runs gnuplot on a script in a temporary file beside the output. See gnuplot.h. */
#include "base/gnuplot.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void sb_gnuplot_quote(struct sb_str *script, const char *text)
{
    sb_str_puts(script, "'");
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            sb_str_puts(script, "''");
        else
            sb_str_append(script, *p == '\n' || *p == '\r' ? " " : p, 1);
    }
    sb_str_puts(script, "'");
}

struct page {
    int width, height; /* pixels */
    double scale;
    const char *dir;
};

/* The terminal for the file's kind. Cairo's fonts are in points, 0.75 pixels; SVG's in pixels. */
static int put_terminal(struct sb_str *s, const char *path, const struct page *page,
                        struct sb_error *err)
{
    if (sb_ends_with(path, ".png"))
        sb_str_printf(s,
                      "px = 0.75\nset terminal pngcairo size %.0f,%.0f font 'DejaVu Sans,9' "
                      "fontscale %g linewidth %g pointscale %g\n",
                      page->width * page->scale, page->height * page->scale, page->scale,
                      page->scale, page->scale);
    else if (sb_ends_with(path, ".pdf"))
        sb_str_printf(s,
                      "px = 0.75\nset terminal pdfcairo size %.4fin,%.4fin font 'DejaVu Sans,9'\n",
                      page->width / 96.0, page->height / 96.0);
    else if (sb_ends_with(path, ".svg"))
        sb_str_printf(
            s, "px = 1\nset terminal svg size %d,%d font 'DejaVu Sans,12' background 'white'\n",
            page->width, page->height);
    else
        return sb_error_set(err, SB_EINVAL, "'%s': a drawing's name ends in .png, .svg or .pdf",
                            path);
    return 0;
}

/* 'PATH', absolute: some terminals open their output again after `cd`. */
static void put_output(struct sb_str *s, const char *output)
{
    struct sb_str path = SB_STR_INIT;
    char cwd[PATH_MAX];
    if (output[0] != '/' && getcwd(cwd, sizeof(cwd)))
        sb_str_printf(&path, "%s/", cwd);
    sb_str_puts(&path, output);
    sb_gnuplot_quote(s, sb_str_text(&path));
    s->failed = s->failed || path.failed;
    sb_str_release(&path);
}

/* Terminal and output, then the caller's script. */
static int full_script(struct sb_str *s, const char *path, const char *output,
                       const struct page *page, const char *script, struct sb_error *err)
{
    const int rc = put_terminal(s, path, page, err);
    if (rc)
        return rc;
    sb_str_puts(s, "set encoding utf8\nset output ");
    put_output(s, output);
    if (page->dir && *page->dir) {
        sb_str_puts(s, "\ncd ");
        sb_gnuplot_quote(s, page->dir);
    }
    sb_str_printf(s, "\n%s\nunset output\n", script);
    return s->failed ? sb_error_nomem(err, "a gnuplot script", strlen(script)) : 0;
}

/* The first line of what a pipe gives; drains it, so that the writer never blocks. */
static void read_complaint(int fd, char *text, size_t size)
{
    char buf[512];
    size_t used = 0;
    ssize_t n;
    while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n && used + 1 < size; i++)
            text[used++] = buf[i];
    }
    text[used] = '\0';
    for (char *p = text; *p; p++)
        *p = *p == '\n' || *p == '\t' ? ' ' : *p;
}

/* The environment without what may end up in a drawing (language, time zone): pointers into
 * environ and static texts, to be freed with sb_free(); NULL when out of memory. */
static char **drawing_environment(void)
{
    static const char *const left_out[] = {"LC_", "LANG=", "LANGUAGE=", "TZ="};
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **env = sb_calloc(count + 3, sizeof(*env), SB_MEM_TAG(SB_MEM_DATA, 0));
    for (size_t i = 0; env && i < count; i++) {
        bool keep = true;
        for (size_t k = 0; k < sizeof(left_out) / sizeof(left_out[0]); k++)
            keep = keep && strncmp(environ[i], left_out[k], strlen(left_out[k])) != 0;
        if (keep)
            env[kept++] = environ[i];
    }
    if (env) {
        env[kept++] = (char *)"LC_ALL=C.UTF-8";
        env[kept] = (char *)"TZ=UTC0";
    }
    return env;
}

/* Starts gnuplot on a script file; its complaints go into fd. */
static int start(pid_t *pid, const char *script_path, int fd, struct sb_error *err)
{
    char *argv[] = {(char *)"gnuplot", (char *)script_path, NULL};
    char **env = drawing_environment();
    if (!env)
        return sb_error_nomem(err, "an environment", 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, 2);
    const int code = posix_spawnp(pid, "gnuplot", &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    sb_free(env);
    if (code == 0)
        return 0;
    sb_error_set(err, SB_EUNSUPPORTED, "cannot start gnuplot: %s", strerror(code));
    return sb_error_hint(err, "install it (Debian: gnuplot-nox), or do without drawings");
}

static int run(const char *script_path, struct sb_error *err)
{
    int fds[2], status = 0;
    pid_t pid;
    char complaint[400];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return sb_error_errno(err, "cannot create a pipe", script_path);
    const int rc = start(&pid, script_path, fds[1], err);
    close(fds[1]);
    if (rc == 0) {
        read_complaint(fds[0], complaint, sizeof(complaint));
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    close(fds[0]);
    if (rc || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return rc;
    return sb_error_set(err, SB_EINTERNAL, "gnuplot refused its script: %s", complaint);
}

/* The byte behind `mark` in text, or NULL. */
static char *behind(const struct sb_str *text, const char *mark)
{
    char *const at = memmem(text->data, text->length, mark, strlen(mark));
    return at ? at + strlen(mark) : NULL;
}

/* A PDF file carries the time it was made, 14 digits, which become a fixed date, and the version of
 * cairo, which becomes blanks: positions in the file stay. */
static void fix_pdf(struct sb_str *text)
{
    static const char date[] = "20000101000000";
    const size_t digits = sizeof(date) - 1;
    char *const made = behind(text, "/CreationDate (D:");
    char *const version = behind(text, "/Producer (cairo ");
    if (made && (size_t)(text->data + text->length - made) >= digits)
        memcpy(made, date, digits);
    for (char *p = version; p && (*p == '.' || (*p >= '0' && *p <= '9')); p++)
        *p = ' ';
}

/* An SVG file has a title of no use, which browsers show, and the version of gnuplot. */
static void fix_svg(struct sb_str *text)
{
    char *const title = behind(text, "<title>Gnuplot</title>\n");
    char *const end = behind(text, " </desc>\n");
    if (!title || !end || end < title)
        return;
    char *const start = title - strlen("<title>Gnuplot</title>\n");
    memmove(start, end, (size_t)(text->data + text->length - end) + 1);
    text->length -= (size_t)(end - start);
}

/* Takes out what depends on the day and the versions of programs; the drawing stays. */
static int fix_file(const char *path, const char *output, struct sb_error *err)
{
    struct sb_map map;
    if (sb_ends_with(path, ".png")) /* has neither */
        return 0;
    int rc = sb_map_open(&map, output, err);
    if (rc)
        return rc;
    struct sb_str text = SB_STR_INIT;
    sb_str_append(&text, (const char *)map.data, map.size);
    if (text.failed) {
        rc = sb_error_nomem(err, path, map.size);
    } else {
        if (sb_ends_with(path, ".pdf"))
            fix_pdf(&text);
        else
            fix_svg(&text);
        rc = sb_write_file(output, sb_str_text(&text), text.length, err);
    }
    sb_map_release(&map);
    sb_str_release(&text);
    return rc;
}

/* Runs the script with its output at `output`, which then is complete. */
static int draw(const char *path, const char *output, const char *script_path,
                const struct page *page, const char *script, struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT;
    int rc = full_script(&text, path, output, page, script, err);
    if (rc == 0)
        rc = sb_write_file(script_path, text.data, text.length, err);
    if (rc == SB_EIO)
        sb_error_file(err, path); /* not the script's name */
    sb_str_release(&text);
    if (rc == 0)
        rc = run(script_path, err);
    if (rc == 0)
        rc = fix_file(path, output, err);
    return rc;
}

int sb_gnuplot_draw_in(const char *path, int width, int height, double scale, const char *dir,
                       const char *script, struct sb_error *err)
{
    const struct page page = {width, height, scale, dir};
    struct sb_str script_path = SB_STR_INIT, output = SB_STR_INIT;
    sb_str_printf(&script_path, "%s.plot-%ld", path, (long)getpid());
    sb_str_printf(&output, "%s.tmp-%ld", path, (long)getpid());
    sb_temporary_keep(sb_str_text(&output));
    int rc = script_path.failed || output.failed
                 ? sb_error_nomem(err, "a file name", strlen(path))
                 : draw(path, output.data, script_path.data, &page, script, err);
    if (rc == 0 && rename(output.data, path) != 0)
        rc = sb_error_errno(err, "cannot write", path);
    unlink(sb_str_text(&script_path));
    if (rc)
        unlink(sb_str_text(&output));
    sb_temporary_drop(sb_str_text(&output));
    sb_str_release(&script_path);
    sb_str_release(&output);
    return rc;
}

int sb_gnuplot_draw(const char *path, int width, int height, const char *script,
                    struct sb_error *err)
{
    return sb_gnuplot_draw_in(path, width, height, 1, NULL, script, err);
}
