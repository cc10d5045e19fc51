/* tools/main.c: `cairn`: one binary, its commands. Bare `cairn` is `cairn serve`. */
#include <stdio.h>
#include <string.h>

#include "runtime/base/suggest.h"
#include "tools/tool.h"

struct command {
    const char *name;
    int (*run)(int argc, char *argv[]);
    const char *synopsis;
    const char *summary;
    const char *help; /* options and two examples */
};

static int run_version(int argc, char *argv[])
{
    (void)argv;
    if (argc > 0) {
        fprintf(stderr, "cairn version takes no arguments\n");
        return CAIRN_EXIT_USAGE;
    }
    printf("cairn %s\n", CAIRN_VERSION);
    return CAIRN_EXIT_DONE;
}

static int run_help(int argc, char *argv[]);

static const struct command commands[] = {
    {"serve", cairn_tool_serve, "serve [OPTIONS]", "run the service in the foreground",
     "  --config FILE          settings in TOML; without it no file is read\n"
     "  --data DIR             data directory (./cairn-data)\n"
     "  --listen HOST:PORT     where to listen (127.0.0.1:7700; port 0: the kernel chooses)\n"
     "  --set SECTION.KEY=V    one setting; may be repeated\n"
     "  --demo                 load a small corpus if the ledger is empty\n"
     "  --check-config         check the settings and exit\n"
     "  --print-config         print the effective settings as TOML and exit\n"
     "\n"
     "Prints one line to stdout once it accepts connections:\n"
     "  ready listen=HOST:PORT data=DIR seq=N recovered_ms=M\n"
     "\n"
     "examples:\n"
     "  cairn serve --demo\n"
     "  cairn serve --data /var/lib/cairn --listen 127.0.0.1:0 --set "
     "storage.durability=buffered\n"},
    {"replay", cairn_tool_replay, "replay DIR [OPTIONS]", "rebuild every projection offline",
     "  --from SEQ, --to SEQ   a part of the ledger\n"
     "  --config FILE, --set SECTION.KEY=V\n"
     "  --workers N            threads (one per processor)\n"
     "  --ledger-only          read, verify and decode, and rebuild nothing\n"
     "  --json                 one JSON document: seq, events, seconds, digest\n"
     "\n"
     "examples:\n"
     "  cairn replay ./cairn-data\n"
     "  cairn replay ./cairn-data --workers 1 --to 1000 --json\n"},
    {"verify", cairn_tool_verify, "verify DIR [--deep] [--json]",
     "every checksum, sequence number and hash link",
     "  --deep                 also decompress and decode every record\n"
     "  --json                 one JSON document\n"
     "\n"
     "Names segment, offset and sequence of each fault and exits with 1 if there is any. A torn\n"
     "tail (a write that a crash cut short) is told, and is none.\n"
     "\n"
     "examples:\n"
     "  cairn verify ./cairn-data\n"
     "  cairn verify --deep --json ./cairn-data\n"},
    {"dump", cairn_tool_dump, "dump DIR [OPTIONS]", "events as NDJSON",
     "  --space S, --kind K    only these\n"
     "  --since SEQ|TIME       after this sequence, or from this time (ISO 8601 or @ms)\n"
     "  --until SEQ|TIME       up to this sequence, or before this time\n"
     "  --limit N              at most so many\n"
     "\n"
     "Forgotten events are left out.\n"
     "\n"
     "examples:\n"
     "  cairn dump ./cairn-data --space demo --limit 5\n"
     "  cairn dump ./cairn-data --kind message --since 2026-01-01T00:00:00Z\n"},
    {"stat", cairn_tool_stat, "stat DIR [--json]",
     "segments, events by kind, bytes, spaces, time range",
     "  --json                 one JSON document\n"
     "\n"
     "examples:\n"
     "  cairn stat ./cairn-data\n"
     "  cairn stat --json ./cairn-data\n"},
    {"digest", cairn_tool_digest, "digest DIR|URL", "the state digest",
     "  --config FILE, --set SECTION.KEY=V   (DIR only)\n"
     "\n"
     "The digest of a data directory is computed by replaying it; of a URL, by asking the "
     "service.\n"
     "They are equal at the same sequence.\n"
     "\n"
     "examples:\n"
     "  cairn digest ./cairn-data\n"
     "  cairn digest http://127.0.0.1:7700\n"},
    {"import", cairn_tool_import, "import FILE... --space S [OPTIONS]",
     "bring in files of messages",
     "  --space S              the space to import into\n"
     "  --to URL               a running service (http://127.0.0.1:7700), or\n"
     "  --data DIR             a data directory that no service has open\n"
     "  --format F             auto, ndjson, markov-discord\n"
     "  --channel C            for formats that name none (import)\n"
     "  --durable              wait for the disk with every batch (default: buffered)\n"
     "  --json                 one JSON document at the end\n"
     "\n"
     "FILE may be - for standard input. Lines that are refused are told and skipped; exit status "
     "1.\n"
     "\n"
     "examples:\n"
     "  cairn import chat.jsonl --space support\n"
     "  zcat chat.jsonl.gz | cairn import - --space support --data ./cairn-data\n"
     "  cairn import train.json --space guild-1 --format markov-discord --channel general\n"},
    {"search", cairn_tool_search, "search QUERY --space S [OPTIONS]", "search a space",
     "  --space S, --url URL   where (http://127.0.0.1:7700)\n"
     "  --k N                  how many (10)\n"
     "  --channel C, --author A\n"
     "  --json                 the answer as it came\n"
     "\n"
     "examples:\n"
     "  cairn search 'reset my password' --space demo\n"
     "  cairn search deploy --space demo --k 3 --json\n"},
    {"generate", cairn_tool_generate, "generate --space S [OPTIONS]", "let a space's chain talk",
     "  --space S, --url URL   where (http://127.0.0.1:7700)\n"
     "  --channel C            from one channel's messages only\n"
     "  --start TEXT           begin with this\n"
     "  --min-score N, --max-words N, --seed N\n"
     "  --json                 the answer as it came\n"
     "\n"
     "examples:\n"
     "  cairn generate --space demo\n"
     "  cairn generate --space demo --seed 7 --json\n"},
    {"version", run_version, "version", "print the version",
     "examples:\n  cairn version\n  cairn --version\n"},
    {"help", run_help, "help [COMMAND]", "this, or a command's options",
     "examples:\n  cairn help\n  cairn help serve\n"},
};

/* Of api.md, built by later steps: named, so that nobody looks for a typing error. */
static const char *const later[] = {"repair",  "export", "compact", "backup", "tune",      "bench",
                                    "context", "top",    "mcp",     "doctor", "completion"};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))
#define LATER_COUNT   (sizeof(later) / sizeof(later[0]))

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static void print_usage(FILE *out)
{
    fprintf(out, "cairn: a memory engine for bots and agents\n\nusage: cairn [COMMAND]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out,
            "\nBare `cairn` is `cairn serve`. `cairn help COMMAND` tells a command's options.\n"
            "\nexamples:\n"
            "  cairn serve --demo\n"
            "  curl -s http://127.0.0.1:7700/v1/spaces/demo/search -d '{\"query\":\"deploy\"}'\n");
}

static void print_help(const struct command *command)
{
    printf("usage: cairn %s\n\n%s.\n\n%s", command->synopsis, command->summary, command->help);
}

static int tell_unknown(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < LATER_COUNT; i++) {
        if (strcmp(later[i], name) == 0) {
            fprintf(stderr, "cairn: %s is not built yet; a later release brings it\n", name);
            return CAIRN_EXIT_USAGE;
        }
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = cairn_suggest(cairn_slice_of(name), names, COMMAND_COUNT);
    fprintf(stderr, "cairn: unknown command \"%s\"", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fprintf(stderr, " (cairn help)\n");
    return CAIRN_EXIT_USAGE;
}

static int run_help(int argc, char *argv[])
{
    if (argc == 0) {
        print_usage(stdout);
        return CAIRN_EXIT_DONE;
    }
    const struct command *command = find(argv[0]);
    if (command == NULL)
        return tell_unknown(argv[0]);
    print_help(command);
    return CAIRN_EXIT_DONE;
}

static bool is_help(const char *text)
{
    return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0;
}

int main(int argc, char *argv[])
{
    if (argc < 2 || (argv[1][0] == '-' && !is_help(argv[1]) && strcmp(argv[1], "--version") != 0)) {
        for (int i = 1; i < argc; i++) {
            if (is_help(argv[i])) {
                print_help(find("serve"));
                return CAIRN_EXIT_DONE;
            }
        }
        return cairn_tool_serve(argc - 1, argv + 1);
    }
    if (is_help(argv[1]))
        return run_help(0, NULL);
    if (strcmp(argv[1], "--version") == 0)
        return run_version(0, NULL);
    const struct command *command = find(argv[1]);
    if (command == NULL)
        return tell_unknown(argv[1]);
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_help(argv[i])) {
            print_help(command);
            return CAIRN_EXIT_DONE;
        }
    }
    return command->run(argc - 2, argv + 2);
}
