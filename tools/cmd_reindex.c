/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle reindex: the index taken anew from the sealed bytes. */
#include "tools/commands.h"
#include "tools/reading.h"

static const char help[] = N_(
"Usage: scelle reindex CASE --why TEXT [--pictures]\n"
"\n"
"Takes the case's index anew from the sealed bytes: every page is parsed once\n"
"more, by the site profiles as they are now, every captured medium is read once\n"
"more, and what was cached is put aside.\n"
"Tells how many posts and versions there were before and are now.\n"
"\n"
"  --pictures   from now on look at this case's pictures as well: QR and bar codes,\n"
"               text in French, and of pictures with text enough to be documents\n"
"               a perceptual hash; never at faces.  Without it: no longer\n");

static void counts_json(struct jsonw *w, const char *key,
			const struct index_counts *n)
{
	jsonw_open(w, key, '{');
	jsonw_int(w, "items", (int64_t)n->captures);
	jsonw_int(w, "posts", (int64_t)n->posts);
	jsonw_int(w, "versions", (int64_t)n->versions);
	jsonw_int(w, "media", (int64_t)n->media);
	jsonw_int(w, "findings", (int64_t)n->findings);
	jsonw_close(w, '}');
}

static int answer(struct reading *rd, int had, const struct index_counts *old,
		  const struct index_counts *new)
{
	const struct {
		const char *name;
		uint64_t old, new;
	} lines[] = {
		{ _("items"), old->captures, new->captures },
		{ _("posts"), old->posts, new->posts },
		{ _("versions"), old->versions, new->versions },
		{ _("media"), old->media, new->media },
		{ _("findings"), old->findings, new->findings },
	};
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);
	int status = CLI_OK;

	jsonw_open(&w, NULL, '{');
	if (had)
		counts_json(&w, "before", old);
	else
		jsonw_null(&w, "before");
	counts_json(&w, "now", new);
	jsonw_int(&w, "parsed", (int64_t)rd->rep.parsed);
	jsonw_int(&w, "media_read", (int64_t)rd->rep.media);
	jsonw_int(&w, "missing", (int64_t)rd->rep.missing);
	jsonw_bool(&w, "saved", rd->rep.saved);
	jsonw_close(&w, '}');
	if (rd->cli->json) {
		status = cli_json(rd->cli, &b);
	} else {
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
			cli_out(rd->cli, "%-12s %8llu", lines[i].name,
				(unsigned long long)lines[i].new);
			if (had)
				cli_out(rd->cli, _("  (before: %llu, %+lld)"),
					(unsigned long long)lines[i].old,
					(long long)(lines[i].new -
						    lines[i].old));
			cli_out(rd->cli, "\n");
		}
		cli_out(rd->cli, _("pages parsed from sealed bytes: %llu\n"),
			(unsigned long long)rd->rep.parsed);
		cli_out(rd->cli, _("media read from sealed bytes: %llu\n"),
			(unsigned long long)rd->rep.media);
		if (rd->rep.missing)
			cli_out(rd->cli, _("erased or damaged: %llu\n"),
				(unsigned long long)rd->rep.missing);
	}
	buf_release(&b);
	return status;
}

int cmd_reindex(struct cli *cli, int argc, char **argv)
{
	struct index_counts old = { 0 }, new = { 0 };
	struct ingest_options o;
	struct index *before = NULL;
	struct err e = ERR_INIT;
	struct reading rd;
	int had, r, status = reading_args(&rd, cli, argc, argv, READ_PICTURES,
				       1, _(help));

	if (status >= 0)
		return status;
	r = reading_log(&rd, NULL, NULL, &e);
	had = r == 0 && ingest_snapshot(rd.u, rd.g, &before, NULL) == 0;
	if (had)
		had = index_counts(before, &old, NULL) == 0;
	index_free(before);
	if (r == 0)
		r = reading_options(&rd, &o, &e);
	if (r == 0) {
		o.anew = 1;
		o.sight = rd.pictures;
		r = ingest_open(rd.u, rd.g, &o, &rd.ix, &rd.rep, &e);
		if (rd.shown_ms)
			cli_progress(cli, NULL);
	}
	if (r == 0)
		r = index_counts(rd.ix, &new, &e);
	rd.whole = rd.rep.items;
	status = r < 0 ? cli_fail(cli, &e) : answer(&rd, had, &old, &new);
	return reading_close(&rd, status);
}
