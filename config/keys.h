/* config/keys.h: the table of all settings: name, type, limits, default, meaning. */
#pragma once

#include "config/settings.h"

enum cairn_setting_type {
    CAIRN_SETTING_FLAG,   /* bool */
    CAIRN_SETTING_AMOUNT, /* uint64_t */
    CAIRN_SETTING_RATIO,  /* double */
    CAIRN_SETTING_TEXT,   /* char[] */
    CAIRN_SETTING_CHOICE, /* char[], one of `choices` */
    CAIRN_SETTING_LIST,   /* struct cairn_setting_list; empty by default */
};

enum cairn_setting_effect {
    CAIRN_SETTING_RESTART, /* takes effect at the next start */
    CAIRN_SETTING_RELOAD,  /* takes effect at SIGHUP */
    CAIRN_SETTING_IDLE,    /* accepted, no effect yet: `doc` says why */
};

struct cairn_setting_key {
    const char *section;
    const char *name;
    enum cairn_setting_type type;
    enum cairn_setting_effect effect;
    size_t offset; /* in struct cairn_settings */
    size_t bytes;
    union {
        bool flag;
        uint64_t amount;
        double ratio;
        const char *text;
    } preset;                    /* the default */
    uint64_t min, max;           /* AMOUNT */
    uint64_t multiple_of;        /* AMOUNT: 0 is any */
    bool is_power_of_two;        /* AMOUNT */
    double ratio_min, ratio_max; /* RATIO */
    const char *const *choices;  /* CHOICE: NULL-terminated */
    bool is_endpoint;            /* TEXT: HOST:PORT */
    bool may_be_empty;           /* TEXT */
    bool is_secret;              /* never printed */
    const char *doc;             /* one line: what it does, what it costs */
};

struct cairn_setting_section {
    const char *name;
    const char *doc;
};

/* Keys of one section stand together, in the order of the sections. */
const struct cairn_setting_key *cairn_setting_keys(uint32_t *count);
const struct cairn_setting_section *cairn_setting_sections(uint32_t *count);

/* NULL if there is none. */
const struct cairn_setting_key *cairn_setting_find(struct cairn_slice section,
                                                   struct cairn_slice name);

static inline void *cairn_setting_value(struct cairn_settings *settings,
                                        const struct cairn_setting_key *key)
{
    return (char *)settings + key->offset;
}

static inline const void *cairn_setting_value_of(const struct cairn_settings *settings,
                                                 const struct cairn_setting_key *key)
{
    return (const char *)settings + key->offset;
}

/* When it takes effect: "restart", "reload", "never yet". */
const char *cairn_setting_effect_name(enum cairn_setting_effect effect);
