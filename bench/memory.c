/* Resident memory from /proc/self. See memory.h. */
#include "bench/memory.h"

#include "bench/record.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A field of /proc/self/status that is given in kB. */
static int64_t status_bytes(const char *field)
{
    FILE *fp = fopen("/proc/self/status", "r");
    int64_t bytes = SB_NO_INT;
    char line[256];
    const size_t n = strlen(field);
    while (fp && bytes == SB_NO_INT && fgets(line, sizeof(line), fp)) {
        char *end;
        if (strncmp(line, field, n) != 0 || line[n] != ':')
            continue;
        const long long kb = strtoll(line + n + 1, &end, 10);
        if (strncmp(end, " kB", 3) == 0)
            bytes = kb * 1024;
    }
    if (fp)
        fclose(fp);
    return bytes;
}

int64_t sb_resident_bytes(void)
{
    return status_bytes("VmRSS");
}

int64_t sb_peak_resident_bytes(void)
{
    return status_bytes("VmHWM");
}

static bool reset_peak(void)
{
    FILE *fp = fopen("/proc/self/clear_refs", "w");
    if (!fp)
        return false;
    const bool written = fputs("5", fp) >= 0;
    return fclose(fp) == 0 && written;
}

void sb_memory_probe_start(struct sb_memory_probe *probe)
{
    malloc_trim(0);
    probe->works = reset_peak();
    probe->start_bytes = sb_resident_bytes();
}

int64_t sb_memory_probe_peak(const struct sb_memory_probe *probe)
{
    const int64_t peak = sb_peak_resident_bytes();
    if (!probe->works || probe->start_bytes == SB_NO_INT || peak == SB_NO_INT)
        return SB_NO_INT;
    return peak > probe->start_bytes ? peak - probe->start_bytes : 0;
}
