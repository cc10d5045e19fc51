/* Events from JSON: which members each kind has, what they must be, and what is said of others. */
#include "tests/storage/event_json_fixture.h"

/* ---- what each kind takes ---- */

static void a_message_is_taken_with_all_its_members(void **state)
{
    expect(*state, CAIRN_EVENT_MESSAGE,
           "{\"channel\":\"general\",\"author\":\"ann\",\"text\":\"hi\",\"ts\":5,\"id\":\"k\","
           "\"reply_to\":3,\"session\":\"s\",\"title\":\"t\",\"role\":\"user\",\"bot\":false,"
           "\"expires_at\":9,\"attachments\":[{\"url\":\"u\"}],\"meta\":{\"x\":1}}",
           "{\"channel\":\"general\",\"author\":\"ann\",\"text\":\"hi\",\"id\":\"k\","
           "\"reply_to\":3,\"session\":\"s\",\"title\":\"t\",\"role\":\"user\",\"bot\":false,"
           "\"expires_at\":9,\"attachments\":[{\"url\":\"u\"}],\"meta\":{\"x\":1}}");
    assert_int_equal(((struct fixture *)*state)->event.ts_ms, 5);
}

static void an_episode_and_its_parts_are_taken_with_all_their_members(void **state)
{
    struct fixture *fixture = *state;
    fixture->given.episode = cairn_slice(uuid_bytes, 16);
    expect(fixture, CAIRN_EVENT_EPISODE,
           "{\"task\":\"fix\",\"type\":\"bug\",\"domain\":\"web\",\"tags\":[\"a\"],"
           "\"context\":{\"n\":1},\"meta\":{},\"ts\":5}",
           "{\"task\":\"fix\",\"type\":\"bug\",\"domain\":\"web\",\"tags\":[\"a\"],"
           "\"context\":{\"n\":1},\"meta\":{},\"episode\":\"" UUID_TEXT "\"}");
    expect(fixture, CAIRN_EVENT_STEP,
           "{\"tool\":\"grep\",\"action\":\"\",\"ok\":true,\"args\":[1],\"observation\":\"o\","
           "\"error\":\"e\",\"latency_ms\":0,\"tokens\":12,\"ts\":5,\"meta\":{\"x\":1}}",
           "{\"tool\":\"grep\",\"action\":\"\",\"ok\":true,\"args\":[1],\"observation\":\"o\","
           "\"error\":\"e\",\"latency_ms\":0,\"tokens\":12,\"meta\":{\"x\":1},"
           "\"episode\":\"" UUID_TEXT "\"}");
    expect(fixture, CAIRN_EVENT_COMPLETION,
           "{\"outcome\":\"failure\",\"reason\":\"\",\"artifacts\":[null],\"ts\":5}",
           "{\"outcome\":\"failure\",\"reason\":\"\",\"artifacts\":[null],"
           "\"episode\":\"" UUID_TEXT "\"}");
    assert_int_equal(fixture->event.ts_ms, 5);
}

static void a_fact_takes_its_subject_and_key_from_the_path(void **state)
{
    struct fixture *fixture = *state;
    fixture->given.author = cairn_slice_of("ann");
    fixture->given.key = cairn_slice_of("mood");
    expect(fixture, CAIRN_EVENT_FACT, "{\"value\":\"glad\"}",
           "{\"value\":\"glad\",\"subject\":\"ann\",\"key\":\"mood\"}");
    expect_refused(fixture, CAIRN_EVENT_FACT, "{\"value\":1,\"subject\":\"ben\"}",
                   "unknown field \"subject\"");
    expect_refused(fixture, CAIRN_EVENT_FACT, "{\"value\":1,\"key\":\"k\"}",
                   "unknown field \"key\"");
}

static void feedback_takes_its_pattern_from_the_path(void **state)
{
    struct fixture *fixture = *state;
    fixture->given.pattern = cairn_slice_of("p1");
    expect(fixture, CAIRN_EVENT_FEEDBACK, "{\"helped\":false}",
           "{\"helped\":false,\"pattern\":\"p1\"}");
}

static void a_custom_event_is_written_under_its_own_kind(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_json_writer writer;
    assert_int_equal(
        parse(fixture, CAIRN_EVENT_CUSTOM, "{\"kind\":\"note\",\"content\":\"c\",\"meta\":{}}"), 0);
    cairn_buffer_clear(&fixture->text);
    cairn_json_writer_init(&writer, &fixture->text);
    fixture->event.seq = 9;
    cairn_event_write(&writer, &fixture->event);
    cairn_buffer_append_byte(&fixture->text, '\0');
    assert_string_equal(fixture->text.data,
                        "{\"seq\":9,\"ts\":1700000000000,\"kind\":\"note\",\"space\":\"lab\","
                        "\"content\":\"c\",\"meta\":{}}");
}

static void the_path_gives_the_time_that_the_object_lacks(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(parse(fixture, CAIRN_EVENT_FEEDBACK, "{\"helped\":true}"), 0);
    assert_int_equal(fixture->event.ts_ms, TS_GIVEN);
    expect(fixture, CAIRN_EVENT_COMPLETION, "{\"outcome\":\"success\",\"ts\":-1}",
           "{\"outcome\":\"success\"}");
    assert_int_equal(fixture->event.ts_ms, -1);
}

/* ---- every member of every kind, by the table ---- */

static void each_required_member_is_missed_by_its_name(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_buffer json = {0};
    for (size_t i = 0; i < POSTED_KINDS; i++) {
        const struct cairn_schema *schema = cairn_schema_of(posted_kinds[i]);
        make_object(&json, posted_kinds[i], NULL, NULL, NULL);
        assert_int_equal(parse(fixture, posted_kinds[i], json.data), 0);
        for (uint8_t at = 0; at < schema->count; at++) {
            char missing[64];
            const struct cairn_schema_member *member = &schema->members[at];
            if ((member->flags & CAIRN_SCHEMA_REQUIRED) == 0)
                continue;
            snprintf(missing, sizeof(missing), "\"%s\" is missing", member->name);
            make_object(&json, posted_kinds[i], member, NULL, NULL);
            expect_refused(fixture, posted_kinds[i], json.data, missing);
        }
    }
    cairn_buffer_deinit(&json);
}

static void an_optional_member_may_be_null_and_a_required_one_may_not(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_buffer json = {0};
    for (size_t i = 0; i < POSTED_KINDS; i++) {
        const struct cairn_schema *schema = cairn_schema_of(posted_kinds[i]);
        for (uint8_t at = 0; at < schema->count; at++) {
            const struct cairn_schema_member *member = &schema->members[at];
            bool is_required = (member->flags & CAIRN_SCHEMA_REQUIRED) != 0;
            if (!is_posted(member) || member->type == CAIRN_SCHEMA_JSON)
                continue;
            make_object(&json, posted_kinds[i], member, member->name, "null");
            if (is_required) {
                expect_refused(fixture, posted_kinds[i], json.data, member->name);
                continue;
            }
            assert_int_equal(parse(fixture, posted_kinds[i], json.data), 0);
            assert_null(strstr(fixture->text.data, member->name));
        }
    }
    cairn_buffer_deinit(&json);
}

static bool takes(uint8_t type, const char *value)
{
    switch (type) {
    case CAIRN_SCHEMA_JSON:
        return true;
    case CAIRN_SCHEMA_OBJECT:
        return value[0] == '{';
    case CAIRN_SCHEMA_TAGS:
    case CAIRN_SCHEMA_ATTACHMENTS:
        return value[0] == '[';
    case CAIRN_SCHEMA_BOOL:
        return value[0] == 't';
    case CAIRN_SCHEMA_SESSION:
        return value[0] == '"' || value[0] == '3';
    case CAIRN_SCHEMA_COUNT:
    case CAIRN_SCHEMA_SEQ:
    case CAIRN_SCHEMA_TIME:
        return value[0] == '3';
    case CAIRN_SCHEMA_ROLE:
    case CAIRN_SCHEMA_OUTCOME:
        return false;
    default:
        return value[0] == '"';
    }
}

static void each_member_takes_its_own_type_and_no_other(void **state)
{
    static const char *const values[] = {"\"text\"", "3", "true", "{}", "[]", "-0.5", "1e3"};
    struct fixture *fixture = *state;
    struct cairn_buffer json = {0};
    for (size_t i = 0; i < POSTED_KINDS; i++) {
        const struct cairn_schema *schema = cairn_schema_of(posted_kinds[i]);
        for (uint8_t at = 0; at < schema->count; at++) {
            const struct cairn_schema_member *member = &schema->members[at];
            for (size_t v = 0; (member->flags & CAIRN_SCHEMA_STORED) == 0 && v < 7; v++) {
                make_object(&json, posted_kinds[i], member, member->name, values[v]);
                if (takes(member->type, values[v]))
                    assert_int_equal(parse(fixture, posted_kinds[i], json.data), 0);
                else
                    expect_refused(fixture, posted_kinds[i], json.data, member->name);
            }
        }
    }
    cairn_buffer_deinit(&json);
}

/* ---- limits ---- */

/* The member's text, all 'x', is taken at both ends and refused a byte beyond them. */
static void check_text_limits(struct fixture *fixture, uint8_t kind, const char *name, size_t least,
                              size_t most)
{
    const size_t lengths[] = {least == 0 ? most : least - 1, least, most, most + 1};
    struct cairn_buffer json = {0};
    const struct cairn_schema_member *member = cairn_schema_of(kind)->members;
    while (strcmp(member->name, name) != 0)
        member++;
    for (size_t i = 0; i < 4; i++) {
        char *value = malloc(lengths[i] + 3);
        memset(value, 'x', lengths[i] + 2);
        value[0] = value[lengths[i] + 1] = '"';
        value[lengths[i] + 2] = '\0';
        make_object(&json, kind, member, name, value);
        if (lengths[i] >= least && lengths[i] <= most)
            assert_int_equal(parse(fixture, kind, json.data), 0);
        else
            expect_refused(fixture, kind, json.data, name);
        free(value);
    }
    cairn_buffer_deinit(&json);
}

static void names_and_texts_keep_within_their_limits(void **state)
{
    check_text_limits(*state, CAIRN_EVENT_MESSAGE, "channel", 1, 128);
    check_text_limits(*state, CAIRN_EVENT_MESSAGE, "author", 1, 256);
    check_text_limits(*state, CAIRN_EVENT_MESSAGE, "id", 1, 256);
    check_text_limits(*state, CAIRN_EVENT_MESSAGE, "text", 1, 1u << 20);
    check_text_limits(*state, CAIRN_EVENT_MESSAGE, "title", 1, 1u << 20);
    check_text_limits(*state, CAIRN_EVENT_EPISODE, "task", 1, 1u << 20);
    check_text_limits(*state, CAIRN_EVENT_EPISODE, "domain", 1, 128);
    check_text_limits(*state, CAIRN_EVENT_STEP, "tool", 1, 128);
    check_text_limits(*state, CAIRN_EVENT_STEP, "action", 0, 1u << 20);
    check_text_limits(*state, CAIRN_EVENT_CUSTOM, "kind", 1, 128);
    check_text_limits(*state, CAIRN_EVENT_CUSTOM, "content", 0, 1u << 20);
}

static void lengths_are_of_the_text_and_not_of_its_spelling(void **state)
{
    struct cairn_buffer json = {0};
    cairn_buffer_append_text(&json, "{\"author\":\"a\",\"text\":\"t\",\"channel\":\"");
    for (int i = 0; i < 64; i++)
        cairn_buffer_append_text(&json, "\\u00e9"); /* two bytes each */
    cairn_buffer_append_text(&json, "\"}");
    cairn_buffer_append_byte(&json, '\0');
    assert_int_equal(parse(*state, CAIRN_EVENT_MESSAGE, json.data), 0);
    cairn_buffer_deinit(&json);
}

static void integers_keep_within_their_limits(void **state)
{
    static const struct {
        const char *name, *value;
        bool is_taken;
    } cases[] = {
        {"ts", "-9223372036854775808", true},
        {"ts", "9223372036854775807", true},
        {"ts", "-9223372036854775809", false},
        {"ts", "9223372036854775808", false},
        {"reply_to", "0", false},
        {"reply_to", "1", true},
        {"reply_to", "-1", false},
        {"expires_at", "0", true},
        {"session", "1.5", false},
        {"session", "1e2", false},
        {"session", "-3", true},
        {"session", "9223372036854775807", true},
        {"session", "9223372036854775808", false},
    };
    struct fixture *fixture = *state;
    struct cairn_buffer json = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_object(&json, CAIRN_EVENT_MESSAGE, NULL, cases[i].name, cases[i].value);
        if (cases[i].is_taken)
            assert_int_equal(parse(fixture, CAIRN_EVENT_MESSAGE, json.data), 0);
        else
            expect_refused(fixture, CAIRN_EVENT_MESSAGE, json.data, cases[i].name);
    }
    make_object(&json, CAIRN_EVENT_STEP, NULL, "tokens", "-1");
    expect_refused(fixture, CAIRN_EVENT_STEP, json.data, "\"tokens\" must not be negative");
    cairn_buffer_deinit(&json);
}

static void names_hold_no_control_characters_and_texts_may(void **state)
{
    struct fixture *fixture = *state;
    static const char *const controls[] = {"\"a\\nb\"", "\"\\u0000\"", "\"\\u007f\"",
                                           "\"\\u0085\""};
    static const char *const names[] = {"channel", "author", "id"};
    struct cairn_buffer json = {0};
    for (size_t i = 0; i < 4; i++) {
        for (size_t at = 0; at < 3; at++) {
            const struct cairn_schema_member *member =
                cairn_schema_of(CAIRN_EVENT_MESSAGE)->members;
            while (strcmp(member->name, names[at]) != 0)
                member++;
            make_object(&json, CAIRN_EVENT_MESSAGE, member, names[at], controls[i]);
            expect_refused(fixture, CAIRN_EVENT_MESSAGE, json.data, "control characters");
        }
        make_object(&json, CAIRN_EVENT_MESSAGE, NULL, "title", controls[i]);
        assert_int_equal(parse(fixture, CAIRN_EVENT_MESSAGE, json.data), 0);
    }
    cairn_buffer_deinit(&json);
}

static void a_text_may_be_empty_only_with_attachments(void **state)
{
    struct fixture *fixture = *state;
#define EMPTY "{\"channel\":\"c\",\"author\":\"a\",\"text\":\"\""
    expect_refused(fixture, CAIRN_EVENT_MESSAGE, EMPTY "}", "only with attachments");
    expect_refused(fixture, CAIRN_EVENT_MESSAGE, EMPTY ",\"attachments\":[ ]}",
                   "only with attachments");
    expect_refused(fixture, CAIRN_EVENT_MESSAGE, EMPTY ",\"attachments\":null}",
                   "only with attachments");
    expect(fixture, CAIRN_EVENT_MESSAGE, EMPTY ",\"attachments\":[{\"caption\":\"x\"}]}",
           EMPTY ",\"attachments\":[{\"caption\":\"x\"}]}");
#undef EMPTY
}

static void tags_and_attachments_are_checked_inside(void **state)
{
    static const char *const tags[] = {"[1]", "[\"\"]", "[[\"a\"]]", "[null]"};
    static const char *const attachments[] = {"[1]", "[{\"urk\":\"u\"}]", "[{\"url\":1}]",
                                              "[{\"url\":null}]"};
    struct fixture *fixture = *state;
    struct cairn_buffer json = {0};
    char value[140] = "[\"";
    for (size_t i = 0; i < 4; i++) {
        make_object(&json, CAIRN_EVENT_EPISODE, NULL, "tags", tags[i]);
        expect_refused(fixture, CAIRN_EVENT_EPISODE, json.data, "\"tags\" must be");
        make_object(&json, CAIRN_EVENT_MESSAGE, NULL, "attachments", attachments[i]);
        expect_refused(fixture, CAIRN_EVENT_MESSAGE, json.data, "\"attachments\" must be");
    }
    for (size_t bytes = 128; bytes <= 129; bytes++) {
        memset(value + 2, 't', bytes);
        memcpy(value + 2 + bytes, "\"]", 3);
        make_object(&json, CAIRN_EVENT_EPISODE, NULL, "tags", value);
        assert_int_equal(parse(fixture, CAIRN_EVENT_EPISODE, json.data) == 0, bytes == 128);
    }
    cairn_buffer_deinit(&json);
}

static void choices_are_listed_when_the_value_is_none_of_them(void **state)
{
    struct cairn_buffer json = {0};
    make_object(&json, CAIRN_EVENT_MESSAGE, NULL, "role", "\"User\"");
    expect_refused(*state, CAIRN_EVENT_MESSAGE, json.data,
                   "\"role\" must be one of user, assistant, system, tool");
    expect_refused(*state, CAIRN_EVENT_COMPLETION, "{\"outcome\":\"ok\"}",
                   "\"outcome\" must be one of success, partial, failure");
    cairn_buffer_deinit(&json);
}

/* ---- names that are not in the table ---- */

static void an_unknown_member_is_told_with_the_nearest_name(void **state)
{
    struct fixture *fixture = *state;
    expect_refused(fixture, CAIRN_EVENT_MESSAGE, "{\"chanel\":\"c\"}",
                   "unknown field \"chanel\"; did you mean \"channel\"?");
    expect_refused(fixture, CAIRN_EVENT_FACT, "{\"valeu\":1}", "did you mean \"value\"?");
    expect_refused(fixture, CAIRN_EVENT_MESSAGE, "{\"zzzzzzzz\":1}", "unknown field \"zzzzzzzz\"");
    assert_null(strstr(fixture->parser.error, "did you mean"));
}

/* A long name is cut, but never inside a character: the sentence goes into JSON. */
static void a_long_unknown_name_is_told_cut_between_characters(void **state)
{
    for (size_t lead = 0; lead < 4; lead++) {
        struct cairn_buffer json = {0};
        cairn_buffer_append_text(&json, "{\"");
        for (size_t i = 0; i < lead; i++)
            cairn_buffer_append_byte(&json, 'x');
        for (int i = 0; i < 40; i++)
            cairn_buffer_append_text(&json, "\xf0\x9f\x8c\x8d");
        cairn_buffer_append_text(&json, "\":1}");
        cairn_buffer_append_byte(&json, '\0');
        expect_refused(*state, CAIRN_EVENT_MESSAGE, json.data, "unknown field");
        cairn_buffer_deinit(&json);
    }
}

static void an_observation_may_be_called_result_but_not_both(void **state)
{
#define STEP "{\"tool\":\"t\",\"action\":\"a\",\"ok\":true"
    expect(*state, CAIRN_EVENT_STEP, STEP ",\"result\":\"r\"}", STEP ",\"observation\":\"r\"}");
    expect_refused(*state, CAIRN_EVENT_STEP, STEP ",\"result\":\"r\",\"observation\":\"r\"}",
                   "given twice");
}

static void unknown_members_of_a_step_join_its_meta(void **state)
{
    expect(*state, CAIRN_EVENT_STEP, STEP ",\"x\":[ 1.0 ],\"y\":null}",
           STEP ",\"meta\":{\"x\":[1.0],\"y\":null}}");
    expect(*state, CAIRN_EVENT_STEP,
           "{\"x\": 1, \"tool\":\"t\",\"action\":\"a\",\"meta\":{\"m\" : 2},\"ok\":true,\"\\n\":3}",
           STEP ",\"meta\":{\"m\":2,\"x\":1,\"\\n\":3}}");
    expect(*state, CAIRN_EVENT_STEP, STEP ",\"meta\":{},\"x\":1}", STEP ",\"meta\":{\"x\":1}}");
    expect(*state, CAIRN_EVENT_STEP, STEP ",\"episode\":\"e\"}",
           STEP ",\"meta\":{\"episode\":\"e\"}}");
}

/* Or the stored meta would be JSON that cairn itself refuses. */
static void a_member_beside_meta_may_not_repeat_one_in_it(void **state)
{
    expect_refused(*state, CAIRN_EVENT_STEP, STEP ",\"meta\":{\"x\":1},\"x\":2}", "meta");
    expect_refused(*state, CAIRN_EVENT_STEP, STEP ",\"meta\":{\"\\u0078\":1},\"x\":2}", "meta");
}

static void an_unknown_member_is_as_deep_as_meta_may_hold(void **state)
{
    struct fixture *fixture = *state;
    for (int depth = 62; depth <= 63; depth++) {
        struct cairn_buffer json = {0};
        cairn_buffer_append_text(&json, STEP ",\"x\":");
        for (int i = 0; i < depth; i++)
            cairn_buffer_append_byte(&json, '[');
        for (int i = 0; i < depth; i++)
            cairn_buffer_append_byte(&json, ']');
        cairn_buffer_append_text(&json, "}");
        cairn_buffer_append_byte(&json, '\0');
        if (depth == 62)
            assert_int_equal(parse(fixture, CAIRN_EVENT_STEP, json.data), 0);
        else
            expect_refused(fixture, CAIRN_EVENT_STEP, json.data, "meta");
        cairn_buffer_deinit(&json);
    }
}

/* ---- texts that are not one object ---- */

static void what_is_not_one_json_object_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "[]",
        "1",
        "null",
        "\"x\"",
        "{",
        "{}x",
        "{\"helped\":true",
        "{\"helped\":tru}",
        "{\"helped\":true}{\"helped\":true}",
        "{\"helped\":true,\"helped\":true}",
        "{\"helped\":true,}",
        "\xff",
        "{\"helped\":true,\"\\ud800\":1}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refused(*state, CAIRN_EVENT_FEEDBACK, texts[i], "");
    assert_true(((struct fixture *)*state)->parser.error[0] != '\0');
}

static int refuse_x(void *context, struct cairn_slice key, struct cairn_json_reader *reader)
{
    (void)context;
    if (!cairn_slice_is(key, "x"))
        return 0;
    cairn_json_skip(reader);
    return -EINVAL;
}

static void a_callers_own_member_may_refuse(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_event event = {.seq = 77};
    struct cairn_slice json = cairn_slice_of("{\"helped\":true,\"x\":1}");
    cairn_json_scratch_begin(&scratch, json.bytes);
    cairn_json_reader_init(&reader, json, &scratch);
    cairn_json_enter_object(&reader);
    assert_int_equal(cairn_event_parse_members(&fixture->parser, CAIRN_EVENT_FEEDBACK, &reader,
                                               &fixture->given, &event, refuse_x, NULL),
                     -EINVAL);
    assert_int_equal(event.seq, 77);
    cairn_json_scratch_deinit(&scratch);
}

/* ---- as sent ---- */

static void json_comes_back_as_spelled_without_its_white_space(void **state)
{
    expect(*state, CAIRN_EVENT_FACT,
           "{\"value\": { \"n\" : [ 1.50, -0, 1E+2, 123456789012345678901234567890 ],\r\n"
           "\t\"s\":\"\\u0041 b\\/\" } }",
           "{\"value\":{\"n\":[1.50,-0,1E+2,123456789012345678901234567890],"
           "\"s\":\"\\u0041 b\\/\"}}");
    expect(*state, CAIRN_EVENT_STEP, STEP ",\"args\": null}", STEP ",\"args\":null}");
    expect(*state, CAIRN_EVENT_FACT, "{\"value\": null}", "{\"value\":null}");
    expect(*state, CAIRN_EVENT_FACT, "{\"value\": \" a \"}", "{\"value\":\" a \"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_is_taken_with_all_its_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_episode_and_its_parts_are_taken_with_all_their_members,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fact_takes_its_subject_and_key_from_the_path, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(feedback_takes_its_pattern_from_the_path, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_custom_event_is_written_under_its_own_kind, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_path_gives_the_time_that_the_object_lacks, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_required_member_is_missed_by_its_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_optional_member_may_be_null_and_a_required_one_may_not,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_member_takes_its_own_type_and_no_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_and_texts_keep_within_their_limits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lengths_are_of_the_text_and_not_of_its_spelling, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(integers_keep_within_their_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_hold_no_control_characters_and_texts_may, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_text_may_be_empty_only_with_attachments, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tags_and_attachments_are_checked_inside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(choices_are_listed_when_the_value_is_none_of_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_member_is_told_with_the_nearest_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_unknown_name_is_told_cut_between_characters, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_observation_may_be_called_result_but_not_both, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unknown_members_of_a_step_join_its_meta, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_member_beside_meta_may_not_repeat_one_in_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_member_is_as_deep_as_meta_may_hold, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_one_json_object_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_callers_own_member_may_refuse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_comes_back_as_spelled_without_its_white_space, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
