/* runtime/base/names.h: the first name of runtime/base/heap_names.h, for those who still use it. */
#pragma once

#include "runtime/base/heap_names.h"

#define cairn_names_create  cairn_heap_names_create
#define cairn_names_acquire cairn_heap_names_acquire
#define cairn_names_release cairn_heap_names_release
#define cairn_names_find    cairn_heap_names_find
#define cairn_names_text    cairn_heap_names_text
#define cairn_names_hash    cairn_heap_names_hash
#define cairn_names_count   cairn_heap_names_count
