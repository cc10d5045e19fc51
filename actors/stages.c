#include "actors/stages.h"

#include "runtime/base/assert.h"

const char *cairn_stage_name(enum cairn_stage stage)
{
    static const char *const names[CAIRN_STAGE_COUNT] = {
        [CAIRN_STAGE_PARSE] = "parse",         [CAIRN_STAGE_QUEUE] = "queue",
        [CAIRN_STAGE_INGEST] = "ingest",       [CAIRN_STAGE_TRAINING] = "training",
        [CAIRN_STAGE_PATTERNS] = "patterns",   [CAIRN_STAGE_RETRIEVAL] = "retrieval",
        [CAIRN_STAGE_FACTS] = "facts",         [CAIRN_STAGE_METRICS] = "metrics",
        [CAIRN_STAGE_DISK] = "disk",           [CAIRN_STAGE_UPSTREAM] = "upstream",
        [CAIRN_STAGE_SERIALIZE] = "serialize", [CAIRN_STAGE_SEND] = "send",
    };
    cairn_assert(stage < CAIRN_STAGE_COUNT);
    return names[stage];
}
