/* actors/operation.h: names of operations, as metrics and logs carry them. */
#pragma once

#include "actors/request.h"

/* "messages_post", "generate", ... "none" for what no route matched. */
const char *cairn_operation_name(enum cairn_operation operation);
