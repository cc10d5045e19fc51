#include "actors/gateway/auth.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/unit.h"

/* SHA-256 of "test". */
#define HASH_TEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static void hex_of(const char *token, char hex[65])
{
    uint8_t hash[CAIRN_AUTH_HASH_BYTES];
    cairn_auth_hash(cairn_slice_of(token), hash);
    for (int i = 0; i < CAIRN_AUTH_HASH_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
}

static struct cairn_auth *parse(const char *file)
{
    struct cairn_auth *auth = NULL;
    struct cairn_auth_error error = {0};
    int result = cairn_auth_parse(cairn_slice_of(file), &auth, &error);
    if (result < 0)
        fail_msg("line %u: %s", error.line, error.why);
    return auth;
}

static struct cairn_auth *three_tokens(void)
{
    char reader[65];
    char root[65];
    char file[1024];
    hex_of("reader", reader);
    hex_of("root", root);
    snprintf(file, sizeof(file),
             "# who may do what\n\n" HASH_TEST " role=write spaces=a,b\r\n"
             "  %s\trole=read  spaces=*  \n%s role=admin spaces=*",
             reader, root);
    return parse(file);
}

static int check(const struct cairn_auth *auth, const char *header, enum cairn_role role,
                 const char *space, bool all_spaces)
{
    const char *why = NULL;
    struct cairn_slice authorization = header == NULL ? CAIRN_SLICE_EMPTY : cairn_slice_of(header);
    struct cairn_auth_demand demand = {
        .role = role, .space = cairn_slice_of(space), .all_spaces = all_spaces};
    int status = cairn_auth_check(auth, authorization, &demand, &why);
    assert_int_equal(status == 0, why == NULL);
    return status;
}

static void the_hash_is_sha256(void **state)
{
    (void)state;
    char hex[65];
    hex_of("test", hex);
    assert_string_equal(hex, HASH_TEST);
}

static void without_a_file_everyone_may(void **state)
{
    (void)state;
    assert_int_equal(check(NULL, NULL, CAIRN_ROLE_ADMIN, "a", true), 0);
}

static void a_missing_or_unknown_token_is_401(void **state)
{
    (void)state;
    struct cairn_auth *auth = three_tokens();
    assert_int_equal(cairn_auth_token_count(auth), 3);
    static const char *const headers[] = {
        NULL,   "",           "Bearer",        "Bearer ",    "Bearer nope",
        "test", "Basic test", "Bearer test x", "Bearertest", "Bearer Test"};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        assert_int_equal(check(auth, headers[i], CAIRN_ROLE_READ, "a", false), 401);
    assert_int_equal(check(auth, NULL, CAIRN_ROLE_NONE, "", false), 0);
    cairn_auth_destroy(auth);
}

static void roles_include_each_other(void **state)
{
    (void)state;
    struct cairn_auth *auth = three_tokens();
    static const struct {
        const char *header;
        enum cairn_role highest;
    } cases[] = {{"Bearer reader", CAIRN_ROLE_READ},
                 {"Bearer test", CAIRN_ROLE_WRITE},
                 {"bearer  root ", CAIRN_ROLE_ADMIN}};
    for (size_t i = 0; i < 3; i++)
        for (int role = CAIRN_ROLE_READ; role <= CAIRN_ROLE_ADMIN; role++)
            assert_int_equal(check(auth, cases[i].header, (enum cairn_role)role, "a", false),
                             role <= (int)cases[i].highest ? 0 : 403);
    cairn_auth_destroy(auth);
}

static void a_token_sees_its_spaces_only(void **state)
{
    (void)state;
    struct cairn_auth *auth = three_tokens();
    assert_int_equal(check(auth, "Bearer test", CAIRN_ROLE_READ, "a", false), 0);
    assert_int_equal(check(auth, "Bearer test", CAIRN_ROLE_READ, "b", false), 0);
    assert_int_equal(check(auth, "Bearer test", CAIRN_ROLE_READ, "ab", false), 403);
    assert_int_equal(check(auth, "Bearer test", CAIRN_ROLE_READ, "a,b", false), 403);
    assert_int_equal(check(auth, "Bearer test", CAIRN_ROLE_READ, "A", false), 403);
    assert_int_equal(check(auth, "Bearer test", CAIRN_ROLE_READ, "", true), 403);
    assert_int_equal(check(auth, "Bearer reader", CAIRN_ROLE_READ, "anything", true), 0);
    cairn_auth_destroy(auth);
}

static void a_bad_line_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        uint32_t line;
    } cases[] = {
        {"", 0},
        {"# nothing\n", 1},
        {"\n\nabc role=read spaces=*\n", 3},
        {HASH_TEST " role=read spaces=*\n" HASH_TEST " role=read spaces=a\n", 2},
        {HASH_TEST "\n", 1},
        {HASH_TEST " role=king spaces=*\n", 1},
        {HASH_TEST " spaces=* role=read\n", 1},
        {HASH_TEST " role=read\n", 1},
        {HASH_TEST " role=read spaces=\n", 1},
        {HASH_TEST " role=read spaces=a,,b\n", 1},
        {HASH_TEST " role=read spaces=a/b\n", 1},
        {HASH_TEST " role=read spaces=* extra\n", 1},
        {"g" HASH_TEST " role=read spaces=*\n", 1},
        {"gf86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 role=read spaces=*", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cairn_auth *auth = NULL;
        struct cairn_auth_error error = {0};
        assert_int_equal(cairn_auth_parse(cairn_slice_of(cases[i].file), &auth, &error), -EINVAL);
        assert_null(auth);
        assert_int_equal(error.line, cases[i].line);
        assert_non_null(error.why);
    }
}

static void loopback_answers_to_its_own_names(void **state)
{
    (void)state;
    static const char *const own[] = {"localhost",   "localhost:7700", "LocalHost:1", "127.0.0.1",
                                      "127.0.0.1:2", "[::1]",          "[::1]:7700",  "127.0.0.2",
                                      "127.0.0.2:9", "localhost:"};
    static const char *const foreign[] = {"",
                                          "evil.example",
                                          "localhost.evil.example",
                                          "evil.example:7700",
                                          "127.0.0.1.evil.example",
                                          "localhost@evil.example",
                                          "[::2]",
                                          "localhost:80x",
                                          "x127.0.0.1"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        assert_true(cairn_auth_host_is_local(cairn_slice_of(own[i]), "127.0.0.2"));
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_false(cairn_auth_host_is_local(cairn_slice_of(foreign[i]), "127.0.0.2"));
    assert_true(cairn_auth_host_is_local(cairn_slice_of("[::1]:80"), "::1"));
}

static void a_foreign_origin_is_told_from_our_own(void **state)
{
    (void)state;
    static const char *const foreign[] = {"null", "http://evil.example", "ftp://localhost",
                                          "http://", "https://localhost.evil.example"};
    assert_true(cairn_auth_origin_is_local(cairn_slice_of("http://localhost:7700"), "127.0.0.1"));
    assert_true(cairn_auth_origin_is_local(cairn_slice_of("https://127.0.0.1"), "127.0.0.1"));
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_false(cairn_auth_origin_is_local(cairn_slice_of(foreign[i]), "127.0.0.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_sha256),
        cmocka_unit_test(without_a_file_everyone_may),
        cmocka_unit_test(a_missing_or_unknown_token_is_401),
        cmocka_unit_test(roles_include_each_other),
        cmocka_unit_test(a_token_sees_its_spaces_only),
        cmocka_unit_test(a_bad_line_is_named),
        cmocka_unit_test(loopback_answers_to_its_own_names),
        cmocka_unit_test(a_foreign_origin_is_told_from_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
