/* runtime/base/assert.h: assertions that stay on in every build.
 *
 * A stopped process is better than a wrong ledger. An assertion states what only a bug can break;
 * bytes from disk, network or user are input and get an error instead.
 *
 * Context   Any thread. A failed assertion writes one line to stderr and aborts.
 * Cost      A predicted branch. cairn_debug_assert costs nothing unless CAIRN_DEBUG_ASSERT is set.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define cairn_assert(condition)                                                                    \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            cairn_assert_failed(#condition, __FILE__, __LINE__);                                   \
    } while (0)

#ifdef CAIRN_DEBUG_ASSERT
#define cairn_debug_assert(condition) cairn_assert(condition)
#else
#define cairn_debug_assert(condition) ((void)sizeof(condition))
#endif

_Noreturn static inline void cairn_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "fatal assertion_failed condition=\"%s\" at=%s:%d\n", condition, file, line);
    abort();
}
