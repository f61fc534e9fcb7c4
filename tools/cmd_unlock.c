/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * unlock and lock are the custody service's own: the client sends them there
 * (tools/client.c), a session answers them (tools/serve_child.c).  Without a
 * service there is nothing to unlock.
 */
#include "tools/commands.h"
#include "tools/cli.h"

static const char help_unlock[] = N_(
"Usage: scelle unlock\n"
"\n"
"Unlocks the unit's custody service.  It takes two custodians, each with their\n"
"own keys, within half an hour: the first is noted, the second unlocks.\n");

static const char help_lock[] = N_(
"Usage: scelle lock\n"
"\n"
"Locks the unit's custody service: it forgets every key.\n");

int cmd_unlock(struct cli *cli, int argc, char **argv)
{
	int lock = !strcmp(argv[0], "lock");

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return cli_help(cli, lock ? _(help_lock) : _(help_unlock));
	return cli_usage(cli, argv[0], _("which custody service?  --socket "
					 "PATH, SCELLE_SOCKET, or 'socket' in "
					 "the configuration"));
}
