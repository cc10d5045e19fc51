/* actors/gateway/admission.h: from a parsed head to a request that may be asked, or its refusal.
 *
 * Two steps, because the body comes between them. `begin` looks at the head: host, route, token,
 * readiness, media type, query. `complete` looks at the body: min_seq, and the write that it is;
 * and answers what the gateway answers by itself. Either may answer: request->status is set then.
 *
 * Ownership   The request keeps copies of all it needs from the head.
 * Context     Any worker; no I/O.
 * Errors      A request without memory is answered 503.
 */
#pragma once

#include "actors/gateway/gateway.h"
#include "actors/gateway/http.h"

struct cairn_admission {
    const struct cairn_route *route; /* NULL: refused before it was known, or OPTIONS */
    uint32_t allow;                  /* methods for the Allow header; 0: no header */
    bool follows;                    /* ?follow=1: the answer is a stream */
};

/* request->now_ms and ->random are set already. */
void cairn_admission_begin(const struct cairn_gateway_options *options,
                           const struct cairn_http_head *head, struct cairn_request *request,
                           struct cairn_admission *admission);
void cairn_admission_complete(const struct cairn_gateway_options *options,
                              struct cairn_request *request,
                              const struct cairn_admission *admission);
