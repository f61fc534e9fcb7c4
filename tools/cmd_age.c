/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle age: plumbing for age files, without a vault. */
#include "store/age.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "util/file.h"
#include "util/secret.h"

#define FILE_CAP ((size_t)4 << 30)
#define IDENTITY_FILE_CAP ((size_t)1 << 20)
#define IDENTITIES_MAX 256
#define IDENTITY_FILES_MAX 16

static const char help[] = N_(
"Usage: scelle age open [--identity FILE...] FILE\n"
"\n"
"Opens an age v1 file, armoured or not, and writes its content to standard\n"
"output once all of it is found sound.  FILE '-' is standard input.\n"
"\n"
"  --identity FILE   identities AGE-SECRET-KEY-1..., one a line, # comments;\n"
"                    may itself be an age file under a passphrase\n"
"\n"
"Without --identity the file is opened with a passphrase (--passphrase-file,\n"
"or asked on the terminal).\n"
"\n"
"Exit status: 0 opened; 1 altered, cut short or no age file; 2 usage;\n"
"3 no key fits, or a file could not be read.\n");

static const struct option options[] = {
	{ "identity", required_argument, NULL, 'i' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* struct ring - the identities read so far; wiped when done */
struct ring {
	struct age_identity ids[IDENTITIES_MAX];
	size_t n;
};

static int ask(struct cli *cli, struct buf *pass, struct err *e)
{
	return cli_passphrase(cli, _("Passphrase: "), 0, pass, e);
}

static int is_age_file(struct bytes b)
{
	return age_is_armored(b) ||
	       (b.len > 19 && !memcmp(b.p, "age-encryption.org/", 19));
}

static int read_identities(struct cli *cli, const char *path, struct ring *ring,
			   struct err *e)
{
	struct buf file = BUF_INIT(IDENTITY_FILE_CAP);
	struct buf clear = BUF_INIT(IDENTITY_FILE_CAP);
	struct buf pass = CLI_PASSPHRASE_BUF;
	struct bytes text, secret;
	struct age_keys keys = { .passphrases = &secret, .npass = 1 };
	size_t n = 0;
	int r;

	r = file_read(path, &file, e);
	if (r < 0)
		goto out;
	text = buf_view(&file);
	if (is_age_file(text)) {
		r = ask(cli, &pass, e);
		if (r < 0)
			goto out;
		secret = buf_view(&pass);
		r = age_open(&keys, text, &clear, e);
		if (r < 0) {
			err_prefix(e, "%s", path);
			goto out;
		}
		text = buf_view(&clear);
	}
	r = age_identities_parse(text, ring->ids + ring->n,
				 IDENTITIES_MAX - ring->n, &n, e);
	if (r < 0)
		err_prefix(e, "%s", path);
	else
		ring->n += n;
out:
	buf_wipe(&pass);
	buf_wipe(&clear);
	buf_wipe(&file);
	return r;
}

/* What was looked at and is not sound is one thing, what was not is another. */
static int failed(struct cli *cli, enum age_verdict verdict,
		  const struct err *e)
{
	int status = cli_fail(cli, e);

	switch (verdict) {
	case AGE_ARMOR_FAILURE:
	case AGE_HEADER_FAILURE:
	case AGE_HMAC_FAILURE:
	case AGE_PAYLOAD_FAILURE:
		return e->code == ERR_NOMEM ? status : CLI_UNSOUND;
	default:
		return status;
	}
}

static int open_file(struct cli *cli, const char *path,
		     char *const *id_files, size_t nfiles)
{
	static struct ring ring;
	struct buf file = BUF_INIT(FILE_CAP), plain = BUF_INIT(FILE_CAP);
	struct buf pass = CLI_PASSPHRASE_BUF;
	struct age_keys keys = { .ids = ring.ids };
	struct err e = ERR_INIT;
	struct bytes secret;
	int r = 0, status = CLI_OK;

	for (size_t i = 0; i < nfiles && r == 0; i++)
		r = read_identities(cli, id_files[i], &ring, &e);
	if (r == 0)
		r = file_read(path, &file, &e);
	if (r == 0 && nfiles == 0) {
		r = ask(cli, &pass, &e);
		secret = buf_view(&pass);
		keys.passphrases = &secret;
		keys.npass = 1;
	}
	if (r < 0) {
		status = cli_fail(cli, &e);
		goto out;
	}
	keys.nids = ring.n;
	r = age_open(&keys, buf_view(&file), &plain, &e);
	if (r < 0)
		status = failed(cli, keys.verdict, &e);
	else
		cli_raw(cli, buf_view(&plain));
out:
	secret_wipe(&ring, sizeof ring);
	buf_wipe(&pass);
	buf_wipe(&plain);
	buf_release(&file);
	return status;
}

int cmd_age(struct cli *cli, int argc, char **argv)
{
	char *id_files[IDENTITY_FILES_MAX];
	size_t n = 0, from_stdin = 0;
	int opt;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return cli_help(cli, _(help));
	if (argc < 2 || strcmp(argv[1], "open"))
		return cli_usage(cli, "age", _("say 'age open'"));
	argc--;
	argv++;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":i:", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			return cli_help(cli, _(help));
		case 'i':
			if (n == IDENTITY_FILES_MAX)
				return cli_usage(cli, "age",
						 _("too many identity files"));
			id_files[n++] = optarg;
			break;
		case ':':
			return cli_usage(cli, "age",
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		default:
			return cli_usage(cli, "age", _("unknown option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		return cli_usage(cli, "age", _("name one file"));
	from_stdin = !strcmp(argv[optind], "-");
	for (size_t i = 0; i < n; i++)
		from_stdin += !strcmp(id_files[i], "-");
	if (cli->passphrase_file && !strcmp(cli->passphrase_file, "-"))
		from_stdin++;
	if (from_stdin > 1)
		return cli_usage(cli, "age",
				 _("only one thing can be standard input"));
	return open_file(cli, argv[optind], id_files, n);
}
