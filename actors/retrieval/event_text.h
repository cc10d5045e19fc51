/* actors/retrieval/event_text.h: the texts inside an event by which it is found.
 *
 * Ownership   Texts are borrowed from the event or from the scratch, for the call.
 * Context     One owner of the scratch.
 * Errors      -ENOMEM, or what `visit` returned: the visits end there. JSON that is not valid ends
 *             its own field, quietly: it has passed validation long ago.
 */
#pragma once

#include "runtime/base/json.h"
#include "storage/event.h"

/* Not 0: stop with this. */
struct cairn_event_text_visitor {
    int (*visit)(void *context, struct cairn_slice text);
    void *context;
};

int cairn_event_texts(const struct cairn_event *event, struct cairn_json_scratch *scratch,
                      const struct cairn_event_text_visitor *visitor);
