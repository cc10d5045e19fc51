#include "tools/demo_corpus.h"

const char cairn_demo_messages[] =
    "{\"channel\":\"general\",\"author\":\"ann\",\"ts\":1767258000000,\"text\":\"Good morning, the "
    "deploy is green\"}\n";
const char cairn_demo_episodes[] =
    "{\"episode\":\"demo-1\",\"task\":\"Find why the build is "
    "red\",\"domain\":\"ci\",\"steps\":[{\"tool\":\"grep\",\"action\":\"search the "
    "log\",\"ok\":true}],\"outcome\":\"success\"}\n";
