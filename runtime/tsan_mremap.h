/* runtime/tsan_mremap.h: mremap in calls that ThreadSanitizer follows.
 *
 * gcc 12's TSan sees mmap and munmap, but not mremap: of memory that moved away it keeps who used
 * it, and reports a race with whoever is given these addresses next. The TSan build force-includes
 * this file; a mapping that grows is then a new one, a copy and an unmapping.
 */
#pragma once

#include <string.h>
#include <sys/mman.h>

static inline void *cairn_tsan_mremap(void *old, size_t old_bytes, size_t bytes)
{
    void *moved = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (moved == MAP_FAILED)
        return MAP_FAILED;
    memcpy(moved, old, old_bytes < bytes ? old_bytes : bytes);
    munmap(old, old_bytes);
    return moved;
}

#define mremap(old, old_bytes, bytes, flags) cairn_tsan_mremap(old, old_bytes, bytes)
