#include "actors/gateway/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "actors/gateway/names.h"

#define TOKENS_MAX      65536u
#define TOKEN_BYTES_MAX 4096u

struct grant {
    uint8_t hash[CAIRN_AUTH_HASH_BYTES];
    enum cairn_role role;
    bool all_spaces;
    struct cairn_slice spaces; /* the list as in the file, commas between; points into `file` */
};

struct cairn_auth {
    char *file; /* owned */
    struct grant *grants;
    uint32_t count;
    uint32_t capacity;
};

/* ---- the file ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct cairn_slice next_word(struct cairn_slice *line)
{
    size_t from = 0;
    while (from < line->bytes && is_blank(line->data[from]))
        from++;
    size_t to = from;
    while (to < line->bytes && !is_blank(line->data[to]))
        to++;
    struct cairn_slice word = cairn_slice(line->data + from, to - from);
    *line = cairn_slice(line->data + to, line->bytes - to);
    return word;
}

static bool starts_with(struct cairn_slice text, const char *prefix, struct cairn_slice *rest)
{
    size_t bytes = strlen(prefix);
    if (text.bytes < bytes || memcmp(text.data, prefix, bytes) != 0)
        return false;
    *rest = cairn_slice(text.data + bytes, text.bytes - bytes);
    return true;
}

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

static const char *parse_hash(struct cairn_slice word, uint8_t hash[CAIRN_AUTH_HASH_BYTES])
{
    if (word.bytes != 2 * CAIRN_AUTH_HASH_BYTES)
        return "a line begins with the SHA-256 of a token: 64 hexadecimal digits";
    for (size_t i = 0; i < CAIRN_AUTH_HASH_BYTES; i++) {
        int high = hex_value(word.data[2 * i]);
        int low = hex_value(word.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return "a line begins with the SHA-256 of a token: 64 hexadecimal digits";
        hash[i] = (uint8_t)(high * 16 + low);
    }
    return NULL;
}

static const char *parse_role(struct cairn_slice word, enum cairn_role *role)
{
    struct cairn_slice name;
    if (!starts_with(word, "role=", &name))
        return "after the hash comes role=admin, role=write or role=read";
    if (cairn_slice_is(name, "admin"))
        *role = CAIRN_ROLE_ADMIN;
    else if (cairn_slice_is(name, "write"))
        *role = CAIRN_ROLE_WRITE;
    else if (cairn_slice_is(name, "read"))
        *role = CAIRN_ROLE_READ;
    else
        return "role is one of admin, write and read";
    return NULL;
}

static struct cairn_slice next_item(struct cairn_slice *list)
{
    const char *comma = list->bytes == 0 ? NULL : memchr(list->data, ',', list->bytes);
    size_t bytes = comma == NULL ? list->bytes : (size_t)(comma - list->data);
    struct cairn_slice item = cairn_slice(list->data, bytes);
    size_t consumed = comma == NULL ? bytes : bytes + 1;
    *list = cairn_slice(list->data + consumed, list->bytes - consumed);
    return item;
}

static const char *parse_spaces(struct cairn_slice word, struct grant *grant)
{
    if (!starts_with(word, "spaces=", &grant->spaces))
        return "after the role comes spaces=* or spaces=a,b";
    if (cairn_slice_is(grant->spaces, "*")) {
        grant->all_spaces = true;
        return NULL;
    }
    struct cairn_slice list = grant->spaces;
    do {
        if (!cairn_name_is_space(next_item(&list)))
            return "a space is 1 to 128 bytes of A-Z a-z 0-9 . _ : @ # -";
    } while (list.bytes > 0);
    return NULL;
}

static const char *parse_line(struct cairn_slice line, struct grant *grant)
{
    const char *why = parse_hash(next_word(&line), grant->hash);
    if (why == NULL)
        why = parse_role(next_word(&line), &grant->role);
    if (why == NULL)
        why = parse_spaces(next_word(&line), grant);
    if (why == NULL && next_word(&line).bytes > 0)
        why = "there is more on the line than HASH role=... spaces=...";
    return why;
}

static int add_grant(struct cairn_auth *auth, const struct grant *grant)
{
    if (auth->count == auth->capacity) {
        uint32_t capacity = auth->capacity == 0 ? 8 : auth->capacity * 2;
        struct grant *grants = realloc(auth->grants, capacity * sizeof(*grants));
        if (grants == NULL)
            return -ENOMEM;
        auth->grants = grants;
        auth->capacity = capacity;
    }
    auth->grants[auth->count++] = *grant;
    return 0;
}

static bool is_known(const struct cairn_auth *auth, const struct grant *grant)
{
    for (uint32_t i = 0; i < auth->count; i++)
        if (memcmp(auth->grants[i].hash, grant->hash, sizeof(grant->hash)) == 0)
            return true;
    return false;
}

static int read_line(struct cairn_auth *auth, struct cairn_slice line, const char **why)
{
    struct cairn_slice rest = line;
    struct cairn_slice first = next_word(&rest);
    if (first.bytes == 0 || first.data[0] == '#')
        return 0;

    struct grant grant = {0};
    *why = parse_line(line, &grant);
    if (*why == NULL && is_known(auth, &grant))
        *why = "this token is there twice";
    if (*why == NULL && auth->count == TOKENS_MAX)
        *why = "there are too many tokens";
    return *why == NULL ? add_grant(auth, &grant) : -EINVAL;
}

static int read_lines(struct cairn_auth *auth, struct cairn_slice file,
                      struct cairn_auth_error *error)
{
    uint32_t number = 0;
    while (file.bytes > 0) {
        const char *end = memchr(file.data, '\n', file.bytes);
        size_t bytes = end == NULL ? file.bytes : (size_t)(end - file.data);
        const char *why = NULL;
        number++;
        int result = read_line(auth, cairn_slice(file.data, bytes), &why);
        if (result < 0) {
            *error = (struct cairn_auth_error){.line = number, .why = why};
            return result;
        }
        size_t consumed = end == NULL ? bytes : bytes + 1;
        file = cairn_slice(file.data + consumed, file.bytes - consumed);
    }
    if (auth->count > 0)
        return 0;
    *error = (struct cairn_auth_error){.line = number, .why = "there is no token in the file"};
    return -EINVAL;
}

int cairn_auth_parse(struct cairn_slice file, struct cairn_auth **auth,
                     struct cairn_auth_error *error)
{
    struct cairn_auth *parsed = calloc(1, sizeof(*parsed));
    if (parsed == NULL)
        return -ENOMEM;
    parsed->file = malloc(file.bytes + 1);
    if (parsed->file == NULL) {
        free(parsed);
        return -ENOMEM;
    }
    if (file.bytes > 0)
        memcpy(parsed->file, file.data, file.bytes);
    int result = read_lines(parsed, cairn_slice(parsed->file, file.bytes), error);
    if (result < 0) {
        cairn_auth_destroy(parsed);
        return result;
    }
    *auth = parsed;
    return 0;
}

void cairn_auth_destroy(struct cairn_auth *auth)
{
    if (auth == NULL)
        return;
    free(auth->grants);
    free(auth->file);
    free(auth);
}

uint32_t cairn_auth_token_count(const struct cairn_auth *auth)
{
    return auth->count;
}

/* ---- a request ---- */

static bool bearer_token(struct cairn_slice authorization, struct cairn_slice *token)
{
    static const char scheme[] = "bearer ";
    size_t bytes = sizeof(scheme) - 1;
    if (authorization.bytes <= bytes || strncasecmp(authorization.data, scheme, bytes) != 0)
        return false;
    struct cairn_slice rest = cairn_slice(authorization.data + bytes, authorization.bytes - bytes);
    *token = next_word(&rest);
    return token->bytes > 0 && token->bytes <= TOKEN_BYTES_MAX && next_word(&rest).bytes == 0;
}

/* How long it takes tells nothing about how much of a hash is right. */
static bool is_same_hash(const uint8_t *a, const uint8_t *b)
{
    unsigned difference = 0;
    for (size_t i = 0; i < CAIRN_AUTH_HASH_BYTES; i++)
        difference |= (unsigned)(a[i] ^ b[i]);
    return difference == 0;
}

/* Looks at every line, whether or not one was found already. */
static const struct grant *find_grant(const struct cairn_auth *auth, struct cairn_slice token)
{
    uint8_t hash[CAIRN_AUTH_HASH_BYTES];
    cairn_auth_hash(token, hash);
    const struct grant *found = NULL;
    for (uint32_t i = 0; i < auth->count; i++)
        if (is_same_hash(auth->grants[i].hash, hash))
            found = &auth->grants[i];
    return found;
}

static bool may_see(const struct grant *grant, struct cairn_slice space)
{
    if (grant->all_spaces)
        return true;
    struct cairn_slice list = grant->spaces;
    while (list.bytes > 0)
        if (cairn_slice_equal(next_item(&list), space))
            return true;
    return false;
}

int cairn_auth_check(const struct cairn_auth *auth, struct cairn_slice authorization,
                     const struct cairn_auth_demand *demand, const char **why)
{
    if (auth == NULL || demand->role == CAIRN_ROLE_NONE)
        return 0;

    struct cairn_slice token;
    if (!bearer_token(authorization, &token)) {
        *why = "this call needs `Authorization: Bearer TOKEN`";
        return 401;
    }
    const struct grant *grant = find_grant(auth, token);
    if (grant == NULL) {
        *why = "this token is not known";
        return 401;
    }
    if (grant->role < demand->role) {
        *why = "this token's role does not allow the call";
        return 403;
    }
    if (demand->all_spaces && !grant->all_spaces) {
        *why = "this call is about all spaces, which this token may not see";
        return 403;
    }
    if (demand->space.bytes > 0 && !may_see(grant, demand->space)) {
        *why = "this token may not see this space";
        return 403;
    }
    return 0;
}

/* ---- hosts ---- */

/* "localhost:7700" without the port; "[::1]:7700" likewise. */
static struct cairn_slice without_port(struct cairn_slice host)
{
    size_t bytes = host.bytes;
    while (bytes > 0 && host.data[bytes - 1] >= '0' && host.data[bytes - 1] <= '9')
        bytes--;
    if (bytes == 0 || host.data[bytes - 1] != ':')
        return host;
    return cairn_slice(host.data, bytes - 1);
}

static bool is_host(struct cairn_slice host, const char *name)
{
    return host.bytes == strlen(name) && strncasecmp(host.data, name, host.bytes) == 0;
}

bool cairn_auth_host_is_local(struct cairn_slice host, const char *listen_host)
{
    if (host.bytes == 0)
        return false;
    struct cairn_slice name = without_port(host);
    if (is_host(name, "localhost") || is_host(name, "127.0.0.1") || is_host(name, "[::1]") ||
        is_host(name, listen_host))
        return true;
    /* An IPv6 address to listen on is written without brackets, and called with them. */
    return name.bytes > 2 && name.data[0] == '[' && name.data[name.bytes - 1] == ']' &&
           is_host(cairn_slice(name.data + 1, name.bytes - 2), listen_host);
}

bool cairn_auth_origin_is_local(struct cairn_slice origin, const char *listen_host)
{
    struct cairn_slice host;
    if (!starts_with(origin, "http://", &host) && !starts_with(origin, "https://", &host))
        return false;
    return cairn_auth_host_is_local(host, listen_host);
}
