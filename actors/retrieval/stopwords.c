#include "actors/retrieval/stopwords.h"

#include <stdlib.h>

/* Sorted by bytes. What an apostrophe leaves behind ("don't", "we'll") is here in both its halves.
 */
static const char *const STOPWORDS[] = {
    "a",       "about",   "above",  "after",   "again",      "against",    "all",       "am",
    "an",      "and",     "any",    "are",     "aren",       "as",         "at",        "be",
    "because", "been",    "before", "being",   "below",      "between",    "both",      "but",
    "by",      "can",     "cannot", "could",   "couldn",     "d",          "did",       "didn",
    "do",      "does",    "doesn",  "doing",   "don",        "down",       "during",    "each",
    "few",     "for",     "from",   "further", "had",        "hadn",       "has",       "hasn",
    "have",    "haven",   "having", "he",      "her",        "here",       "hers",      "herself",
    "him",     "himself", "his",    "how",     "i",          "if",         "in",        "into",
    "is",      "isn",     "it",     "its",     "itself",     "just",       "ll",        "m",
    "me",      "might",   "mightn", "more",    "most",       "must",       "mustn",     "my",
    "myself",  "no",      "nor",    "not",     "of",         "off",        "on",        "once",
    "only",    "or",      "other",  "ought",   "our",        "ours",       "ourselves", "out",
    "over",    "own",     "re",     "s",       "same",       "shall",      "shan",      "she",
    "should",  "shouldn", "so",     "some",    "such",       "t",          "than",      "that",
    "the",     "their",   "theirs", "them",    "themselves", "then",       "there",     "these",
    "they",    "this",    "those",  "through", "to",         "too",        "under",     "until",
    "up",      "upon",    "ve",     "very",    "was",        "wasn",       "we",        "were",
    "weren",   "what",    "when",   "where",   "whether",    "which",      "while",     "who",
    "whom",    "whose",   "why",    "will",    "with",       "won",        "would",     "wouldn",
    "y",       "you",     "your",   "yours",   "yourself",   "yourselves",
};

static int compare(const void *word, const void *stopword)
{
    return cairn_slice_compare(*(const struct cairn_slice *)word,
                               cairn_slice_of(*(const char *const *)stopword));
}

bool cairn_stopwords_contain(struct cairn_slice word)
{
    return bsearch(&word, STOPWORDS, sizeof(STOPWORDS) / sizeof(STOPWORDS[0]), sizeof(STOPWORDS[0]),
                   compare) != NULL;
}
