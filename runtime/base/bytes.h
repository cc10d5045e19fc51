/* runtime/base/bytes.h: borrowed byte ranges, growing buffers, little-endian and varint codecs.
 *
 * Ownership   A slice borrows. A buffer owns its memory until cairn_buffer_deinit.
 * Context     Pure: any thread, no I/O. Only cairn_buffer_* allocates.
 * Errors      A buffer that could not grow is `failed` and stays so: append as you like, check once
 *             at the end. Decoders return the bytes consumed, or 0 when the input is not valid.
 * Cost        O(bytes). Appends are amortised O(1) by doubling.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cairn_slice {
    const char *data; /* borrowed; not terminated */
    size_t bytes;
};

#define CAIRN_SLICE_EMPTY ((struct cairn_slice){0})

static inline struct cairn_slice cairn_slice(const void *data, size_t bytes)
{
    return (struct cairn_slice){.data = (const char *)data, .bytes = bytes};
}

static inline struct cairn_slice cairn_slice_of(const char *text)
{
    return cairn_slice(text, strlen(text));
}

static inline bool cairn_slice_equal(struct cairn_slice a, struct cairn_slice b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

static inline bool cairn_slice_is(struct cairn_slice a, const char *text)
{
    return cairn_slice_equal(a, cairn_slice_of(text));
}

/* Byte order, shorter first on a tie: the order of sorted keys everywhere in cairn. */
int cairn_slice_compare(struct cairn_slice a, struct cairn_slice b);

/* A decimal number and nothing else. False if it is not one or does not fit. */
bool cairn_slice_to_u64(struct cairn_slice text, uint64_t *value);
bool cairn_slice_to_i64(struct cairn_slice text, int64_t *value);

struct cairn_buffer {
    char *data; /* owned */
    size_t bytes;
    size_t capacity;
    bool failed; /* an append found no memory; content is incomplete */
};

void cairn_buffer_deinit(struct cairn_buffer *buffer);
static inline void cairn_buffer_clear(struct cairn_buffer *buffer)
{
    buffer->bytes = 0;
    buffer->failed = false;
}
/* Room for `bytes` more. Returns where to write them, NULL when there is no memory. */
char *cairn_buffer_reserve(struct cairn_buffer *buffer, size_t bytes);
void cairn_buffer_append(struct cairn_buffer *buffer, const void *data, size_t bytes);
void cairn_buffer_append_slice(struct cairn_buffer *buffer, struct cairn_slice slice);
void cairn_buffer_append_text(struct cairn_buffer *buffer, const char *text);
void cairn_buffer_append_byte(struct cairn_buffer *buffer, char byte);
void cairn_buffer_append_u64(struct cairn_buffer *buffer, uint64_t value); /* decimal */
void cairn_buffer_append_i64(struct cairn_buffer *buffer, int64_t value);  /* decimal */
void cairn_buffer_printf(struct cairn_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline struct cairn_slice cairn_buffer_slice(const struct cairn_buffer *buffer)
{
    return cairn_slice(buffer->data, buffer->bytes);
}

/* Little-endian loads and stores: disk integers never go through a pointer cast to a struct. */
#define CAIRN_BYTES_CODEC(bits)                                                                    \
    static inline uint##bits##_t cairn_load_u##bits(const void *source)                            \
    {                                                                                              \
        uint##bits##_t value;                                                                      \
        memcpy(&value, source, sizeof(value));                                                     \
        return value;                                                                              \
    }                                                                                              \
    static inline void cairn_store_u##bits(void *target, uint##bits##_t value)                     \
    {                                                                                              \
        memcpy(target, &value, sizeof(value));                                                     \
    }
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "cairn's formats are little-endian");
CAIRN_BYTES_CODEC(16)
CAIRN_BYTES_CODEC(32)
CAIRN_BYTES_CODEC(64)
#undef CAIRN_BYTES_CODEC

/* LEB128. At most 10 bytes. */
#define CAIRN_VARINT_BYTES_MAX 10

static inline size_t cairn_varint_encode(uint8_t *target, uint64_t value)
{
    size_t length = 0;
    while (value >= 0x80) {
        target[length++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    target[length++] = (uint8_t)value;
    return length;
}

/* Returns the bytes consumed, 0 if the input is cut short or longer than 64 bits. */
static inline size_t cairn_varint_decode(const uint8_t *source, size_t bytes, uint64_t *value)
{
    uint64_t result = 0;
    for (size_t length = 0; length < bytes && length < CAIRN_VARINT_BYTES_MAX; length++) {
        uint8_t byte = source[length];
        if (length == CAIRN_VARINT_BYTES_MAX - 1 && byte > 1)
            return 0;
        result |= (uint64_t)(byte & 0x7f) << (7 * length);
        if (byte < 0x80) {
            *value = result;
            return length + 1;
        }
    }
    return 0;
}

static inline uint64_t cairn_zigzag_encode(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t cairn_zigzag_decode(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}
