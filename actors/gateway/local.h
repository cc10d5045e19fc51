/* actors/gateway/local.h: what the gateway answers by itself: health, readiness, settings, the
 * front page, and calls that a later release brings.
 *
 * Context   Any worker; no I/O.
 */
#pragma once

#include "actors/gateway/gateway.h"

/* `route` has the target CAIRN_TARGET_GATEWAY. Sets request->status. */
void cairn_local_answer(const struct cairn_gateway_options *options,
                        const struct cairn_route *route, struct cairn_request *request);
