#include "actors/ingest/directory.h"

#include <errno.h>

#include "runtime/base/interner.h"

#define ROWS_MIN     8u
#define KEYS_MIN     16u
#define EPISODES_MIN 4u
#define UUID_BYTES   16u

struct row {
    uint64_t seq;
    int64_t ts_ms;
    uint32_t channel; /* interned; 0 none */
    uint32_t author;
    uint32_t extra; /* episode events: index + 1 into episodes; facts, custom: name */
    uint8_t kind;
    uint8_t is_forgotten;
    uint16_t reserved;
};
static_assert(sizeof(struct row) == 32, "rows are the bulk of the directory");

struct episode {
    uint8_t uuid[UUID_BYTES];
    uint8_t state; /* enum cairn_episode_state; UNKNOWN: forgotten */
    uint8_t reserved[7];
};

struct root {
    cairn_ref names;
    cairn_ref rows; /* struct row, ascending by seq */
    uint32_t row_count;
    uint32_t row_capacity;
    cairn_ref keys; /* struct cairn_directory_key; open addressing by `low`; seq 0 is empty */
    uint32_t key_count;
    uint32_t key_capacity;
    cairn_ref episodes;
    uint32_t episode_count;
    uint32_t episode_capacity;
    cairn_ref episode_slots; /* u32 index + 1, open addressing, twice episode_capacity */
    cairn_ref settings;
    uint32_t settings_bytes;
    struct cairn_directory_totals totals;
};

static struct root *root_of(const struct cairn_projection_space *space)
{
    return cairn_heap_at(&space->heap, cairn_heap_root(&space->heap));
}

static int directory_init(struct cairn_projection_space *space)
{
    struct cairn_heap *heap = &space->heap;
    struct root root = {
        .row_capacity = ROWS_MIN, .key_capacity = KEYS_MIN, .episode_capacity = EPISODES_MIN};
    root.names = cairn_interner_create(heap);
    root.rows = cairn_heap_alloc(heap, ROWS_MIN * sizeof(struct row));
    root.keys = cairn_heap_alloc(heap, KEYS_MIN * sizeof(struct cairn_directory_key));
    root.episodes = cairn_heap_alloc(heap, EPISODES_MIN * sizeof(struct episode));
    root.episode_slots = cairn_heap_alloc(heap, EPISODES_MIN * 2 * sizeof(uint32_t));
    cairn_ref ref = cairn_heap_alloc(heap, sizeof(root));
    if (root.names == 0 || root.rows == 0 || root.keys == 0 || root.episodes == 0 ||
        root.episode_slots == 0 || ref == 0)
        return -ENOMEM;
    *(struct root *)cairn_heap_at(heap, ref) = root;
    cairn_heap_set_root(heap, ref);
    return 0;
}

/* ---- idempotency ---- */

struct cairn_directory_key cairn_directory_key_of(const struct cairn_event *event,
                                                  struct cairn_slice client_id)
{
    uint64_t seed = cairn_hash64_slice(event->space);
    struct cairn_digest id = cairn_digest_item(client_id.data, client_id.bytes, seed);
    uint64_t content = XXH3_64bits_withSeed(event->payload.data, event->payload.bytes, event->kind);
    content = XXH3_64bits_withSeed(event->channel.data, event->channel.bytes, content);
    content = XXH3_64bits_withSeed(event->author.data, event->author.bytes, content);
    return (struct cairn_directory_key){.low = id.low, .high = id.high, .content = content};
}

static struct cairn_directory_key *key_slot(const struct cairn_projection_space *space,
                                            const struct cairn_directory_key *key)
{
    const struct root *root = root_of(space);
    struct cairn_directory_key *keys = cairn_heap_at(&space->heap, root->keys);
    uint32_t slot = (uint32_t)key->low & (root->key_capacity - 1);
    while (keys[slot].seq != 0 && (keys[slot].low != key->low || keys[slot].high != key->high))
        slot = (slot + 1) & (root->key_capacity - 1);
    return &keys[slot];
}

bool cairn_directory_find_key(const struct cairn_projection_space *space,
                              const struct cairn_directory_key *key,
                              struct cairn_directory_key *found)
{
    const struct cairn_directory_key *slot = key_slot(space, key);
    if (slot->seq == 0)
        return false;
    *found = *slot;
    return true;
}

static int ensure_key_room(struct cairn_projection_space *space)
{
    struct root *root = root_of(space);
    uint32_t capacity = root->key_capacity;
    if ((root->key_count + 1) * UINT64_C(4) <= capacity * UINT64_C(3))
        return 0;
    cairn_ref grown =
        cairn_heap_alloc(&space->heap, capacity * UINT64_C(2) * sizeof(struct cairn_directory_key));
    if (grown == 0)
        return -ENOMEM;
    root = root_of(space);
    cairn_ref old = root->keys;
    root->keys = grown;
    root->key_capacity = capacity * 2;
    const struct cairn_directory_key *keys = cairn_heap_at(&space->heap, old);
    for (uint32_t i = 0; i < capacity; i++) {
        if (keys[i].seq != 0)
            *key_slot(space, &keys[i]) = keys[i];
    }
    cairn_heap_free(&space->heap, old, capacity * sizeof(struct cairn_directory_key));
    return 0;
}

static int add_key(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct cairn_slice client_id;
    if (event->kind != CAIRN_EVENT_MESSAGE ||
        !cairn_event_field(event, CAIRN_FIELD_CLIENT_ID, &client_id))
        return 0;
    int result = ensure_key_room(space);
    if (result < 0)
        return result;
    struct cairn_directory_key key = cairn_directory_key_of(event, client_id);
    key.seq = event->seq;
    struct cairn_directory_key *slot = key_slot(space, &key);
    if (slot->seq == 0)
        root_of(space)->key_count++;
    *slot = key;
    return 0;
}

/* ---- episodes ---- */

static uint32_t *episode_slot(const struct cairn_projection_space *space, const char *uuid)
{
    const struct root *root = root_of(space);
    const struct episode *episodes = cairn_heap_at(&space->heap, root->episodes);
    uint32_t *slots = cairn_heap_at(&space->heap, root->episode_slots);
    uint32_t mask = root->episode_capacity * 2 - 1;
    uint32_t slot = (uint32_t)cairn_hash64(uuid, UUID_BYTES) & mask;
    while (slots[slot] != 0 && memcmp(episodes[slots[slot] - 1].uuid, uuid, UUID_BYTES) != 0)
        slot = (slot + 1) & mask;
    return &slots[slot];
}

static int ensure_episode_room(struct cairn_projection_space *space)
{
    struct root *root = root_of(space);
    uint32_t capacity = root->episode_capacity;
    if (root->episode_count < capacity)
        return 0;
    cairn_ref slots = cairn_heap_alloc(&space->heap, capacity * UINT64_C(4) * sizeof(uint32_t));
    cairn_ref episodes =
        cairn_heap_alloc(&space->heap, capacity * UINT64_C(2) * sizeof(struct episode));
    if (slots == 0 || episodes == 0)
        return -ENOMEM;
    root = root_of(space);
    memcpy(cairn_heap_at(&space->heap, episodes), cairn_heap_at(&space->heap, root->episodes),
           capacity * sizeof(struct episode));
    cairn_heap_free(&space->heap, root->episodes, capacity * sizeof(struct episode));
    cairn_heap_free(&space->heap, root->episode_slots, capacity * UINT64_C(2) * sizeof(uint32_t));
    root->episodes = episodes;
    root->episode_slots = slots;
    root->episode_capacity = capacity * 2;
    const struct episode *all = cairn_heap_at(&space->heap, episodes);
    for (uint32_t i = 0; i < root->episode_count; i++)
        *episode_slot(space, (const char *)all[i].uuid) = i + 1;
    return 0;
}

/* Index + 1 of the event's episode, made if it is new; 0 when the event names none. */
static int64_t episode_of(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct cairn_slice uuid;
    if (!cairn_event_field(event, CAIRN_FIELD_EPISODE, &uuid) || uuid.bytes != UUID_BYTES)
        return 0;
    int result = ensure_episode_room(space);
    if (result < 0)
        return result;
    struct root *root = root_of(space);
    struct episode *episodes = cairn_heap_at(&space->heap, root->episodes);
    uint32_t *slot = episode_slot(space, uuid.data);
    if (*slot == 0) {
        struct episode *episode = &episodes[root->episode_count++];
        memcpy(episode->uuid, uuid.data, UUID_BYTES);
        episode->state = CAIRN_EPISODE_OPEN;
        *slot = root->episode_count;
    }
    if (event->kind == CAIRN_EVENT_COMPLETION)
        episodes[*slot - 1].state = CAIRN_EPISODE_COMPLETED;
    return *slot;
}

enum cairn_episode_state cairn_directory_episode(const struct cairn_projection_space *space,
                                                 struct cairn_slice uuid)
{
    if (uuid.bytes != UUID_BYTES)
        return CAIRN_EPISODE_UNKNOWN;
    uint32_t index = *episode_slot(space, uuid.data);
    if (index == 0)
        return CAIRN_EPISODE_UNKNOWN;
    const struct episode *episodes = cairn_heap_at(&space->heap, root_of(space)->episodes);
    return (enum cairn_episode_state)episodes[index - 1].state;
}

/* ---- applying ---- */

static int ensure_row_room(struct cairn_projection_space *space)
{
    struct root *root = root_of(space);
    if (root->row_count < root->row_capacity)
        return 0;
    uint64_t bytes = root->row_capacity * sizeof(struct row);
    /* By half, not by two: rows are large in number and never shrink. */
    uint64_t bytes_new = (root->row_capacity + root->row_capacity / 2) * sizeof(struct row);
    cairn_ref rows = cairn_heap_grow(&space->heap, root->rows, bytes, bytes_new);
    if (rows == 0)
        return -ENOMEM;
    root = root_of(space);
    root->rows = rows;
    root->row_capacity = (uint32_t)(bytes_new / sizeof(struct row));
    return 0;
}

static int put_settings(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct cairn_slice settings;
    if (event->kind != CAIRN_EVENT_SETTINGS ||
        !cairn_event_field(event, CAIRN_FIELD_SETTINGS, &settings) || settings.bytes == 0)
        return 0;
    cairn_ref ref = cairn_heap_alloc(&space->heap, settings.bytes);
    if (ref == 0)
        return -ENOMEM;
    memcpy(cairn_heap_at(&space->heap, ref), settings.data, settings.bytes);
    struct root *root = root_of(space);
    cairn_heap_free(&space->heap, root->settings, root->settings_bytes);
    root->settings = ref;
    root->settings_bytes = (uint32_t)settings.bytes;
    return 0;
}

static void widen(struct cairn_directory_totals *totals, uint64_t seq, int64_t ts_ms)
{
    if (totals->first_seq == 0) {
        totals->first_seq = seq;
        totals->first_ts_ms = totals->last_ts_ms = ts_ms;
    }
    totals->last_seq = seq;
    if (ts_ms < totals->first_ts_ms)
        totals->first_ts_ms = ts_ms;
    if (ts_ms > totals->last_ts_ms)
        totals->last_ts_ms = ts_ms;
}

static void count_event(struct root *root, const struct cairn_event *event)
{
    struct cairn_directory_totals *totals = &root->totals;
    if (event->kind == CAIRN_EVENT_FORGET)
        return;
    totals->live++;
    totals->by_kind[event->kind]++;
    totals->payload_bytes += event->payload.bytes;
    widen(totals, event->seq, event->ts_ms);
}

static int intern(struct cairn_projection_space *space, struct cairn_slice name, uint32_t *id)
{
    *id = name.bytes == 0 ? 0 : cairn_interner_add(&space->heap, root_of(space)->names, name);
    return name.bytes != 0 && *id == 0 ? -ENOMEM : 0;
}

static bool is_named_kind(uint8_t kind)
{
    return kind == CAIRN_EVENT_FACT || kind == CAIRN_EVENT_CUSTOM;
}

static int directory_apply(struct cairn_projection_space *space, const struct cairn_event *event)
{
    struct row row = {.seq = event->seq, .ts_ms = event->ts_ms, .kind = event->kind};
    struct cairn_slice name = CAIRN_SLICE_EMPTY;
    int result = intern(space, event->channel, &row.channel);
    if (result == 0)
        result = intern(space, event->author, &row.author);
    if (result == 0 && is_named_kind(event->kind)) {
        cairn_event_field(
            event, event->kind == CAIRN_EVENT_FACT ? CAIRN_FIELD_KEY : CAIRN_FIELD_NAME, &name);
        result = intern(space, name, &row.extra);
    } else if (result == 0) {
        int64_t episode = episode_of(space, event);
        if (episode < 0)
            return (int)episode;
        row.extra = (uint32_t)episode;
    }
    if (result == 0)
        result = ensure_row_room(space);
    if (result == 0)
        result = add_key(space, event);
    if (result == 0)
        result = put_settings(space, event);
    if (result < 0)
        return result;

    struct root *root = root_of(space);
    struct row *rows = cairn_heap_at(&space->heap, root->rows);
    cairn_assert(root->row_count == 0 || rows[root->row_count - 1].seq < event->seq);
    rows[root->row_count++] = row;
    count_event(root, event);
    return 0;
}

/* The index of the first row at or after `seq`. */
static uint32_t lower_bound(const struct cairn_projection_space *space, uint64_t seq)
{
    const struct root *root = root_of(space);
    const struct row *rows = cairn_heap_at(&space->heap, root->rows);
    uint32_t low = 0;
    uint32_t high = root->row_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (rows[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct row *find_row(const struct cairn_projection_space *space, uint64_t seq)
{
    const struct root *root = root_of(space);
    struct row *rows = cairn_heap_at(&space->heap, root->rows);
    uint32_t index = lower_bound(space, seq);
    return index < root->row_count && rows[index].seq == seq ? &rows[index] : NULL;
}

/* The first and last of what is left: when somebody wrote what is forgotten is forgotten too. */
static void bound_again(struct cairn_projection_space *space)
{
    struct root *root = root_of(space);
    const struct row *rows = cairn_heap_at(&space->heap, root->rows);
    struct cairn_directory_totals *totals = &root->totals;
    totals->first_seq = totals->last_seq = 0;
    totals->first_ts_ms = totals->last_ts_ms = 0;
    for (uint32_t i = 0; i < root->row_count; i++) {
        if (!rows[i].is_forgotten && rows[i].kind != CAIRN_EVENT_FORGET)
            widen(totals, rows[i].seq, rows[i].ts_ms);
    }
}

static int directory_forget(struct cairn_projection_space *space, const uint64_t *seqs,
                            uint32_t count)
{
    struct root *root = root_of(space);
    struct episode *episodes = cairn_heap_at(&space->heap, root->episodes);
    for (uint32_t i = 0; i < count; i++) {
        struct row *row = find_row(space, seqs[i]);
        if (row == NULL || row->is_forgotten)
            continue;
        row->is_forgotten = 1;
        root->totals.live--;
        root->totals.forgotten++;
        root->totals.by_kind[row->kind]--;
        if (row->kind == CAIRN_EVENT_EPISODE && row->extra != 0)
            episodes[row->extra - 1].state = CAIRN_EPISODE_UNKNOWN;
    }
    bound_again(space);
    return 0;
}

/* Rows are the ledger's own order; what else it knows is derived from the same events. */
static void directory_digest(const struct cairn_projection_space *space,
                             struct cairn_digest *digest)
{
    const struct root *root = root_of(space);
    const struct row *rows = cairn_heap_at(&space->heap, root->rows);
    uint64_t seed = cairn_hash64_slice(space->name);
    for (uint32_t i = 0; i < root->row_count; i++) {
        uint64_t item[3] = {rows[i].seq, (uint64_t)rows[i].ts_ms,
                            rows[i].kind | (uint64_t)rows[i].is_forgotten << 8};
        cairn_digest_add(digest, cairn_digest_item(item, sizeof(item), seed));
    }
}

/* ---- selections ---- */

struct ids {
    uint32_t channel, author, name, episode;
    bool is_impossible; /* a name that this space has never seen */
};

static uint32_t known_id(const struct cairn_projection_space *space, struct cairn_slice name,
                         struct ids *ids)
{
    if (name.bytes == 0)
        return 0;
    uint32_t id = cairn_interner_find(&space->heap, root_of(space)->names, name);
    ids->is_impossible = ids->is_impossible || id == 0;
    return id;
}

static struct ids ids_of(const struct cairn_projection_space *space,
                         const struct cairn_directory_filter *filter)
{
    struct ids ids = {0};
    ids.channel = known_id(space, filter->channel, &ids);
    ids.author = known_id(space, filter->author, &ids);
    ids.name = known_id(space, filter->name, &ids);
    if (filter->episode.bytes == UUID_BYTES) {
        ids.episode = *episode_slot(space, filter->episode.data);
        ids.is_impossible = ids.is_impossible || ids.episode == 0;
    }
    return ids;
}

static bool is_episode_kind(uint8_t kind)
{
    return kind == CAIRN_EVENT_EPISODE || kind == CAIRN_EVENT_STEP ||
           kind == CAIRN_EVENT_COMPLETION;
}

static bool matches(const struct row *row, const struct cairn_directory_filter *filter,
                    const struct ids *ids)
{
    if (row->is_forgotten || (filter->kind != 0 && row->kind != filter->kind))
        return false;
    if ((ids->channel != 0 && row->channel != ids->channel) ||
        (ids->author != 0 && row->author != ids->author))
        return false;
    /* A forget names what it removed; by that name it is not to be found. */
    if ((ids->channel != 0 || ids->author != 0) && row->kind == CAIRN_EVENT_FORGET)
        return false;
    if (ids->episode != 0 && (row->extra != ids->episode || !is_episode_kind(row->kind)))
        return false;
    if (ids->name != 0 && (row->extra != ids->name || !is_named_kind(row->kind)))
        return false;
    return (!filter->has_since || row->ts_ms >= filter->since_ms) &&
           (!filter->has_until || row->ts_ms < filter->until_ms);
}

uint64_t cairn_directory_next(const struct cairn_projection_space *space,
                              const struct cairn_directory_filter *filter, uint32_t *position)
{
    const struct root *root = root_of(space);
    const struct row *rows = cairn_heap_at(&space->heap, root->rows);
    struct ids ids = ids_of(space, filter);
    bool is_past_all = filter->seq == 0 && filter->after_seq == UINT64_MAX;
    if (ids.is_impossible || is_past_all)
        return 0;

    uint64_t first_seq = filter->seq != 0 ? filter->seq : filter->after_seq + 1;
    uint64_t last_seq = filter->seq != 0 ? filter->seq : filter->up_to_seq;
    uint32_t first = lower_bound(space, first_seq);
    for (uint32_t i = *position > first ? *position : first; i < root->row_count; i++) {
        if (last_seq != 0 && rows[i].seq > last_seq)
            break;
        if (matches(&rows[i], filter, &ids)) {
            *position = i + 1;
            return rows[i].seq;
        }
    }
    *position = root->row_count;
    return 0;
}

uint8_t cairn_directory_kind(const struct cairn_projection_space *space, uint64_t seq)
{
    const struct row *row = find_row(space, seq);
    return row == NULL || row->is_forgotten ? CAIRN_EVENT_NONE : row->kind;
}

void cairn_directory_totals(const struct cairn_projection_space *space,
                            struct cairn_directory_totals *totals)
{
    *totals = root_of(space)->totals;
}

struct cairn_slice cairn_directory_settings(const struct cairn_projection_space *space)
{
    const struct root *root = root_of(space);
    if (root->settings == 0)
        return CAIRN_SLICE_EMPTY;
    return cairn_slice(cairn_heap_at(&space->heap, root->settings), root->settings_bytes);
}

const struct cairn_projection_module cairn_directory_module = {
    .name = "directory",
    .schema_version = 1,
    .stage = CAIRN_STAGE_INGEST,
    .init = directory_init,
    .apply = directory_apply,
    .forget = directory_forget,
    .digest = directory_digest,
};
