/* bench/bench_chains.c: how fast a space learns and forgets, what it takes, how fast it talks.
 *
 *     bench_chains [CHAT.jsonl ...]      lines {"channel","text",...}, as in ../shared/data/chat
 *
 * Without files, or beyond their messages, texts are recombined: as many words as some message has,
 * each drawn from all occurrences of words (without files: from a Zipf distribution of made-up
 * words). That is new text with the old frequencies, and harder than chat, for most prefixes are new.
 * Times are of this thread's processor, so that a busy machine tells on them less. */
#include "actors/training/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "actors/training/tokens.h"
#include "actors/training/training_internal.h"
#include "runtime/base/assert.h"
#include "runtime/base/heap_names.h"
#include "runtime/base/json.h"
#include "runtime/base/time.h"

#define HEAP_BYTES_MAX (UINT64_C(8) << 30)
#define MADE_UP_WORDS  50000u
#define GENERATE_COUNT 20000u
#define DRAW_COUNT     1000000u

struct chat {
    struct cairn_buffer bytes; /* owned: all channels and texts */
    size_t *channels;          /* owned: offsets, 0-terminated strings */
    size_t *texts;
    uint32_t count, capacity;
    size_t *words; /* owned: offset of each occurrence of a word, and how long it is */
    uint32_t *word_bytes;
    uint32_t word_count;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * CAIRN_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- chat ---- */

static size_t keep(struct chat *chat, struct cairn_slice text)
{
    size_t at = chat->bytes.bytes;
    cairn_buffer_append_slice(&chat->bytes, text);
    cairn_buffer_append_byte(&chat->bytes, '\0');
    cairn_assert(!chat->bytes.failed);
    return at;
}

static void add(struct chat *chat, struct cairn_slice channel, struct cairn_slice text)
{
    if (chat->count == chat->capacity) {
        chat->capacity = chat->capacity == 0 ? 1024 : chat->capacity * 2;
        chat->channels = realloc(chat->channels, chat->capacity * sizeof(size_t));
        chat->texts = realloc(chat->texts, chat->capacity * sizeof(size_t));
        cairn_assert(chat->channels != NULL && chat->texts != NULL);
    }
    chat->channels[chat->count] = keep(chat, channel);
    chat->texts[chat->count++] = keep(chat, text);
}

static void read_line(struct chat *chat, struct cairn_json_scratch *scratch,
                      struct cairn_slice line)
{
    struct cairn_json_reader reader;
    struct cairn_slice key;
    struct cairn_slice channel = {0};
    struct cairn_slice text = {0};
    cairn_json_scratch_begin(scratch, line.bytes);
    cairn_json_reader_init(&reader, line, scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        if (cairn_slice_is(key, "channel"))
            cairn_json_read_string(&reader, &channel);
        else if (cairn_slice_is(key, "text"))
            cairn_json_read_string(&reader, &text);
    }
    if (cairn_json_finish(&reader) == 0 && text.bytes > 0)
        add(chat, channel, text);
}

static void read_file(struct chat *chat, const char *path)
{
    struct cairn_json_scratch scratch = {0};
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t bytes;
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    while ((bytes = getline(&line, &capacity, file)) > 0)
        read_line(chat, &scratch, cairn_slice(line, (size_t)bytes));
    free(line);
    fclose(file);
    cairn_json_scratch_deinit(&scratch);
}

static void find_words(struct chat *chat)
{
    uint32_t capacity = 0;
    for (uint32_t i = 0; i < chat->count; i++) {
        struct cairn_slice rest = cairn_slice_of(chat->bytes.data + chat->texts[i]);
        struct cairn_slice word;
        while (cairn_tokens_next(&rest, &word)) {
            if (chat->word_count == capacity) {
                capacity = capacity == 0 ? 4096 : capacity * 2;
                chat->words = realloc(chat->words, capacity * sizeof(size_t));
                chat->word_bytes = realloc(chat->word_bytes, capacity * sizeof(uint32_t));
                cairn_assert(chat->words != NULL && chat->word_bytes != NULL);
            }
            chat->words[chat->word_count] = (size_t)(word.data - chat->bytes.data);
            chat->word_bytes[chat->word_count++] = (uint32_t)word.bytes;
        }
    }
}

static struct cairn_slice random_word(const struct chat *chat, struct cairn_random *random,
                                      char *made_up)
{
    if (chat->word_count > 0) {
        uint64_t i = cairn_random_below(random, chat->word_count);
        return cairn_slice(chat->bytes.data + chat->words[i], chat->word_bytes[i]);
    }
    /* The quotient of two uniform numbers falls off like Zipf's law. */
    uint64_t rank = MADE_UP_WORDS / (1 + cairn_random_below(random, MADE_UP_WORDS));
    rank = rank * 7 + cairn_random_below(random, rank + 1);
    return cairn_slice(made_up, (size_t)snprintf(made_up, 32, "w%llx", (unsigned long long)rank));
}

static void recombine(struct chat *chat, uint32_t count)
{
    struct cairn_random random;
    struct cairn_buffer text = {0};
    uint32_t known = chat->count;
    cairn_random_init(&random, 1);
    cairn_buffer_reserve(&chat->bytes, (size_t)count * 128);
    while (chat->count < count) {
        char channel[16];
        char made_up[32];
        uint64_t length = 2 + cairn_random_below(&random, 17);
        if (known > 0) {
            size_t model = chat->texts[cairn_random_below(&random, known)];
            length = cairn_tokens_count(cairn_slice_of(chat->bytes.data + model));
        }
        cairn_buffer_clear(&text);
        for (uint64_t i = 0; i < length; i++) {
            cairn_buffer_append_slice(&text, random_word(chat, &random, made_up));
            cairn_buffer_append_byte(&text, ' ');
        }
        snprintf(channel, sizeof(channel), "c%u", chat->count % 20);
        add(chat, cairn_slice_of(channel), cairn_buffer_slice(&text));
    }
    cairn_buffer_deinit(&text);
}

/* ---- a space ---- */

struct subject {
    struct cairn_training_options options;
    struct cairn_projection_space space;
};

static void subject_open(struct subject *subject, bool alias_tables, uint32_t state_size)
{
    *subject = (struct subject){.options = {.alias_tables = alias_tables,
                                            .channel_cache_mb = 128,
                                            .state_size = state_size}};
    subject->space.name = cairn_slice_of("bench");
    subject->space.options = &subject->options;
    cairn_heap_init(&subject->space.heap, HEAP_BYTES_MAX);
    subject->space.cache = cairn_training_module.cache_create(&subject->options);
    cairn_assert(subject->space.cache != NULL);
    int result = cairn_training_module.init(&subject->space);
    cairn_assert(result == 0);
}

static void subject_close(struct subject *subject)
{
    cairn_training_module.cache_destroy(subject->space.cache);
    cairn_heap_deinit(&subject->space.heap);
}

static void learn(struct subject *subject, const struct chat *chat, uint32_t from, uint32_t to)
{
    struct cairn_buffer payload = {0};
    for (uint32_t i = from; i < to; i++) {
        cairn_buffer_clear(&payload);
        cairn_event_put(&payload, CAIRN_FIELD_TEXT,
                        cairn_slice_of(chat->bytes.data + chat->texts[i]));
        struct cairn_event event = {.seq = i + 1,
                                    .kind = CAIRN_EVENT_MESSAGE,
                                    .channel = cairn_slice_of(chat->bytes.data + chat->channels[i]),
                                    .payload = cairn_buffer_slice(&payload)};
        int result = cairn_training_module.apply(&subject->space, &event);
        cairn_assert(result == 0);
    }
    cairn_buffer_deinit(&payload);
}

static double per_second(uint32_t count, uint64_t ns)
{
    return (double)count * 1e9 / (double)ns;
}

static void bench_train(const struct chat *chat, uint32_t count, uint32_t state_size,
                        const char *what)
{
    struct subject subject;
    subject_open(&subject, true, state_size);
    uint32_t tenth = count / 10;
    uint64_t start = now_ns();
    learn(&subject, chat, 0, tenth);
    uint64_t first = now_ns();
    learn(&subject, chat, tenth, count - tenth);
    uint64_t last = now_ns();
    learn(&subject, chat, count - tenth, count);
    uint64_t end = now_ns();

    const struct cairn_heap *heap = &subject.space.heap;
    struct cairn_digest digest = {0};
    uint64_t digest_start = now_ns();
    cairn_training_module.digest(&subject.space, &digest);
    uint64_t digest_ns = now_ns() - digest_start;
    printf("train k=%u messages=%u text=%s  %.0f msg/s (first tenth %.0f, last %.0f)  "
           "%.1f bytes/msg (%.1f MB)  words=%u prefixes=%llu  digest %.1f ms\n",
           state_size, count, what, per_second(count, end - start),
           per_second(tenth, first - start), per_second(tenth, end - last),
           (double)cairn_heap_live_bytes(heap) / count, (double)cairn_heap_live_bytes(heap) / 1e6,
           cairn_heap_names_count(heap, cairn_corpus_of(heap)->words),
           (unsigned long long)cairn_chain_prefix_count(heap, cairn_corpus_of(heap)->chain),
           (double)digest_ns / 1e6);

    start = now_ns();
    for (uint64_t seq = 1; seq <= count; seq += 10)
        cairn_training_module.forget(&subject.space, &seq, 1);
    printf("forget k=%u messages=%u text=%s  %.0f msg/s\n", state_size, (count + 9) / 10, what,
           per_second((count + 9) / 10, now_ns() - start));
    subject_close(&subject);
}

static int compare_u64(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t generate_once(struct subject *subject, const char *body, uint64_t random,
                              uint64_t *turn_max)
{
    struct cairn_request *request = cairn_request_create();
    cairn_assert(request != NULL);
    request->operation = CAIRN_OPERATION_GENERATE;
    request->body = cairn_slice_of(body);
    request->random = random;
    uint64_t total = 0;
    enum cairn_answer answer = CAIRN_ANSWER_AGAIN;
    while (answer == CAIRN_ANSWER_AGAIN) {
        uint64_t start = now_ns();
        answer = cairn_training_module.answer(&subject->space, request);
        uint64_t took = now_ns() - start;
        *turn_max = took > *turn_max ? took : *turn_max;
        total += took;
    }
    cairn_request_destroy(request);
    return total;
}

/* `asked` NULL: another seed each time. */
static void bench_generate(struct subject *subject, const char *name, const char *asked,
                           uint32_t count)
{
    uint64_t *times = malloc(count * sizeof(*times));
    uint64_t turn_max = 0;
    char body[128];
    cairn_assert(times != NULL);
    for (uint32_t i = 0; i < count; i++) {
        if (asked == NULL)
            snprintf(body, sizeof(body), "{\"rng_seed\":%u}", i);
        else
            snprintf(body, sizeof(body), "%s", asked);
        times[i] = generate_once(subject, body, i, &turn_max);
    }
    uint64_t first = times[0];
    qsort(times, count, sizeof(*times), compare_u64);
    printf("generate %s tables=%s  p50 %.1f us  p99 %.1f us  p999 %.1f us  first %.0f us  "
           "longest turn %.0f us  runs=%u\n",
           name, subject->options.alias_tables ? "on" : "off", (double)times[count / 2] / 1e3,
           (double)times[(uint64_t)count * 99 / 100] / 1e3,
           (double)times[(uint64_t)count * 999 / 1000] / 1e3, (double)first / 1e3,
           (double)turn_max / 1e3, count);
    free(times);
}

static void bench_talk(const struct chat *chat, uint32_t count)
{
    for (int tables = 1; tables >= 0; tables--) {
        struct subject subject;
        char body[160];
        subject_open(&subject, tables, 2);
        learn(&subject, chat, 0, count);
        printf("corpus messages=%u\n", count);
        bench_generate(&subject, "plain", "{\"allow_verbatim\":true}", GENERATE_COUNT);
        bench_generate(&subject, "min_score=10,not verbatim", "{\"min_score\":10}", GENERATE_COUNT);
        bench_generate(&subject, "seeded", NULL, tables ? GENERATE_COUNT : 200);
        snprintf(body, sizeof(body), "{\"channel\":\"%s\"}", chat->bytes.data + chat->channels[0]);
        bench_generate(&subject, "one channel", body, GENERATE_COUNT);
        subject_close(&subject);
    }
}

/* ---- draws ---- */

static void bench_draw(uint32_t fanout, bool tables, bool is_ordered)
{
    struct cairn_heap heap;
    struct cairn_random random;
    char name[32];
    cairn_heap_init(&heap, HEAP_BYTES_MAX);
    cairn_random_init(&random, 1);
    cairn_ref words = cairn_heap_names_create(&heap);
    cairn_ref block =
        cairn_successors_create(&heap, (struct cairn_successor){.token = 0, .count = 1});
    for (uint32_t i = 1; i < fanout; i++) {
        snprintf(name, sizeof(name), "word%u", i * 7919);
        uint32_t token = cairn_heap_names_acquire(&heap, words, cairn_slice_of(name));
        for (uint64_t n = 0; n <= cairn_random_below(&random, 20); n++)
            block = cairn_successors_add(&heap, block, token, 0, i);
    }
    struct cairn_draws *draws = cairn_draws_create(tables, 1u << 30);
    struct cairn_successors view = cairn_successors_view(&heap, block);
    struct cairn_order_words order = {.heap = &heap, .words = words};
    uint32_t count = is_ordered && !tables ? DRAW_COUNT / fanout : DRAW_COUNT;
    uint64_t sum = 0;
    uint64_t start = 0;
    for (uint32_t i = 0; i < count + CAIRN_DRAWS_WAIT; i++) {
        if (i == CAIRN_DRAWS_WAIT)
            start = now_ns();
        sum += is_ordered ? cairn_draws_pick_ordered(draws, 1, &view, &order, &random)->token
                          : cairn_draws_pick(draws, 1, &view, &random)->token;
    }
    printf("draw fanout=%u ordered=%s tables=%s  %.1f ns  (sum %llu)\n", fanout,
           is_ordered ? "yes" : "no", tables ? "on" : "off", (double)(now_ns() - start) / count,
           (unsigned long long)sum);
    cairn_draws_destroy(draws);
    cairn_heap_deinit(&heap);
}

int main(int argc, char **argv)
{
    struct chat chat = {0};
    for (int i = 1; i < argc; i++)
        read_file(&chat, argv[i]);
    uint32_t known = chat.count;
    find_words(&chat);
    recombine(&chat, 1000000);
    printf("chat messages=%u read, %u recombined\n", known, chat.count - known);

    static const uint32_t fanouts[] = {3, 100, 5000};
    for (int i = 0; i < 12; i++)
        bench_draw(fanouts[i / 4], i % 2 == 0, i % 4 >= 2);
    const char *what = known > 0 ? "chat" : "recombined";
    bench_train(&chat, 10000, 2, what);
    bench_train(&chat, 100000, 2, what);
    for (uint32_t k = 1; known > 0 && k <= 5; k++)
        bench_train(&chat, known, k, what);
    bench_train(&chat, chat.count, 2, known > 0 ? "chat and recombined" : what);
    bench_talk(&chat, 100000);
    free(chat.channels);
    free(chat.texts);
    free(chat.words);
    free(chat.word_bytes);
    cairn_buffer_deinit(&chat.bytes);
    return 0;
}
