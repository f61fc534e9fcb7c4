/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle note: plumbing for signed notes, without a vault. */
#include "store/note.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "util/file.h"
#include "util/json.h"

#include <stdlib.h>

#define KEYS_MAX 64

static const char help[] = N_(
"Usage: scelle note verify --key VKEY [--key VKEY...] [--text] FILE\n"
"\n"
"Verifies a C2SP signed note: a statement, a log's signed head, an approval.\n"
"FILE '-' is standard input.\n"
"\n"
"  --key VKEY   a verifier key, name+hash+base64; signatures by other keys\n"
"               are ignored, one by these keys must be there and none be bad\n"
"  --text       when it is sound, write the note's text, nothing else\n"
"\n"
"Exit status: 0 sound; 1 not sound; 2 usage; 3 the file could not be read.\n");

static const struct option options[] = {
	{ "key", required_argument, NULL, 'k' },
	{ "text", no_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int answer(struct cli *cli, const struct note_vkey *keys, size_t nkeys,
		  uint64_t good, int sound, const struct err *e)
{
	struct buf b = BUF_INIT((size_t)1 << 20);
	struct jsonw w = JSONW_INIT(&b);
	int status = sound ? CLI_OK : CLI_UNSOUND;

	if (!cli->json) {
		if (!sound)
			cli_out(cli, _("not sound: %s\n"), e->text);
		for (size_t i = 0; sound && i < nkeys; i++)
			if (good >> i & 1)
				cli_out(cli, _("sound: signed by '%s'\n"),
					keys[i].name);
		return status;
	}
	jsonw_open(&w, NULL, '{');
	jsonw_bool(&w, "sound", sound);
	jsonw_open(&w, "signers", '[');
	for (size_t i = 0; sound && i < nkeys; i++)
		if (good >> i & 1)
			jsonw_str(&w, NULL, keys[i].name);
	jsonw_close(&w, ']');
	if (!sound)
		jsonw_str(&w, "reason", e->text);
	jsonw_close(&w, '}');
	if (cli_json(cli, &b) != CLI_OK)
		status = CLI_FAILED;
	buf_release(&b);
	return status;
}

static int verify(struct cli *cli, const char *path,
		  const struct note_vkey *keys, size_t nkeys, int text)
{
	struct buf file = BUF_INIT(NOTE_MAX);
	struct err e = ERR_INIT;
	struct note *n = NULL;
	uint64_t good = 0;
	int r, status;

	r = file_read(path, &file, &e);
	if (r < 0) {
		status = cli_fail(cli, &e);
		goto out;
	}
	n = calloc(1, sizeof *n);
	if (!n) {
		err_set(&e, ERR_NOMEM, "out of memory");
		status = cli_fail(cli, &e);
		goto out;
	}
	r = note_parse(buf_view(&file), n, &e);
	if (r == 0)
		r = note_check(n, keys, nkeys, &good, NULL, &e);
	if (r == ERR_NOMEM) {
		status = cli_fail(cli, &e);
	} else if (r == 0 && text) {
		cli_raw(cli, n->text);
		status = CLI_OK;
	} else {
		/* What is no note was checked, and is not sound. */
		status = answer(cli, keys, nkeys, good, r == 0, &e);
	}
out:
	free(n);
	buf_release(&file);
	return status;
}

int cmd_note(struct cli *cli, int argc, char **argv)
{
	static struct note_vkey keys[KEYS_MAX];
	struct err e = ERR_INIT;
	size_t nkeys = 0;
	int opt, text = 0;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return cli_help(cli, _(help));
	if (argc < 2 || strcmp(argv[1], "verify"))
		return cli_usage(cli, "note", _("say 'note verify'"));
	argc--;
	argv++;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			return cli_help(cli, _(help));
		case 't':
			text = 1;
			break;
		case 'k':
			if (nkeys == KEYS_MAX)
				return cli_usage(cli, "note",
						 _("too many keys"));
			if (note_vkey_read(bytes_str(optarg), &keys[nkeys++],
					   &e) < 0)
				return cli_usage(cli, "note", "--key: %s",
						 e.text);
			break;
		case ':':
			return cli_usage(cli, "note",
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		default:
			return cli_usage(cli, "note", _("unknown option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (nkeys == 0)
		return cli_usage(cli, "note", _("no --key given"));
	if (argc - optind != 1)
		return cli_usage(cli, "note", _("name one file"));
	return verify(cli, argv[optind], keys, nkeys, text);
}
