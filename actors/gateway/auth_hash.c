/* The only includer of libcrypto beside the ledger. */
#include <openssl/sha.h>

#include "actors/gateway/auth.h"

static_assert(CAIRN_AUTH_HASH_BYTES == SHA256_DIGEST_LENGTH, "a token's hash is a SHA-256");

void cairn_auth_hash(struct cairn_slice token, uint8_t hash[CAIRN_AUTH_HASH_BYTES])
{
    SHA256((const unsigned char *)token.data, token.bytes, hash);
}
