/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle profile: the bench of who writes or repairs a site profile.
 *
 * Sample pages lie in a directory, three files each: NAME (the body as served),
 * NAME.url (its address; a second line: its Content-Type) and NAME.expected
 * (what the profile must take from it, as "scelle parse" prints it, without the
 * profile's own name and digest).
 */
#include "crawler/profiles.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "tools/parse_child.h"
#include "util/file.h"
#include "util/json.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES_MAX 20000		/* of a profile */
#define SAMPLES_MAX 10000

static const char help[] = N_(
"Usage: scelle profile check FILE [--pages DIR] [--update]\n"
"       scelle profile list\n"
"\n"
"check: reads a site profile and says what is wrong with it, line by line.\n"
"With sample pages it reads each as \"scelle parse\" would, compares what comes\n"
"with what is expected, and names the anchors and rules that no page used.\n"
"list: the profiles installed, their versions and digests.\n"
"\n"
"  --pages DIR   sample pages: NAME, NAME.url (address; second line: its\n"
"                Content-Type) and NAME.expected\n"
"  --update      write NAME.expected anew; look at the difference before you\n"
"                commit it\n"
"\n"
"Status: 0 all as expected, 1 a page gives something else, 3 the profile is\n"
"not one.\n");

enum { OPT_PAGES = 256, OPT_UPDATE, OPT_HELP };

static const struct option options[] = {
	{ "pages", required_argument, NULL, OPT_PAGES },
	{ "update", no_argument, NULL, OPT_UPDATE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

struct check {
	struct cli *cli;
	struct profile_set set;
	const char *dir;
	int update;
	uint8_t *used;			/* a profile line each */
	size_t pages, differ, unused;
};

static void mark(struct check *c, const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	if (n > 0 && n < LINES_MAX)
		c->used[n] = 1;
}

/* One step of an explanation: which lines of the profile did something. */
static void learn(struct check *c, const json_t *o)
{
	const char *step = json_string_value(json_object_get(o, "step"));

	if (!step)
		return;
	if (!strcmp(step, "value"))
		mark(c, o, "line");
	if (!strcmp(step, "page") &&
	    json_is_integer(json_object_get(o, "anchor_line"))) {
		mark(c, o, "line");
		mark(c, o, "anchor_line");
	}
}

/* The answer without explanations, and without what every edit changes. */
static int plain(struct check *c, struct bytes answer, struct buf *out,
		 struct err *e)
{
	while (answer.len) {
		const uint8_t *end = memchr(answer.p, '\n', answer.len);
		size_t n = end ? (size_t)(end - answer.p) : answer.len;
		json_t *o = NULL;
		const char *kind;
		char *text;
		int r = json_read(BYTES(answer.p, n), PARSE_OUTPUT_MAX, 64, &o, e);

		if (r < 0)
			return r;
		kind = json_string_value(json_object_get(o, "kind"));
		if (kind && !strcmp(kind, "explain")) {
			learn(c, o);
		} else {
			json_object_del(o, "profile");
			text = json_dumps(o, JSON_COMPACT);
			if (text) {
				buf_adds(out, text);
				buf_addc(out, '\n');
			}
			free(text);
		}
		json_decref(o);
		answer.p += n + (end != NULL);
		answer.len -= n + (end != NULL);
	}
	return out->failed;
}

/* Where two texts part: the line, from 1. */
static size_t first_difference(struct bytes a, struct bytes b)
{
	size_t line = 1;

	for (size_t i = 0; i < a.len && i < b.len && a.p[i] == b.p[i]; i++)
		line += a.p[i] == '\n';
	return line;
}

static int sample_path(char out[static FILE_PATH_MAX], const char *dir,
		       const char *name, const char *ending, struct err *e)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s/%s%s", dir, name, ending);

	return n > 0 && n < FILE_PATH_MAX ? 0 :
	       err_set(e, ERR_RANGE, "a path longer than %d bytes",
		       FILE_PATH_MAX);
}

static int compare(struct check *c, const char *name, struct bytes got,
		   struct err *e)
{
	struct buf want = BUF_INIT(PARSE_OUTPUT_MAX);
	char path[FILE_PATH_MAX];
	int r = sample_path(path, c->dir, name, ".expected", e);

	if (r == 0 && c->update) {
		r = file_replace(path, got, 0644, e);
		goto out;
	}
	if (r == 0)
		r = file_read(path, &want, e);
	if (r == ERR_NOENT) {
		cli_out(c->cli, _("%s: nothing is said of what to expect; "
				  "--update writes it\n"), name);
		c->differ++;
		r = 0;
	} else if (r == 0 && !bytes_eq(got, buf_view(&want))) {
		cli_out(c->cli, _("%s: differs from what is expected, first in "
				  "line %zu\n"), name,
			first_difference(got, buf_view(&want)));
		c->differ++;
	}
out:
	buf_release(&want);
	return r;
}

static int read_sample(struct check *c, const char *name, struct err *e)
{
	struct buf body = BUF_INIT(PARSE_OUTPUT_MAX), url = BUF_INIT(8192);
	struct buf answer = BUF_INIT(4 * PARSE_CHILD_MAX);
	struct buf got = BUF_INIT(PARSE_OUTPUT_MAX);
	struct parse_request q = { .explain = 1,
				   .profile = c->set.profile[0] };
	char path[FILE_PATH_MAX], *type;
	int r = sample_path(path, c->dir, name, "", e);

	if (r == 0)
		r = file_read(path, &body, e);
	if (r == 0)
		r = sample_path(path, c->dir, name, ".url", e);
	if (r == 0)
		r = file_read(path, &url, e);
	if (r < 0)
		goto out;
	type = strchr(buf_cstr(&url), '\n');
	if (type) {
		*type++ = '\0';
		type[strcspn(type, "\n")] = '\0';
	}
	q.url = bytes_str(buf_cstr(&url));
	q.content_type = type && *type ? type : NULL;
	q.body = buf_view(&body);
	r = parse_in_child(&c->set, &q, &answer, e);
	if (r == 0)
		r = plain(c, buf_view(&answer), &got, e);
	if (r == 0)
		r = compare(c, name, buf_view(&got), e);
	c->pages++;
out:
	if (r < 0)
		err_prefix(e, "%s", name);
	buf_release(&body);
	buf_release(&url);
	buf_release(&answer);
	buf_release(&got);
	return r;
}

static int read_samples(struct check *c, struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	int r = file_list(c->dir, &names, &n, e);

	for (size_t i = 0; r == 0 && i < n && i < SAMPLES_MAX; i++) {
		size_t len = strlen(names[i]);

		if (len < 5 || strcmp(names[i] + len - 4, ".url") != 0)
			continue;
		names[i][len - 4] = '\0';
		r = read_sample(c, names[i], e);
	}
	free(names);
	if (r == 0 && !c->pages)
		r = err_set(e, ERR_NOENT, "no sample page (NAME.url) in '%s'",
			    c->dir);
	return r;
}

static void tell_line(void *arg, unsigned line, const char *what,
		      const char *text)
{
	struct check *c = arg;

	if (strcmp(what, "unused block") != 0 &&
	    (!c->pages || (line < LINES_MAX && c->used[line])))
		return;
	c->unused++;
	cli_say(c->cli, _("line %u: no page used this %s: %s\n"), line, what,
		text);
}

static int check(struct cli *cli, const char *file, const char *dir,
		 int update)
{
	struct check c = { .cli = cli, .set = PROFILE_SET_INIT, .dir = dir,
			   .update = update };
	struct err e = ERR_INIT;
	int status = CLI_OK, r;

	parse_start();
	c.used = calloc(LINES_MAX, 1);
	r = c.used ? profiles_load_file(file, &c.set, &e) :
	    err_set(&e, ERR_NOMEM, "no memory");
	if (r == 0 && dir)
		r = read_samples(&c, &e);
	if (r < 0) {
		status = cli_fail(cli, &e);
		goto out;
	}
	profile_lines(c.set.profile[0], tell_line, &c);
	cli_out(cli, _("%s: version %u, %zu pages read, %zu as not expected, "
		       "%zu lines unused\n"),
		profile_manners(c.set.profile[0]).id,
		profile_manners(c.set.profile[0]).version, c.pages, c.differ,
		c.unused);
	if (c.differ)
		status = CLI_UNSOUND;
out:
	profile_set_release(&c.set);
	free(c.used);
	return status;
}

static int list(struct cli *cli)
{
	struct profile_set set = PROFILE_SET_INIT;
	struct err e = ERR_INIT;
	int r;

	parse_start();
	r = profiles_load(cli_profiles(cli), &set, &e);
	for (size_t i = 0; r == 0 && i < set.count; i++) {
		struct profile_manners m = profile_manners(set.profile[i]);

		if (cli->json) {
			struct buf line = BUF_INIT(4096);
			struct jsonw w = JSONW_INIT(&line);

			jsonw_open(&w, NULL, '{');
			jsonw_str(&w, "id", m.id);
			jsonw_int(&w, "version", m.version);
			jsonw_str(&w, "checked", m.checked);
			jsonw_str(&w, "sha256", profile_sha256(set.profile[i]));
			jsonw_close(&w, '}');
			cli_json(cli, &line);
			buf_release(&line);
		} else {
			cli_out(cli, "%-12s %3u  %s  %s\n", m.id, m.version,
				m.checked ? m.checked : "-",
				profile_sha256(set.profile[i]));
		}
	}
	profile_set_release(&set);
	return r < 0 ? cli_fail(cli, &e) : CLI_OK;
}

int cmd_profile(struct cli *cli, int argc, char **argv)
{
	const char *dir = NULL;
	int opt, update = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_PAGES:
			dir = optarg;
			break;
		case OPT_UPDATE:
			update = 1;
			break;
		case OPT_HELP:
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, "profile",
					 _("unknown or unfinished option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (update && !dir)
		return cli_usage(cli, "profile", _("'%s' is missing"),
				 "--pages");
	if (optind + 1 == argc && !strcmp(argv[optind], "list"))
		return list(cli);
	if (optind + 2 == argc && !strcmp(argv[optind], "check"))
		return check(cli, argv[optind + 1], dir, update);
	return cli_usage(cli, "profile", _("check FILE, or list"));
}
