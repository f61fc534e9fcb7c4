/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/serve_child.h"

#include "cases/serving.h"
#include "tools/place.h"
#include "util/child.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What a session may run, and how.  The first row that fits decides; what has
 * no row is not run.  No path of the client's is ever opened here: files a
 * command reads or writes travel as messages.
 */
static const struct allowed {
	const char *command, *sub;	/* sub NULL: any */
	enum keeper_mode mode;
} allowed[] = {
	{ "posts", NULL, KEEPER_READ },
	{ "search", NULL, KEEPER_READ },
	{ "show", NULL, KEEPER_READ },
	{ "timeline", NULL, KEEPER_READ },
	{ "gaps", NULL, KEEPER_READ },
	{ "audit", "grant", KEEPER_ALONE },
	{ "audit", "policy", KEEPER_ALONE },
	{ "audit", NULL, KEEPER_READ },
	{ "handover", NULL, KEEPER_ALONE },
	{ "report", "aipd", KEEPER_READ },
	{ "report", "origine", KEEPER_READ },
	{ "status", NULL, KEEPER_READ },
	{ "verify", NULL, KEEPER_READ },
	{ "user", "list", KEEPER_READ },
	{ "key", "show", KEEPER_READ },
	{ "case", "list", KEEPER_READ },
	{ "case", "show", KEEPER_READ },
	{ "case", "source", KEEPER_READ },
	{ "case", "close", KEEPER_READ },
	{ "case", NULL, KEEPER_ALONE },
	{ "user", NULL, KEEPER_ALONE },
	{ "approve", NULL, KEEPER_ALONE },
	{ "custodian", NULL, KEEPER_ALONE },
	{ "reindex", NULL, KEEPER_ALONE },
	{ "export", NULL, KEEPER_ALONE },
	{ "import", NULL, KEEPER_ALONE },
	{ "erase", NULL, KEEPER_ALONE },
	{ "retention", NULL, KEEPER_ALONE },
	{ "classify", NULL, KEEPER_ALONE },
	{ "purge", NULL, KEEPER_ALONE },
	{ "report", NULL, KEEPER_ALONE },
	{ "break-glass", NULL, KEEPER_ALONE },
	{ "countersign", NULL, KEEPER_ALONE },
	{ "policy", NULL, KEEPER_ALONE },
	{ "escrow", NULL, KEEPER_ALONE },
	{ "anchor", NULL, KEEPER_ALONE },
	{ "witness", NULL, KEEPER_ALONE },
	{ "handover", NULL, KEEPER_ALONE },
	{ "glass", NULL, KEEPER_ALONE },
	{ "collect", NULL, KEEPER_PASS },
};

struct life {
	struct serving s;
	const struct cli_command *commands;
	const char *profiles, *scratch, *lab;
	int uploads[SERVE_FILES_MAX];
	char paths[SERVE_FILES_MAX][FILE_PATH_MAX];
};

/* --- answers ------------------------------------------------------------------------ */

struct stream_to {
	struct serving *s;
	uint8_t fd;
};

static ssize_t write_out(void *cookie, const char *p, size_t n)
{
	const struct stream_to *to = cookie;

	for (size_t at = 0; at < n;) {
		size_t step = n - at > SERVE_CHUNK ? SERVE_CHUNK : n - at;
		struct buf b = BUF_INIT(SERVE_CHUNK + 1);
		int r;

		buf_addc(&b, to->fd);
		buf_add(&b, p + at, step);
		r = b.failed ? b.failed
			: serving_tell(to->s, SERVE_OUT, buf_view(&b), NULL);
		buf_wipe(&b);
		if (r < 0) {
			errno = EPIPE;
			return 0;
		}
		at += step;
	}
	return (ssize_t)n;
}

/* What commands print goes to the client, as messages. */
static int answers_start(struct serving *s)
{
	static struct stream_to to[2];
	const cookie_io_functions_t io = { .write = write_out };
	FILE *out, *errs;

	to[0] = (struct stream_to){ s, 1 };
	to[1] = (struct stream_to){ s, 2 };
	out = fopencookie(&to[0], "w", io);
	errs = fopencookie(&to[1], "w", io);
	if (!out || !errs)
		return ERR_NOMEM;
	setvbuf(out, NULL, _IOFBF, 65536);
	setvbuf(errs, NULL, _IOLBF, 4096);
	stdout = out;
	stderr = errs;
	return 0;
}

/* --- files -------------------------------------------------------------------------- */

static int take_uploads(struct life *l, const struct serve_run *run,
			struct err *e)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < run->nloads; i++) {
		int last = 0;

		l->uploads[i] = memfd_create("upload", MFD_CLOEXEC);
		if (l->uploads[i] < 0)
			return err_errno(e, "no memory for a file");
		while (r == 0 && !last) {
			uint8_t type;

			r = serving_client(&l->s, SERVING_ANSWER_S, &type, e);
			if (r != 0)
				return r < 0 ? r : err_set(e, ERR_IO, "the "
							   "client is gone");
			last = l->s.in.p[1];
			r = file_write_all(l->uploads[i], l->s.in.p + 2,
					   l->s.in.len - 2, e);
		}
		snprintf(l->paths[i], sizeof l->paths[i], "/proc/self/fd/%d",
			 l->uploads[i]);
	}
	return r;
}

/* The last part of a client's path: what its file is called here as well. */
static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return *name && *name != '.' && strlen(name) < 200 ? name : "file";
}

static int place_files(struct life *l, const struct serve_run *run,
		       struct err *e)
{
	int r = take_uploads(l, run, e);

	for (unsigned i = run->nloads; r == 0 && i < run->nfiles; i++) {
		char dir[FILE_PATH_MAX], number[12];

		snprintf(number, sizeof number, "%u", i);
		r = file_path(dir, l->scratch, number, NULL);
		if (r == 0 && mkdir(dir, 0700) < 0 && errno != EEXIST)
			return err_errno(e, "cannot make '%s'", dir);
		if (r == 0)
			r = file_path(l->paths[i], dir,
				      base(run->argv[run->files[i].arg]), NULL);
	}
	for (unsigned i = 0; r == 0 && i < run->nfiles; i++)
		run->argv[run->files[i].arg] = l->paths[i];
	return r;
}

static int send_one(struct serving *s, unsigned number, const char *path,
		    struct err *e)
{
	struct buf b = BUF_INIT(SERVE_CHUNK + 2);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r = 0, last = 0;

	if (fd < 0)
		return 0;	/* the command wrote none */
	while (r == 0 && !last) {
		ssize_t n;

		buf_clear(&b);
		serve_put_u8(&b, number);
		serve_put_u8(&b, 0);
		if (!buf_room(&b, SERVE_CHUNK)) {
			r = err_set(e, ERR_NOMEM, "no memory for a file");
			break;
		}
		do {
			n = read(fd, b.p + 2, SERVE_CHUNK);
		} while (n < 0 && errno == EINTR);
		if (n < 0) {
			r = err_errno(e, "cannot read '%s'", path);
			break;
		}
		b.len += (size_t)n;
		last = n == 0;
		b.p[1] = last ? 1 : 0;
		r = serving_tell(s, SERVE_FILE, buf_view(&b), e);
	}
	buf_wipe(&b);
	close(fd);
	return r;
}

static void clear_files(struct life *l, const struct serve_run *run)
{
	for (unsigned i = 0; i < run->nloads; i++)
		if (l->uploads[i] >= 0)
			close(l->uploads[i]);
	for (unsigned i = run->nloads; i < run->nfiles; i++) {
		char dir[FILE_PATH_MAX], number[12];

		unlink(l->paths[i]);
		snprintf(number, sizeof number, "%u", i);
		if (file_path(dir, l->scratch, number, NULL) == 0)
			rmdir(dir);
	}
}

/* --- commands ----------------------------------------------------------------------- */

static const struct allowed *rule_of(const char *command, const char *sub)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (!strcmp(allowed[i].command, command) &&
		    (!allowed[i].sub || (sub && !strcmp(allowed[i].sub, sub))))
			return &allowed[i];
	return NULL;
}

static const struct cli_command *find(const struct life *l, const char *name)
{
	for (const struct cli_command *c = l->commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static void speak(const char *locale)
{
	for (const char *p = locale; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
			    "YZ0123456789_.@-", *p))
			return;
	if (!*locale)
		return;
	setenv("LC_ALL", locale, 1);
	place_start();
}

static int unlock(struct life *l, struct cli *cli)
{
	struct err e = ERR_INIT;
	int done = 0;

	if (serving_unlock(&l->s, &done, &e) < 0)
		return cli_fail(cli, &e);
	if (done)
		cli_say(cli, "%s", _("the service is unlocked\n"));
	else
		cli_say(cli, "%s", _("noted: a second custodian unlocks it "
				     "within half an hour\n"));
	return CLI_OK;
}

static int lock(struct life *l, struct cli *cli)
{
	struct err e = ERR_INIT;

	if (serving_keeper(&l->s, KEEPER_LOCK, BYTES(NULL, 0), KEEPER_DONE,
			   &e) < 0)
		return cli_fail(cli, &e);
	cli_say(cli, "%s", _("the service is locked\n"));
	return CLI_OK;
}

/*
 * A word that could name a file of this machine, and is none that travelled.
 * Relative ones lead into the session's own directory, which is empty.
 */
static int outside(const struct serve_run *run, unsigned i)
{
	const char *w = run->argv[i];

	for (unsigned k = 0; k < run->nfiles; k++)
		if (run->files[k].arg == i)
			return 0;
	return w[0] == '/' || strstr(w, "../") || !strcmp(w, "..") ||
	       (w[0] == '-' && strchr(w, '/'));
}

static int run_it(struct life *l, struct cli *cli, struct serve_run *run)
{
	const char *sub = run->argc > 1 ? run->argv[1] : NULL;
	const struct cli_command *c = find(l, run->argv[0]);
	const struct allowed *rule = rule_of(run->argv[0], sub);
	struct err e = ERR_INIT;
	int status;

	for (unsigned i = 1; i < run->argc; i++)
		if (outside(run, i))
			return cli_usage(cli, NULL, _("'%s' could be a file of "
						      "the service's: put it "
						      "another way"),
					 run->argv[i]);
	if (!strcmp(run->argv[0], "unlock"))
		return unlock(l, cli);
	if (!strcmp(run->argv[0], "lock"))
		return lock(l, cli);
	if (!c || !rule)
		return cli_usage(cli, NULL, _("'%s' is no command of the "
					      "custody service"),
				 run->argv[0]);
	if (serving_begin(&l->s, run->argv[0], rule->mode, &e) < 0) {
		serving_end(&l->s);
		return cli_fail(cli, &e);
	}
	optind = 0;
	status = c->run(cli, (int)run->argc, run->argv);
	serving_end(&l->s);
	return status;
}

/* 0, or negative: the session ends. */
static int command(struct life *l, struct err *e)
{
	struct cli cli = { .commands = l->commands, .serving = &l->s,
			   .vault = l->s.path, .user = l->s.user,
			   .profiles = *l->profiles ? l->profiles : NULL,
			   .lab = *l->lab ? l->lab : NULL };
	struct serve_run run;
	uint8_t status;
	int r = serve_run_get(buf_view(&l->s.in), &run, e), alone;

	if (r < 0)
		return r;
	memset(l->uploads, -1, sizeof l->uploads);
	memset(l->paths, 0, sizeof l->paths);
	cli.json = run.json;
	cli.quiet = run.quiet;
	speak(run.locale);
	r = place_files(l, &run, e);
	if (r < 0)
		goto out;
	status = (uint8_t)run_it(l, &cli, &run);
	fflush(stdout);
	fflush(stderr);
	for (unsigned i = run.nloads; r == 0 && i < run.nfiles; i++)
		r = send_one(&l->s, i, l->paths[i], e);
	if (r == 0)
		r = serving_tell(&l->s, SERVE_EXIT, BYTES(&status, 1), e);
	/* Keys were here: what comes next gets a fresh process. */
	alone = rule_of(run.argv[0], run.argc > 1 ? run.argv[1] : NULL) &&
		rule_of(run.argv[0], run.argc > 1 ? run.argv[1]
			: NULL)->mode != KEEPER_READ;
	if (r == 0 && alone)
		r = ERR_CANCELLED;
out:
	clear_files(l, &run);
	free(run.argv);
	return r;
}

static int tell_status(struct life *l, struct err *e)
{
	const uint8_t done = CLI_OK;
	int r = serving_keeper(&l->s, KEEPER_STATE, BYTES(NULL, 0),
			       KEEPER_STATE, e);

	if (r < 0)
		return r;
	fwrite(l->s.answer.p, 1, l->s.answer.len, stdout);
	fputc('\n', stdout);
	fflush(stdout);
	return serving_tell(&l->s, SERVE_EXIT, BYTES(&done, 1), e);
}

int serve_child_main(int argc, char **argv, const struct cli_command *commands)
{
	static struct life l;
	struct err e = ERR_INIT;
	uint8_t type;
	int r;

	child_begin();
	if (argc < 6)
		return 2;
	l.commands = commands;
	l.profiles = argv[3];
	l.scratch = argv[4];
	l.lab = argv[5];
	place_start();
	opterr = 0;
	r = serving_start(&l.s, &e);
	/* There before a session confines itself; the service removes it. */
	if (r == 0 && ((mkdir(l.scratch, 0700) < 0 && errno != EEXIST) ||
		       chdir(l.scratch) < 0))
		r = err_errno(&e, "cannot make '%s'", l.scratch);
	l.s.scratch = l.scratch;
	if (r == 0)
		r = answers_start(&l.s);
	while (r == 0 && l.s.turn.at != SERVE_AT_END) {
		int wait = *l.s.user ? SERVING_IDLE_S : SERVE_LOGIN_MS / 1000;

		r = serving_client(&l.s, wait, &type, &e);
		if (r != 0)
			break;
		if (type == SERVE_LOGIN)
			r = serving_login(&l.s, &e);
		else if (type == SERVE_STATUS)
			r = tell_status(&l, &e);
		else
			r = command(&l, &e);
	}
	if (r < 0 && r != ERR_CANCELLED)
		serving_error(&l.s, &e);
	serving_release(&l.s);
	return r < 0 ? 1 : 0;
}
