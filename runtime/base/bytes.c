#include "runtime/base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/assert.h"

int cairn_slice_compare(struct cairn_slice a, struct cairn_slice b)
{
    size_t shared = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    if (order != 0)
        return order;
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

bool cairn_slice_to_u64(struct cairn_slice text, uint64_t *value)
{
    uint64_t result = 0;
    if (text.bytes == 0)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(result, 10, &result) ||
            __builtin_add_overflow(result, (uint64_t)(text.data[i] - '0'), &result))
            return false;
    }
    *value = result;
    return true;
}

bool cairn_slice_to_i64(struct cairn_slice text, int64_t *value)
{
    bool negative = text.bytes > 0 && text.data[0] == '-';
    uint64_t magnitude;
    if (!cairn_slice_to_u64(cairn_slice(text.data + negative, text.bytes - negative), &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

void cairn_buffer_deinit(struct cairn_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct cairn_buffer){0};
}

char *cairn_buffer_reserve(struct cairn_buffer *buffer, size_t bytes)
{
    if (buffer->capacity - buffer->bytes >= bytes && buffer->data != NULL)
        return buffer->data + buffer->bytes;

    size_t needed;
    if (buffer->failed || __builtin_add_overflow(buffer->bytes, bytes, &needed)) {
        buffer->failed = true;
        return NULL;
    }
    size_t capacity = buffer->capacity < 32 ? 64 : buffer->capacity * 2;
    if (capacity < needed)
        capacity = needed;
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return NULL;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return data + buffer->bytes;
}

void cairn_buffer_append(struct cairn_buffer *buffer, const void *data, size_t bytes)
{
    char *target = cairn_buffer_reserve(buffer, bytes);
    if (target == NULL || bytes == 0)
        return;
    memcpy(target, data, bytes);
    buffer->bytes += bytes;
}

void cairn_buffer_append_slice(struct cairn_buffer *buffer, struct cairn_slice slice)
{
    cairn_buffer_append(buffer, slice.data, slice.bytes);
}

void cairn_buffer_append_text(struct cairn_buffer *buffer, const char *text)
{
    cairn_buffer_append(buffer, text, strlen(text));
}

void cairn_buffer_append_byte(struct cairn_buffer *buffer, char byte)
{
    cairn_buffer_append(buffer, &byte, 1);
}

void cairn_buffer_append_u64(struct cairn_buffer *buffer, uint64_t value)
{
    char digits[20];
    size_t first = sizeof(digits);
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    cairn_buffer_append(buffer, digits + first, sizeof(digits) - first);
}

void cairn_buffer_append_i64(struct cairn_buffer *buffer, int64_t value)
{
    if (value < 0)
        cairn_buffer_append_byte(buffer, '-');
    cairn_buffer_append_u64(buffer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void cairn_buffer_printf(struct cairn_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    cairn_assert(length >= 0);
    /* vsnprintf writes a terminator as well: room for it, but it is not content. */
    char *target = cairn_buffer_reserve(buffer, (size_t)length + 1);
    if (target != NULL) {
        vsnprintf(target, (size_t)length + 1, format, again);
        buffer->bytes += (size_t)length;
    }
    va_end(again);
}
