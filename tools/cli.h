/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What every command of the command line shares: global options, where the
 * vault is, how to answer, how to fail.
 *
 * Answers go to stdout, everything else to stderr.  A command is a function
 * `int cmd_<name>(struct cli *, int argc, char **argv)` in cmd_<name>.c and a
 * row of the table in main.c; argv[0] is its name, its options are read by
 * getopt_long() (optind is 0 and opterr 0 when it starts: set optind to 0 again
 * before reading a subcommand's options), and it returns a CLI_* status.
 */
#ifndef TOOLS_CLI_H
#define TOOLS_CLI_H

#include "util/buf.h"
#include "util/err.h"
#include "util/json.h"

#include <getopt.h>
#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

/* Exit status of every command. */
enum cli_status {
	CLI_OK = 0,		/* done */
	CLI_UNSOUND = 1,	/* checked, and not sound */
	CLI_USAGE = 2,		/* the command line is wrong */
	CLI_FAILED = 3,		/* failed, nothing written */
	CLI_PARTIAL = 4,	/* failed after something was written */
	CLI_REFUSED = 5,	/* refused: scope, mandate, permission */
};

struct cli {
	const char *vault;		/* directory, or NULL: none named */
	const char *passphrase_file;	/* or NULL: ask on the terminal */
	const char *lab;		/* lab file, or NULL */
	const char *user;		/* user name, or NULL: the vault's only */
	const char *profiles;		/* directory of site profiles, or NULL:
					   see cli_profiles() */
	const char *user_agent;		/* from the configuration, or NULL */
	int json;			/* answer in JSON */
	int quiet;			/* no progress, no remarks */
	struct buf *hold;		/* answers go here while it is set: what
					   may not go out before it is on record */
	int wrote;			/* set it once anything was written: a
					   failure is then CLI_PARTIAL */
	const char *socket;		/* of the custody service, or NULL: solo */
	const char *key;		/* file of the user's own keys, or NULL:
					   see client_command() */
	struct serving *serving;	/* in a session of the service: its
					   client and its keeper; else NULL */
	const struct cli_command *commands; /* the table, ended by a zero row */
};

struct cli_command {
	const char *name;
	int (*run)(struct cli *cli, int argc, char **argv);
	const char *help;		/* one line; NULL: not listed */
};

/*
 * cli_out - printf to stdout, made safe for a terminal (utf8_plain)
 * cli_say - the same to stderr, unless --quiet
 * cli_warn - "scelle: " and the text and a newline to stderr, always
 */
void cli_out(struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void cli_say(struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void cli_warn(struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* cli_raw - bytes to stdout as they are (files, notes, JSON) */
void cli_raw(struct cli *cli, struct bytes b);

/*
 * cli_json - one line of JSON, made with struct jsonw, to stdout
 * Returns CLI_OK, or CLI_FAILED when the buffer failed.
 */
int cli_json(struct cli *cli, struct buf *json);

/*
 * cli_list_open - begin an answer that is one list: {"name":[
 * cli_list_close - end it, print it where JSON was asked for, and let go of the
 * writer's buffer
 * Returns as cli_json(), CLI_OK without --json.
 */
void cli_list_open(struct jsonw *w, const char *name);
int cli_list_close(struct cli *cli, struct jsonw *w);

/*
 * cli_fail - print a failure and return its exit status: CLI_USAGE for
 * ERR_USAGE, CLI_REFUSED for ERR_DENIED, else CLI_FAILED, or CLI_PARTIAL when
 * cli->wrote is set.  With --json the same goes to stderr as one JSON object:
 * {"error":name,"text":...}.
 */
int cli_fail(struct cli *cli, const struct err *e);

/*
 * cli_usage - print what is wrong with the command line, and where help is
 *   command   its name, or NULL for the program as a whole
 * Returns CLI_USAGE.
 */
int cli_usage(struct cli *cli, const char *command, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * cli_help - print a command's help to stdout: what `scelle help COMMAND`,
 * which is `scelle COMMAND --help`, shows.  Returns CLI_OK.
 */
int cli_help(struct cli *cli, const char *text);

/*
 * cli_vault - the vault's directory: --vault, else SCELLE_VAULT, else the
 * configuration; NULL, with e set (ERR_USAGE), when there is none
 */
const char *cli_vault(struct cli *cli, struct err *e);

/*
 * cli_profiles - the directory of the site profiles: SCELLE_PROFILES, the
 * configuration, profiles/ beside the executable, or the installed one
 */
const char *cli_profiles(struct cli *cli);

/*
 * cli_passphrase - read a passphrase: from --passphrase-file (its first line),
 * else from the terminal without echo
 *   prompt    shown on the terminal, e.g. _("Passphrase of the unit: ")
 *   confirm   ask twice; a new passphrase has at least 8 characters
 *   out       an empty buffer with a cap; buf_wipe() it
 * Returns 0, ERR_NOENT (no terminal, no file), ERR_RANGE, ERR_FORMAT (the two
 * differ), ERR_CANCELLED or ERR_IO.
 */
int cli_passphrase(struct cli *cli, const char *prompt, int confirm,
		   struct buf *out, struct err *e);
#define CLI_PASSPHRASE_MAX 1024		/* bytes */
#define CLI_PASSPHRASE_BUF BUF_INIT(CLI_PASSPHRASE_MAX + 2)

/* cli_progress_wanted - 1 when a progress line is welcome on stderr */
int cli_progress_wanted(const struct cli *cli);
/* cli_progress - show a progress line in place of the last; NULL erases it */
void cli_progress(struct cli *cli, const char *line);

#endif
