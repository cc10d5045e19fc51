#include "storage/record.h"

#include "runtime/base/error.h"
#include "runtime/base/random.h"
#include "tests/support/unit.h"

static struct cairn_record random_record(struct cairn_random *random, const char *bytes,
                                         size_t bytes_max)
{
    static const uint32_t ids[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX};
    struct cairn_record record = {
        .kind = (uint8_t)(1 + cairn_random_below(random, 255)),
        .flags = (uint8_t)cairn_random_next(random),
        .payload = cairn_slice(bytes, cairn_random_below(random, bytes_max + 1)),
    };
    if (cairn_record_is_event(&record)) {
        record.ts_ms = (int64_t)(cairn_random_next(random) >> cairn_random_below(random, 64));
        record.space = ids[cairn_random_below(random, 7)];
        record.channel = ids[cairn_random_below(random, 7)];
        record.author = ids[cairn_random_below(random, 7)];
    }
    return record;
}

static void assert_records_equal(const struct cairn_record *a, const struct cairn_record *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->flags, b->flags);
    assert_true(a->ts_ms == b->ts_ms);
    assert_int_equal(a->space, b->space);
    assert_int_equal(a->channel, b->channel);
    assert_int_equal(a->author, b->author);
    assert_true(cairn_slice_equal(a->payload, b->payload));
}

static void records_decode_to_what_was_encoded(void **state)
{
    (void)state;
    enum { RECORDS = 2000, PAYLOAD_MAX = 300 };
    uint64_t seed = 20240611;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct cairn_random random;
    cairn_random_init(&random, seed);
    char bytes[PAYLOAD_MAX];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)cairn_random_next(&random);

    static struct cairn_record records[RECORDS];
    static uint8_t encoded[RECORDS * (PAYLOAD_MAX + CAIRN_RECORD_OVERHEAD_MAX)];
    size_t used = 0;
    int64_t ts_ms = 5;
    for (size_t i = 0; i < RECORDS; i++) {
        records[i] = random_record(&random, bytes, PAYLOAD_MAX);
        size_t step = cairn_record_encode(encoded + used, &records[i], &ts_ms);
        assert_true(step <= records[i].payload.bytes + CAIRN_RECORD_OVERHEAD_MAX);
        used += step;
    }

    size_t offset = 0;
    ts_ms = 5;
    for (size_t i = 0; i < RECORDS; i++) {
        struct cairn_record record;
        int64_t step = cairn_record_decode(encoded + offset, used - offset, &ts_ms, &record);
        assert_true(step > 0);
        offset += (size_t)step;
        assert_records_equal(&record, &records[i]);
    }
    assert_int_equal(offset, used);
}

/* A crash can cut the last record anywhere, so cut it everywhere. */
static void a_record_cut_anywhere_is_not_valid(void **state)
{
    (void)state;
    uint8_t encoded[400];
    struct cairn_record record = {.kind = 16,
                                  .ts_ms = 1700000000000,
                                  .space = 300,
                                  .author = 70000,
                                  .payload = cairn_slice("a stone on a stone", 18)};
    int64_t ts_ms = 0;
    size_t bytes = cairn_record_encode(encoded, &record, &ts_ms);
    for (size_t kept = 0; kept < bytes; kept++) {
        struct cairn_record decoded = {.kind = 99};
        ts_ms = 7;
        assert_int_equal(cairn_record_decode(encoded, kept, &ts_ms, &decoded), -EBADMSG);
        assert_int_equal(decoded.kind, 99);
        assert_int_equal(ts_ms, 7);
    }
}

static void times_may_go_backwards_and_to_either_end(void **state)
{
    (void)state;
    int64_t times[] = {0, INT64_MAX, INT64_MIN, -1, 1, INT64_MIN, INT64_MAX};
    int64_t encode_ms = 0;
    int64_t decode_ms = 0;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        uint8_t encoded[CAIRN_RECORD_OVERHEAD_MAX];
        struct cairn_record decoded;
        struct cairn_record record = {.kind = 16, .ts_ms = times[i]};
        size_t bytes = cairn_record_encode(encoded, &record, &encode_ms);
        assert_int_equal(cairn_record_decode(encoded, bytes, &decode_ms, &decoded), bytes);
        assert_true(decoded.ts_ms == times[i]);
    }
}

static void kind_zero_and_too_short_a_length_are_refused(void **state)
{
    (void)state;
    struct cairn_record record;
    int64_t ts_ms = 0;
    assert_int_equal(cairn_record_decode((const uint8_t *)"\2\0\0", 3, &ts_ms, &record), -EBADMSG);
    assert_int_equal(cairn_record_decode((const uint8_t *)"\1\1", 2, &ts_ms, &record), -EBADMSG);
    assert_int_equal(cairn_record_decode((const uint8_t *)"\0\1", 2, &ts_ms, &record), -EBADMSG);
    assert_int_equal(cairn_record_decode((const uint8_t *)"\2\1\0", 3, &ts_ms, &record), 3);
    /* An event whose ids run past its length. */
    assert_int_equal(cairn_record_decode((const uint8_t *)"\5\20\0\0\0\0\0", 7, &ts_ms, &record),
                     -EBADMSG);
    /* An id of 33 bits. */
    assert_int_equal(cairn_record_decode((const uint8_t *)"\12\20\0\0\200\200\200\200\20\0\0", 11,
                                         &ts_ms, &record),
                     -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_decode_to_what_was_encoded),
        cmocka_unit_test(a_record_cut_anywhere_is_not_valid),
        cmocka_unit_test(times_may_go_backwards_and_to_either_end),
        cmocka_unit_test(kind_zero_and_too_short_a_length_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
