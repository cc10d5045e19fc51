#include "runtime/base/uuid.h"

#include <errno.h>

#define COUNTER_END (1u << 12)
#define TIME_MASK   ((UINT64_C(1) << 48) - 1)
#define RANDOM_MASK ((UINT64_C(1) << 62) - 1)

static bool is_dash_place(size_t place)
{
    return place == 8 || place == 13 || place == 18 || place == 23;
}

static int digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

int cairn_uuid_parse(struct cairn_slice text, uint8_t uuid[CAIRN_UUID_BYTES])
{
    uint8_t parsed[CAIRN_UUID_BYTES] = {0};
    size_t digits = 0;
    if (text.bytes != CAIRN_UUID_TEXT_BYTES)
        return -EINVAL;
    for (size_t place = 0; place < text.bytes; place++) {
        if (is_dash_place(place)) {
            if (text.data[place] != '-')
                return -EINVAL;
            continue;
        }
        int digit = digit_of(text.data[place]);
        if (digit < 0)
            return -EINVAL;
        parsed[digits / 2] = (uint8_t)(parsed[digits / 2] << 4 | digit);
        digits++;
    }
    memcpy(uuid, parsed, sizeof(parsed));
    return 0;
}

void cairn_uuid_format(const uint8_t uuid[CAIRN_UUID_BYTES], char text[CAIRN_UUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t place = 0;
    for (size_t i = 0; i < CAIRN_UUID_BYTES; i++) {
        if (is_dash_place(place))
            text[place++] = '-';
        text[place++] = digits[uuid[i] >> 4];
        text[place++] = digits[uuid[i] & 15];
    }
}

static void store_big_endian(uint8_t *target, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        target[i] = (uint8_t)value;
}

void cairn_uuid_v7(struct cairn_uuid_generator *generator, uint64_t now_ms, uint64_t random,
                   uint8_t uuid[CAIRN_UUID_BYTES])
{
    if (now_ms > generator->last_ms) {
        generator->last_ms = now_ms;
        generator->counter = 0;
    } else if (++generator->counter == COUNTER_END) {
        generator->last_ms++;
        generator->counter = 0;
    }
    store_big_endian(uuid, (generator->last_ms & TIME_MASK) << 16 | UINT64_C(7) << 12 |
                               generator->counter);
    store_big_endian(uuid + 8, UINT64_C(2) << 62 | (random & RANDOM_MASK));
}
