#include "actors/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/random.h"
#include "tests/support/unit.h"

static struct cairn_event event_of(uint64_t seq, const char *channel, const char *author,
                                   const char *payload)
{
    return (struct cairn_event){
        .seq = seq,
        .ts_ms = (int64_t)seq * 10,
        .kind = CAIRN_EVENT_MESSAGE,
        .space = cairn_slice_of("lab"),
        .channel = cairn_slice_of(channel),
        .author = cairn_slice_of(author),
        .payload = cairn_slice_of(payload),
    };
}

static void add(struct cairn_batch *batch, uint64_t seq, const char *channel, const char *author,
                const char *payload)
{
    struct cairn_event event = event_of(seq, channel, author, payload);
    assert_int_equal(cairn_batch_add(batch, &event), 0);
}

static void an_added_event_is_a_copy_of_its_bytes(void **state)
{
    (void)state;
    char payload[] = "payload", author[] = "ann";
    struct cairn_batch *batch = cairn_batch_create(1);
    add(batch, 7, "general", author, payload);
    memset(payload, 'x', sizeof(payload));
    memset(author, 'x', sizeof(author));
    const struct cairn_event *event = &batch->events[0];
    assert_int_equal(batch->count, 1);
    assert_int_equal(event->seq, 7);
    assert_int_equal(event->ts_ms, 70);
    assert_true(cairn_slice_is(event->space, "lab"));
    assert_true(cairn_slice_is(event->channel, "general"));
    assert_true(cairn_slice_is(event->author, "ann"));
    assert_true(cairn_slice_is(event->payload, "payload"));
    cairn_batch_release(batch);
}

static void names_like_the_previous_events_are_shared(void **state)
{
    (void)state;
    struct cairn_batch *batch = cairn_batch_create(4);
    add(batch, 1, "general", "ann", "a");
    add(batch, 2, "general", "ben", "b");
    add(batch, 3, "general", "ann", "c");
    const struct cairn_event *events = batch->events;
    assert_ptr_equal(events[1].space.data, events[0].space.data);
    assert_ptr_equal(events[2].channel.data, events[0].channel.data);
    assert_ptr_not_equal(events[2].author.data, events[1].author.data);
    assert_true(cairn_slice_is(events[2].author, "ann"));
    cairn_batch_release(batch);
}

static void an_event_without_bytes_can_be_added(void **state)
{
    (void)state;
    static const struct cairn_event nothing;
    struct cairn_batch *batch = cairn_batch_create(0);
    assert_int_equal(cairn_batch_add(batch, &nothing), 0);
    assert_int_equal(cairn_batch_add(batch, &nothing), 0);
    assert_int_equal(batch->count, 2);
    assert_int_equal(batch->events[1].payload.bytes, 0);
    cairn_batch_release(batch);
}

/* Bytes must stay where they are while the batch grows, at every size around a chunk's. */
static void what_was_added_stays_while_the_batch_grows(void **state)
{
    (void)state;
    struct cairn_random random;
    struct cairn_batch *batch = cairn_batch_create(1);
    char *payload = calloc(1, 40000);
    cairn_random_init(&random, 3);
    for (uint64_t seq = 1; seq <= 400; seq++) {
        static const size_t sizes[] = {0, 1, 100, 16380, 16384, 16385, 39999};
        size_t bytes = sizes[cairn_random_below(&random, 7)];
        char author[16];
        memset(payload, (int)(seq % 256), bytes);
        snprintf(author, sizeof(author), "author-%u", (unsigned)(seq % 3));
        struct cairn_event event = event_of(seq, "c", author, "");
        event.payload = cairn_slice(payload, bytes);
        assert_int_equal(cairn_batch_add(batch, &event), 0);
    }
    for (uint64_t seq = 1; seq <= 400; seq++) {
        const struct cairn_event *event = &batch->events[seq - 1];
        char author[16];
        snprintf(author, sizeof(author), "author-%u", (unsigned)(seq % 3));
        assert_int_equal(event->seq, seq);
        assert_true(cairn_slice_is(event->author, author));
        for (size_t i = 0; i < event->payload.bytes; i++)
            assert_int_equal((uint8_t)event->payload.data[i], seq % 256);
    }
    assert_true(batch->bytes > 400 * sizeof(struct cairn_event));
    free(payload);
    cairn_batch_release(batch);
}

static void joined_batches_keep_order_and_bytes(void **state)
{
    (void)state;
    struct cairn_batch *joined = cairn_batch_create(1);
    uint64_t bytes_before = joined->bytes;
    for (uint64_t i = 0; i < 40; i++) {
        struct cairn_batch *source = cairn_batch_create(2);
        char payload[16];
        snprintf(payload, sizeof(payload), "text-%u", (unsigned)i);
        add(source, 2 * i + 1, "a", "x", payload);
        add(source, 2 * i + 2, "b", "x", "odd");
        source->makes_space = i == 7;
        assert_int_equal(cairn_batch_join(joined, source), 0);
        assert_int_equal(joined->makes_space, i >= 7);
    }
    assert_int_equal(joined->count, 80);
    assert_true(joined->bytes > bytes_before);
    for (uint64_t i = 0; i < 80; i++)
        assert_int_equal(joined->events[i].seq, i + 1);
    assert_true(cairn_slice_is(joined->events[78].payload, "text-39"));
    cairn_batch_release(joined);
}

/* A request still reads its own batch after the batch was joined, published and applied. */
static void a_joined_batch_lives_until_its_last_holder_lets_go(void **state)
{
    (void)state;
    struct cairn_batch *source = cairn_batch_create(1);
    struct cairn_batch *joined = cairn_batch_create(1);
    add(source, 1, "a", "x", "kept");
    cairn_batch_acquire(source);
    assert_int_equal(cairn_batch_join(joined, source), 0);
    cairn_batch_release(joined);
    assert_true(cairn_slice_is(source->events[0].payload, "kept"));
    cairn_batch_release(source);

    source = cairn_batch_create(1);
    joined = cairn_batch_create(1);
    add(source, 1, "a", "x", "kept");
    cairn_batch_acquire(source);
    assert_int_equal(cairn_batch_join(joined, source), 0);
    cairn_batch_release(source);
    assert_true(cairn_slice_is(joined->events[0].payload, "kept"));
    cairn_batch_release(joined);
}

static void releasing_nothing_does_nothing(void **state)
{
    (void)state;
    cairn_batch_release(NULL);
}

static void removed_sequences_are_a_copy(void **state)
{
    (void)state;
    uint64_t seqs[] = {3, 5, 8};
    struct cairn_batch *batch = cairn_batch_create(1);
    assert_int_equal(cairn_batch_set_removed(batch, seqs, 0), 0);
    assert_null(batch->removed);
    assert_int_equal(cairn_batch_set_removed(batch, seqs, 3), 0);
    seqs[1] = 0;
    assert_int_equal(batch->removed_count, 3);
    assert_int_equal(batch->removed[1], 5);
    cairn_batch_release(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_added_event_is_a_copy_of_its_bytes),
        cmocka_unit_test(names_like_the_previous_events_are_shared),
        cmocka_unit_test(an_event_without_bytes_can_be_added),
        cmocka_unit_test(what_was_added_stays_while_the_batch_grows),
        cmocka_unit_test(joined_batches_keep_order_and_bytes),
        cmocka_unit_test(a_joined_batch_lives_until_its_last_holder_lets_go),
        cmocka_unit_test(releasing_nothing_does_nothing),
        cmocka_unit_test(removed_sequences_are_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
