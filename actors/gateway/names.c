#include "actors/gateway/names.h"

#include "runtime/base/utf8.h"

static bool is_space_byte(char byte)
{
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= '0' && byte <= '9'))
        return true;
    return byte == '.' || byte == '_' || byte == ':' || byte == '@' || byte == '#' || byte == '-';
}

bool cairn_name_is_space(struct cairn_slice name)
{
    if (name.bytes == 0 || name.bytes > CAIRN_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.bytes; i++)
        if (!is_space_byte(name.data[i]))
            return false;
    return true;
}

bool cairn_name_is_text(struct cairn_slice name, size_t bytes_max)
{
    return name.bytes > 0 && name.bytes <= bytes_max && cairn_utf8_is_valid(name) &&
           !cairn_utf8_has_control(name);
}
