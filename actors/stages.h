/* actors/stages.h: where the time of a request goes (api.md, section 6).
 *
 * Each stage is measured on its own, by the actor that spends it. The whole is measured from the
 * first byte read to the last byte written; what the stages do not cover is `unattributed`.
 */
#pragma once

#include <stdint.h>

enum cairn_stage {
    CAIRN_STAGE_PARSE, /* bytes to a request: HTTP, JSON, validation */
    CAIRN_STAGE_QUEUE, /* in mailboxes, and waiting for min_seq */
    CAIRN_STAGE_INGEST,
    CAIRN_STAGE_TRAINING,
    CAIRN_STAGE_PATTERNS,
    CAIRN_STAGE_RETRIEVAL,
    CAIRN_STAGE_FACTS,
    CAIRN_STAGE_METRICS,
    CAIRN_STAGE_DISK,      /* from append to commit, and reading events back */
    CAIRN_STAGE_UPSTREAM,  /* another service; nothing yet */
    CAIRN_STAGE_SERIALIZE, /* the answer's bytes */
    CAIRN_STAGE_SEND,      /* until the kernel has taken the last byte */
    CAIRN_STAGE_COUNT,
};

/* "parse", "queue", ... */
const char *cairn_stage_name(enum cairn_stage stage);
