#include "actors/percent.h"

#include <errno.h>
#include <limits.h>

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

int cairn_percent_decode(struct cairn_slice text, bool plus_is_space, char *target)
{
    if (text.bytes > INT_MAX)
        return -EINVAL;

    int written = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        char byte = text.data[i];
        if (byte == '%') {
            int high = text.bytes - i > 2 ? hex_value(text.data[i + 1]) : -1;
            int low = text.bytes - i > 2 ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -EINVAL;
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        target[written++] = byte;
    }
    return written;
}

static bool is_unreserved(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void cairn_percent_append(struct cairn_buffer *buffer, struct cairn_slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (is_unreserved(text.data[i])) {
            cairn_buffer_append_byte(buffer, text.data[i]);
            continue;
        }
        const char encoded[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        cairn_buffer_append(buffer, encoded, sizeof(encoded));
    }
}
