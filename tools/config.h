/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The configuration file: lines `key = value`, `#` begins a comment line.
 */
#ifndef TOOLS_CONFIG_H
#define TOOLS_CONFIG_H

#include "util/buf.h"
#include "util/err.h"

struct config {		/* each NULL when not set; owned */
	char *vault;
	char *user;
	char *lab;
	char *profiles;
	char *passphrase_file;
	char *user_agent;
	char *socket;
	char *key;
};

/*
 * config_parse - read a configuration strictly
 *   name   of the file, for messages
 * Unknown keys, a key said twice, and lines of another shape are ERR_FORMAT
 * with the line's number.  Returns 0, ERR_FORMAT or ERR_NOMEM.
 */
int config_parse(struct bytes text, const char *name, struct config *c,
		 struct err *e);

/*
 * config_load - $XDG_CONFIG_HOME/scelle/config (or ~/.config), else
 * /etc/scelle.conf; neither being there is fine
 */
int config_load(struct config *c, struct err *e);
void config_release(struct config *c);

#endif
