/* Runs gnuplot on a script in a temporary file beside the output. See gnuplot.h. */
#include "base/gnuplot.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

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

/* "set terminal ..." for the file's kind, "set output", then the caller's script. */
static int full_script(struct sb_str *s, const char *path, const char *output, int width,
                       int height, const char *script, struct sb_error *err)
{
    if (sb_ends_with(path, ".png"))
        sb_str_printf(s, "set terminal pngcairo size %d,%d font 'DejaVu Sans,11'\n", width, height);
    else if (sb_ends_with(path, ".svg"))
        sb_str_printf(s, "set terminal svg size %d,%d font 'DejaVu Sans,11' background 'white'\n",
                      width, height);
    else
        return sb_error_set(err, SB_EINVAL, "'%s': a drawing's name ends in .png or .svg", path);
    sb_str_puts(s, "set encoding utf8\nset output ");
    sb_gnuplot_quote(s, output);
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

/* Starts gnuplot on a script file with stderr into fd. */
static int start(pid_t *pid, const char *script_path, int fd, struct sb_error *err)
{
    char *argv[] = {(char *)"gnuplot", (char *)script_path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, 2);
    const int code = posix_spawnp(pid, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
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

int sb_gnuplot_draw(const char *path, int width, int height, const char *script,
                    struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT, script_path = SB_STR_INIT, output = SB_STR_INIT;
    sb_str_printf(&script_path, "%s.plot-%ld", path, (long)getpid());
    sb_str_printf(&output, "%s.tmp-%ld", path, (long)getpid());
    int rc = full_script(&text, path, sb_str_text(&output), width, height, script, err);
    if (rc == 0)
        rc = sb_write_file(sb_str_text(&script_path), text.data, text.length, err);
    if (rc == 0)
        rc = run(sb_str_text(&script_path), err);
    else if (rc == SB_EIO)
        sb_error_file(err, path); /* not the script's name */
    if (rc == 0 && rename(sb_str_text(&output), path) != 0)
        rc = sb_error_errno(err, "cannot write", path);
    unlink(sb_str_text(&script_path));
    if (rc)
        unlink(sb_str_text(&output));
    sb_str_release(&text);
    sb_str_release(&script_path);
    sb_str_release(&output);
    return rc;
}
