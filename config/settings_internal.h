/* config/settings_internal.h: one value from TOML into a key's place, wherever it came from. */
#pragma once

#include "config/keys.h"
#include "config/toml.h"

/* Where a setting was written, for messages. */
struct cairn_setting_origin {
    const char *name;               /* a file, a variable or an argument */
    const struct cairn_slice *text; /* the file's, for line and column; NULL for the others */
};

/* Write "name:line:column: " (or "name: "), then the message. Returns -EINVAL. */
int cairn_settings_refuse(struct cairn_settings_error *error,
                          const struct cairn_setting_origin *origin, uint32_t offset,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Say that there is no such key, and which was meant. */
int cairn_settings_refuse_key(struct cairn_settings_error *error,
                              const struct cairn_setting_origin *origin, uint32_t offset,
                              struct cairn_slice section, struct cairn_slice name);
int cairn_settings_refuse_section(struct cairn_settings_error *error,
                                  const struct cairn_setting_origin *origin, uint32_t offset,
                                  struct cairn_slice section);

/* Check a value and set it. */
int cairn_settings_assign(struct cairn_settings *settings, const struct cairn_setting_key *key,
                          const struct cairn_toml *toml, uint32_t value,
                          const struct cairn_setting_origin *origin,
                          struct cairn_settings_error *error);
/* The same for text without quotes around it. */
int cairn_settings_assign_text(struct cairn_settings *settings, const struct cairn_setting_key *key,
                               struct cairn_slice text, const struct cairn_setting_origin *origin,
                               struct cairn_settings_error *error);
/* Say that `value`, which is no TOML value at all, is not what the key wants. */
int cairn_settings_refuse_value(struct cairn_settings_error *error,
                                const struct cairn_setting_origin *origin,
                                const struct cairn_setting_key *key, struct cairn_slice value);
