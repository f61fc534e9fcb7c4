/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * In unit mode one's keys are one's own: made here, put under another
 * passphrase here, never sent.
 */
#include "tools/client.h"

#include "cases/admin.h"
#include "cases/client.h"
#include "store/keyfile.h"
#include "util/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static int seal_to_file(const struct user_keys *k, struct bytes pass,
			unsigned logn, const char *path, int fresh,
			struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX);
	int r = user_keys_seal(k, pass, logn ? logn : KEYFILE_LOGN, &sealed, e);

	if (r == 0)
		r = fresh ? file_create(path, buf_view(&sealed), 0600, e)
			  : file_replace(path, buf_view(&sealed), 0600, e);
	buf_release(&sealed);
	return r;
}

static int new_pass(struct cli *cli, const char *file, struct buf *out,
		    struct err *e)
{
	struct cli other = *cli;

	other.passphrase_file = file;
	return cli_passphrase(&other, _("New passphrase: "), 1, out, e);
}

/* mkdir -p, private; what is there is left as it is. */
static int make_dirs(char *path, struct err *e)
{
	for (char *p = path + 1;; p++) {
		char was = *p;

		if (was && was != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_errno(e, "cannot create directory '%s'",
					 path);
		*p = was;
		if (!was)
			return 0;
	}
}

/* The public half, as who enters the user gets it. */
static int public_text(const struct user_keys *k, struct buf *out)
{
	char receive[AGE_RECIPIENT_TEXT];

	age_recipient_str(k->receive.recipient, receive);
	buf_adds(out, "sign ");
	note_vkey_put(&k->sign.vkey, out);
	return buf_addf(out, "\nreceive %s\n", receive);
}

static int origin_of(struct cli *cli, struct note_vkey *log, struct err *e)
{
	struct client *c = NULL;
	int r = client_open(cli->socket, &c, e);

	if (r == 0)
		r = note_vkey_read(bytes_str(client_hello(c)->log), log, e);
	client_close(c);
	return r;
}

int client_key_make(struct cli *cli, const char *user, const char *pass_file,
		    unsigned logn, struct err *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], pub[FILE_PATH_MAX];
	char file[ADMIN_NAME_MAX + 16], name[NOTE_NAME_MAX + 1];
	struct buf pass = CLI_PASSPHRASE_BUF, text = BUF_INIT(4096);
	struct user_keys *k = NULL;
	struct note_vkey log;
	int r;

	if (!admin_name_valid(user))
		return err_set(e, ERR_FORMAT, "'%s' is no user name", user);
	r = origin_of(cli, &log, e);
	if (r == 0)
		r = client_keys_dir(dir, e);
	if (r == 0)
		r = make_dirs(dir, e);
	snprintf(file, sizeof file, "%s.key.age", user);
	if (r == 0)
		r = file_path(path, dir, file, NULL);
	snprintf(file, sizeof file, "%s.pub", user);
	if (r == 0)
		r = file_path(pub, dir, file, NULL);
	if (r == 0 && snprintf(name, sizeof name, "%s/user/%s", log.name,
			       user) >= (int)sizeof name)
		r = err_set(e, ERR_RANGE, "user name '%s' is too long", user);
	if (r == 0 && file_exists(path))
		r = err_set(e, ERR_EXIST, "'%s' exists already", path);
	if (r == 0)
		r = new_pass(cli, pass_file, &pass, e);
	if (r == 0)
		r = user_keys_new(name, &k, e);
	if (r == 0)
		r = seal_to_file(k, buf_view(&pass), logn, path, 1, e);
	if (r == 0)
		r = public_text(k, &text);
	if (r == 0)
		r = file_replace(pub, buf_view(&text), 0644, e);
	if (r == 0)
		cli_out(cli, "%s\n", pub);
	user_keys_free(k);
	buf_wipe(&pass);
	buf_release(&text);
	return r;
}

int client_key_new(struct cli *cli, const char *pass_file, unsigned logn,
		   struct err *e)
{
	char user[ADMIN_NAME_MAX + 1], path[FILE_PATH_MAX];
	struct buf pass = CLI_PASSPHRASE_BUF;
	struct user_keys *k = NULL;
	int r = client_keys_open(cli, user, path, &k, e);

	if (r == 0)
		r = new_pass(cli, pass_file, &pass, e);
	if (r == 0)
		r = seal_to_file(k, buf_view(&pass), logn, path, 0, e);
	user_keys_free(k);
	buf_wipe(&pass);
	return r;
}
