/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/session.h"

#include "cases/receipts.h"
#include "cases/serving.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"

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
	if (cli->serving)
		return serving_unit(cli->serving, out, e);
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

/* The client keeps it: outside this machine's service, at least. */
static int send_receipt(struct serving *s, const struct vault *v,
			struct err *e)
{
	struct buf b = BUF_INIT(SERVE_CHUNK), text = BUF_INIT(SERVE_CHUNK);
	uint64_t size = vault_size(v);
	uint8_t hash[32];
	int r = size ? vault_receipt(v, size - 1, &text, e) : 0;

	if (r == 0 && size) {
		sha256_once(vault_head(v), hash);
		serve_put_u64(&b, size - 1);
		buf_add(&b, hash, 4);
		serve_put_blob(&b, buf_view(&text));
		r = b.failed ? err_set(e, b.failed, "the receipt is too long")
			     : serving_tell(s, SERVE_RECEIPT, buf_view(&b), e);
	}
	buf_release(&text);
	buf_release(&b);
	return r;
}

int session_close(struct cli *cli, struct unit *u, int status)
{
	struct err e = ERR_INIT;

	if (cli->serving) {
		if (u && cli->wrote &&
		    send_receipt(cli->serving, u->vault, &e) < 0)
			cli_warn(cli, _("no receipt kept: %s"), e.text);
		if (u)
			serving_unit_close(cli->serving, u);
		return status;
	}
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

int session_self_hash(const char *path, char hex[static 65], struct err *e)
{
	struct buf b = BUF_INIT((size_t)256 << 20);
	uint8_t hash[32];
	int r = file_read(path, &b, e);

	if (r == 0) {
		sha256_once(buf_view(&b), hash);
		hex_str(hex, hash, 32);
	}
	buf_release(&b);
	return r;
}
