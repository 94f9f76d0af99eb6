/* Opens OpenBLAS once per process. See openblas.h. */
#include "engine/kernels/openblas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libopenblas.so.0"

/* Written by open_library() alone, read after pthread_once(). */
static struct {
    pthread_once_t once;
    bool opened;
    char problem[160];
    struct sb_openblas functions;
} blas = {.once = PTHREAD_ONCE_INIT};

/* *function_ptr = the function of that name; copied as bytes, for ISO C casts no object pointer. */
static bool find(void *library, const char *name, void *function_ptr)
{
    void *const symbol = dlsym(library, name);
    memcpy(function_ptr, &symbol, sizeof(symbol));
    return symbol != NULL;
}

static void open_library(void)
{
    struct sb_openblas *const f = &blas.functions;
    void *const library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    blas.opened = library && find(library, "cblas_sgemm", &f->sgemm) &&
                  find(library, "openblas_set_num_threads", &f->set_num_threads) &&
                  find(library, "openblas_get_config", &f->get_config) &&
                  find(library, "openblas_get_corename", &f->get_corename);
    const char *const problem = blas.opened ? NULL : dlerror();
    snprintf(blas.problem, sizeof(blas.problem), "%s", problem ? problem : "");
}

const struct sb_openblas *sb_openblas_open(struct sb_error *err)
{
    pthread_once(&blas.once, open_library);
    if (blas.opened)
        return &blas.functions;
    sb_error_set(err, SB_EUNSUPPORTED, "cannot open OpenBLAS: %s", blas.problem);
    sb_error_hint(err, "install %s (Debian: libopenblas0-pthread)", LIBRARY);
    return NULL;
}
