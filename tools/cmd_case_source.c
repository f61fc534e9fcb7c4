/* SPDX-License-Identifier: EUPL-1.2 */
/* `scelle case source` and `scelle case member`. */
#include "tools/cmd_case.h"

#include "crawler/profiles.h"
#include "util/clock.h"
#include "util/json.h"

#include <stdlib.h>

/*
 * What a person wrote, to what the mandate names; without a profile that knows
 * it there is no way to stay within it.
 */
static int canonical(struct cli *cli, const char *said, struct buf *id,
		     struct buf *url, struct buf *profile, struct err *e)
{
	struct profile_set set = PROFILE_SET_INIT;
	const struct profile *p = NULL;
	int r = profiles_load(cli_profiles(cli), &set, e);

	if (r == 0)
		r = profile_source(&set, bytes_str(said), id, url, &p, e);
	if (r == 0 && p) {
		struct profile_manners m = profile_manners(p);

		if (buf_adds(profile, m.id) < 0)
			r = err_set(e, ERR_NOMEM, "no memory for a source");
	}
	profile_set_release(&set);
	/* A source that cannot be read is a mistake of the command line. */
	if (r == ERR_NOENT || r == ERR_FORMAT)
		e->code = r = ERR_USAGE;
	return r;
}

static int do_add(struct cli *cli, struct unit *u, const struct case_args *a,
		  struct err *e)
{
	struct buf id = BUF_INIT(4096), url = BUF_INIT(8192);
	struct buf profile = BUF_INIT(256);
	struct admin_source s = { 0 };
	char reason[] = "";
	int r = canonical(cli, a->arg, &id, &url, &profile, e);

	if (r == 0 && a->since)
		r = session_date(a->since, 0, &s.since_ms, e);
	if (r < 0)
		goto out;
	/* Borrowed: the statement copies them. */
	s.id = (char *)(uintptr_t)buf_cstr(&id);
	s.url = (char *)(uintptr_t)buf_cstr(&url);
	s.profile = (char *)(uintptr_t)buf_cstr(&profile);
	s.reason = a->reason ? (char *)(uintptr_t)a->reason : reason;
	r = casefile_source_add(u, a->name, &s, e);
	if (r == 0 && cli->json) {
		struct buf b = BUF_INIT(65536);
		struct jsonw w = JSONW_INIT(&b);

		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "source", s.id);
		jsonw_str(&w, "url", s.url);
		jsonw_str(&w, "profile", s.profile);
		jsonw_close(&w, '}');
		cli_json(cli, &b);
		buf_release(&b);
	} else if (r == 0) {
		cli_out(cli, "%s  %s\n", s.id, s.url);
	}
out:
	buf_release(&id);
	buf_release(&url);
	buf_release(&profile);
	return r;
}

static int do_remove(struct cli *cli, struct unit *u, const struct case_args *a,
		     struct err *e)
{
	struct buf id = BUF_INIT(4096), url = BUF_INIT(8192);
	struct buf profile = BUF_INIT(256);
	struct err quiet = ERR_INIT;
	const char *name = a->arg;
	int r;

	/* A profile may be gone since: then the name must be the exact one. */
	if (canonical(cli, a->arg, &id, &url, &profile, &quiet) == 0)
		name = buf_cstr(&id);
	r = casefile_source_remove(u, a->name, name, a->reason, e);
	buf_release(&id);
	buf_release(&url);
	buf_release(&profile);
	return r;
}

static int list_sources(struct cli *cli, const struct admin_case *c)
{
	struct buf b = BUF_INIT((size_t)16 << 20);
	struct jsonw w = JSONW_INIT(&b);

	cli_list_open(&w, "sources");
	for (size_t i = 0; i < c->nsources; i++) {
		const struct admin_source *s = &c->sources[i];
		char when[CLOCK_RFC3339_MAX];

		if (s->removed)
			continue;
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "source", s->id);
		jsonw_str(&w, "url", s->url);
		jsonw_str(&w, "profile", s->profile);
		if (s->since_ms)
			jsonw_str(&w, "since",
				  clock_rfc3339(s->since_ms, when));
		jsonw_close(&w, '}');
		if (!cli->json)
			cli_out(cli, "%s  %s\n", s->id, s->url);
	}
	return cli_list_close(cli, &w);
}

static int list_members(struct cli *cli, const struct admin_case *c)
{
	struct buf b = BUF_INIT((size_t)1 << 20);
	struct jsonw w = JSONW_INIT(&b);

	cli_list_open(&w, "members");
	for (size_t i = 0; i < c->nmembers; i++) {
		jsonw_str(&w, NULL, c->members[i]);
		if (!cli->json)
			cli_out(cli, "%s\n", c->members[i]);
	}
	return cli_list_close(cli, &w);
}

static int look(struct cli *cli, const struct case_args *a,
		int (*list)(struct cli *cli, const struct admin_case *c))
{
	const struct admin_case *c;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int status;

	if (session_open(cli, VAULT_READ, &u, &e) < 0)
		return cli_fail(cli, &e);
	if (casefile_find(u, a->name, &c, &e) < 0)
		status = cli_fail(cli, &e);
	else
		status = list(cli, c);
	return session_close(cli, u, status);
}

int case_source(struct cli *cli, const char *verb, const struct case_args *a)
{
	if (!strcmp(verb, "list"))
		return look(cli, a, list_sources);
	if (!a->arg)
		return cli_usage(cli, "case", _("which source?"));
	return case_change(cli, a, strcmp(verb, "add") ? do_remove : do_add);
}

static int do_member_add(struct cli *cli, struct unit *u,
			 const struct case_args *a, struct err *e)
{
	(void)cli;
	return casefile_member_add(u, a->name, a->arg, a->reason, e);
}

static int do_member_remove(struct cli *cli, struct unit *u,
			    const struct case_args *a, struct err *e)
{
	(void)cli;
	return casefile_member_remove(u, a->name, a->arg, a->reason, e);
}

int case_member(struct cli *cli, const char *verb, const struct case_args *a)
{
	if (!strcmp(verb, "list"))
		return look(cli, a, list_members);
	if (!a->arg)
		return cli_usage(cli, "case", _("which user?"));
	return case_change(cli, a, strcmp(verb, "add") ? do_member_remove
						       : do_member_add);
}
