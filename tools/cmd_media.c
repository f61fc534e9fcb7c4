/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle media: what a picture, a film, a sound or a document says of itself,
 * without a vault.
 */
#include "crawler/mediachild.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "tools/place.h"
#include "util/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char help[] = N_(
"Usage: scelle media [--pictures] FILE\n"
"\n"
"Shows what FILE ('-' is standard input) says of itself, as one JSON object on\n"
"one line: its type by its content, SHA-256, dimensions, duration, camera,\n"
"dates, place, software, embedded pictures, every field that was read with the\n"
"value it was read from, and findings: what is damaged, odd or was left out.\n"
"\n"
"JPEG, PNG, WebP, HEIC, AVIF, GIF, TIFF, MP4, MOV, WebM, Ogg, MP3, PDF, DOCX.\n"
"The file is read in a program that has no network, no files and no keys.\n"
"Needs no vault, writes nothing.\n"
"\n"
"  --pictures   look at the picture too: QR and bar codes, text in French, and of\n"
"               documents a perceptual hash; never at faces\n");

static const struct option options[] = {
	{ "pictures", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* read_input - a file, or standard input to its end */
static int read_input(const char *path, struct buf *out, struct err *e)
{
	if (strcmp(path, "-"))
		return file_read(path, out, e);
	for (;;) {
		uint8_t *p = buf_room(out, 65536);
		ssize_t n;

		if (!p)
			return err_set(e, out->failed == ERR_RANGE ? ERR_LIMIT
				       : out->failed, "standard input is "
				       "longer than %zu bytes",
				       MEDIA_BYTES_MAX);
		n = read(STDIN_FILENO, p, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read standard input");
		if (n == 0)
			return 0;
		out->len += (size_t)n;
	}
}

int cmd_media(struct cli *cli, int argc, char **argv)
{
	struct buf in = BUF_INIT(MEDIA_BYTES_MAX + 65536);
	struct buf out = BUF_INIT(2 * MEDIA_ANSWER_MAX);
	struct err e = ERR_INIT;
	const char *helper = place_media();
	int opt, r = 0, sight = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h')
			return cli_help(cli, _(help));
		if (opt == 'p') {
			sight = 1;
			continue;
		}
		return cli_usage(cli, "media",
				 _("unknown or unfinished option '%s'"),
				 argv[optind - 1]);
	}
	if (optind + 1 != argc)
		return cli_usage(cli, "media", _("one file expected"));
	if (sight) {
		helper = place_sight_there();
		r = helper ? 0 : err_set(&e, ERR_NOENT, "the program that looks "
					 "at pictures is not installed");
	}
	if (r == 0)
		r = read_input(argv[optind], &in, &e);
	if (r == 0)
		r = media_read(helper, sight, buf_view(&in), &out, &e);
	if (r == 0)
		cli_raw(cli, buf_view(&out));
	buf_release(&in);
	buf_release(&out);
	return r < 0 ? cli_fail(cli, &e) : CLI_OK;
}
