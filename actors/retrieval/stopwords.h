/* actors/retrieval/stopwords.h: English words that say how, not what, a question asks.
 *
 * They stay in the index, where they cost little and serve a query made of nothing else ("to be or
 * not to be"); any other query is asked without them.
 *
 * Context   Pure function.
 */
#pragma once

#include <stdbool.h>

#include "runtime/base/bytes.h"

/* `word` is folded to lower case and not stemmed. */
bool cairn_stopwords_contain(struct cairn_slice word);
