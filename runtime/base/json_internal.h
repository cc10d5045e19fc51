/* runtime/base/json_internal.h: the parts of the JSON cursor: strings and the keys already seen. */
#pragma once

#include "runtime/base/json.h"

/* Record the first error, at `offset`; returns it. */
int cairn_json_refuse(struct cairn_json_reader *reader, int result, size_t offset, const char *why);

/* Read the string whose opening quote is at the cursor and move past its closing quote. `raw` is
 * what stands between the quotes; `has_escapes` tells whether it must be unescaped. */
int cairn_json_scan_string(struct cairn_json_reader *reader, struct cairn_slice *raw,
                           bool *has_escapes);

/* Turn a scanned string into the text that it means. */
int cairn_json_unescape(struct cairn_json_reader *reader, struct cairn_slice raw,
                        struct cairn_slice *text);

/* Remember a key of the innermost object. -EBADMSG: that object has it already. */
int cairn_json_keys_add(struct cairn_json_scratch *scratch, struct cairn_slice key, uint32_t depth);
/* Forget the keys of the innermost object, which is at `depth`. */
void cairn_json_keys_leave(struct cairn_json_scratch *scratch, uint32_t depth);
/* Forget all keys. */
void cairn_json_keys_clear(struct cairn_json_scratch *scratch);
