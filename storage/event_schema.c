#include "storage/event_schema.h"

#include "runtime/base/assert.h"

#define REQUIRED CAIRN_SCHEMA_REQUIRED
#define ALIAS    CAIRN_SCHEMA_ALIAS
#define STORED   CAIRN_SCHEMA_STORED

static const struct cairn_schema_member message[] = {
    {"channel", CAIRN_SCHEMA_FIELD_CHANNEL, CAIRN_SCHEMA_NAME, REQUIRED},
    {"author", CAIRN_SCHEMA_FIELD_AUTHOR, CAIRN_SCHEMA_AUTHOR, REQUIRED},
    {"text", CAIRN_FIELD_TEXT, CAIRN_SCHEMA_TEXT_OR_NONE, REQUIRED},
    {"ts", CAIRN_SCHEMA_FIELD_TS, CAIRN_SCHEMA_TIME, 0},
    {"id", CAIRN_FIELD_CLIENT_ID, CAIRN_SCHEMA_AUTHOR, 0},
    {"reply_to", CAIRN_FIELD_REPLY_TO, CAIRN_SCHEMA_SEQ, 0},
    {"session", CAIRN_FIELD_SESSION, CAIRN_SCHEMA_SESSION, 0},
    {"title", CAIRN_FIELD_TITLE, CAIRN_SCHEMA_TEXT, 0},
    {"role", CAIRN_FIELD_ROLE, CAIRN_SCHEMA_ROLE, 0},
    {"bot", CAIRN_FIELD_BOT, CAIRN_SCHEMA_BOOL, 0},
    {"expires_at", CAIRN_FIELD_EXPIRES_AT, CAIRN_SCHEMA_TIME, 0},
    {"attachments", CAIRN_FIELD_ATTACHMENTS, CAIRN_SCHEMA_ATTACHMENTS, 0},
    {"meta", CAIRN_FIELD_META, CAIRN_SCHEMA_OBJECT, 0},
};
static const struct cairn_schema_member forget[] = {
    {"scope", CAIRN_FIELD_SCOPE, CAIRN_SCHEMA_NAME, STORED},
    {"channel", CAIRN_SCHEMA_FIELD_CHANNEL, CAIRN_SCHEMA_NAME, STORED},
    {"author", CAIRN_SCHEMA_FIELD_AUTHOR, CAIRN_SCHEMA_AUTHOR, STORED},
    {"episode", CAIRN_FIELD_EPISODE, CAIRN_SCHEMA_UUID, STORED},
    {"key", CAIRN_FIELD_KEY, CAIRN_SCHEMA_NAME, STORED},
    {"target", CAIRN_FIELD_TARGET, CAIRN_SCHEMA_SEQ, STORED},
    {"forgotten", CAIRN_FIELD_COUNT, CAIRN_SCHEMA_COUNT, STORED},
};
static const struct cairn_schema_member episode[] = {
    {"task", CAIRN_FIELD_TASK, CAIRN_SCHEMA_TEXT, REQUIRED},
    {"type", CAIRN_FIELD_TYPE, CAIRN_SCHEMA_NAME, 0},
    {"domain", CAIRN_FIELD_DOMAIN, CAIRN_SCHEMA_NAME, 0},
    {"tags", CAIRN_FIELD_TAGS, CAIRN_SCHEMA_TAGS, 0},
    {"context", CAIRN_FIELD_CONTEXT, CAIRN_SCHEMA_OBJECT, 0},
    {"meta", CAIRN_FIELD_META, CAIRN_SCHEMA_OBJECT, 0},
    {"ts", CAIRN_SCHEMA_FIELD_TS, CAIRN_SCHEMA_TIME, 0},
    {"episode", CAIRN_FIELD_EPISODE, CAIRN_SCHEMA_UUID, STORED},
    {"key", CAIRN_FIELD_KEY, CAIRN_SCHEMA_AUTHOR, STORED},
};
static const struct cairn_schema_member step[] = {
    {"tool", CAIRN_FIELD_TOOL, CAIRN_SCHEMA_NAME, REQUIRED},
    {"action", CAIRN_FIELD_ACTION, CAIRN_SCHEMA_TEXT_OR_NONE, REQUIRED},
    {"ok", CAIRN_FIELD_OK, CAIRN_SCHEMA_BOOL, REQUIRED},
    {"args", CAIRN_FIELD_ARGS, CAIRN_SCHEMA_JSON, 0},
    {"observation", CAIRN_FIELD_OBSERVATION, CAIRN_SCHEMA_TEXT_OR_NONE, 0},
    {"result", CAIRN_FIELD_OBSERVATION, CAIRN_SCHEMA_TEXT_OR_NONE, ALIAS},
    {"error", CAIRN_FIELD_ERROR, CAIRN_SCHEMA_TEXT_OR_NONE, 0},
    {"latency_ms", CAIRN_FIELD_LATENCY_MS, CAIRN_SCHEMA_COUNT, 0},
    {"tokens", CAIRN_FIELD_TOKENS, CAIRN_SCHEMA_COUNT, 0},
    {"ts", CAIRN_SCHEMA_FIELD_TS, CAIRN_SCHEMA_TIME, 0},
    {"meta", CAIRN_FIELD_META, CAIRN_SCHEMA_OBJECT, 0},
    {"episode", CAIRN_FIELD_EPISODE, CAIRN_SCHEMA_UUID, STORED},
};
static const struct cairn_schema_member completion[] = {
    {"outcome", CAIRN_FIELD_OUTCOME, CAIRN_SCHEMA_OUTCOME, REQUIRED},
    {"reason", CAIRN_FIELD_REASON, CAIRN_SCHEMA_TEXT_OR_NONE, 0},
    {"artifacts", CAIRN_FIELD_ARTIFACTS, CAIRN_SCHEMA_JSON, 0},
    {"ts", CAIRN_SCHEMA_FIELD_TS, CAIRN_SCHEMA_TIME, 0},
    {"episode", CAIRN_FIELD_EPISODE, CAIRN_SCHEMA_UUID, STORED},
};
static const struct cairn_schema_member fact[] = {
    {"value", CAIRN_FIELD_VALUE, CAIRN_SCHEMA_JSON, REQUIRED},
    {"ts", CAIRN_SCHEMA_FIELD_TS, CAIRN_SCHEMA_TIME, 0},
    {"subject", CAIRN_SCHEMA_FIELD_AUTHOR, CAIRN_SCHEMA_AUTHOR, STORED},
    {"key", CAIRN_FIELD_KEY, CAIRN_SCHEMA_NAME, STORED},
};
static const struct cairn_schema_member feedback[] = {
    {"helped", CAIRN_FIELD_HELPED, CAIRN_SCHEMA_BOOL, REQUIRED},
    {"pattern", CAIRN_FIELD_PATTERN, CAIRN_SCHEMA_NAME, STORED},
};
static const struct cairn_schema_member settings[] = {
    {"settings", CAIRN_FIELD_SETTINGS, CAIRN_SCHEMA_OBJECT, STORED},
};
static const struct cairn_schema_member custom[] = {
    {"kind", CAIRN_FIELD_NAME, CAIRN_SCHEMA_NAME, REQUIRED},
    {"content", CAIRN_FIELD_CONTENT, CAIRN_SCHEMA_TEXT_OR_NONE, REQUIRED},
    {"meta", CAIRN_FIELD_META, CAIRN_SCHEMA_OBJECT, 0},
    {"ts", CAIRN_SCHEMA_FIELD_TS, CAIRN_SCHEMA_TIME, 0},
};

#define SCHEMA(event_kind, table, keeps)                                                           \
    {                                                                                              \
        .kind = (event_kind), .keeps_unknown = (keeps),                                            \
        .count = sizeof(table) / sizeof((table)[0]), .members = (table)                            \
    }

static const struct cairn_schema schemas[] = {
    SCHEMA(CAIRN_EVENT_MESSAGE, message, false),
    SCHEMA(CAIRN_EVENT_FORGET, forget, false),
    SCHEMA(CAIRN_EVENT_EPISODE, episode, false),
    SCHEMA(CAIRN_EVENT_STEP, step, true),
    SCHEMA(CAIRN_EVENT_COMPLETION, completion, false),
    SCHEMA(CAIRN_EVENT_FACT, fact, false),
    SCHEMA(CAIRN_EVENT_FEEDBACK, feedback, false),
    SCHEMA(CAIRN_EVENT_SETTINGS, settings, false),
    SCHEMA(CAIRN_EVENT_CUSTOM, custom, false),
};

const struct cairn_schema *cairn_schema_of(uint8_t kind)
{
    /* Kinds that nothing writes yet read as a list of no fields. */
    static const struct cairn_schema nothing = {.kind = CAIRN_EVENT_NONE};
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        if (schemas[i].kind == kind)
            return &schemas[i];
    }
    return &nothing;
}
