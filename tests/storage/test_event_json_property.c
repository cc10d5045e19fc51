/* Random events of every kind: what is parsed is written as it was sent, and neither the order of
 * members nor white space changes what is stored. */
#include "runtime/base/random.h"
#include "tests/storage/event_json_fixture.h"

#define ROUNDS      400
#define MEMBERS_MAX 16

/* ---- random JSON in the spelling that comes back ---- */

static void random_name(struct cairn_random *random, struct cairn_buffer *out)
{
    static const char *const parts[] = {"a", "B",    "\xc3\xa9", "\xf0\x9f\x8c\x8d",
                                        " ", "\\\\", "\\\""};
    cairn_buffer_append_byte(out, '"');
    for (uint64_t left = 1 + cairn_random_below(random, 8); left > 0; left--)
        cairn_buffer_append_text(out, parts[cairn_random_below(random, 7)]);
    cairn_buffer_append_byte(out, '"');
}

static void random_scalar(struct cairn_random *random, struct cairn_buffer *out)
{
    static const char *const scalars[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.50",
        "1E+2",
        "0.1e-7",
        "12345678901234567890123",
        "\"\"",
        "\"\\u0041\\n\\/\"",
    };
    cairn_buffer_append_text(out, scalars[cairn_random_below(random, 11)]);
}

/* Members are numbered, so that no name comes twice. */
static void random_object(struct cairn_random *random, struct cairn_buffer *out)
{
    uint64_t count = cairn_random_below(random, 4);
    cairn_buffer_append_byte(out, '{');
    for (uint64_t i = 0; i < count; i++) {
        cairn_buffer_printf(out, "%s\"k%u\":", i > 0 ? "," : "", (unsigned)i);
        if (cairn_random_below(random, 3) > 0) {
            random_scalar(random, out);
            continue;
        }
        cairn_buffer_append_text(out, "[{},");
        random_scalar(random, out);
        cairn_buffer_append_byte(out, ']');
    }
    cairn_buffer_append_byte(out, '}');
}

static void random_integer(struct cairn_random *random, struct cairn_buffer *out)
{
    cairn_buffer_append_u64(
        out, 1 + (cairn_random_next(random) >> (1 + cairn_random_below(random, 63))));
}

static const char *choose(struct cairn_random *random, const char *const choices[], uint64_t count)
{
    return choices[cairn_random_below(random, count)];
}

static void random_value(struct cairn_random *random, uint8_t type, struct cairn_buffer *out)
{
    static const char *const roles[] = {"\"user\"", "\"assistant\"", "\"system\"", "\"tool\""};
    static const char *const outcomes[] = {"\"success\"", "\"partial\"", "\"failure\""};
    static const char *const tags[] = {"[]", "[\"a\"]", "[\"a\",\"\\u00e9\"]"};
    static const char *const attachments[] = {"[{}]", "[{\"url\":\"\"},{\"caption\":\"c\"}]"};
    static const char *const bools[] = {"true", "false"};
    switch (type) {
    case CAIRN_SCHEMA_COUNT:
    case CAIRN_SCHEMA_SEQ:
    case CAIRN_SCHEMA_TIME:
        random_integer(random, out);
        break;
    case CAIRN_SCHEMA_BOOL:
        cairn_buffer_append_text(out, choose(random, bools, 2));
        break;
    case CAIRN_SCHEMA_ROLE:
        cairn_buffer_append_text(out, choose(random, roles, 4));
        break;
    case CAIRN_SCHEMA_OUTCOME:
        cairn_buffer_append_text(out, choose(random, outcomes, 3));
        break;
    case CAIRN_SCHEMA_TAGS:
        cairn_buffer_append_text(out, choose(random, tags, 3));
        break;
    case CAIRN_SCHEMA_ATTACHMENTS:
        cairn_buffer_append_text(out, choose(random, attachments, 2));
        break;
    case CAIRN_SCHEMA_JSON:
        if (cairn_random_below(random, 2) == 0) {
            random_scalar(random, out);
            break;
        }
        /* fall through */
    case CAIRN_SCHEMA_OBJECT:
        random_object(random, out);
        break;
    default:
        random_name(random, out);
    }
}

/* ---- one event, its members apart ---- */

struct drawn {
    struct cairn_buffer members[MEMBERS_MAX]; /* "name":value, in the table's order */
    bool is_written[MEMBERS_MAX];             /* the writer prints it too */
    size_t count;
};

static void draw(struct cairn_random *random, uint8_t kind, struct drawn *drawn)
{
    const struct cairn_schema *schema = cairn_schema_of(kind);
    drawn->count = 0;
    for (uint8_t i = 0; i < schema->count; i++) {
        const struct cairn_schema_member *member = &schema->members[i];
        bool is_required = (member->flags & CAIRN_SCHEMA_REQUIRED) != 0;
        if (!is_posted(member) || (!is_required && cairn_random_below(random, 2) == 0))
            continue;
        struct cairn_buffer *target = &drawn->members[drawn->count];
        cairn_buffer_clear(target);
        cairn_buffer_printf(target, "\"%s\":", member->name);
        random_value(random, member->type, target);
        drawn->is_written[drawn->count++] =
            member->field != CAIRN_SCHEMA_FIELD_TS && member->field != CAIRN_FIELD_NAME;
    }
}

static void spaces(struct cairn_random *random, struct cairn_buffer *out)
{
    static const char *const some[] = {"", " ", "\n", "\t ", "\r\n"};
    cairn_buffer_append_text(out, choose(random, some, 5));
}

/* The members in the order of `order`; with white space around them if `random` is given. */
static void assemble(const struct drawn *drawn, const size_t *order, bool written_only,
                     struct cairn_random *random, struct cairn_buffer *out)
{
    const char *comma = "";
    cairn_buffer_clear(out);
    cairn_buffer_append_byte(out, '{');
    for (size_t i = 0; i < drawn->count; i++) {
        if (written_only && !drawn->is_written[order[i]])
            continue;
        cairn_buffer_append_text(out, comma);
        if (random != NULL)
            spaces(random, out);
        cairn_buffer_append_slice(out, cairn_buffer_slice(&drawn->members[order[i]]));
        if (random != NULL)
            spaces(random, out);
        comma = ",";
    }
    cairn_buffer_append_byte(out, '}');
}

static void shuffle(struct cairn_random *random, size_t *order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)cairn_random_below(random, i);
        size_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static void check_one(struct fixture *fixture, struct cairn_random *random, uint8_t kind,
                      struct drawn *drawn)
{
    struct cairn_buffer sent = {0}, written = {0}, payload = {0};
    size_t order[MEMBERS_MAX];
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        order[i] = i;
    draw(random, kind, drawn);
    assemble(drawn, order, false, NULL, &sent);
    assemble(drawn, order, true, NULL, &written);
    cairn_buffer_append_byte(&written, '\0');

    if (parse_slice(fixture, kind, cairn_buffer_slice(&sent)) < 0)
        fail_msg("%.*s: %s", (int)sent.bytes, sent.data, fixture->parser.error);
    assert_string_equal(fixture->text.data, written.data);
    cairn_buffer_append_slice(&payload, fixture->event.payload);
    int64_t ts_ms = fixture->event.ts_ms;

    shuffle(random, order, drawn->count);
    assemble(drawn, order, false, random, &sent);
    assert_int_equal(parse_slice(fixture, kind, cairn_buffer_slice(&sent)), 0);
    assert_true(cairn_slice_equal(fixture->event.payload, cairn_buffer_slice(&payload)));
    assert_int_equal(fixture->event.ts_ms, ts_ms);
    assert_string_equal(fixture->text.data, written.data);
    cairn_buffer_deinit(&sent);
    cairn_buffer_deinit(&written);
    cairn_buffer_deinit(&payload);
}

static void what_is_parsed_is_written_as_sent_in_any_order_of_members(void **state)
{
    struct drawn drawn = {0};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct cairn_random random;
        cairn_random_init(&random, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (int round = 0; round < ROUNDS; round++) {
            for (size_t i = 0; i < POSTED_KINDS; i++)
                check_one(*state, &random, posted_kinds[i], &drawn);
        }
    }
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        cairn_buffer_deinit(&drawn.members[i]);
}

/* Bytes of valid events, changed at random: refused or taken, never worse. */
static void damaged_json_is_refused_or_taken_but_never_worse(void **state)
{
    struct fixture *fixture = *state;
    struct drawn drawn = {0};
    struct cairn_buffer sent = {0};
    size_t order[MEMBERS_MAX];
    struct cairn_random random;
    cairn_random_init(&random, 4);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        order[i] = i;
    for (int round = 0; round < 10 * ROUNDS; round++) {
        uint8_t kind = posted_kinds[cairn_random_below(&random, POSTED_KINDS)];
        draw(&random, kind, &drawn);
        assemble(&drawn, order, false, NULL, &sent);
        sent.data[cairn_random_below(&random, sent.bytes)] = (char)cairn_random_next(&random);
        sent.bytes -= cairn_random_below(&random, 2);
        if (parse_slice(fixture, kind, cairn_buffer_slice(&sent)) < 0)
            assert_true(fixture->parser.error[0] != '\0');
    }
    cairn_buffer_deinit(&sent);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        cairn_buffer_deinit(&drawn.members[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_parsed_is_written_as_sent_in_any_order_of_members,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_json_is_refused_or_taken_but_never_worse, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
