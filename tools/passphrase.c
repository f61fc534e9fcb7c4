/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Asking for a passphrase.  It never stands on a command line or in the
 * environment: both can be read by others on the machine.
 */
#include "tools/cli.h"

#include "cases/serving.h"
#include "util/file.h"
#include "util/secret.h"
#include "util/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#define NEW_MIN 8	/* characters of a new passphrase */

static const int caught[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGALRM,
};
#define NCAUGHT (sizeof caught / sizeof *caught)

static volatile sig_atomic_t signalled;

static void note_signal(int sig)
{
	signalled = sig;
}

/* One line from the terminal.  0, ERR_CANCELLED (a signal) or ERR_IO. */
static int read_line(int tty, struct buf *out)
{
	for (;;) {
		char c;
		ssize_t n = read(tty, &c, 1);

		if (signalled)
			return ERR_CANCELLED;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			return out->len ? 0 : ERR_IO;
		if (c == '\n' || c == '\r')
			return 0;
		if (buf_addc(out, (uint8_t)c) < 0)
			return ERR_RANGE;
	}
}

static void tell(int tty, const char *text)
{
	file_write_all(tty, text, strlen(text), NULL);
}

/*
 * The terminal must come back as it was, whatever signal arrives: handlers
 * only note it, the settings are restored, then it is sent to us once more.
 */
static int ask(const char *prompt, struct buf *out, struct err *e)
{
	struct sigaction sa = { .sa_handler = note_signal }, old[NCAUGHT];
	struct termios was, quiet;
	int tty, r = 0, sig;

	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return err_set(e, ERR_NOENT, "no terminal to ask for the "
			       "passphrase: use --passphrase-file");
	if (tcgetattr(tty, &was) < 0) {
		close(tty);
		return err_errno(e, "cannot read the terminal's settings");
	}
again:
	signalled = 0;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < NCAUGHT; i++)
		sigaction(caught[i], &sa, &old[i]);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0 && !signalled) {
		r = err_errno(e, "cannot turn off the terminal's echo");
	} else {
		tell(tty, prompt);
		r = signalled ? ERR_CANCELLED : read_line(tty, out);
		tell(tty, "\n");
		tcsetattr(tty, TCSAFLUSH, &was);
	}
	sig = signalled;
	for (size_t i = 0; i < NCAUGHT; i++)
		sigaction(caught[i], &old[i], NULL);
	if (sig) {
		buf_clear(out);
		raise(sig);
		/* Stopped and continued: ask again. */
		if (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
			goto again;
		r = err_set(e, ERR_CANCELLED, "interrupted");
	} else if (r == ERR_RANGE) {
		err_set(e, r, "the passphrase is longer than %d bytes",
			CLI_PASSPHRASE_MAX);
	} else if (r == ERR_IO && e && !e->code) {
		err_set(e, r, "no passphrase was given");
	}
	close(tty);
	return r;
}

static int from_file(const char *path, struct buf *out, struct err *e)
{
	struct buf whole = BUF_INIT(65536);
	const uint8_t *nl;
	size_t n;
	int r;

	/* Room at once: growing would leave copies behind unwiped. */
	if (!buf_room(&whole, 65536))
		return err_set(e, ERR_NOMEM, "no memory for the passphrase");
	r = file_read(path, &whole, e);
	if (r < 0)
		goto out;
	nl = whole.len ? memchr(whole.p, '\n', whole.len) : NULL;
	n = nl ? (size_t)(nl - whole.p) : whole.len;
	if (n && whole.p[n - 1] == '\r')
		n--;
	if (n == 0)
		r = err_set(e, ERR_FORMAT, "'%s' holds no passphrase", path);
	else if (n > CLI_PASSPHRASE_MAX)
		r = err_set(e, ERR_RANGE, "the passphrase is longer than %d "
			    "bytes", CLI_PASSPHRASE_MAX);
	else if (buf_add(out, whole.p, n) < 0)
		r = err_set(e, out->failed, "no memory for the passphrase");
out:
	buf_wipe(&whole);
	return r;
}

static size_t characters(struct bytes s)
{
	size_t n = 0;

	while (s.len) {
		uint32_t cp;
		size_t k = utf8_next(s, &cp);

		s.p += k;
		s.len -= k;
		n++;
	}
	return n;
}

/* In a session of the service: the terminal is the client's. */
static int ask_client(struct serving *s, const char *prompt, int confirm,
		      struct buf *out, struct err *e)
{
	struct buf b = BUF_INIT(1024);
	int r;

	serve_put_u8(&b, confirm ? 1 : 0);
	serve_put_text(&b, prompt);
	r = serving_ask(s, SERVE_PASS, buf_view(&b), e);
	if (r == 0 && buf_addb(out, buf_view(&s->in)) < 0)
		r = err_set(e, ERR_RANGE, "the passphrase is longer than %d "
			    "bytes", CLI_PASSPHRASE_MAX);
	if (r == 0 && (!out->len ||
		       (confirm && characters(buf_view(out)) < NEW_MIN)))
		r = err_set(e, ERR_RANGE, "a new passphrase has at least %d "
			    "characters", NEW_MIN);
	buf_release(&b);
	return r;
}

int cli_passphrase(struct cli *cli, const char *prompt, int confirm,
		   struct buf *out, struct err *e)
{
	struct buf twice = CLI_PASSPHRASE_BUF;
	int r;

	if (!buf_room(out, CLI_PASSPHRASE_MAX + 1) ||
	    !buf_room(&twice, CLI_PASSPHRASE_MAX + 1)) {
		r = err_set(e, ERR_NOMEM, "no memory for the passphrase");
		goto out;
	}
	if (cli->passphrase_file)
		r = from_file(cli->passphrase_file, out, e);
	else if (cli->serving)
		return ask_client(cli->serving, prompt, confirm, out, e);
	else
		r = ask(prompt, out, e);
	if (r < 0 || !confirm)
		goto out;
	if (characters(buf_view(out)) < NEW_MIN) {
		r = err_set(e, ERR_RANGE, "a new passphrase has at least %d "
			    "characters", NEW_MIN);
		goto out;
	}
	if (cli->passphrase_file)
		goto out;
	r = ask(_("The same once more: "), &twice, e);
	if (r == 0 && !bytes_eq(buf_view(out), buf_view(&twice)))
		r = err_set(e, ERR_FORMAT, "the two passphrases differ");
out:
	buf_wipe(&twice);
	return r;
}
