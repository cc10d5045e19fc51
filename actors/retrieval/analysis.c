#include "actors/retrieval/analysis.h"

#include <utf8proc.h>

#include "runtime/base/assert.h"

/* What a character does to the word it meets. */
enum glyph_class {
    SEPARATOR,
    LOWER, /* and letters without case */
    UPPER,
    DIGIT,
    JOINER,    /* '_': part of an identifier, between its parts */
    INVISIBLE, /* within a word only: marks of format, such as the soft hyphen */
    MARK,      /* within a word only: belongs to the letter before */
    SOLID,     /* of a script without spaces */
    EMOJI,
};

struct glyph {
    enum glyph_class class;
    uint32_t bytes;
    int32_t codepoint;
};

static const uint8_t ASCII_CLASS[128] = {
    ['0' ... '9'] = DIGIT, ['A' ... 'Z'] = UPPER, ['a' ... 'z'] = LOWER, ['_'] = JOINER};

struct range {
    int32_t first, last;
};

static const struct range SOLID_RANGES[] = {
    {0x0e00, 0x0eff},   /* Thai, Lao */
    {0x1000, 0x109f},   /* Burmese */
    {0x1780, 0x17ff},   /* Khmer */
    {0x3005, 0x3007},   /* ideographic repetition and zero */
    {0x3040, 0x30ff},   /* Hiragana, Katakana */
    {0x31f0, 0x31ff},   /* Katakana extensions */
    {0x3400, 0x4dbf},   /* Han */
    {0x4e00, 0x9fff},   /* Han */
    {0xac00, 0xd7a3},   /* Hangul syllables */
    {0xf900, 0xfaff},   /* Han, compatibility */
    {0xff66, 0xff9f},   /* Katakana, half width */
    {0x20000, 0x3ffff}, /* Han */
};

static const struct range EMOJI_RANGES[] = {
    {0x2600, 0x27bf},
    {0x1f000, 0x1f3fa}, /* the skin tones that follow modify, they are no emoji of their own */
    {0x1f400, 0x1faff},
};

#define IN_RANGES(codepoint, ranges) in_ranges(codepoint, ranges, sizeof(ranges) / sizeof(*ranges))

static const char *const LANGUAGE_NAMES[CAIRN_LANGUAGE_COUNT] = {
    [CAIRN_LANGUAGE_NONE] = "none", [CAIRN_LANGUAGE_ENGLISH] = "english"};

const char *cairn_language_name(enum cairn_language language)
{
    cairn_assert(language < CAIRN_LANGUAGE_COUNT);
    return LANGUAGE_NAMES[language];
}

bool cairn_language_of(struct cairn_slice name, enum cairn_language *language)
{
    for (unsigned i = 0; i < CAIRN_LANGUAGE_COUNT; i++) {
        if (!cairn_slice_is(name, LANGUAGE_NAMES[i]))
            continue;
        *language = (enum cairn_language)i;
        return true;
    }
    return false;
}

static bool in_ranges(int32_t codepoint, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (codepoint >= ranges[i].first && codepoint <= ranges[i].last)
            return true;
    return false;
}

static enum glyph_class class_of(int32_t codepoint)
{
    switch (utf8proc_category(codepoint)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
        return UPPER;
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return IN_RANGES(codepoint, SOLID_RANGES) ? SOLID : LOWER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return IN_RANGES(codepoint, SOLID_RANGES) ? SOLID : DIGIT;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return IN_RANGES(codepoint, SOLID_RANGES) ? SOLID : MARK;
    case UTF8PROC_CATEGORY_CF:
        return INVISIBLE;
    case UTF8PROC_CATEGORY_SO:
        return IN_RANGES(codepoint, EMOJI_RANGES) ? EMOJI : SEPARATOR;
    default:
        return SEPARATOR;
    }
}

/* The character at `at`, which is within the text. */
static struct glyph glyph_at(struct cairn_slice text, size_t at)
{
    uint8_t byte = (uint8_t)text.data[at];
    if (byte < 0x80)
        return (struct glyph){.class = ASCII_CLASS[byte], .bytes = 1, .codepoint = byte};

    utf8proc_int32_t codepoint;
    utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text.data + at,
                                              (utf8proc_ssize_t)(text.bytes - at), &codepoint);
    if (bytes <= 0)
        return (struct glyph){.class = SEPARATOR, .bytes = 1};
    return (struct glyph){
        .class = class_of(codepoint), .bytes = (uint32_t)bytes, .codepoint = codepoint};
}

static enum glyph_class class_at(struct cairn_slice text, size_t at)
{
    return at < text.bytes ? glyph_at(text, at).class : SEPARATOR;
}

/* ---- folding: characters to the bytes of a word ---- */

/* The word under construction: it stops growing at the first character that does not fit. */
struct folding {
    char *word;
    size_t bytes;
    bool is_full;
    bool has_boundary;
    int32_t base; /* the last letter, to which marks belong */
};

static void append_codepoint(struct folding *folding, int32_t codepoint)
{
    utf8proc_uint8_t encoded[4];
    size_t bytes = (size_t)utf8proc_encode_char(codepoint, encoded);
    folding->is_full = folding->is_full || folding->bytes + bytes > CAIRN_TERM_BYTES_MAX;
    if (folding->is_full)
        return;
    memcpy(folding->word + folding->bytes, encoded, bytes);
    folding->bytes += bytes;
}

/* Accents are dropped where people leave them out when they type: on Latin and Greek letters. */
static bool is_accent(int32_t codepoint, int32_t base)
{
    return codepoint >= 0x0300 && codepoint <= 0x036f && base < 0x0400;
}

/* Decompose and fold; of what comes out (a fraction has a slash in it) letters, digits and marks
 * are kept. */
static void append_folded(struct folding *folding, int32_t codepoint)
{
    enum { DECOMPOSED_MAX = 32 };
    utf8proc_int32_t decomposed[DECOMPOSED_MAX];
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        codepoint, decomposed, DECOMPOSED_MAX,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < DECOMPOSED_MAX; i++) {
        enum glyph_class class = class_of(decomposed[i]);
        if (class == SEPARATOR || class == INVISIBLE || is_accent(decomposed[i], folding->base))
            continue;
        if (class != MARK)
            folding->base = decomposed[i];
        append_codepoint(folding, decomposed[i]);
    }
}

static void append_glyph(struct folding *folding, struct glyph glyph)
{
    if (glyph.codepoint >= 0x80) {
        append_folded(folding, glyph.codepoint);
        return;
    }
    folding->base = glyph.codepoint;
    folding->is_full = folding->is_full || folding->bytes == CAIRN_TERM_BYTES_MAX;
    if (!folding->is_full)
        folding->word[folding->bytes++] =
            (char)(glyph.class == UPPER ? glyph.codepoint + 0x20 : glyph.codepoint);
}

/* ---- words and identifiers ---- */

/* A new part begins at a capital after a small letter ("get|User"), and at the last of several
 * capitals or digits if a small letter follows ("HTTP|Server", "base64|Decode"). */
static bool is_part_start(enum glyph_class before, enum glyph_class class, enum glyph_class after)
{
    if (class != UPPER)
        return false;
    return before == LOWER || ((before == UPPER || before == DIGIT) && after == LOWER);
}

static bool continues_word(enum glyph_class class)
{
    return class != SEPARATOR && class != SOLID && class != EMOJI;
}

/* Most of most texts: small letters after a small letter, where nothing has to be decided. */
static size_t append_small_letters(struct cairn_slice text, size_t at, struct folding *folding)
{
    while (at < text.bytes && text.data[at] >= 'a' && text.data[at] <= 'z' && !folding->is_full &&
           folding->bytes < CAIRN_TERM_BYTES_MAX) {
        folding->base = (unsigned char)text.data[at];
        folding->word[folding->bytes++] = text.data[at++];
    }
    return at;
}

/* Fold the word that begins at `at`. `is_part`: stop where the next part begins. Returns where it
 * ends. */
static size_t scan_word(struct cairn_slice text, size_t at, bool is_part, struct folding *folding)
{
    enum glyph_class before = SEPARATOR;
    while (at < text.bytes) {
        struct glyph glyph = glyph_at(text, at);
        if (!continues_word(glyph.class) || (is_part && glyph.class == JOINER))
            break;
        size_t after = at + glyph.bytes;
        if (glyph.class == UPPER && before != SEPARATOR &&
            is_part_start(before, glyph.class, class_at(text, after))) {
            if (is_part)
                break;
            folding->has_boundary = true;
        }
        if (before == JOINER && glyph.class != JOINER)
            folding->has_boundary = true;
        if (glyph.class != INVISIBLE) {
            append_glyph(folding, glyph);
            before = glyph.class == MARK ? before : glyph.class;
        }
        at = before == LOWER ? append_small_letters(text, after, folding) : after;
    }
    return at;
}

static bool is_plain(const char *word, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (word[i] < 'a' || word[i] > 'z')
            return false;
    return true;
}

/* Hand out the folded word. False: nothing is left of it, or there is no memory for its stem. */
static bool deliver(struct cairn_analyzer *analyzer, size_t bytes, struct cairn_term *term)
{
    if (bytes == 0)
        return false;
    term->word = cairn_slice(analyzer->word, bytes);
    term->text = term->word;
    if (analyzer->language == CAIRN_LANGUAGE_ENGLISH && is_plain(analyzer->word, bytes))
        term->text = cairn_stemmer_stem(&analyzer->stemmer, term->word);
    analyzer->failed = term->text.bytes == 0;
    return !analyzer->failed;
}

static bool next_word(struct cairn_analyzer *analyzer, struct cairn_term *term)
{
    struct folding folding = {.word = analyzer->word};
    size_t begin = analyzer->at;
    analyzer->at = scan_word(analyzer->text, begin, false, &folding);
    while (folding.bytes > 0 && folding.word[folding.bytes - 1] == '_')
        folding.bytes--;
    if (folding.has_boundary) {
        analyzer->part_at = begin;
        analyzer->part_end = analyzer->at;
    }
    return deliver(analyzer, folding.bytes, term);
}

/* The next part of an identifier that is worth a term. */
static bool next_part(struct cairn_analyzer *analyzer, struct cairn_term *term)
{
    struct cairn_slice text = cairn_slice(analyzer->text.data, analyzer->part_end);
    while (analyzer->part_at < analyzer->part_end && !analyzer->failed) {
        struct folding folding = {.word = analyzer->word};
        size_t end = scan_word(text, analyzer->part_at, true, &folding);
        analyzer->part_at = end == analyzer->part_at ? end + 1 : end; /* over a '_' */
        if (folding.bytes >= 2 && deliver(analyzer, folding.bytes, term))
            return true;
    }
    return false;
}

/* ---- scripts without spaces, emoji ---- */

/* Hangul syllables are characters here, not the letters they decompose into. */
static void append_solid(struct folding *folding, struct glyph glyph)
{
    if (glyph.codepoint >= 0xac00 && glyph.codepoint <= 0xd7a3)
        append_codepoint(folding, glyph.codepoint);
    else
        append_folded(folding, glyph.codepoint);
}

/* The pair that begins here; alone only if the character has no neighbour on either side. */
static bool next_solid(struct cairn_analyzer *analyzer, struct glyph glyph, struct cairn_term *term)
{
    struct folding folding = {.word = analyzer->word};
    bool follows_pair = analyzer->follows_pair;
    append_solid(&folding, glyph);
    analyzer->at += glyph.bytes;
    analyzer->follows_pair = class_at(analyzer->text, analyzer->at) == SOLID;
    if (analyzer->follows_pair)
        append_solid(&folding, glyph_at(analyzer->text, analyzer->at));
    else if (follows_pair)
        return false;
    return deliver(analyzer, folding.bytes, term);
}

static bool next_emoji(struct cairn_analyzer *analyzer, struct glyph glyph, struct cairn_term *term)
{
    struct folding folding = {.word = analyzer->word};
    append_codepoint(&folding, glyph.codepoint);
    analyzer->at += glyph.bytes;
    return deliver(analyzer, folding.bytes, term);
}

/* ---- the analyzer ---- */

void cairn_analyzer_init(struct cairn_analyzer *analyzer)
{
    *analyzer = (struct cairn_analyzer){0};
    cairn_stemmer_init(&analyzer->stemmer);
}

void cairn_analyzer_deinit(struct cairn_analyzer *analyzer)
{
    cairn_stemmer_deinit(&analyzer->stemmer);
}

void cairn_analyzer_begin(struct cairn_analyzer *analyzer, struct cairn_slice text,
                          enum cairn_language language)
{
    analyzer->text = text;
    analyzer->at = 0;
    analyzer->part_at = analyzer->part_end = 0;
    analyzer->follows_pair = false;
    analyzer->failed = false;
    analyzer->language = language;
}

/* What begins at `at`: true with its term; false past something that is none. */
static bool step(struct cairn_analyzer *analyzer, struct cairn_term *term)
{
    struct glyph glyph = glyph_at(analyzer->text, analyzer->at);
    switch (glyph.class) {
    case LOWER:
    case UPPER:
    case DIGIT:
        return next_word(analyzer, term);
    case SOLID:
        return next_solid(analyzer, glyph, term);
    case EMOJI:
        return next_emoji(analyzer, glyph, term);
    default:
        analyzer->at += glyph.bytes;
        return false;
    }
}

bool cairn_analyzer_next(struct cairn_analyzer *analyzer, struct cairn_term *term)
{
    if (analyzer->part_at < analyzer->part_end && next_part(analyzer, term))
        return true;
    while (analyzer->at < analyzer->text.bytes && !analyzer->failed)
        if (step(analyzer, term))
            return true;
    return false;
}
