/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/client.h"

#include "cases/admin.h"
#include "cases/client.h"
#include "cases/receipts.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define KEY_SUFFIX ".key.age"

/* Options whose value is a file of this machine's. */
static const struct {
	const char *command, *option;	/* command NULL: every one */
	int out;
} file_options[] = {
	{ NULL, "--new-passphrase-file", 0 },
	{ NULL, "--pub", 0 },
	{ NULL, "--policy", 0 },
	{ "export", "-o", 1 },
	{ "export", "--output", 1 },
	{ "audit", "--html", 1 },
	{ "audit", "-o", 1 },
	{ "audit", "--output", 1 },
	{ "report", "-o", 1 },
	{ "report", "--output", 1 },
	{ "anchor", "--roots", 0 },
};

static const char *const local[] = {
	"help", "init", "parse", "robots", "warc", "note", "age", "serve",
	"receipt",
};

int client_wanted(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		if (!strcmp(argv[0], local[i]))
			return 0;
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help"))
			return 0;
	/* Checking a file, or one's own copy of a vault, takes no service. */
	if (!strcmp(argv[0], "verify"))
		for (int i = 1; i < argc; i++)
			if (argv[i][0] != '-')
				return 0;
	/* A witness is a directory of this machine; only whom the unit asks is
	 * the vault's. */
	if (!strcmp(argv[0], "witness"))
		return argc > 1 && !strcmp(argv[1], "policy");
	/* One's own keys never leave. */
	if (!strcmp(argv[0], "key") && argc > 1 &&
	    (!strcmp(argv[1], "make") || !strcmp(argv[1], "new")))
		return 0;
	return 1;
}

/* --- the user's keys ------------------------------------------------------------------ */

int client_keys_dir(char *out, struct err *e)
{
	const char *home = getenv("XDG_CONFIG_HOME");
	int r;

	if (home && *home == '/') {
		r = file_path(out, home, "scelle", "keys", NULL);
	} else {
		home = getenv("HOME");
		if (!home || *home != '/')
			return err_set(e, ERR_NOENT, "no place for keys: "
				       "neither XDG_CONFIG_HOME nor HOME is "
				       "set");
		r = file_path(out, home, ".config", "scelle", "keys", NULL);
	}
	return r < 0 ? err_set(e, r, "the path to the keys is too long") : 0;
}

/* Whose keys, and where: both may be named, or found. */
static int find_keys(const struct cli *cli, char *user, char *path,
		     struct err *e)
{
	char dir[FILE_PATH_MAX] = "", file[ADMIN_NAME_MAX + 16];
	const char *only = NULL, *name;
	char **names = NULL;
	size_t n = 0, found = 0;
	int r = 0;

	if (cli->key) {
		if (file_path(path, cli->key, NULL) < 0)
			return err_set(e, ERR_RANGE, "path '%s' is too long",
				       cli->key);
		name = strrchr(path, '/');
		name = name ? name + 1 : path;
		n = strlen(name);
		if (!cli->user && n > sizeof KEY_SUFFIX - 1 &&
		    n - (sizeof KEY_SUFFIX - 1) <= ADMIN_NAME_MAX)
			snprintf(user, ADMIN_NAME_MAX + 1, "%.*s",
				 (int)(n - (sizeof KEY_SUFFIX - 1)), name);
	} else {
		r = client_keys_dir(dir, e);
		if (r == 0 && !cli->user && file_list(dir, &names, &n, e) == 0)
			for (size_t i = 0; i < n; i++) {
				char *end = strstr(names[i], KEY_SUFFIX);

				if (!end || end[sizeof KEY_SUFFIX - 1])
					continue;
				*end = '\0';
				only = names[i];
				found++;
			}
		if (found == 1 && strlen(only) <= ADMIN_NAME_MAX)
			snprintf(user, ADMIN_NAME_MAX + 1, "%s", only);
		free(names);
	}
	if (r == 0 && cli->user)
		snprintf(user, ADMIN_NAME_MAX + 1, "%s", cli->user);
	if (r == 0 && !admin_name_valid(user))
		return err_set(e, ERR_USAGE, "who is acting?  --user NAME or "
			       "SCELLE_USER, and the keys in '%s'", dir);
	if (r == 0 && !cli->key) {
		snprintf(file, sizeof file, "%s" KEY_SUFFIX, user);
		r = file_path(path, dir, file, NULL);
	}
	return r;
}

int client_keys_open(struct cli *cli, char *user, char *path,
		     struct user_keys **out, struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX), pass = CLI_PASSPHRASE_BUF;
	char prompt[128];
	int r;

	user[0] = '\0';
	r = find_keys(cli, user, path, e);
	if (r == 0)
		r = file_read(path, &sealed, e);
	if (r == 0) {
		snprintf(prompt, sizeof prompt, _("Passphrase of %s: "), user);
		r = cli_passphrase(cli, prompt, 0, &pass, e);
	}
	if (r == 0) {
		r = user_keys_open(buf_view(&sealed), buf_view(&pass), out, e);
		if (r == ERR_AUTH)
			err_set(e, r, "wrong passphrase for '%s'", user);
	}
	buf_wipe(&pass);
	buf_release(&sealed);
	return r;
}

/* --- what comes ---------------------------------------------------------------------- */

struct work {
	struct cli *cli;
	struct serve_run run;
	char *argv[SERVE_ARGS_MAX + 1];
	const char *names[SERVE_FILES_MAX];	/* files as named here */
	int fds[SERVE_FILES_MAX];
	char temp[FILE_PATH_MAX];		/* of the one being written */
	int temp_fd;
};

static int on_out(void *arg, int fd, struct bytes b, struct err *e)
{
	FILE *to = fd == 1 ? stdout : stderr;

	(void)arg;
	if (b.len && fwrite(b.p, 1, b.len, to) != b.len)
		return err_errno(e, "cannot write the answer");
	return 0;
}

static int on_pass(void *arg, const char *prompt, int confirm, struct buf *out,
		   struct err *e)
{
	struct work *w = arg;
	struct cli ask = *w->cli;

	/* Another's than the one that opens our own keys. */
	ask.passphrase_file = NULL;
	return cli_passphrase(&ask, prompt, confirm, out, e);
}

static int on_load(void *arg, unsigned number, struct buf *out, int *last,
		   struct err *e)
{
	struct work *w = arg;
	uint8_t *room = buf_room(out, SERVE_CHUNK);
	ssize_t n;

	if (!room)
		return err_set(e, ERR_NOMEM, "no memory for a file");
	do {
		n = read(w->fds[number], room, SERVE_CHUNK);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(e, "cannot read '%s'", w->names[number]);
	out->len += (size_t)n;
	*last = n == 0;
	return 0;
}

/* Written beside its name, and there only when whole; never over another. */
static int on_file(void *arg, unsigned number, struct bytes b, int last,
		   struct err *e)
{
	struct work *w = arg;
	const char *name = number < w->run.nfiles ? w->names[number] : NULL;
	int r = 0;

	if (!name || number < w->run.nloads)
		return err_set(e, ERR_FORMAT, "the service sends a file nobody "
			       "asked for");
	if (w->temp_fd < 0) {
		if (snprintf(w->temp, sizeof w->temp, "%s.tmp%ld", name,
			     (long)getpid()) >= (int)sizeof w->temp)
			return err_set(e, ERR_RANGE, "path '%s' is too long",
				       name);
		w->temp_fd = open(w->temp, O_WRONLY | O_CREAT | O_EXCL |
				  O_CLOEXEC | O_NOFOLLOW, 0600);
		if (w->temp_fd < 0)
			return err_errno(e, "cannot create '%s'", w->temp);
	}
	r = file_write_all(w->temp_fd, b.p, b.len, e);
	if (r == 0 && last)
		r = file_sync(w->temp_fd, e);
	if (r == 0 && last && link(w->temp, name) < 0)
		r = errno == EEXIST
		    ? err_set(e, ERR_EXIST, "'%s' exists already", name)
		    : err_errno(e, "cannot create '%s'", name);
	if (r < 0 || last) {
		close(w->temp_fd);
		unlink(w->temp);
		w->temp_fd = -1;
	}
	return r;
}

static int on_receipt(void *arg, const char *log, uint64_t leaf,
		      const uint8_t head[static 4], struct bytes receipt,
		      struct err *e)
{
	struct work *w = arg;
	struct err why = ERR_INIT;

	(void)e;
	if (receipts_put(log, leaf, head, receipt, NULL, &why) < 0)
		cli_warn(w->cli, _("no receipt kept: %s"), why.text);
	return 0;
}

/* --- the command line ------------------------------------------------------------------ */

static int file_option(const char *command, const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof file_options / sizeof *file_options; i++)
		if ((!file_options[i].command ||
		     !strcmp(file_options[i].command, command)) &&
		    strlen(file_options[i].option) == len &&
		    !strncmp(file_options[i].option, word, len))
			return (int)i;
	return -1;
}

static int add_word(struct work *w, char *word, struct err *e)
{
	if (w->run.argc == SERVE_ARGS_MAX)
		return err_set(e, ERR_USAGE, "too many arguments");
	w->argv[w->run.argc++] = word;
	return 0;
}

static int add_file(struct work *w, unsigned arg, const char *path, int out,
		    struct err *e)
{
	unsigned at = w->run.nfiles;

	if (at == SERVE_FILES_MAX)
		return err_set(e, ERR_USAGE, "too many files");
	/* Those to read come first. */
	if (!out) {
		for (; at > w->run.nloads; at--) {
			w->run.files[at] = w->run.files[at - 1];
			w->names[at] = w->names[at - 1];
		}
		w->fds[at] = !strcmp(path, "-") ? STDIN_FILENO
			: open(path, O_RDONLY | O_CLOEXEC);
		if (w->fds[at] < 0)
			return err_errno(e, "cannot open '%s'", path);
		w->run.nloads++;
	} else if (file_exists(path)) {
		return err_set(e, ERR_EXIST, "'%s' exists already", path);
	}
	w->run.files[at] = (struct serve_file){ arg, out };
	w->names[at] = path;
	w->run.nfiles++;
	return 0;
}

/* import_file - to be sent, and how it is called here */
static int import_file(struct work *w, char *path, struct err *e)
{
	static char option[] = "--name";
	char *slash = strrchr(path, '/');
	int r = add_file(w, w->run.argc - 1, path, 0, e);

	if (r == 0)
		r = add_word(w, option, e);
	return r < 0 ? r : add_word(w, slash && slash[1] ? slash + 1 : path, e);
}

/* Words for the service: options with their files apart from them. */
static int prepare(struct work *w, int argc, char **argv, struct err *e)
{
	unsigned plain = 0;
	int r = 0, options = 1;

	for (int i = 0; r == 0 && i < argc; i++) {
		char *eq = strchr(argv[i], '=');
		size_t len = eq ? (size_t)(eq - argv[i]) : strlen(argv[i]);
		int f = options ? file_option(argv[0], argv[i], len) : -1;
		char *word, *path;

		if (options && !strcmp(argv[i], "--"))
			options = 0;
		else if (i && argv[i][0] != '-')
			plain++;
		/* A value may hold a slash where a word with its option may
		 * not. */
		if (f < 0 && options && eq && argv[i][0] == '-' &&
		    strchr(eq, '/')) {
			*eq = '\0';
			r = add_word(w, argv[i], e);
			if (r == 0)
				r = add_word(w, eq + 1, e);
			continue;
		}
		if (f < 0) {
			r = add_word(w, argv[i], e);
			/* The file of an import is its second word. */
			if (r == 0 && !strcmp(argv[0], "import") && i &&
			    argv[i][0] != '-' && plain == 2)
				r = import_file(w, argv[i], e);
			continue;
		}
		word = argv[i];
		path = eq ? eq + 1 : i + 1 < argc ? argv[++i] : NULL;
		if (eq)
			*eq = '\0';
		r = add_word(w, word, e);
		if (r == 0 && path)
			r = add_word(w, path, e);
		if (r == 0 && path)
			r = add_file(w, w->run.argc - 1, path,
				     file_options[f].out, e);
	}
	return r;
}

static void describe(struct work *w)
{
	const char *locale = setlocale(LC_MESSAGES, NULL);
	const char *language = getenv("LANGUAGE"), *ssh = getenv("SSH_CLIENT");
	struct winsize ws = { 0 };

	if (language && *language && (!locale || !strncmp(locale, "C", 1)))
		locale = language;
	snprintf(w->run.locale, sizeof w->run.locale, "%.60s",
		 locale ? locale : "");
	snprintf(w->run.from, sizeof w->run.from, "%.100s", ssh ? ssh : "");
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col < 10000)
		w->run.columns = ws.ws_col;
	w->run.json = w->cli->json;
	w->run.quiet = w->cli->quiet;
	w->run.argv = w->argv;
}

static int show_status(struct cli *cli, int argc)
{
	const struct client_calls calls = { .out = on_out };
	struct client *c = NULL;
	struct err e = ERR_INIT;
	int status = CLI_OK, r;

	if (argc > 1)
		return cli_usage(cli, "status", _("too many arguments"));
	r = client_open(cli->socket, &c, &e);
	if (r == 0 && !cli->json)
		cli_out(cli, client_hello(c)->locked
			? _("service     %s: locked\n")
			: _("service     %s: unlocked\n"), cli->socket);
	if (r == 0 && !cli->json)
		cli_out(cli, _("log         %s\n"), client_hello(c)->log);
	if (r == 0)
		r = client_status(c, &calls, &status, &e);
	client_close(c);
	return r < 0 ? cli_fail(cli, &e) : status;
}

int client_command(struct cli *cli, int argc, char **argv)
{
	struct work *w = calloc(1, sizeof *w);
	const struct client_calls calls = {
		.out = on_out, .pass = on_pass, .load = on_load,
		.file = on_file, .receipt = on_receipt, .arg = w,
	};
	struct user_keys *keys = NULL;
	struct client *c = NULL;
	struct err e = ERR_INIT;
	char user[ADMIN_NAME_MAX + 1], path[FILE_PATH_MAX];
	int r, status = CLI_FAILED;

	if (!strcmp(argv[0], "status")) {
		free(w);
		return show_status(cli, argc);
	}
	if (!w) {
		err_set(&e, ERR_NOMEM, "no memory for a command");
		return cli_fail(cli, &e);
	}
	w->cli = cli;
	w->temp_fd = -1;
	memset(w->fds, -1, sizeof w->fds);
	r = prepare(w, argc, argv, &e);
	describe(w);
	/* The passphrase first: a challenge does not wait for ever. */
	if (r == 0)
		r = client_keys_open(cli, user, path, &keys, &e);
	if (r == 0)
		r = client_open(cli->socket, &c, &e);
	if (r == 0)
		r = client_login(c, user, keys, &e);
	if (r == 0)
		r = client_run(c, &w->run, &calls, &status, &e);
	if (r < 0)
		status = cli_fail(cli, &e);
	client_close(c);
	user_keys_free(keys);
	if (w->temp_fd >= 0) {
		close(w->temp_fd);
		unlink(w->temp);
	}
	for (size_t i = 0; i < SERVE_FILES_MAX; i++)
		if (w->fds[i] > STDERR_FILENO)
			close(w->fds[i]);
	free(w);
	return status;
}
