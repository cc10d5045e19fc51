/* actors/gateway/auth.h: who may do what: tokens, roles, spaces; and which hosts loopback answers
 * to.
 *
 * A token file has a line per token:
 *
 *     # the SHA-256 of the token in hexadecimal, then what it may do
 *     9f86d081884c7d65...  role=write  spaces=support,ops
 *     60303ae22b998861...  role=admin  spaces=*
 *
 * The file holds hashes, so that whoever reads it has no token. Roles include each other: admin may
 * write, write may read. What concerns all spaces at once needs spaces=*.
 *
 * Ownership   A struct cairn_auth owns its copy of the file's content.
 * Context     Immutable once parsed: any thread may check.
 * Errors      parse: -EINVAL with the line and why. check: the status to answer with.
 * Cost        check hashes the token and compares it with every line's in constant time.
 * Source      RFC 6750; hashes by libcrypto, see auth_hash.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/bytes.h"

#define CAIRN_AUTH_HASH_BYTES 32

enum cairn_role {
    CAIRN_ROLE_NONE, /* open to all */
    CAIRN_ROLE_READ,
    CAIRN_ROLE_WRITE,
    CAIRN_ROLE_ADMIN,
};

struct cairn_auth;

struct cairn_auth_error {
    uint32_t line;   /* from 1 */
    const char *why; /* static */
};

int cairn_auth_parse(struct cairn_slice file, struct cairn_auth **auth,
                     struct cairn_auth_error *error);
void cairn_auth_destroy(struct cairn_auth *auth);
uint32_t cairn_auth_token_count(const struct cairn_auth *auth);

struct cairn_auth_demand {
    enum cairn_role role;
    struct cairn_slice space; /* empty: the call names none */
    bool all_spaces;          /* it tells about every space */
};

/* May the sender of `authorization` (the header's value; data NULL: not sent) do this? 0, or 401 or
 * 403 with *why, static. `auth` NULL: no token file, everyone may do everything. */
int cairn_auth_check(const struct cairn_auth *auth, struct cairn_slice authorization,
                     const struct cairn_auth_demand *demand, const char **why);

/* SHA-256 of `token`. */
void cairn_auth_hash(struct cairn_slice token, uint8_t hash[CAIRN_AUTH_HASH_BYTES]);

/* The names under which a service on loopback may be called: localhost, 127.0.0.1, [::1] and
 * `listen_host`, each with or without a port. A page that a browser was lured to calls us by its
 * own name (DNS rebinding) and is turned away. */
bool cairn_auth_host_is_local(struct cairn_slice host, const char *listen_host);
/* The same of an Origin ("http://localhost:7700"). */
bool cairn_auth_origin_is_local(struct cairn_slice origin, const char *listen_host);
