#include "runtime/base/log.h"

#include "runtime/base/error.h"
#include "tests/support/unit.h"

static char logged[2 * CAIRN_LOG_LINE_BYTES_MAX];
static size_t logged_bytes;

static void keep(struct cairn_slice line, void *context)
{
    (void)context;
    memcpy(logged + logged_bytes, line.data, line.bytes);
    logged_bytes += line.bytes;
    logged[logged_bytes] = '\0';
}

static int start(void **state)
{
    (void)state;
    logged_bytes = 0;
    logged[0] = '\0';
    cairn_log_set_sink(keep, NULL);
    cairn_log_set_level(CAIRN_LOG_INFO);
    return 0;
}

static void a_line_is_level_event_and_fields(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_WARN, "ledger_truncated", cairn_log_u64("segment", 12),
              cairn_log_i64("delta", -3), cairn_log_double("ratio", 0.5),
              cairn_log_bool("deep", true), cairn_log_text("path", "/var/lib"),
              cairn_log_error("error", -EBADMSG));
    assert_string_equal(logged, "warn ledger_truncated segment=12 delta=-3 ratio=0.5 deep=true "
                                "path=/var/lib error=EBADMSG\n");
}

static void an_event_needs_no_fields(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_INFO, "stopped");
    assert_string_equal(logged, "info stopped\n");
}

static void values_that_would_break_the_line_are_quoted(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_ERROR, "bad", cairn_log_text("a", "two words"), cairn_log_text("b", ""),
              cairn_log_text("c", "x=\"\\\n\x1b"), cairn_log_text("d", "gr\xc3\xbc\xc3\x9f"));
    assert_string_equal(logged, "error bad a=\"two words\" b=\"\" c=\"x=\\\"\\\\\\n\\x1b\" "
                                "d=gr\xc3\xbc\xc3\x9f\n");
}

static void lines_below_the_level_are_dropped(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_DEBUG, "hidden");
    assert_string_equal(logged, "");
    cairn_log_set_level(CAIRN_LOG_DEBUG);
    cairn_log(CAIRN_LOG_DEBUG, "shown");
    assert_string_equal(logged, "debug shown\n");
}

static void a_line_at_the_limit_is_whole_and_above_it_is_cut(void **state)
{
    (void)state;
    static char value[CAIRN_LOG_LINE_BYTES_MAX + 1];
    memset(value, 'v', sizeof(value));
    size_t longest = CAIRN_LOG_LINE_BYTES_MAX - strlen("info long key=") - strlen("...\n");

    cairn_log(CAIRN_LOG_INFO, "long", cairn_log_slice("key", cairn_slice(value, longest)));
    assert_string_equal(logged + logged_bytes - 2, "v\n");
    logged_bytes = 0;
    cairn_log(CAIRN_LOG_INFO, "long", cairn_log_slice("key", cairn_slice(value, longest + 1)));
    assert_int_equal(logged_bytes, CAIRN_LOG_LINE_BYTES_MAX);
    assert_string_equal(logged + logged_bytes - 5, "v...\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_is_level_event_and_fields, start),
        cmocka_unit_test_setup(an_event_needs_no_fields, start),
        cmocka_unit_test_setup(values_that_would_break_the_line_are_quoted, start),
        cmocka_unit_test_setup(lines_below_the_level_are_dropped, start),
        cmocka_unit_test_setup(a_line_at_the_limit_is_whole_and_above_it_is_cut, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
