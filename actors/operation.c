#include "actors/operation.h"

#include "runtime/base/assert.h"

static const char *const names[CAIRN_OPERATION_COUNT] = {
    [CAIRN_OPERATION_NONE] = "none",
    [CAIRN_OPERATION_STATUS_PAGE] = "status_page",
    [CAIRN_OPERATION_HEALTH] = "healthz",
    [CAIRN_OPERATION_READY] = "readyz",
    [CAIRN_OPERATION_CONFIG] = "config",
    [CAIRN_OPERATION_OPENAPI] = "openapi",
    [CAIRN_OPERATION_LATER] = "later",
    [CAIRN_OPERATION_POST_MESSAGES] = "messages_post",
    [CAIRN_OPERATION_LIST_MESSAGES] = "messages_list",
    [CAIRN_OPERATION_GET_MESSAGE] = "message_get",
    [CAIRN_OPERATION_FORGET_MESSAGE] = "message_forget",
    [CAIRN_OPERATION_FORGET_AUTHOR] = "author_forget",
    [CAIRN_OPERATION_FORGET_CHANNEL] = "channel_forget",
    [CAIRN_OPERATION_FORGET_SPACE] = "space_forget",
    [CAIRN_OPERATION_FORGET_EPISODE] = "episode_forget",
    [CAIRN_OPERATION_FORGET_FACT] = "fact_forget",
    [CAIRN_OPERATION_GET_FORGET] = "forget_get",
    [CAIRN_OPERATION_POST_EVENTS] = "events_post",
    [CAIRN_OPERATION_LIST_EVENTS] = "events_list",
    [CAIRN_OPERATION_CREATE_EPISODE] = "episode_create",
    [CAIRN_OPERATION_POST_STEPS] = "steps_post",
    [CAIRN_OPERATION_COMPLETE_EPISODE] = "episode_complete",
    [CAIRN_OPERATION_POST_EPISODES] = "episodes_bulk",
    [CAIRN_OPERATION_PUT_FACT] = "fact_put",
    [CAIRN_OPERATION_LIST_SPACES] = "spaces_list",
    [CAIRN_OPERATION_GET_SPACE] = "space_get",
    [CAIRN_OPERATION_GET_SETTINGS] = "settings_get",
    [CAIRN_OPERATION_PUT_SETTINGS] = "settings_put",
    [CAIRN_OPERATION_POST_FEEDBACK] = "feedback_post",
    [CAIRN_OPERATION_DIGEST] = "digest",
    [CAIRN_OPERATION_GENERATE] = "generate",
    [CAIRN_OPERATION_GET_EPISODE] = "episode_get",
    [CAIRN_OPERATION_LIST_EPISODES] = "episodes_list",
    [CAIRN_OPERATION_LIST_PATTERNS] = "patterns_list",
    [CAIRN_OPERATION_GET_PATTERN] = "pattern_get",
    [CAIRN_OPERATION_GET_FACTS] = "facts_list",
    [CAIRN_OPERATION_GET_FACT] = "fact_get",
    [CAIRN_OPERATION_SEARCH] = "search",
    [CAIRN_OPERATION_METRICS] = "metrics",
    [CAIRN_OPERATION_STATS] = "stats",
    [CAIRN_OPERATION_SLOW] = "slow",
};

const char *cairn_operation_name(enum cairn_operation operation)
{
    cairn_assert(operation < CAIRN_OPERATION_COUNT && names[operation] != NULL);
    return names[operation];
}
