/* actors/retrieval/search_api.h: POST /v1/spaces/{space}/search, from body to answer.
 *
 * The projection ranks; the reader brings the events of the hits (`fetch`, maybe none); the
 * connection writes the answer with `render`. Modes "hybrid" (the default) and "text" are answered
 * by BM25 over the text, and the answer says so; "vector" is 501.
 *
 * Context   _answer runs in the projection's turn, the render on the connection's worker.
 */
#pragma once

#include "actors/projection.h"
#include "actors/retrieval/scorer.h"
#include "actors/retrieval/search_cursor.h"

/* request->results of an answered search: for `render`, which needs nothing of the space. */
struct cairn_search_results {
    bool is_explained;
    bool has_next;
    char next_cursor[CAIRN_SEARCH_CURSOR_BYTES];
    struct cairn_hit hits[]; /* as request->fetch; request->result_count of them */
};

enum cairn_answer cairn_search_answer(struct cairn_projection_space *space,
                                      struct cairn_request *request);

/* Writes {"hits":[...],"mode","took_us","cached","next_cursor"}; hits whose event is no longer
 * there are left out. */
void cairn_search_render(struct cairn_request *request);
