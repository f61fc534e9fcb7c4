/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"
#include "tools/shards.h"

#include "cases/glass.h"
#include "cases/anchor.h"
#include "cases/anchor_seen.h"
#include "cases/custodian.h"
#include "cases/receipts.h"
#include "store/leaf.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"

#include <inttypes.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle status\n"
"\n"
"The state of the vault as anyone may see it, without any key: its log, its\n"
"last leaf, its cases, the newest receipt kept outside it.  When the vault does\n"
"not hold what that receipt proves, that is said on stderr.\n");

static size_t count_dir(const char *vault, const char *dir)
{
	char path[FILE_PATH_MAX];
	char **names = NULL;
	size_t n = 0;

	if (file_path(path, vault, dir, NULL) < 0 ||
	    file_list(path, &names, &n, NULL) < 0)
		return 0;
	free(names);
	return n;
}

/* Leaves under the newest receipt kept here; 0: none.  1 in *bad: the vault
 * does not hold what it proves, and e says how.  Those a restore lost are
 * counted in *lost, and the next is looked at. */
static uint64_t newest_receipt(const struct vault *v, int *bad, uint64_t *lost,
			       struct err *e)
{
	struct receipts_entry *list = NULL;
	uint64_t size = 0;
	size_t n = 0;

	*bad = 0;
	*lost = 0;
	if (receipts_list(receipts_name(v), &list, &n, NULL) < 0)
		return 0;
	for (size_t i = n; i-- > 0 && !size;) {
		int r = receipts_hold(v, &list[i], e);

		if (r == RECEIPTS_LOST) {
			(*lost)++;
			continue;
		}
		size = list[i].size;
		*bad = r == 1;
	}
	free(list);
	return size;
}

static void json_shards(struct jsonw *w, const struct vault *v)
{
	char root[65], when[CLOCK_RFC3339_MAX];

	jsonw_open(w, "shards", '[');
	for (unsigned i = 0; i < vault_shards(v); i++) {
		const struct vault_shard *s = vault_shard_at(v, i);

		hex_str(root, s->root, 32);
		jsonw_open(w, NULL, '{');
		jsonw_str(w, "shard", s->name);
		jsonw_str(w, "origin", s->origin);
		jsonw_str(w, "log", s->vkey);
		jsonw_str(w, "why", vault_why_name(s->why));
		jsonw_str(w, "created", clock_rfc3339(s->created_ms, when));
		jsonw_int(w, "first", (int64_t)s->first);
		if (i)
			jsonw_str(w, "root", root);
		if (s->known)
			jsonw_int(w, "known", (int64_t)s->known);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static const char *why_text(enum vault_why why)
{
	switch (why) {
	case VAULT_YEAR:
		return _("a new year");
	case VAULT_HAND:
		return _("asked for");
	case VAULT_RESTORE:
		return _("restored from a backup");
	case VAULT_FIRST:
		break;
	}
	return _("the first");
}

void status_shards(struct cli *cli, const struct vault *v)
{
	char when[CLOCK_RFC3339_MAX];

	for (unsigned i = 0; i < vault_shards(v); i++) {
		const struct vault_shard *s = vault_shard_at(v, i);

		cli_out(cli, _("shard       %s from leaf %" PRIu64 " on, %s, "
			"%s\n"), s->name, s->first,
			clock_rfc3339_s(s->created_ms, when),
			why_text(s->why));
		if (s->why != VAULT_RESTORE)
			continue;
		if (s->known > s->first)
			cli_out(cli, _("gap         leaves %" PRIu64 " to %"
				PRIu64 " were signed before the restore and "
				"are lost\n"), s->first, s->known - 1);
		else
			cli_out(cli, _("gap         what was written behind "
				"leaf %" PRIu64 " before the restore is lost; "
				"how much is not known\n"), s->first);
	}
}

/*
 * Broken glass, as the leaves themselves say: how many wait for a
 * countersignature, and how many of those, at least, for too long.
 */
static uint64_t broken_glass(struct vault *v, uint64_t size, uint64_t *overdue)
{
	const int64_t now = clock_wall_ms();
	uint64_t broken = 0, old = 0, done = 0;
	struct leaf l;

	for (uint64_t i = 0; i < size && vault_leaf(v, i, &l) == 0; i++) {
		if (l.flags & LEAF_FLAG_GLASS) {
			broken++;
			old += now - l.time_ms >= GLASS_HOURS * 3600000LL;
		}
		done += (l.flags & LEAF_FLAG_GLASS_SIGNED) != 0;
	}
	*overdue = old > done ? old - done : 0;
	return broken > done ? broken - done : 0;
}

/* What stands outside, and since when nothing came (R19). */
static void tell_anchors(struct cli *cli, const struct anchor_seen *a,
			 uint64_t size)
{
	char when[CLOCK_RFC3339_MAX];

	if (a->witnessed)
		cli_out(cli, _("witnessed   up to %" PRIu64 " leaves, at %s, by "
			"%u\n"), a->witnessed,
			clock_rfc3339_s(a->witnessed_ms, when), a->witnesses);
	if (a->stamped)
		cli_out(cli, _("stamped     %" PRIu64 " leaves, at %s, by %s "
			"(whether it is qualified: scelle anchor authority "
			"list)\n"), a->stamped,
			clock_rfc3339(a->stamped_ms, when), a->by);
	if (a->stamped < size)
		cli_out(cli, _("clock       only the local clock vouches for "
			"the time of the leaves from %" PRIu64 " on\n"),
			a->stamped);
}

static void warn_late(struct cli *cli, const struct anchor_seen *a)
{
	int64_t now = clock_wall_ms();

	if (a->lines && now - a->witnessed_ms > ANCHOR_LATE_MS)
		cli_warn(cli, "%s", _("no witness has cosigned for 24 hours"));
	if (a->tokens && now - a->stamped_ms > ANCHOR_TOKEN_LATE_MS)
		cli_warn(cli, "%s", _("no time stamp for 4 hours"));
}

static void json_anchors(struct jsonw *w, const struct anchor_seen *a)
{
	char when[CLOCK_RFC3339_MAX];

	jsonw_int(w, "witnessed", (int64_t)a->witnessed);
	jsonw_str(w, "witnessed_at", a->witnessed
		  ? clock_rfc3339_s(a->witnessed_ms, when) : NULL);
	jsonw_int(w, "witnesses", (int64_t)a->witnesses);
	jsonw_int(w, "stamped", (int64_t)a->stamped);
	jsonw_str(w, "stamped_at", a->stamped
		  ? clock_rfc3339(a->stamped_ms, when) : NULL);
	jsonw_str(w, "stamped_by", a->stamped ? a->by : NULL);
	jsonw_int(w, "local_clock_from", (int64_t)a->stamped);
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	char when[CLOCK_RFC3339_MAX] = "", paris[CLOCK_RFC3339_MAX] = "";
	struct err e = ERR_INIT;
	struct anchor_seen anchors = { .stamped = 0 };
	struct err quiet = ERR_INIT;
	struct vault *v = NULL;
	struct leaf leaf;
	const char *path;
	uint64_t size, kept, lost, glass, overdue;
	size_t cases, months;
	int opt, bad, status = CLI_OK;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h')
			return cli_help(cli, _(help));
		return cli_usage(cli, argv[0], _("bad option '%s'"),
				 argv[optind - 1]);
	}
	if (optind < argc)
		cli->vault = argv[optind];
	path = cli_vault(cli, &e);
	if (!path || vault_open(path, VAULT_READ, NULL, &v, &e) < 0)
		return cli_fail(cli, &e);
	size = vault_size(v);
	if (size && vault_leaf(v, size - 1, &leaf) == 0) {
		clock_rfc3339(leaf.time_ms, when);
		clock_paris(leaf.time_ms, paris);
	}
	kept = newest_receipt(v, &bad, &lost, &e);
	glass = broken_glass(v, size, &overdue);
	if (anchor_seen(v, &anchors, &quiet) < 0)
		cli_warn(cli, "%s", quiet.text);
	cases = count_dir(path, "cases");
	months = count_dir(path, "audit");
	if (cli->json) {
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "vault", path);
		jsonw_str(&w, "mode", custodian_unit_form(path) ? "unit"
			  : "solo");
		jsonw_str(&w, "origin", vault_origin(v));
		jsonw_str(&w, "log", vault_vkey(v));
		jsonw_bool(&w, "lab", vault_lab(v));
		jsonw_int(&w, "leaves", (int64_t)size);
		jsonw_str(&w, "last", *when ? when : NULL);
		jsonw_int(&w, "cases", (int64_t)cases);
		jsonw_int(&w, "audit_months", (int64_t)months);
		jsonw_int(&w, "glass_open", (int64_t)glass);
		jsonw_int(&w, "glass_overdue", (int64_t)overdue);
		jsonw_int(&w, "receipt_leaves", (int64_t)kept);
		jsonw_bool(&w, "receipt_holds", !bad);
		jsonw_int(&w, "receipts_lost", (int64_t)lost);
		json_shards(&w, v);
		json_anchors(&w, &anchors);
		jsonw_close(&w, '}');
		status = cli_json(cli, &b);
	} else {
		cli_out(cli, _("vault       %s\n"), path);
		cli_out(cli, "%s", custodian_unit_form(path)
			? _("mode        unit: a custody service owns it\n")
			: _("mode        solo: whoever holds a passphrase can "
			    "read with another program,\n            and "
			    "rewrite what no receipt or witness has seen\n"));
		cli_out(cli, _("log         %s\n"), vault_vkey(v));
		cli_out(cli, _("leaves      %" PRIu64 "\n"), size);
		if (*when)
			cli_out(cli, _("last        %s (in Paris: %s)\n"),
				when, paris);
		cli_out(cli, _("cases       %zu\n"), cases);
		cli_out(cli, _("audit       months %zu\n"), months);
		if (kept)
			cli_out(cli, _("receipt     of %" PRIu64 " leaves\n"),
				kept);
		if (lost)
			cli_out(cli, _("receipts    %" PRIu64 " kept here are of "
				"what a restore lost\n"), lost);
		status_shards(cli, v);
		tell_anchors(cli, &anchors, size);
		if (vault_lab(v))
			cli_out(cli, "%s", _("lab         yes: no record of "
				"this vault is evidence\n"));
	}
	if (glass)
		cli_warn(cli, _("GLASS BROKEN: %" PRIu64 " wait for a "
				"countersignature, %" PRIu64 " of them overdue: "
				"scelle approve"), glass, overdue);
	if (bad)
		cli_warn(cli, "%s", e.text);
	warn_late(cli, &anchors);
	vault_close(v);
	buf_release(&b);
	return status;
}
