#include "actors/facts/store.h"

#include <errno.h>

#include "runtime/base/heap_names.h"
#include "runtime/base/heap_table.h"

#define CAPACITY_MIN 2u

struct root {
    cairn_ref names;
    cairn_ref subjects;
    cairn_ref records;
    uint32_t reserved;
};

static const struct root *root_of(const struct cairn_heap *heap)
{
    return cairn_heap_at(heap, cairn_heap_root(heap));
}

static struct cairn_fact *fact_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct cairn_fact_subject *subject_at(const struct cairn_heap *heap, cairn_ref ref)
{
    return cairn_heap_at(heap, ref);
}

static struct cairn_fact_version *versions_of(const struct cairn_heap *heap,
                                              const struct cairn_fact *fact)
{
    return cairn_heap_at(heap, fact->versions);
}

static cairn_ref *facts_of(const struct cairn_heap *heap, const struct cairn_fact_subject *subject)
{
    return cairn_heap_at(heap, subject->facts);
}

int cairn_facts_init(struct cairn_heap *heap)
{
    cairn_ref root = cairn_heap_alloc(heap, sizeof(struct root));
    cairn_ref names = root == 0 ? 0 : cairn_heap_names_create(heap);
    cairn_ref subjects = names == 0 ? 0 : cairn_heap_table_create(heap);
    cairn_ref records = subjects == 0 ? 0 : cairn_heap_table_create(heap);
    if (records == 0)
        return -ENOMEM;
    cairn_heap_set_root(heap, root);
    *(struct root *)cairn_heap_at(heap, root) =
        (struct root){.names = names, .subjects = subjects, .records = records};
    return 0;
}

/* ---- reading ---- */

static cairn_ref find_subject(const struct cairn_heap *heap, struct cairn_slice name)
{
    const struct root *root = root_of(heap);
    uint32_t id = cairn_heap_names_find(heap, root->names, name);
    if (id == 0)
        return 0;
    uint32_t cursor = 0;
    cairn_ref found;
    while ((found = cairn_heap_table_find(heap, root->subjects, cairn_hash64_slice(name),
                                          &cursor)) != 0) {
        if (subject_at(heap, found)->name == id)
            break;
    }
    return found;
}

const struct cairn_fact_subject *cairn_facts_find_subject(const struct cairn_heap *heap,
                                                          struct cairn_slice subject)
{
    cairn_ref found = find_subject(heap, subject);
    return found == 0 ? NULL : subject_at(heap, found);
}

struct cairn_slice cairn_facts_key(const struct cairn_heap *heap, const struct cairn_fact *fact)
{
    return cairn_heap_names_text(heap, root_of(heap)->names, fact->key);
}

const struct cairn_fact *cairn_facts_at(const struct cairn_heap *heap,
                                        const struct cairn_fact_subject *subject, uint32_t index)
{
    cairn_assert(index < subject->fact_count);
    return fact_at(heap, facts_of(heap, subject)[index]);
}

uint32_t cairn_facts_count_to(const struct cairn_heap *heap,
                              const struct cairn_fact_subject *subject, struct cairn_slice key)
{
    uint32_t low = 0, high = subject->fact_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct cairn_slice at = cairn_facts_key(heap, cairn_facts_at(heap, subject, middle));
        if (cairn_slice_compare(at, key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static cairn_ref find_fact(const struct cairn_heap *heap, const struct cairn_fact_subject *subject,
                           struct cairn_slice key)
{
    uint32_t count = subject->fact_count == 0 ? 0 : cairn_facts_count_to(heap, subject, key);
    if (count == 0)
        return 0;
    cairn_ref last = facts_of(heap, subject)[count - 1];
    return cairn_slice_equal(cairn_facts_key(heap, fact_at(heap, last)), key) ? last : 0;
}

const struct cairn_fact *cairn_facts_find(const struct cairn_heap *heap, struct cairn_slice subject,
                                          struct cairn_slice key)
{
    cairn_ref owner = find_subject(heap, subject);
    cairn_ref found = owner == 0 ? 0 : find_fact(heap, subject_at(heap, owner), key);
    return found == 0 ? NULL : fact_at(heap, found);
}

const struct cairn_fact_version *cairn_facts_version(const struct cairn_heap *heap,
                                                     const struct cairn_fact *fact, uint32_t age)
{
    cairn_assert(age < fact->version_count);
    return &versions_of(heap, fact)[fact->version_count - 1 - age];
}

struct cairn_slice cairn_facts_value(const struct cairn_heap *heap,
                                     const struct cairn_fact_version *version)
{
    return cairn_slice(cairn_heap_at(heap, version->value), version->value_bytes);
}

/* ---- applying ---- */

/* Room for one more of `item_bytes` in an array of `count` with `*capacity`. */
static int ensure_item(struct cairn_heap *heap, cairn_ref *array, uint32_t count,
                       uint32_t *capacity, uint64_t item_bytes)
{
    if (count < *capacity)
        return 0;
    uint64_t wanted = *capacity == 0 ? CAPACITY_MIN : (uint64_t)*capacity * 2;
    if (wanted > UINT32_MAX)
        return -ENOMEM;
    cairn_ref grown = cairn_heap_grow(heap, *array, *capacity * item_bytes, wanted * item_bytes);
    if (grown == 0)
        return -ENOMEM;
    *array = grown;
    *capacity = (uint32_t)wanted;
    return 0;
}

static cairn_ref create_subject(struct cairn_heap *heap, struct cairn_slice name)
{
    if (cairn_heap_table_reserve(heap, root_of(heap)->subjects, 1) < 0)
        return 0;
    cairn_ref created = cairn_heap_alloc(heap, sizeof(struct cairn_fact_subject));
    if (created == 0)
        return 0;
    uint32_t id = cairn_heap_names_acquire(heap, root_of(heap)->names, name);
    if (id == 0) {
        cairn_heap_free(heap, created, sizeof(struct cairn_fact_subject));
        return 0;
    }
    subject_at(heap, created)->name = id;
    int result =
        cairn_heap_table_add(heap, root_of(heap)->subjects, cairn_hash64_slice(name), created);
    cairn_assert(result == 0);
    return created;
}

static void free_subject_if_empty(struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_fact_subject *subject = subject_at(heap, ref);
    if (subject->fact_count > 0)
        return;
    const struct root *root = root_of(heap);
    bool was_there = cairn_heap_table_remove(
        heap, root->subjects, cairn_heap_names_hash(heap, root->names, subject->name), ref);
    cairn_assert(was_there);
    cairn_heap_names_release(heap, root->names, subject->name);
    cairn_heap_free(heap, subject->facts, subject->fact_capacity * sizeof(cairn_ref));
    cairn_heap_free(heap, ref, sizeof(*subject));
}

static int ensure_fact_slot(struct cairn_heap *heap, cairn_ref owner)
{
    const struct cairn_fact_subject *subject = subject_at(heap, owner);
    cairn_ref facts = subject->facts;
    uint32_t capacity = subject->fact_capacity;
    int result = ensure_item(heap, &facts, subject->fact_count, &capacity, sizeof(cairn_ref));
    subject_at(heap, owner)->facts = facts;
    subject_at(heap, owner)->fact_capacity = capacity;
    return result;
}

static void insert_fact(struct cairn_heap *heap, cairn_ref owner, cairn_ref fact,
                        struct cairn_slice key)
{
    struct cairn_fact_subject *subject = subject_at(heap, owner);
    cairn_ref *facts = facts_of(heap, subject);
    uint32_t index = subject->fact_count == 0 ? 0 : cairn_facts_count_to(heap, subject, key);
    memmove(&facts[index + 1], &facts[index], (subject->fact_count - index) * sizeof(*facts));
    facts[index] = fact;
    subject->fact_count++;
}

static cairn_ref create_fact(struct cairn_heap *heap, cairn_ref owner, struct cairn_slice key)
{
    if (ensure_fact_slot(heap, owner) < 0)
        return 0;
    cairn_ref created = cairn_heap_alloc(heap, sizeof(struct cairn_fact));
    if (created == 0)
        return 0;
    uint32_t id = cairn_heap_names_acquire(heap, root_of(heap)->names, key);
    if (id == 0) {
        cairn_heap_free(heap, created, sizeof(struct cairn_fact));
        return 0;
    }
    *fact_at(heap, created) = (struct cairn_fact){.subject = owner, .key = id};
    insert_fact(heap, owner, created, key);
    return created;
}

/* Takes the subject along if this was its last fact. */
static void free_fact_if_empty(struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_fact *fact = fact_at(heap, ref);
    if (fact->version_count > 0)
        return;
    cairn_ref owner = fact->subject;
    struct cairn_fact_subject *subject = subject_at(heap, owner);
    cairn_ref *facts = facts_of(heap, subject);
    uint32_t index = cairn_facts_count_to(heap, subject, cairn_facts_key(heap, fact)) - 1;
    cairn_assert(facts[index] == ref);
    subject->fact_count--;
    memmove(&facts[index], &facts[index + 1], (subject->fact_count - index) * sizeof(*facts));

    cairn_heap_names_release(heap, root_of(heap)->names, fact->key);
    cairn_heap_free(heap, fact->versions,
                    fact->version_capacity * sizeof(struct cairn_fact_version));
    cairn_heap_free(heap, ref, sizeof(*fact));
    free_subject_if_empty(heap, owner);
}

static int ensure_version_slot(struct cairn_heap *heap, cairn_ref ref)
{
    const struct cairn_fact *fact = fact_at(heap, ref);
    cairn_ref versions = fact->versions;
    uint32_t capacity = fact->version_capacity;
    int result = ensure_item(heap, &versions, fact->version_count, &capacity,
                             sizeof(struct cairn_fact_version));
    fact_at(heap, ref)->versions = versions;
    fact_at(heap, ref)->version_capacity = capacity;
    return result;
}

/* Where a version with `seq` is or belongs; almost always at the end. */
static uint32_t version_index(const struct cairn_heap *heap, const struct cairn_fact *fact,
                              uint64_t seq)
{
    const struct cairn_fact_version *versions = versions_of(heap, fact);
    uint32_t low = 0, high = fact->version_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (versions[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_version(struct cairn_heap *heap, cairn_ref ref, const struct cairn_event *event,
                       struct cairn_slice value)
{
    if (value.bytes > UINT32_MAX || ensure_version_slot(heap, ref) < 0)
        return -ENOMEM;
    cairn_ref text = cairn_heap_alloc(heap, value.bytes);
    if (text == 0)
        return -ENOMEM;
    memcpy(cairn_heap_at(heap, text), value.data, value.bytes);

    struct cairn_fact *fact = fact_at(heap, ref);
    struct cairn_fact_version *versions = versions_of(heap, fact);
    uint32_t index = version_index(heap, fact, event->seq);
    memmove(&versions[index + 1], &versions[index],
            (fact->version_count - index) * sizeof(*versions));
    versions[index] = (struct cairn_fact_version){.seq = event->seq,
                                                  .ts_ms = event->ts_ms,
                                                  .value = text,
                                                  .value_bytes = (uint32_t)value.bytes};
    fact->version_count++;
    return 0;
}

static int add(struct cairn_heap *heap, const struct cairn_event *event, struct cairn_slice key,
               struct cairn_slice value)
{
    cairn_ref owner = find_subject(heap, event->author);
    if (owner == 0)
        owner = create_subject(heap, event->author);
    if (owner == 0)
        return -ENOMEM;
    cairn_ref fact = find_fact(heap, subject_at(heap, owner), key);
    if (fact == 0)
        fact = create_fact(heap, owner, key);
    if (fact == 0) {
        free_subject_if_empty(heap, owner);
        return -ENOMEM;
    }
    int result = add_version(heap, fact, event, value);
    if (result == 0)
        result = cairn_heap_table_add(heap, root_of(heap)->records, event->seq, fact);
    else
        free_fact_if_empty(heap, fact);
    return result;
}

int cairn_facts_apply(struct cairn_heap *heap, const struct cairn_event *event)
{
    struct cairn_slice key, value;
    if (event->kind != CAIRN_EVENT_FACT || event->author.bytes == 0 ||
        !cairn_event_field(event, CAIRN_FIELD_KEY, &key) || key.bytes == 0 ||
        !cairn_event_field(event, CAIRN_FIELD_VALUE, &value) || value.bytes == 0 ||
        cairn_heap_table_get(heap, root_of(heap)->records, event->seq) != 0)
        return 0;
    int result = cairn_heap_table_reserve(heap, root_of(heap)->records, 1);
    return result < 0 ? result : add(heap, event, key, value);
}

/* ---- forgetting ---- */

void cairn_facts_forget(struct cairn_heap *heap, uint64_t seq)
{
    cairn_ref ref = cairn_heap_table_get(heap, root_of(heap)->records, seq);
    if (ref == 0)
        return;
    cairn_heap_table_remove(heap, root_of(heap)->records, seq, ref);
    struct cairn_fact *fact = fact_at(heap, ref);
    struct cairn_fact_version *versions = versions_of(heap, fact);
    uint32_t index = version_index(heap, fact, seq);
    cairn_assert(index < fact->version_count && versions[index].seq == seq);

    memset(cairn_heap_at(heap, versions[index].value), 0, versions[index].value_bytes);
    cairn_heap_free(heap, versions[index].value, versions[index].value_bytes);
    fact->version_count--;
    memmove(&versions[index], &versions[index + 1],
            (fact->version_count - index) * sizeof(*versions));
    free_fact_if_empty(heap, ref);
}

/* ---- digest ---- */

static void put_slice(struct cairn_buffer *bytes, struct cairn_slice text)
{
    char length[8];
    cairn_store_u64(length, text.bytes);
    cairn_buffer_append(bytes, length, sizeof(length));
    cairn_buffer_append_slice(bytes, text);
}

static void put_u64(struct cairn_buffer *bytes, uint64_t value)
{
    char stored[8];
    cairn_store_u64(stored, value);
    cairn_buffer_append(bytes, stored, sizeof(stored));
}

static void add_fact(const struct cairn_heap *heap, struct cairn_slice space,
                     const struct cairn_fact *fact, struct cairn_buffer *bytes,
                     struct cairn_digest *digest)
{
    const struct root *root = root_of(heap);
    for (uint32_t age = 0; age < fact->version_count; age++) {
        const struct cairn_fact_version *version = cairn_facts_version(heap, fact, age);
        cairn_buffer_clear(bytes);
        put_slice(bytes, space);
        put_slice(bytes, cairn_slice_of("fact"));
        put_slice(bytes,
                  cairn_heap_names_text(heap, root->names, subject_at(heap, fact->subject)->name));
        put_slice(bytes, cairn_facts_key(heap, fact));
        put_slice(bytes, cairn_facts_value(heap, version));
        put_u64(bytes, (uint64_t)version->ts_ms);
        put_u64(bytes, version->seq);
        cairn_assert(!bytes->failed); /* a digest is never half a digest */
        cairn_digest_add(digest, cairn_digest_item(bytes->data, bytes->bytes, 0));
    }
}

void cairn_facts_digest(const struct cairn_heap *heap, struct cairn_slice space,
                        struct cairn_digest *digest)
{
    struct cairn_buffer bytes = {0};
    uint32_t cursor = 0;
    cairn_ref owner;
    while ((owner = cairn_heap_table_next(heap, root_of(heap)->subjects, &cursor)) != 0) {
        const struct cairn_fact_subject *subject = subject_at(heap, owner);
        for (uint32_t i = 0; i < subject->fact_count; i++)
            add_fact(heap, space, cairn_facts_at(heap, subject, i), &bytes, digest);
    }
    cairn_buffer_deinit(&bytes);
}
