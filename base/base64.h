/* Binary data as text (RFC 4648, section 4). */
#ifndef SB_BASE_BASE64_H
#define SB_BASE_BASE64_H

#include "base/str.h"

#include <stddef.h>

/* Appends the text of `size` bytes, padded with '='. */
void sb_base64(const void *data, size_t size, struct sb_str *out);

#endif
