/* actors/report.h: what the other actors tell metrics. Payloads of CAIRN_MESSAGE_REPORT and
 * CAIRN_MESSAGE_COMMIT_REPORT; one writer, so metrics needs no lock and no atomic. */
#pragma once

#include <stdint.h>

#include "actors/request.h"

/* A finished request, from its connection. */
struct cairn_request_report {
    enum cairn_operation operation;
    int status;
    uint64_t total_ns; /* first byte read to last byte written, on its own clock */
    uint64_t stage_ns[CAIRN_STAGE_COUNT];
    int64_t at_ms;
    uint64_t seq;
    uint32_t body_bytes;
    uint32_t answer_bytes;
    char space[64]; /* cut; for the slow log */
    char request_id[64];
};

/* A group commit, from ingest. */
struct cairn_commit_report {
    uint64_t duration_ns; /* append to progress */
    uint64_t events_by_kind[64];
    uint64_t written_seq, durable_seq;
    uint64_t raw_bytes_total, stored_bytes_total;
};
