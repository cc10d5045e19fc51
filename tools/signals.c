#include "tools/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "runtime/io/io.h"

/* Written by the handler, read by the main thread. */
static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t reload_asked;
static struct cairn_io *woken;

static void on_signal(int signal_number)
{
    if (signal_number == SIGHUP) {
        reload_asked = 1;
    } else {
        if (stop_asked && signal_number == SIGINT)
            _exit(130);
        stop_asked = 1;
    }
    cairn_io_wake(woken, NULL); /* a write to an eventfd: safe here */
}

void cairn_signals_install(struct cairn_io *io)
{
    const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    woken = io;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool cairn_signals_stop_asked(void)
{
    return stop_asked != 0;
}

bool cairn_signals_take_reload(void)
{
    bool asked = reload_asked != 0;
    reload_asked = 0;
    return asked;
}
