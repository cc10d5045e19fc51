/* actors/gateway/names.h: which names a path may carry (api.md, section 2).
 *
 * Context   Pure functions.
 */
#pragma once

#include <stdbool.h>

#include "runtime/base/bytes.h"

#define CAIRN_NAME_BYTES_MAX        128u
#define CAIRN_NAME_AUTHOR_BYTES_MAX 256u

/* 1 to 128 bytes of A-Z a-z 0-9 . _ : @ # - */
bool cairn_name_is_space(struct cairn_slice name);
/* 1 to `bytes_max` bytes of UTF-8 without control characters. */
bool cairn_name_is_text(struct cairn_slice name, size_t bytes_max);
