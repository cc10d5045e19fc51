#include "runtime/base/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Classes: 8-byte steps up to 128 bytes, then four to a doubling up to 64 GiB. */
#define CLASS_COUNT   132u
#define SMALL_BYTES   128u
#define REGION_MIN    4096u /* a free block at least this large may be carved into small ones */
#define MAP_BYTES_MIN (1u << 18) /* from here on the heap is a mapping, moved by page tables */
#define RELEASE_BYTES (1u << 16) /* a freed block at least this large gives its pages back */
#define PAGE_BYTES    4096u
#define IMAGE_MAGIC   UINT64_C(0x3150414548524143) /* "CARHEAP1" */

struct header {
    uint64_t magic;
    cairn_ref root;
    cairn_ref region;          /* where the next small block is carved from, 0 if nowhere */
    uint64_t region_end_bytes; /* offset at which that region ends */
    uint64_t used_bytes;
    uint64_t free_bytes;
    cairn_ref free_lists[CLASS_COUNT];
};
static_assert(sizeof(struct header) % 8 == 0, "blocks start 8-byte aligned");

static struct header *header_of(const struct cairn_heap *heap)
{
    return (struct header *)(void *)heap->base;
}

static unsigned class_of(uint64_t bytes)
{
    if (bytes <= SMALL_BYTES)
        return (unsigned)((bytes + 7) / 8 - 1);
    /* `bytes` lies in (2^n, 2^(n+1)]; the class is its quarter of that interval, rounded up. */
    unsigned n = 63 - (unsigned)__builtin_clzll(bytes - 1);
    unsigned quarter = (unsigned)((bytes - 1 - (UINT64_C(1) << n)) >> (n - 2));
    return 16 + (n - 7) * 4 + quarter;
}

static uint64_t class_bytes(unsigned class)
{
    if (class < 16)
        return (class + 1) * UINT64_C(8);
    unsigned n = 7 + (class - 16) / 4;
    return (UINT64_C(1) << n) + ((class - 16) % 4 + 1) * (UINT64_C(1) << (n - 2));
}

static bool is_mapping(uint64_t capacity_bytes)
{
    return capacity_bytes >= MAP_BYTES_MIN;
}

static bool set_capacity(struct cairn_heap *heap, uint64_t capacity_bytes)
{
    uint8_t *base;
    if (!is_mapping(capacity_bytes)) {
        base = realloc(heap->base, capacity_bytes);
        if (base == NULL)
            return false;
    } else if (is_mapping(heap->capacity_bytes)) {
        base = mremap(heap->base, heap->capacity_bytes, capacity_bytes, MREMAP_MAYMOVE);
        if (base == MAP_FAILED)
            return false;
    } else {
        base = mmap(NULL, capacity_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED)
            return false;
        if (heap->base != NULL)
            memcpy(base, heap->base, header_of(heap)->used_bytes);
        free(heap->base);
    }
    heap->base = base;
    heap->capacity_bytes = capacity_bytes;
    return true;
}

static bool ensure_capacity(struct cairn_heap *heap, uint64_t bytes)
{
    if (bytes > heap->budget_bytes || bytes > UINT64_C(8) * UINT32_MAX)
        return false;
    if (bytes <= heap->capacity_bytes)
        return true;
    uint64_t capacity = heap->capacity_bytes == 0 ? 2048 : heap->capacity_bytes;
    while (capacity < bytes)
        capacity += capacity / 2;
    if (is_mapping(capacity))
        capacity = (capacity + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    else
        capacity = (capacity + 7) / 8 * 8;
    return set_capacity(heap, capacity);
}

void cairn_heap_init(struct cairn_heap *heap, uint64_t budget_bytes)
{
    *heap = (struct cairn_heap){.budget_bytes = budget_bytes};
}

void cairn_heap_deinit(struct cairn_heap *heap)
{
    if (is_mapping(heap->capacity_bytes))
        munmap(heap->base, heap->capacity_bytes);
    else
        free(heap->base);
    *heap = (struct cairn_heap){0};
}

static bool ensure_header(struct cairn_heap *heap)
{
    if (heap->base != NULL)
        return true;
    if (!ensure_capacity(heap, sizeof(struct header)))
        return false;
    *header_of(heap) = (struct header){.magic = IMAGE_MAGIC, .used_bytes = sizeof(struct header)};
    return true;
}

/* Take the first block of a class's free list; 0 if the list is empty. */
static cairn_ref pop_free(struct cairn_heap *heap, unsigned class)
{
    struct header *header = header_of(heap);
    cairn_ref ref = header->free_lists[class];
    if (ref != 0) {
        memcpy(&header->free_lists[class], cairn_heap_at(heap, ref), sizeof(cairn_ref));
        header->free_bytes -= class_bytes(class);
    }
    return ref;
}

static cairn_ref carve_region(struct cairn_heap *heap, uint64_t bytes)
{
    struct header *header = header_of(heap);
    if (header->region == 0 || (uint64_t)header->region * 8 + bytes > header->region_end_bytes) {
        cairn_ref found = 0;
        unsigned class = class_of(REGION_MIN);
        while (class < CLASS_COUNT && (found = pop_free(heap, class)) == 0)
            class ++;
        if (found == 0)
            return 0;
        header->free_bytes +=
            header->region == 0 ? 0 : header->region_end_bytes - (uint64_t)header->region * 8;
        header->region = found;
        header->region_end_bytes = (uint64_t)found * 8 + class_bytes(class);
    }
    cairn_ref ref = header->region;
    header->region += (cairn_ref)(bytes / 8);
    return ref;
}

static cairn_ref extend_tail(struct cairn_heap *heap, uint64_t bytes)
{
    uint64_t used = header_of(heap)->used_bytes;
    if (!ensure_capacity(heap, used + bytes))
        return 0;
    header_of(heap)->used_bytes = used + bytes;
    return (cairn_ref)(used / 8);
}

cairn_ref cairn_heap_alloc(struct cairn_heap *heap, uint64_t bytes)
{
    cairn_assert(bytes > 0);
    if (!ensure_header(heap))
        return 0;
    unsigned class = class_of(bytes);
    if (class >= CLASS_COUNT)
        return 0;
    uint64_t rounded = class_bytes(class);
    cairn_ref ref = pop_free(heap, class);
    if (ref == 0 && rounded < REGION_MIN / 4)
        ref = carve_region(heap, rounded);
    if (ref == 0)
        ref = extend_tail(heap, rounded);
    if (ref != 0)
        memset(cairn_heap_at(heap, ref), 0, rounded);
    return ref;
}

/* Give the whole pages inside a large freed block back to the system; its first page keeps the
 * link of the free list. */
static void release_pages(struct cairn_heap *heap, cairn_ref ref, uint64_t bytes)
{
    if (bytes < RELEASE_BYTES || !is_mapping(heap->capacity_bytes))
        return;
    uint64_t first = ((uint64_t)ref * 8 / PAGE_BYTES + 2) * PAGE_BYTES;
    uint64_t last = ((uint64_t)ref * 8 + bytes) / PAGE_BYTES * PAGE_BYTES;
    if (first < last)
        madvise(heap->base + first, last - first, MADV_DONTNEED);
}

void cairn_heap_free(struct cairn_heap *heap, cairn_ref ref, uint64_t bytes)
{
    if (ref == 0)
        return;
    struct header *header = header_of(heap);
    unsigned class = class_of(bytes);
    cairn_assert((uint64_t)ref * 8 >= sizeof(struct header));
    cairn_assert((uint64_t)ref * 8 + class_bytes(class) <= header->used_bytes);

    memcpy(cairn_heap_at(heap, ref), &header->free_lists[class], sizeof(cairn_ref));
    header->free_lists[class] = ref;
    header->free_bytes += class_bytes(class);
    release_pages(heap, ref, class_bytes(class));
}

cairn_ref cairn_heap_grow(struct cairn_heap *heap, cairn_ref ref, uint64_t bytes,
                          uint64_t bytes_new)
{
    cairn_assert(bytes_new >= bytes);
    if (ref != 0 && class_of(bytes) == class_of(bytes_new)) {
        memset((uint8_t *)cairn_heap_at(heap, ref) + bytes, 0, bytes_new - bytes);
        return ref;
    }
    cairn_ref grown = cairn_heap_alloc(heap, bytes_new);
    if (grown == 0 || ref == 0)
        return grown;
    memcpy(cairn_heap_at(heap, grown), cairn_heap_at(heap, ref), bytes);
    cairn_heap_free(heap, ref, bytes);
    return grown;
}

cairn_ref cairn_heap_root(const struct cairn_heap *heap)
{
    return heap->base == NULL ? 0 : header_of(heap)->root;
}

void cairn_heap_set_root(struct cairn_heap *heap, cairn_ref root)
{
    cairn_assert(heap->base != NULL);
    header_of(heap)->root = root;
}

uint64_t cairn_heap_used_bytes(const struct cairn_heap *heap)
{
    return heap->base == NULL ? 0 : header_of(heap)->used_bytes;
}

uint64_t cairn_heap_live_bytes(const struct cairn_heap *heap)
{
    return heap->base == NULL ? 0 : header_of(heap)->used_bytes - header_of(heap)->free_bytes;
}

struct cairn_slice cairn_heap_image(const struct cairn_heap *heap)
{
    return cairn_slice(heap->base, cairn_heap_used_bytes(heap));
}

uint8_t *cairn_heap_prepare(struct cairn_heap *heap, uint64_t bytes)
{
    cairn_assert(heap->base == NULL);
    return ensure_capacity(heap, bytes) ? heap->base : NULL;
}

int cairn_heap_adopt(struct cairn_heap *heap, uint64_t bytes)
{
    const struct header *header = header_of(heap);
    if (bytes >= sizeof(*header) && bytes <= heap->capacity_bytes && header->magic == IMAGE_MAGIC &&
        header->used_bytes == bytes && (uint64_t)header->root * 8 < bytes)
        return 0;
    uint64_t budget = heap->budget_bytes;
    cairn_heap_deinit(heap);
    cairn_heap_init(heap, budget);
    return -EBADMSG;
}
