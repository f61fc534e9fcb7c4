/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/cli.h"

#include "util/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_CAP ((size_t)64 << 20)

static int progress_shown;

/* Everything a person reads passes here: no escape sequence gets through. */
static void print_plain(FILE *to, struct buf *hold, const char *head,
			const char *fmt, va_list ap)
{
	struct buf plain = BUF_INIT(LINE_CAP);
	char *text = NULL;
	int n = vasprintf(&text, fmt, ap);

	if (n < 0)
		return;
	if (to == stderr && progress_shown)
		cli_progress(NULL, NULL);
	if (head)
		fputs(head, to);
	if (utf8_plain(&plain, BYTES(text, (size_t)n)) == 0 && plain.len) {
		if (hold)
			buf_add(hold, plain.p, plain.len);
		else
			fwrite(plain.p, 1, plain.len, to);
	}
	buf_wipe(&plain);
	free(text);
}

void cli_out(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_plain(stdout, cli->hold, NULL, fmt, ap);
	va_end(ap);
}

void cli_say(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	if (cli->quiet)
		return;
	va_start(ap, fmt);
	print_plain(stderr, NULL, NULL, fmt, ap);
	va_end(ap);
}

void cli_warn(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	(void)cli;
	va_start(ap, fmt);
	print_plain(stderr, NULL, "scelle: ", fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void cli_raw(struct cli *cli, struct bytes b)
{
	if (cli->hold)
		buf_add(cli->hold, b.p, b.len);
	else if (b.len)
		fwrite(b.p, 1, b.len, stdout);
}

int cli_json(struct cli *cli, struct buf *json)
{
	if (json->failed) {
		struct err e = ERR_INIT;

		err_set(&e, json->failed, "no memory for the answer");
		return cli_fail(cli, &e);
	}
	cli_raw(cli, buf_view(json));
	cli_raw(cli, bytes_str("\n"));
	return CLI_OK;
}

void cli_list_open(struct jsonw *w, const char *name)
{
	jsonw_open(w, NULL, '{');
	jsonw_open(w, name, '[');
}

int cli_list_close(struct cli *cli, struct jsonw *w)
{
	int status = CLI_OK;

	jsonw_close(w, ']');
	jsonw_close(w, '}');
	if (cli->json)
		status = cli_json(cli, w->out);
	buf_release(w->out);
	return status;
}

static int status_of(const struct cli *cli, int code)
{
	if (code == ERR_USAGE)
		return CLI_USAGE;
	if (code == ERR_DENIED)
		return CLI_REFUSED;
	return cli->wrote ? CLI_PARTIAL : CLI_FAILED;
}

int cli_fail(struct cli *cli, const struct err *e)
{
	const char *text = e->text[0] ? e->text : err_name(e->code);

	if (cli->json) {
		struct buf b = BUF_INIT(16384);
		struct jsonw w = JSONW_INIT(&b);

		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "error", err_name(e->code));
		jsonw_str(&w, "text", text);
		jsonw_close(&w, '}');
		if (progress_shown)
			cli_progress(cli, NULL);
		fprintf(stderr, "%s\n", buf_cstr(&b));
		buf_release(&b);
	} else {
		cli_warn(cli, "%s", text);
	}
	return status_of(cli, e->code);
}

int cli_usage(struct cli *cli, const char *command, const char *fmt, ...)
{
	va_list ap;

	(void)cli;
	va_start(ap, fmt);
	print_plain(stderr, NULL, "scelle: ", fmt, ap);
	va_end(ap);
	if (command)
		fprintf(stderr, _("\nTry 'scelle help %s'.\n"), command);
	else
		fputs(_("\nTry 'scelle help'.\n"), stderr);
	return CLI_USAGE;
}

int cli_help(struct cli *cli, const char *text)
{
	cli_out(cli, "%s", text);
	return CLI_OK;
}

const char *cli_vault(struct cli *cli, struct err *e)
{
	if (!cli->vault || !*cli->vault) {
		err_set(e, ERR_USAGE, "no vault named: use --vault DIR, "
			"SCELLE_VAULT, or 'vault = DIR' in the configuration");
		return NULL;
	}
	return cli->vault;
}

int cli_progress_wanted(const struct cli *cli)
{
	return !cli->quiet && !cli->json && isatty(STDERR_FILENO);
}

/* Columns a code point takes: enough for our own words and for host names. */
static size_t fit(struct bytes s, size_t columns)
{
	size_t at = 0;

	while (at < s.len && columns--) {
		uint32_t cp;

		at += utf8_next(BYTES(s.p + at, s.len - at), &cp);
	}
	return at;
}

void cli_progress(struct cli *cli, const char *line)
{
	struct buf plain = BUF_INIT(65536);
	struct winsize ws = { 0 };
	size_t columns = 79;

	(void)cli;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 10)
		columns = ws.ws_col - 1u;
	if (line && utf8_plain(&plain, bytes_str(line)) == 0) {
		for (size_t i = 0; i < plain.len; i++)
			if (plain.p[i] == '\n' || plain.p[i] == '\t')
				plain.p[i] = ' ';
		fprintf(stderr, "\r%.*s\033[K",
			(int)fit(buf_view(&plain), columns), buf_cstr(&plain));
	} else if (progress_shown) {
		fputs("\r\033[K", stderr);
	}
	progress_shown = line != NULL;
	fflush(stderr);
	buf_release(&plain);
}
