#include "actors/retrieval/search_request.h"

#include <errno.h>

#include "runtime/base/hash.h"
#include "runtime/base/suggest.h"

enum member {
    QUERY,
    K,
    MODE,
    KINDS,
    CHANNEL,
    AUTHOR,
    DOMAIN,
    SINCE,
    UNTIL,
    AT,
    MIN_SEQ,
    EXPLAIN,
    CURSOR,
    MEMBER_COUNT,
};

static const char *const MEMBERS[MEMBER_COUNT] = {
    [QUERY] = "query",     [K] = "k",           [MODE] = "mode",       [KINDS] = "kinds",
    [CHANNEL] = "channel", [AUTHOR] = "author", [DOMAIN] = "domain",   [SINCE] = "since",
    [UNTIL] = "until",     [AT] = "at",         [MIN_SEQ] = "min_seq", [EXPLAIN] = "explain",
    [CURSOR] = "cursor",
};

static const char *const MODES[] = {"hybrid", "text", "vector"};

#define MODE_COUNT (sizeof(MODES) / sizeof(MODES[0]))
#define SHOWN_MAX  64 /* bytes of a wrong word in an answer */

static int shown(struct cairn_slice text)
{
    return text.bytes > SHOWN_MAX ? SHOWN_MAX : (int)text.bytes;
}

/* 400: there is no such `what`; perhaps another was meant. */
static void answer_unknown(struct cairn_request *request, const char *what,
                           struct cairn_slice wrong, const char *const names[], size_t count)
{
    const char *nearest = cairn_suggest(wrong, names, count);
    if (nearest == NULL)
        cairn_request_problem(request, 400, "unknown %s \"%.*s\"", what, shown(wrong), wrong.data);
    else
        cairn_request_problem(request, 400, "unknown %s \"%.*s\"; did you mean \"%s\"?", what,
                              shown(wrong), wrong.data, nearest);
}

/* ---- members ---- */

static void read_k(struct cairn_json_reader *reader, struct cairn_search_request *search)
{
    uint64_t k = 0;
    if (cairn_json_read_u64(reader, &k) < 0)
        return;
    if (k < 1 || k > CAIRN_SEARCH_K_MAX)
        cairn_json_fail(reader, "k is from 1 to 1000");
    search->k = (uint32_t)k;
}

static void read_query(struct cairn_json_reader *reader, struct cairn_search_request *search)
{
    if (cairn_json_read_string(reader, &search->query) == 0 &&
        search->query.bytes > CAIRN_SEARCH_QUERY_BYTES_MAX)
        cairn_json_fail(reader, "a query has at most 8192 bytes");
}

static void read_kinds(struct cairn_json_reader *reader, struct cairn_search_request *search)
{
    struct cairn_slice kind;
    cairn_json_enter_array(reader);
    while (cairn_json_next_element(reader) && cairn_json_read_string(reader, &kind) == 0) {
        if (kind.bytes == 0 || search->kind_count == CAIRN_SCORER_KINDS_MAX)
            cairn_json_fail(reader, "kinds are at most 16 names, none of them empty");
        else
            search->kinds[search->kind_count++] = kind;
    }
    if (reader->result == 0 && search->kind_count == 0)
        cairn_json_fail(reader, "kinds is empty: leave it out to search them all");
}

static void read_name(struct cairn_json_reader *reader, struct cairn_slice *name)
{
    if (cairn_json_read_string(reader, name) == 0 && name->bytes == 0)
        cairn_json_fail(reader, "an empty name finds nothing: leave it out");
}

static bool read_mode(struct cairn_request *request, struct cairn_json_reader *reader)
{
    struct cairn_slice mode;
    if (cairn_json_read_string(reader, &mode) < 0)
        return true;
    if (cairn_slice_is(mode, "vector")) {
        cairn_request_problem(request, 501,
                              "search by vectors comes with a later release; use mode \"text\"");
        return false;
    }
    if (cairn_json_key_index(mode, MODES, MODE_COUNT) >= 0)
        return true;
    answer_unknown(request, "mode", mode, MODES, MODE_COUNT);
    return false;
}

/* False: the request is answered. Errors of JSON stay in the reader. */
static bool read_member(struct cairn_request *request, struct cairn_json_reader *reader,
                        struct cairn_slice key, struct cairn_search_request *search)
{
    int member = cairn_json_key_index(key, MEMBERS, MEMBER_COUNT);
    if (member < 0) {
        answer_unknown(request, "field", key, MEMBERS, MEMBER_COUNT);
        return false;
    }
    if (member != QUERY && cairn_json_take_null(reader))
        return true;
    switch ((enum member)member) {
    case QUERY:
        read_query(reader, search);
        break;
    case K:
        read_k(reader, search);
        break;
    case MODE:
        return read_mode(request, reader);
    case KINDS:
        read_kinds(reader, search);
        break;
    case CHANNEL:
        read_name(reader, &search->channel);
        break;
    case AUTHOR:
        read_name(reader, &search->author);
        break;
    case DOMAIN:
        read_name(reader, &search->domain);
        break;
    case SINCE:
        cairn_json_read_i64(reader, &search->since_ms);
        break;
    case UNTIL:
        cairn_json_read_i64(reader, &search->until_ms);
        break;
    case AT:
        cairn_json_read_i64(reader, &search->at_ms);
        break;
    case MIN_SEQ:
        cairn_json_read_u64(reader, &search->min_seq);
        break;
    case EXPLAIN:
        cairn_json_read_bool(reader, &search->is_explained);
        break;
    case CURSOR:
        read_name(reader, &search->cursor);
        break;
    case MEMBER_COUNT:
        break;
    }
    return true;
}

/* ---- the whole ---- */

static bool is_blank(struct cairn_slice text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (text.data[i] != ' ' && (text.data[i] < '\t' || text.data[i] > '\r'))
            return false;
    return true;
}

static bool check(struct cairn_request *request, const struct cairn_json_reader *reader,
                  const struct cairn_search_request *search)
{
    if (reader->result == -ENOMEM)
        cairn_request_problem(request, 503, "no memory to read the search");
    else if (reader->result < 0)
        cairn_request_problem(request, 400, "%s (byte %u of the body)", reader->error,
                              reader->error_offset);
    else if (search->query.data == NULL)
        cairn_request_problem(request, 400, "a search needs a query: {\"query\":\"...\"}");
    else if (is_blank(search->query))
        cairn_request_problem(request, 400, "the query is empty");
    else
        return true;
    return false;
}

bool cairn_search_request_read(struct cairn_request *request, struct cairn_json_scratch *scratch,
                               struct cairn_search_request *search)
{
    struct cairn_json_reader reader;
    struct cairn_slice key;
    *search = (struct cairn_search_request){
        .k = CAIRN_SEARCH_K_DEFAULT, .since_ms = INT64_MIN, .until_ms = INT64_MAX};
    cairn_json_scratch_begin(scratch, request->body.bytes);
    cairn_json_reader_init(&reader, request->body, scratch);
    cairn_json_enter_object(&reader);
    while (cairn_json_next_member(&reader, &key))
        if (!read_member(request, &reader, key, search))
            return false;
    cairn_json_finish(&reader);
    return check(request, &reader, search);
}

static uint64_t hash_onto(uint64_t hash, struct cairn_slice text)
{
    return XXH3_64bits_withSeed(text.data, text.bytes, hash + text.bytes);
}

uint64_t cairn_search_request_fingerprint(const struct cairn_search_request *search)
{
    uint64_t hash = hash_onto(1, search->query);
    hash = hash_onto(hash, search->channel);
    hash = hash_onto(hash, search->author);
    hash = hash_onto(hash, search->domain);
    for (uint32_t i = 0; i < search->kind_count; i++)
        hash = hash_onto(hash, search->kinds[i]);
    const int64_t times[] = {search->since_ms, search->until_ms, search->kind_count};
    return hash_onto(hash, cairn_slice(times, sizeof(times)));
}
