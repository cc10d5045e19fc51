/* tools/query.c: `cairn search` and `cairn generate`: calls of api.md, section 3, from a shell. */
#include <stdio.h>
#include <string.h>

#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"
#include "tools/http_client.h"
#include "tools/tool.h"

struct query {
    const char *space, *url, *channel, *author, *k, *start, *min_score, *max_words, *seed;
    bool json;
};

static void member_text(struct cairn_json_writer *writer, const char *name, const char *value)
{
    if (value != NULL)
        cairn_json_member_text(writer, name, value);
}

static bool member_number(struct cairn_json_writer *writer, const char *command, const char *name,
                          const char *value)
{
    int64_t number;
    if (value == NULL)
        return true;
    if (!cairn_slice_to_i64(cairn_slice_of(value), &number)) {
        fprintf(stderr, "cairn %s: %s must be a number, not \"%s\"\n", command, name, value);
        return false;
    }
    cairn_json_member_i64(writer, name, number);
    return true;
}

static int call(const char *command, const struct query *query, const char *what,
                const struct cairn_buffer *body, struct cairn_http_answer *answer)
{
    struct cairn_buffer path = {0};
    struct cairn_io *io = cairn_tool_io(command);
    if (io == NULL)
        return CAIRN_EXIT_IO;
    cairn_buffer_append_text(&path, "/v1/spaces/");
    cairn_http_encode(&path, query->space);
    cairn_buffer_printf(&path, "/%s", what);
    cairn_buffer_append_byte(&path, '\0');
    int status = cairn_http_call(io, command, query->url, "POST", path.data, "application/json",
                                 cairn_buffer_slice(body), answer);
    cairn_buffer_deinit(&path);
    cairn_io_destroy(io);
    return status;
}

static int need_space(const char *command, const struct query *query)
{
    if (query->space != NULL)
        return 0;
    fprintf(stderr, "cairn %s: --space is missing (cairn %s --help)\n", command, command);
    return CAIRN_EXIT_USAGE;
}

/* One hit: its score, who, and the text on one line. */
static void print_hit(struct cairn_json_reader *reader)
{
    struct cairn_slice key, text = CAIRN_SLICE_EMPTY, author = CAIRN_SLICE_EMPTY;
    double score = 0;
    uint64_t seq = 0;
    cairn_json_enter_object(reader);
    while (cairn_json_next_member(reader, &key)) {
        if (cairn_slice_is(key, "text"))
            cairn_json_read_string(reader, &text);
        else if (cairn_slice_is(key, "author"))
            cairn_json_read_string(reader, &author);
        else if (cairn_slice_is(key, "score"))
            cairn_json_read_double(reader, &score);
        else if (cairn_slice_is(key, "seq"))
            cairn_json_read_u64(reader, &seq);
    }
    printf("%8.3f  #%llu  %.*s: %.*s\n", score, (unsigned long long)seq, (int)author.bytes,
           author.data, (int)text.bytes, text.data);
}

static void print_hits(struct cairn_slice json)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key;
    cairn_json_scratch_begin(&scratch, json.bytes);
    cairn_json_reader_init(&reader, json, &scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        if (!cairn_slice_is(key, "hits"))
            continue;
        cairn_json_enter_array(&reader);
        while (cairn_json_next_element(&reader))
            print_hit(&reader);
    }
    cairn_json_scratch_deinit(&scratch);
}

static void print_text(struct cairn_slice json)
{
    struct cairn_json_scratch scratch = {0};
    struct cairn_json_reader reader;
    struct cairn_slice key, text;
    cairn_json_scratch_begin(&scratch, json.bytes);
    cairn_json_reader_init(&reader, json, &scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key)) {
        if (cairn_slice_is(key, "text") && cairn_json_read_string(&reader, &text) == 0)
            printf("%.*s\n", (int)text.bytes, text.data);
    }
    cairn_json_scratch_deinit(&scratch);
}

static int finish(int status, const struct query *query, struct cairn_http_answer *answer,
                  struct cairn_buffer *body, void (*print)(struct cairn_slice json))
{
    if (status == 0 && query->json)
        printf("%.*s\n", (int)answer->body.bytes, answer->body.data);
    else if (status == 0)
        print(cairn_buffer_slice(&answer->body));
    cairn_buffer_deinit(&answer->body);
    cairn_buffer_deinit(body);
    return status;
}

int cairn_tool_search(int argc, char *argv[])
{
    struct query query = {0};
    struct cairn_args args;
    const struct cairn_option options[] = {
        {.name = "--space", .value = &query.space},
        {.name = "--url", .value = &query.url},
        {.name = "--k", .value = &query.k},
        {.name = "--channel", .value = &query.channel},
        {.name = "--author", .value = &query.author},
        {.name = "--json", .flag = &query.json},
        {0},
    };
    if (cairn_args_parse(&args, "search", argc, argv, options, 1) < 0 ||
        need_space("search", &query) != 0)
        return CAIRN_EXIT_USAGE;
    if (args.count != 1) {
        fprintf(stderr, "cairn search: what is searched for? (cairn search --help)\n");
        return CAIRN_EXIT_USAGE;
    }
    struct cairn_buffer body = {0};
    struct cairn_http_answer answer = {0};
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &body);
    cairn_json_begin_object(&writer);
    cairn_json_member_text(&writer, "query", args.positional[0]);
    member_text(&writer, "channel", query.channel);
    member_text(&writer, "author", query.author);
    bool is_good = member_number(&writer, "search", "k", query.k);
    cairn_json_end_object(&writer);
    int status = is_good ? call("search", &query, "search", &body, &answer) : CAIRN_EXIT_USAGE;
    return finish(status, &query, &answer, &body, print_hits);
}

int cairn_tool_generate(int argc, char *argv[])
{
    struct query query = {0};
    struct cairn_args args;
    const struct cairn_option options[] = {
        {.name = "--space", .value = &query.space},
        {.name = "--url", .value = &query.url},
        {.name = "--channel", .value = &query.channel},
        {.name = "--start", .value = &query.start},
        {.name = "--min-score", .value = &query.min_score},
        {.name = "--max-words", .value = &query.max_words},
        {.name = "--seed", .value = &query.seed},
        {.name = "--json", .flag = &query.json},
        {0},
    };
    if (cairn_args_parse(&args, "generate", argc, argv, options, 0) < 0 ||
        need_space("generate", &query) != 0)
        return CAIRN_EXIT_USAGE;
    struct cairn_buffer body = {0};
    struct cairn_http_answer answer = {0};
    struct cairn_json_writer writer;
    cairn_json_writer_init(&writer, &body);
    cairn_json_begin_object(&writer);
    member_text(&writer, "channel", query.channel);
    member_text(&writer, "start", query.start);
    bool is_good = member_number(&writer, "generate", "min_score", query.min_score) &&
                   member_number(&writer, "generate", "max_words", query.max_words) &&
                   member_number(&writer, "generate", "rng_seed", query.seed);
    cairn_json_end_object(&writer);
    int status = is_good ? call("generate", &query, "generate", &body, &answer) : CAIRN_EXIT_USAGE;
    return finish(status, &query, &answer, &body, print_text);
}
