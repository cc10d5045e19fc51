/* tools/notify.h: tells a service manager how we are (sd_notify's protocol).
 *
 * Context   Any thread. Does nothing where $NOTIFY_SOCKET is not set.
 * Source    systemd, sd_notify(3).
 */
#pragma once

void cairn_notify(const char *state);
