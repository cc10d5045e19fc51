#include "actors/training/forward.h"

#include <errno.h>

#define PAGE_MESSAGES   64u
#define PAGES_MIN       4u
#define PAGE_BYTES_MIN  512u
#define TOKEN_BYTES_MAX 5u
/* Length, sequence and channel in front of the tokens, at their longest. */
#define HEAD_BYTES_MAX (2 * CAIRN_VARINT_BYTES_MAX + TOKEN_BYTES_MAX)

struct forward {
    uint64_t last_seq;
    cairn_ref pages; /* struct page */
    uint32_t page_capacity;
    uint32_t end;   /* ordinals given */
    uint32_t count; /* messages that are there */
};

struct page {
    uint64_t first_seq;
    cairn_ref block; /* 0: nothing is left in it */
    uint32_t bytes;
    uint32_t capacity;
    uint32_t count; /* messages that are there */
};

static struct forward *forward_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct page *page_at(const struct cairn_heap *heap, cairn_ref ref, uint32_t ordinal)
{
    struct page *pages = cairn_heap_at(heap, forward_at(heap, ref)->pages);
    return &pages[ordinal / PAGE_MESSAGES];
}

static uint8_t *bytes_at(const struct cairn_heap *heap, cairn_ref block, uint32_t offset)
{
    return (uint8_t *)cairn_heap_at(heap, block) + offset;
}

cairn_ref cairn_forward_create(struct cairn_heap *heap)
{
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(struct forward));
    cairn_ref pages = ref == 0 ? 0 : cairn_heap_alloc(heap, PAGES_MIN * sizeof(struct page));
    if (pages == 0) {
        cairn_heap_free(heap, ref, sizeof(struct forward));
        return 0;
    }
    *forward_at(heap, ref) = (struct forward){.pages = pages, .page_capacity = PAGES_MIN};
    return ref;
}

/* The page of the next message exists. */
static int ensure_page(struct cairn_heap *heap, cairn_ref ref)
{
    const struct forward *forward = forward_at(heap, ref);
    uint32_t capacity = forward->page_capacity;
    if (forward->end == UINT32_MAX - 1)
        return -ENOMEM;
    if (forward->end / PAGE_MESSAGES < capacity)
        return 0;
    cairn_ref pages = cairn_heap_grow(heap, forward->pages, capacity * sizeof(struct page),
                                      (uint64_t)capacity * 2 * sizeof(struct page));
    if (pages == 0)
        return -ENOMEM;
    forward_at(heap, ref)->pages = pages;
    forward_at(heap, ref)->page_capacity = capacity * 2;
    return 0;
}

static int ensure_bytes(struct cairn_heap *heap, cairn_ref ref, uint64_t more)
{
    uint32_t end = forward_at(heap, ref)->end;
    const struct page *page = page_at(heap, ref, end);
    uint64_t needed = page->bytes + more;
    if (needed <= page->capacity)
        return 0;
    uint64_t capacity = page->capacity == 0 ? PAGE_BYTES_MIN : page->capacity;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > UINT32_MAX)
        return -ENOMEM;
    cairn_ref block = cairn_heap_grow(heap, page->block, page->capacity, capacity);
    if (block == 0)
        return -ENOMEM;
    page_at(heap, ref, end)->block = block;
    page_at(heap, ref, end)->capacity = (uint32_t)capacity;
    return 0;
}

int cairn_forward_begin(struct cairn_heap *heap, cairn_ref ref, struct cairn_forward_writer *writer,
                        uint64_t seq, uint32_t channel, uint32_t tokens_max)
{
    cairn_assert(seq > cairn_forward_last_seq(heap, ref));
    int result = ensure_page(heap, ref);
    if (result == 0)
        result = ensure_bytes(heap, ref, HEAD_BYTES_MAX + (uint64_t)tokens_max * TOKEN_BYTES_MAX);
    if (result < 0)
        return result;
    /* The head is written at the end, when its length is known: leave the most it can take. */
    uint32_t start =
        page_at(heap, ref, forward_at(heap, ref)->end)->bytes + (uint32_t)HEAD_BYTES_MAX;
    *writer = (struct cairn_forward_writer){
        .seq = seq, .channel = channel, .start = start, .offset = start};
    return 0;
}

void cairn_forward_put(struct cairn_heap *heap, cairn_ref ref, struct cairn_forward_writer *writer,
                       uint32_t token)
{
    const struct page *page = page_at(heap, ref, forward_at(heap, ref)->end);
    cairn_assert(writer->offset + TOKEN_BYTES_MAX <= page->capacity);
    writer->offset +=
        (uint32_t)cairn_varint_encode(bytes_at(heap, page->block, writer->offset), token);
}

struct cairn_forward_reader cairn_forward_pending(const struct cairn_heap *heap, cairn_ref ref,
                                                  const struct cairn_forward_writer *writer)
{
    const struct page *page = page_at(heap, ref, forward_at(heap, ref)->end);
    return (struct cairn_forward_reader){
        .block = page->block, .offset = writer->start, .end = writer->offset};
}

/* A full page gets no more messages: give back what it does not need, if there is room to move. */
static void trim(struct cairn_heap *heap, cairn_ref ref, uint32_t ordinal)
{
    struct page page = *page_at(heap, ref, ordinal);
    if (page.bytes + page.bytes / 8 >= page.capacity)
        return;
    cairn_ref block = cairn_heap_alloc(heap, page.bytes);
    if (block == 0)
        return;
    memcpy(bytes_at(heap, block, 0), bytes_at(heap, page.block, 0), page.bytes);
    cairn_heap_free(heap, page.block, page.capacity);
    page.block = block;
    page.capacity = page.bytes;
    *page_at(heap, ref, ordinal) = page;
}

/* Nothing is left in a page that gets no more messages. */
static void free_if_empty(struct cairn_heap *heap, cairn_ref ref, uint32_t ordinal)
{
    struct page *page = page_at(heap, ref, ordinal);
    if (page->count > 0 || ordinal / PAGE_MESSAGES == forward_at(heap, ref)->end / PAGE_MESSAGES)
        return;
    cairn_heap_free(heap, page->block, page->capacity);
    *page = (struct page){.first_seq = page->first_seq};
}

void cairn_forward_commit(struct cairn_heap *heap, cairn_ref ref,
                          const struct cairn_forward_writer *writer)
{
    struct forward *forward = forward_at(heap, ref);
    uint32_t ordinal = forward->end;
    struct page *page = page_at(heap, ref, ordinal);
    if (ordinal % PAGE_MESSAGES == 0)
        page->first_seq = writer->seq;

    uint8_t head[HEAD_BYTES_MAX];
    size_t head_bytes = cairn_varint_encode(head, writer->seq - page->first_seq);
    head_bytes += cairn_varint_encode(head + head_bytes, writer->channel);
    uint32_t tokens_bytes = writer->offset - writer->start;
    uint8_t *target = bytes_at(heap, page->block, page->bytes);
    size_t length = cairn_varint_encode(target, head_bytes + tokens_bytes);
    memcpy(target + length, head, head_bytes);
    memmove(target + length + head_bytes, bytes_at(heap, page->block, writer->start), tokens_bytes);

    page->bytes += (uint32_t)(length + head_bytes) + tokens_bytes;
    page->count++;
    forward->count++;
    forward->last_seq = writer->seq;
    if (++forward->end % PAGE_MESSAGES == 0)
        trim(heap, ref, ordinal);
}

/* Read the message at `offset` of a page. Returns the offset of the next; message->tokens.block is
 * 0 if it was removed. */
static uint32_t decode(const struct cairn_heap *heap, const struct page *page, uint32_t offset,
                       struct cairn_forward_message *message)
{
    const uint8_t *base = bytes_at(heap, page->block, 0);
    uint64_t length = 0;
    offset += (uint32_t)cairn_varint_decode(base + offset, page->bytes - offset, &length);
    uint32_t end = offset + (uint32_t)length;
    cairn_assert(end <= page->bytes);
    message->tokens = (struct cairn_forward_reader){0};
    if (length == 0)
        return end;

    uint64_t delta = 0;
    uint64_t channel = 0;
    offset += (uint32_t)cairn_varint_decode(base + offset, end - offset, &delta);
    offset += (uint32_t)cairn_varint_decode(base + offset, end - offset, &channel);
    message->seq = page->first_seq + delta;
    message->channel = (uint32_t)channel;
    message->tokens =
        (struct cairn_forward_reader){.block = page->block, .offset = offset, .end = end};
    return end;
}

/* The offset of the `index`-th message of a page. */
static uint32_t offset_of(const struct cairn_heap *heap, const struct page *page, uint32_t index)
{
    const uint8_t *base = bytes_at(heap, page->block, 0);
    uint32_t offset = 0;
    for (uint32_t i = 0; i < index; i++) {
        uint64_t length = 0;
        offset += (uint32_t)cairn_varint_decode(base + offset, page->bytes - offset, &length);
        offset += (uint32_t)length;
    }
    return offset;
}

bool cairn_forward_at(const struct cairn_heap *heap, cairn_ref ref, uint32_t ordinal,
                      struct cairn_forward_message *message)
{
    if (ordinal >= forward_at(heap, ref)->end)
        return false;
    const struct page *page = page_at(heap, ref, ordinal);
    if (page->count == 0)
        return false;
    struct cairn_forward_message found = {.ordinal = ordinal};
    decode(heap, page, offset_of(heap, page, ordinal % PAGE_MESSAGES), &found);
    if (found.tokens.block == 0)
        return false;
    *message = found;
    return true;
}

/* The last page whose first sequence is at most `seq`. */
static uint32_t page_of_seq(const struct cairn_heap *heap, cairn_ref ref, uint64_t seq)
{
    uint32_t low = 0;
    uint32_t high = (forward_at(heap, ref)->end - 1) / PAGE_MESSAGES;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (page_at(heap, ref, middle * PAGE_MESSAGES)->first_seq <= seq)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

bool cairn_forward_find(const struct cairn_heap *heap, cairn_ref ref, uint64_t seq,
                        struct cairn_forward_message *message)
{
    if (forward_at(heap, ref)->end == 0)
        return false;
    uint32_t first = page_of_seq(heap, ref, seq) * PAGE_MESSAGES;
    struct cairn_forward_cursor cursor = {.ordinal = first};
    struct cairn_forward_message found;
    while (cairn_forward_next(heap, ref, &cursor, &found) && found.seq <= seq) {
        if (found.seq != seq)
            continue;
        *message = found;
        return true;
    }
    return false;
}

bool cairn_forward_next(const struct cairn_heap *heap, cairn_ref ref,
                        struct cairn_forward_cursor *cursor, struct cairn_forward_message *message)
{
    uint32_t end = forward_at(heap, ref)->end;
    while (cursor->ordinal < end) {
        const struct page *page = page_at(heap, ref, cursor->ordinal);
        uint32_t index = cursor->ordinal % PAGE_MESSAGES;
        if (page->count == 0) {
            cursor->ordinal += PAGE_MESSAGES - index;
            cursor->offset = 0;
            continue;
        }
        uint32_t offset = cursor->offset == 0 ? offset_of(heap, page, index) : cursor->offset;
        message->ordinal = cursor->ordinal++;
        offset = decode(heap, page, offset, message);
        cursor->offset = index == PAGE_MESSAGES - 1 ? 0 : offset;
        if (message->tokens.block != 0)
            return true;
    }
    cursor->ordinal = end;
    return false;
}

void cairn_forward_remove(struct cairn_heap *heap, cairn_ref ref, uint32_t ordinal)
{
    struct page *page = page_at(heap, ref, ordinal);
    uint32_t offset = offset_of(heap, page, ordinal % PAGE_MESSAGES);
    struct cairn_forward_message message = {0};
    uint32_t end = decode(heap, page, offset, &message);
    cairn_assert(message.tokens.block != 0);

    uint8_t *base = bytes_at(heap, page->block, 0);
    base[offset] = 0;
    memmove(base + offset + 1, base + end, page->bytes - end);
    uint32_t gone = end - offset - 1;
    memset(base + page->bytes - gone, 0, gone);
    page->bytes -= gone;
    page->count--;
    forward_at(heap, ref)->count--;
    free_if_empty(heap, ref, ordinal);
}

uint32_t cairn_forward_read(const struct cairn_heap *heap, struct cairn_forward_reader *reader,
                            uint32_t *tokens, uint32_t max)
{
    const uint8_t *base = bytes_at(heap, reader->block, 0);
    uint32_t count = 0;
    while (count < max && reader->offset < reader->end) {
        uint64_t token = 0;
        size_t bytes =
            cairn_varint_decode(base + reader->offset, reader->end - reader->offset, &token);
        cairn_assert(bytes > 0);
        reader->offset += (uint32_t)bytes;
        tokens[count++] = (uint32_t)token;
    }
    return count;
}

uint32_t cairn_forward_end(const struct cairn_heap *heap, cairn_ref ref)
{
    return forward_at(heap, ref)->end;
}

uint32_t cairn_forward_count(const struct cairn_heap *heap, cairn_ref ref)
{
    return forward_at(heap, ref)->count;
}

uint64_t cairn_forward_last_seq(const struct cairn_heap *heap, cairn_ref ref)
{
    return forward_at(heap, ref)->last_seq;
}
