/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/session.h"

#include "cases/receipts.h"
#include "util/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int session_open(struct cli *cli, enum vault_mode mode, struct unit **out,
		 struct err *e)
{
	struct buf pass = CLI_PASSPHRASE_BUF;
	char user[ADMIN_NAME_MAX + 1], prompt[128];
	const char *path = cli_vault(cli, e);
	struct vault *probe = NULL;
	int r;

	if (!path)
		return ERR_USAGE;
	/* What is no vault, or another version, needs no passphrase to see. */
	r = unit_user(path, cli->user, user, e);
	if (r == 0)
		r = vault_open(path, VAULT_READ, NULL, &probe, e);
	vault_close(probe);
	if (r < 0)
		return r;
	if (!strcmp(user, UNIT_TIMER))
		snprintf(prompt, sizeof prompt, "%s",
			 _("Passphrase of the unit: "));
	else
		snprintf(prompt, sizeof prompt, _("Passphrase of %s: "), user);
	r = cli_passphrase(cli, prompt, 0, &pass, e);
	if (r == 0)
		r = unit_open(path, user, buf_view(&pass), mode, out, e);
	buf_wipe(&pass);
	return r;
}

int session_close(struct cli *cli, struct unit *u, int status)
{
	struct err e = ERR_INIT;

	if (u && u->writable && cli->wrote &&
	    receipts_keep(u->vault, NULL, &e) < 0)
		cli_warn(cli, _("no receipt kept: %s"), e.text);
	unit_close(u);
	return status;
}

int session_date(const char *text, int end, int64_t *ms_out, struct err *e)
{
	size_t n = strlen(text);

	if (clock_parse_rfc3339(text, n, ms_out) < 0)
		return err_set(e, ERR_USAGE, "'%s' is no date: write "
			       "YYYY-MM-DD or YYYY-MM-DDThh:mmZ", text);
	if (end && n == 10)
		*ms_out += 86400000;
	return 0;
}

int session_number(const char *text, uint64_t max, uint64_t *out,
		   struct err *e)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v > max)
		return err_set(e, ERR_USAGE, "'%s' is no number from 0 to %llu",
			       text, (unsigned long long)max);
	*out = v;
	return 0;
}
