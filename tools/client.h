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

/*
 * client_keys_open - the keys of who is acting
 *   user   out: ADMIN_NAME_MAX + 1 bytes; path: out, FILE_PATH_MAX bytes
 */
struct user_keys;
int client_keys_open(struct cli *cli, char *user, char *path,
		     struct user_keys **out, struct err *e);

/*
 * client_key_make - make keys for a user who is to be entered: NAME.key.age and
 * NAME.pub in client_keys_dir(); says where the second is
 * client_key_new - put one's own under another passphrase
 *   pass_file   or NULL: ask; logn: scrypt work factor, 0: KEYFILE_LOGN
 */
int client_key_make(struct cli *cli, const char *user, const char *pass_file,
		    unsigned logn, struct err *e);
int client_key_new(struct cli *cli, const char *pass_file, unsigned logn,
		   struct err *e);

#endif
