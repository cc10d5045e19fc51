/* runtime/base/error.h: what a negative errno means in cairn.
 *
 * What can fail returns int: zero or a count on success, a negative errno on failure. io_uring
 * completions and liburing already speak this, so one integer travels from kernel to actor
 * untranslated and strerror(-result) always works.
 *
 *     -EAGAIN    nothing now, retry after the next event   -EPROTONOSUPPORT  known format, unknown version
 *     -ENOBUFS   a fixed capacity is used up               -ESTALE           the reference's target was replaced
 *     -ENODATA   clean end, no more records                -ECANCELED        stopping
 *     -EBADMSG   bytes are not valid: corruption           -EINVAL           bad input from outside
 *     -ENOENT    no such thing                             -EFBIG            over a size limit
 *
 * Outputs are untouched on failure. A failed init leaves nothing to undo.
 */
#pragma once

#include <errno.h>
