/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * In unit mode: a command goes to the custody service.
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include "tools/cli.h"

/* client_wanted - 1 for a command of the service's; 0 for one that needs no
 * vault, or is about this machine */
int client_wanted(int argc, char **argv);

/*
 * client_command - have it run by the service at cli->socket
 * The user's keys are in cli->key, else in
 * $XDG_CONFIG_HOME/scelle/keys/<user>.key.age (or ~/.config); who is acting is
 * cli->user, else the name of the only file there.
 * Returns the command's exit status.
 */
int client_command(struct cli *cli, int argc, char **argv);

/* client_keys_dir - where the keys of this machine's user are; out:
 * FILE_PATH_MAX bytes */
int client_keys_dir(char *out, struct err *e);

#endif
