/* Reading the machine from /proc, /sys and libc. See environment.h. */
#include "bench/environment.h"

#include "base/build.h"
#include "base/hash.h"
#include "engine/kernels/openblas.h"

#include <gnu/libc-version.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of root/path into buf, without its newline; "" when it cannot be read. */
static void read_line(const char *root, const char *path, char *buf, size_t size)
{
    char full[512];
    snprintf(full, sizeof(full), "%s/%s", root, path);
    buf[0] = '\0';
    FILE *fp = fopen(full, "r");
    if (!fp)
        return;
    if (!fgets(buf, (int)size, fp))
        buf[0] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    fclose(fp);
}

/* The value after "key ... :" in root/path (a file of "key : value" lines); "" when absent. */
static void read_value(const char *root, const char *path, const char *key, char *buf, size_t size)
{
    char full[512];
    snprintf(full, sizeof(full), "%s/%s", root, path);
    buf[0] = '\0';
    FILE *fp = fopen(full, "r");
    char line[8192];
    while (fp && !buf[0] && fgets(line, sizeof(line), fp)) {
        const size_t n = strlen(key);
        const char *colon = strchr(line, ':');
        if (strncmp(line, key, n) != 0 || !colon ||
            (line[n] != ' ' && line[n] != '\t' && line[n] != ':'))
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(buf, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
    }
    if (fp)
        fclose(fp);
}

static bool has_word(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word)) {
        if ((p == text || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    }
    return false;
}

static void read_cpu(struct sb_environment *env, const char *root)
{
    static const char *const wanted[] = {
        "sse4_2",   "avx",      "avx2",        "fma",         "f16c",     "avx512f", "avx512bw",
        "avx512vl", "avx512dq", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd",   "sve",
    };
    char flags[8192], text[64];
    read_value(root, "proc/cpuinfo", "model name", env->cpu, sizeof(env->cpu));
    read_value(root, "proc/cpuinfo", "flags", flags, sizeof(flags));
    if (!flags[0])
        read_value(root, "proc/cpuinfo", "Features", flags, sizeof(flags));
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (!has_word(flags, wanted[i]))
            continue;
        const size_t used = strlen(env->cpu_features);
        snprintf(env->cpu_features + used, sizeof(env->cpu_features) - used, "%s%s",
                 used ? " " : "", wanted[i]);
    }
    env->hypervisor = has_word(flags, "hypervisor");
    read_value(root, "proc/cpuinfo", "cpu MHz", text, sizeof(text));
    env->mhz = text[0] ? (int64_t)lround(strtod(text, NULL)) : SB_NO_INT;
    read_line(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", text, sizeof(text));
    if (text[0])
        env->mhz = strtoll(text, NULL, 10) / 1000;
    read_line(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", env->governor,
              sizeof(env->governor));
}

static int64_t positive(long value)
{
    return value > 0 ? (int64_t)value : SB_NO_INT;
}

/* Caches of CPU 0 from sysfs, where sizes are per cache; libc's figures add shared ones up. */
static void read_caches(struct sb_environment *env, const char *root)
{
    int64_t *const by_level[] = {NULL, &env->l1d_bytes, &env->l2_bytes, &env->l3_bytes};
    for (int level = 1; level <= 3; level++)
        *by_level[level] = SB_NO_INT;
    for (int i = 0; i < 8; i++) {
        char path[96], level[16], type[32], size[32];
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu0/cache/index%d/level", i);
        read_line(root, path, level, sizeof(level));
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu0/cache/index%d/type", i);
        read_line(root, path, type, sizeof(type));
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu0/cache/index%d/size", i);
        read_line(root, path, size, sizeof(size));
        const long n = strtol(level, NULL, 10);
        if (n < 1 || n > 3 || strcmp(type, "Instruction") == 0)
            continue;
        char *unit;
        const int64_t value = strtoll(size, &unit, 10);
        *by_level[n] = value * (*unit == 'K' ? 1024 : *unit == 'M' ? 1024 * 1024 : 1);
    }
}

static void read_sizes(struct sb_environment *env)
{
    env->cpus = positive(sysconf(_SC_NPROCESSORS_ONLN));
    env->page_bytes = positive(sysconf(_SC_PAGESIZE));
    const int64_t pages = positive(sysconf(_SC_PHYS_PAGES));
    env->memory_bytes =
        pages != SB_NO_INT && env->page_bytes != SB_NO_INT ? pages * env->page_bytes : SB_NO_INT;
}

/* "0-1,4" from the affinity mask. */
static void read_affinity(struct sb_environment *env)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return;
    env->usable_cpus = CPU_COUNT(&set);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &set))
            continue;
        int last = cpu;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set))
            last++;
        const size_t used = strlen(env->affinity);
        char *at = env->affinity + used;
        const size_t room = sizeof(env->affinity) - used;
        if (last > cpu)
            snprintf(at, room, "%s%d-%d", used ? "," : "", cpu, last);
        else
            snprintf(at, room, "%s%d", used ? "," : "", cpu);
        cpu = last;
    }
}

/* The eighth number of /proc/stat's first line. */
static int64_t steal_from(const char *root)
{
    char line[512];
    read_line(root, "proc/stat", line, sizeof(line));
    char *p = line;
    int64_t value = SB_NO_INT;
    if (strncmp(line, "cpu ", 4) != 0)
        return SB_NO_INT;
    p += 4;
    for (int field = 0; field < 8; field++) {
        char *end;
        value = strtoll(p, &end, 10);
        if (end == p)
            return SB_NO_INT;
        p = end;
    }
    return value;
}

int64_t sb_steal_ticks(void)
{
    return steal_from("");
}

static void read_blas(struct sb_environment *env)
{
    const struct sb_openblas *const blas = sb_openblas_open(NULL);
    snprintf(env->blas, sizeof(env->blas), "%s", blas ? blas->get_config() : "");
    snprintf(env->blas_core, sizeof(env->blas_core), "%s", blas ? blas->get_corename() : "");
    snprintf(env->allocator, sizeof(env->allocator), "glibc %s", gnu_get_libc_version());
}

/* Machines of one type have one name; memory is rounded, because firmware takes varying shares. */
static void name_machine(struct sb_environment *env)
{
    char text[512];
    snprintf(text, sizeof(text), "%s|%s|%lld|%lld|%lld|%lld|%lld", env->cpu, env->cpu_features,
             (long long)env->cpus, (long long)env->l1d_bytes, (long long)env->l2_bytes,
             (long long)env->l3_bytes, (long long)(env->memory_bytes >> 30));
    const uint64_t hash = sb_fnv1a(SB_FNV_START, text, strlen(text));
    snprintf(env->machine, sizeof(env->machine), "%08x", (unsigned)(hash ^ (hash >> 32)));
}

void sb_environment_read(struct sb_environment *env, const char *root)
{
    memset(env, 0, sizeof(*env));
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(env->kernel, sizeof(env->kernel), "%.20s %.70s", name.sysname, name.release);
    char text[128];
    read_line(root, "proc/loadavg", text, sizeof(text));
    env->load = text[0] ? strtod(text, NULL) : (double)NAN;
    env->steal_ticks = steal_from(root);
    read_cpu(env, root);
    read_caches(env, root);
    read_sizes(env);
    read_affinity(env);
    read_blas(env);
    name_machine(env);
}

/* text, or NULL with the reason when it is empty. */
static const char *text_or_why(struct sb_record *run, const char *text, const char *field,
                               const char *why)
{
    if (text[0])
        return text;
    sb_record_because(run, field, why);
    return NULL;
}

static int64_t int_or_why(struct sb_record *run, int64_t value, const char *field, const char *why)
{
    if (value == SB_NO_INT)
        sb_record_because(run, field, why);
    return value;
}

void sb_environment_to_record(const struct sb_environment *env, struct sb_record *run)
{
    static const char hidden[] = "not visible";
    struct sb_run_record *r = &run->u.run;
    r->machine = env->machine;
    r->cpu = text_or_why(run, env->cpu, "cpu", hidden);
    r->cpu_features = text_or_why(run, env->cpu_features, "cpu_features", hidden);
    r->kernel = text_or_why(run, env->kernel, "kernel", hidden);
    r->affinity = text_or_why(run, env->affinity, "affinity", hidden);
    r->governor = text_or_why(run, env->governor, "governor", hidden);
    r->blas = text_or_why(run, env->blas, "blas", hidden);
    r->blas_core = text_or_why(run, env->blas_core, "blas_core", hidden);
    r->allocator = env->allocator;
    r->cpus = int_or_why(run, env->cpus, "cpus", hidden);
    r->l1d_bytes = int_or_why(run, env->l1d_bytes, "l1d_bytes", hidden);
    r->l2_bytes = int_or_why(run, env->l2_bytes, "l2_bytes", hidden);
    r->l3_bytes = int_or_why(run, env->l3_bytes, "l3_bytes", hidden);
    r->memory_bytes = env->memory_bytes;
    r->page_bytes = env->page_bytes;
    r->mhz = int_or_why(run, env->mhz, "mhz", hidden);
    r->load = env->load;
    r->steal_ticks = int_or_why(run, env->steal_ticks, "steal_ticks", hidden);
}

void sb_build_to_record(struct sb_record *run)
{
    struct sb_run_record *r = &run->u.run;
    r->version = sb_build.version;
    r->commit = sb_build.commit;
    r->dirty = sb_build.dirty;
    r->compiler = sb_build.compiler;
    r->flags = sb_build.flags;
    if (!r->commit)
        sb_record_because(run, "commit", "not built from a repository");
}

void sb_environment_advice(const struct sb_environment *env, struct sb_str *out)
{
    if (env->load > 0.5 * (double)env->cpus)
        sb_str_printf(out,
                      "load is %.2f on %lld CPUs: stop other work or wait, timings will vary\n",
                      env->load, (long long)env->cpus);
    if (!env->governor[0])
        sb_str_puts(out, "frequency control is not visible: trust ratios of interleaved runs "
                         "(gate), not single times\n");
    else if (strcmp(env->governor, "performance") != 0)
        sb_str_printf(out,
                      "frequency governor is '%s': set it to 'performance' "
                      "(cpupower frequency-set -g performance)\n",
                      env->governor);
    if (env->steal_ticks != SB_NO_INT && env->steal_ticks > 0)
        sb_str_puts(out, "the hypervisor has taken CPU time since boot: look at steal_ticks of "
                         "each row, repeat rows where it is not 0\n");
    else if (env->hypervisor)
        sb_str_puts(out, "virtual machine: neighbours are invisible, repeat runs at other times\n");
    if (has_word(env->cpu_features, "avx512f") && strcmp(env->blas_core, "Haswell") == 0)
        sb_str_puts(out, "OpenBLAS does not know this CPU and took its Haswell kernels: try "
                         "OPENBLAS_CORETYPE=SkylakeX in the environment\n");
    if (env->usable_cpus < env->cpus)
        sb_str_printf(out,
                      "this process may use %lld of %lld CPUs (%s): --threads above that only "
                      "makes them wait\n",
                      (long long)env->usable_cpus, (long long)env->cpus, env->affinity);
    if (sb_build.dirty)
        sb_str_puts(out, "built from a changed working tree: commit before measuring, so that the "
                         "records name the code\n");
    if (strstr(sb_build.flags, "-fsanitize") || strstr(sb_build.flags, "-O0"))
        sb_str_puts(out,
                    "a debug or sanitizer build: rebuild with plain 'make' before measuring\n");
}
