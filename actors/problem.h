/* actors/problem.h: status codes, their names, and the body of an error (RFC 9457).
 *
 *     {"type":"about:blank","title":"Conflict","status":409,"detail":"...","line":7}
 *
 * The type is "about:blank": the status says what kind of problem it is, `detail` says what to do.
 *
 * Context   Pure functions.
 * Source    RFC 9457; the statuses are api.md, section 2.
 */
#pragma once

#include "runtime/base/bytes.h"

#define CAIRN_PROBLEM_CONTENT_TYPE "application/problem+json"

/* "Not Found"; the class's name ("Client Error") for a status that is not in the table. */
const char *cairn_problem_title(int status);

/* Append the body. Bytes of `detail` that are not UTF-8 become '?'. `line` 0: no line. */
void cairn_problem_append(struct cairn_buffer *buffer, int status, struct cairn_slice detail,
                          uint64_t line);
