/* tests/actors/patterns/played.h: episodes played into a space, event by event. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "actors/patterns/model.h"
#include "actors/patterns/patterns.h"
#include "tests/support/projected.h"

#define PLAYED_STEPS_MAX 16

/* An episode by number: its id is the number's. */
struct played {
    uint32_t number;
    const char *domain;
    const char *tools[PLAYED_STEPS_MAX]; /* as many as are not NULL */
    const char *outcome;                 /* NULL: stays open */
    uint64_t seqs[PLAYED_STEPS_MAX + 2]; /* first event, steps, completion */
    uint32_t seq_count;
};

static inline void played_id(uint32_t number, char text[CAIRN_UUID_TEXT_BYTES + 1])
{
    snprintf(text, CAIRN_UUID_TEXT_BYTES + 1, "00000000-0000-7000-8000-0000%08x", number);
}

static inline void played_put_id(struct projected *patterns, uint32_t number)
{
    char text[CAIRN_UUID_TEXT_BYTES + 1];
    uint8_t id[CAIRN_UUID_BYTES];
    played_id(number, text);
    assert_int_equal(cairn_uuid_parse(cairn_slice_of(text), id), 0);
    cairn_event_put(&patterns->payload, CAIRN_FIELD_EPISODE, cairn_slice(id, sizeof(id)));
}

static inline uint64_t played_begin(struct projected *patterns, uint32_t number, const char *domain)
{
    played_put_id(patterns, number);
    projected_put(patterns, CAIRN_FIELD_TASK, "a task");
    projected_put(patterns, CAIRN_FIELD_DOMAIN, domain);
    return projected_apply(patterns, CAIRN_EVENT_EPISODE, 1000, NULL);
}

static inline uint64_t played_step(struct projected *patterns, uint32_t number, const char *tool,
                                   const char *error)
{
    played_put_id(patterns, number);
    projected_put(patterns, CAIRN_FIELD_TOOL, tool);
    projected_put(patterns, CAIRN_FIELD_ACTION, "do it");
    cairn_event_put_bool(&patterns->payload, CAIRN_FIELD_OK, error == NULL);
    projected_put(patterns, CAIRN_FIELD_ERROR, error);
    return projected_apply(patterns, CAIRN_EVENT_STEP, 2000, NULL);
}

static inline uint64_t played_end(struct projected *patterns, uint32_t number, const char *outcome)
{
    played_put_id(patterns, number);
    projected_put(patterns, CAIRN_FIELD_OUTCOME, outcome);
    return projected_apply(patterns, CAIRN_EVENT_COMPLETION, 61000, NULL);
}

static inline void played_play(struct projected *patterns, struct played *episode)
{
    episode->seq_count = 0;
    episode->seqs[episode->seq_count++] = played_begin(patterns, episode->number, episode->domain);
    for (int i = 0; i < PLAYED_STEPS_MAX && episode->tools[i] != NULL; i++)
        episode->seqs[episode->seq_count++] =
            played_step(patterns, episode->number, episode->tools[i], NULL);
    if (episode->outcome != NULL)
        episode->seqs[episode->seq_count++] =
            played_end(patterns, episode->number, episode->outcome);
}

static inline void played_forget(struct projected *patterns, const struct played *episode)
{
    patterns->result =
        patterns->module->forget(&patterns->space, episode->seqs, episode->seq_count);
}
