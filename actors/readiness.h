/* actors/readiness.h: what the service can do just now. Ingest writes it, anyone reads it. */
#pragma once

enum cairn_readiness {
    CAIRN_READINESS_STARTING,
    CAIRN_READINESS_READY,
    CAIRN_READINESS_READ_ONLY, /* the ledger cannot be written */
    CAIRN_READINESS_FAILED,    /* the ledger cannot be opened */
};
