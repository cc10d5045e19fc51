#include "actors/gateway/router.h"

#include <stdio.h>

#include "actors/gateway/names.h"
#include "actors/percent.h"
#include "runtime/base/random.h"
#include "tests/support/unit.h"

struct fixture {
    struct cairn_buffer storage;
    struct cairn_route_match match;
};

static int match(struct fixture *fixture, enum cairn_http_method method, const char *path)
{
    cairn_buffer_deinit(&fixture->storage);
    assert_non_null(cairn_buffer_reserve(&fixture->storage, strlen(path)));
    return cairn_router_match(method, cairn_slice_of(path), &fixture->storage, &fixture->match);
}

static void assert_slice(struct cairn_slice slice, const char *expected)
{
    assert_int_equal(slice.bytes, strlen(expected));
    assert_memory_equal(slice.data, expected, slice.bytes);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cairn_buffer_deinit(&fixture->storage);
    return 0;
}

/* Put "x1" for every name of a pattern. */
static void example_of(const char *pattern, struct cairn_buffer *path)
{
    bool is_inside = false;
    cairn_buffer_clear(path);
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '{') {
            bool is_number = strncmp(at, "{seq}", 5) == 0;
            cairn_buffer_append_text(path, is_number ? "17" : "x1");
            is_inside = true;
        } else if (*at == '}') {
            is_inside = false;
        } else if (!is_inside) {
            cairn_buffer_append_byte(path, *at);
        }
    }
    cairn_buffer_append_byte(path, '\0');
}

static void every_route_is_found_by_its_pattern_and_no_other(void **state)
{
    struct fixture *fixture = *state;
    size_t count;
    const struct cairn_route *table = cairn_router_table(&count);
    struct cairn_buffer path = {0};
    for (size_t i = 0; i < count; i++) {
        example_of(table[i].pattern, &path);
        assert_int_equal(match(fixture, table[i].method, path.data), 0);
        assert_ptr_equal(fixture->match.route, &table[i]);
        assert_int_equal(table[i].operation == CAIRN_OPERATION_LATER, table[i].later != NULL);
    }
    cairn_buffer_deinit(&path);
}

static void every_operation_has_a_route(void **state)
{
    (void)state;
    size_t count;
    const struct cairn_route *table = cairn_router_table(&count);
    for (int operation = 1; operation < CAIRN_OPERATION_COUNT; operation++) {
        bool is_there = false;
        for (size_t i = 0; i < count; i++)
            is_there |= (int)table[i].operation == operation;
        assert_true(is_there);
    }
}

static void names_come_decoded(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(match(fixture, CAIRN_HTTP_GET,
                           "/v1/spaces/irc%23libera:a@b/facts/J%C3%BCrg%2FM/home%20town"),
                     0);
    assert_int_equal(fixture->match.route->operation, CAIRN_OPERATION_GET_FACT);
    assert_slice(fixture->match.space, "irc#libera:a@b");
    assert_slice(fixture->match.parameters[0], "J\xc3\xbcrg/M");
    assert_slice(fixture->match.parameters[1], "home town");

    assert_int_equal(match(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/messages/18446744073709551615"),
                     0);
    assert_true(fixture->match.seq == UINT64_MAX);
    assert_int_equal(match(fixture, CAIRN_HTTP_POST, "/v1/spaces/a/episodes%3Abulk"), 0);
    assert_int_equal(fixture->match.route->operation, CAIRN_OPERATION_POST_EPISODES);
}

static void a_name_that_is_not_valid_is_400(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bad[] = {
        "/v1/spaces/a%20b",
        "/v1/spaces/a%2Fb",
        "/v1/spaces/%C3%BC",
        "/v1/spaces/a/messages/x",
        "/v1/spaces/a/facts/%",
        "/v1/spaces/a/messages/-1",
        "/v1/spaces/a/facts/%ff",
        "/v1/spaces/a%2",
        "/v1/spaces/a/facts/a%00b",
        "/v1/spaces/a/facts/a%7Fb/k",
        "/v1/spaces/a/messages/18446744073709551616",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(match(fixture, CAIRN_HTTP_GET, bad[i]), 400);
        assert_non_null(fixture->match.bad_name);
    }
}

static void names_have_their_longest_length(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *format;
        enum cairn_http_method method;
        int bytes_max;
    } cases[] = {
        {"/v1/spaces/%0*d", CAIRN_HTTP_GET, 128},
        {"/v1/spaces/s/channels/%0*d", CAIRN_HTTP_DELETE, 128},
        {"/v1/spaces/s/authors/%0*d", CAIRN_HTTP_DELETE, 256},
        {"/v1/spaces/s/facts/%0*d", CAIRN_HTTP_GET, 128},
        {"/v1/spaces/s/facts/u/%0*d", CAIRN_HTTP_PUT, 128},
    };
    char path[512];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int bytes = cases[i].bytes_max - 1; bytes <= cases[i].bytes_max + 1; bytes++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(path, sizeof(path), cases[i].format, bytes, 0);
#pragma GCC diagnostic pop
            assert_int_equal(match(fixture, cases[i].method, path),
                             bytes > cases[i].bytes_max ? 400 : 0);
        }
    }
}

static void an_unknown_path_is_404_and_says_what_may_be_meant(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *path;
        const char *nearest; /* NULL: nothing is near */
    } cases[] = {
        {"/v1/space/a/messages", "/v1/spaces/{space}/messages"},
        {"/v1/spaces/a/mesages", "/v1/spaces/{space}/messages"},
        {"/v1/spaces/a/serach", "/v1/spaces/{space}/search"},
        {"/spaces/a/search", "/v1/spaces/{space}/search"},
        {"/v1/spaces/a/episode:bulk", "/v1/spaces/{space}/episodes:bulk"},
        {"/healthy", "/healthz"},
        {"/v1/stat", "/v1/stats"},
        {"/wp-admin.php", NULL},
        {"/v1/spaces/a/b/c/d/e/f/g/h/i/j", NULL},
        {"//", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(match(fixture, CAIRN_HTTP_GET, cases[i].path), 404);
        assert_null(fixture->match.route);
        if (cases[i].nearest == NULL)
            assert_null(fixture->match.nearest);
        else
            assert_string_equal(fixture->match.nearest->pattern, cases[i].nearest);
    }
    assert_int_equal(match(fixture, CAIRN_HTTP_GET, "/v1/spaces/"), 404);
    assert_int_equal(match(fixture, CAIRN_HTTP_GET, "/v1/spaces/a/messages/"), 404);
}

static void a_known_path_with_another_method_is_405_and_says_which(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_buffer allow = {0};
    assert_int_equal(match(fixture, CAIRN_HTTP_PUT, "/v1/spaces/a/messages"), 405);
    cairn_router_append_allow(&allow, fixture->match.methods);
    assert_slice(cairn_buffer_slice(&allow), "GET, HEAD, POST, OPTIONS");
    cairn_buffer_clear(&allow);
    assert_int_equal(match(fixture, CAIRN_HTTP_METHOD_OTHER, "/v1/spaces/a/search"), 405);
    cairn_router_append_allow(&allow, fixture->match.methods);
    assert_slice(cairn_buffer_slice(&allow), "POST, OPTIONS");
    cairn_buffer_deinit(&allow);
}

static void head_is_found_as_get_and_options_everywhere(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(match(fixture, CAIRN_HTTP_HEAD, "/healthz"), 0);
    assert_int_equal(fixture->match.route->operation, CAIRN_OPERATION_HEALTH);
    assert_int_equal(match(fixture, CAIRN_HTTP_HEAD, "/v1/spaces/a/search"), 405);
    assert_int_equal(match(fixture, CAIRN_HTTP_OPTIONS, "/v1/spaces/a/search"), 0);
    assert_null(fixture->match.route);
    assert_int_equal(match(fixture, CAIRN_HTTP_OPTIONS, "*"), 0);
    assert_int_equal(match(fixture, CAIRN_HTTP_OPTIONS, "/nowhere"), 404);
}

/* Writes need a writer; what tells about all spaces needs a token for all. */
static void no_route_is_open_by_mistake(void **state)
{
    (void)state;
    size_t count;
    const struct cairn_route *table = cairn_router_table(&count);
    for (size_t i = 0; i < count; i++) {
        bool has_space = strstr(table[i].pattern, "{space}") != NULL;
        if (table[i].flags & CAIRN_ROUTE_WRITES)
            assert_true(table[i].role >= CAIRN_ROLE_WRITE);
        if (table[i].method == CAIRN_HTTP_DELETE || table[i].method == CAIRN_HTTP_PUT)
            assert_true((table[i].flags & CAIRN_ROUTE_WRITES) != 0);
        if (table[i].role != CAIRN_ROLE_NONE)
            assert_true(has_space || (table[i].flags & CAIRN_ROUTE_ALL_SPACES) != 0);
        else
            assert_int_equal(table[i].target, CAIRN_TARGET_GATEWAY);
        if (table[i].target >= CAIRN_TARGET_TRAINING)
            assert_true(has_space);
    }
}

/* Any space name, encoded byte by byte or not at all, comes back as it was. */
static void any_valid_space_survives_its_encoding(void **state)
{
    struct fixture *fixture = *state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@#-";
    struct cairn_random random;
    cairn_random_init(&random, 11);
    printf("seed 11\n");
    for (int round = 0; round < 500; round++) {
        char name[129] = {0};
        size_t bytes = 1 + cairn_random_below(&random, 128);
        struct cairn_buffer path = {0};
        cairn_buffer_append_text(&path, "/v1/spaces/");
        for (size_t i = 0; i < bytes; i++) {
            name[i] = alphabet[cairn_random_below(&random, sizeof(alphabet) - 1)];
            if (cairn_random_below(&random, 2) == 0)
                cairn_buffer_append_byte(&path, name[i]);
            else
                cairn_buffer_printf(&path, "%%%02x", (unsigned)name[i]);
        }
        cairn_buffer_append_byte(&path, '\0');
        assert_int_equal(match(fixture, CAIRN_HTTP_GET, path.data), 0);
        assert_slice(fixture->match.space, name);
        cairn_buffer_deinit(&path);
    }
}

/* The counts in the table are what the search goes by. */
static void every_row_counts_its_own_segments(void **state)
{
    size_t count;
    const struct cairn_route *table = cairn_router_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t slashes = 0;
        for (const char *at = table[i].pattern; *at != '\0'; at++)
            slashes += *at == '/';
        assert_int_equal(table[i].segment_count, slashes);
        assert_int_equal(table[i].pattern_bytes, strlen(table[i].pattern));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_counts_its_own_segments),
        cmocka_unit_test_setup_teardown(every_route_is_found_by_its_pattern_and_no_other, set_up,
                                        tear_down),
        cmocka_unit_test(every_operation_has_a_route),
        cmocka_unit_test_setup_teardown(names_come_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_is_not_valid_is_400, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_have_their_longest_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_path_is_404_and_says_what_may_be_meant, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_known_path_with_another_method_is_405_and_says_which,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(head_is_found_as_get_and_options_everywhere, set_up,
                                        tear_down),
        cmocka_unit_test(no_route_is_open_by_mistake),
        cmocka_unit_test_setup_teardown(any_valid_space_survives_its_encoding, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
