/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle show: one item as it was sealed, or one post and where it stood. */
#include "tools/commands.h"
#include "tools/medium_out.h"
#include "tools/reading.h"

#include "cases/mask.h"
#include "crawler/decodechild.h"
#include "store/sha256.h"
#include "util/enc.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX ((size_t)16 << 20)

static const char help[] = N_(
"Usage: scelle show CASE ITEM --why TEXT [--statement | --raw [--body]]\n"
"                   [--pictures]\n"
"       scelle show CASE POST --why TEXT [--unmask]\n"
"\n"
"ITEM is a number in the case: what was asked for, when, what came, under\n"
"which permission, with which hashes, and the posts in it.  POST is a post's id\n"
"(NAME/123): all its versions, where each stood in the sealed bytes, and the\n"
"items that hold its media.\n"
"\n"
"  --statement   the item's signed statement, as stored\n"
"  --raw         the item's WARC records, as stored (not to a terminal)\n"
"  --raw --body  the body of its response, codings taken off\n"
"  --pictures    look at the item's picture: codes and text in it\n"
"  --unmask      show social security and card numbers; recorded\n");

/* --- a post --------------------------------------------------------------------- */

struct medium {
	struct reading *rd;
	const char *url;
	unsigned n;
};

/* read_of - what the medium that a capture holds says of itself */
struct read_of {
	struct reading *rd;
	uint64_t capture;
	json_t *record;
};

static int read_of(void *arg, const struct index_medium *m)
{
	struct read_of *f = arg;

	if (m->capture != f->capture || f->record)
		return 0;
	f->record = medium_summary(f->rd, m->json);
	return f->record ? 0 : ERR_NOMEM;
}

static int medium(void *arg, const struct index_capture *c, uint64_t posts,
		  const char *finding)
{
	struct medium *m = arg;
	struct read_of f = { m->rd, c->number, NULL };
	json_t *o;

	(void)posts;
	(void)finding;
	if (reading_also(m->rd, c->number) < 0 ||
	    index_media_of(m->rd->ix, m->url, read_of, &f, NULL) < 0)
		return ERR_NOMEM;
	m->n++;
	if (!m->rd->cli->json) {
		cli_out(m->rd->cli, _("\n      item %llu (status %d)\n"),
			(unsigned long long)c->number, c->status);
		if (f.record)
			medium_lines(m->rd, f.record, 8);
		json_decref(f.record);
		return 0;
	}
	o = f.record ? f.record : json_object();
	if (!o || json_object_set_new(o, "kind", json_string("media-item")) ||
	    json_object_set_new(o, "url", json_string(m->url)) ||
	    json_object_set_new(o, "item",
				json_integer((json_int_t)c->number)) ||
	    json_object_set_new(o, "status", json_integer(c->status)) ||
	    json_object_set_new(o, "time", reading_time(c->time_ms))) {
		json_decref(o);
		return ERR_NOMEM;
	}
	return reading_line(m->rd, o);
}

static int media(struct reading *rd, const json_t *post)
{
	const json_t *m;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(post, "media"), i, m) {
		struct medium one = { rd, json_opt_str(m, "url"), 0 };
		const char *type = json_opt_str(m, "type");

		if (!rd->cli->json)
			cli_out(rd->cli, "    %s %s:", type ? type : "?",
				one.url ? one.url : "-");
		if (one.url)
			r = index_media(rd->ix, one.url, medium, &one, NULL);
		if (r < 0)
			return r;
		if (!rd->cli->json)
			cli_out(rd->cli, "%s", one.n ? ""
				: _(" in no item of this case\n"));
	}
	return 0;
}

struct versions {
	struct reading *rd;
	unsigned n;
};

static int version(void *arg, const struct index_post *p)
{
	struct versions *v = arg;
	struct reading *rd = v->rd;
	char when[READING_WHEN];
	int64_t off, len;
	json_t *o = NULL;
	const json_t *at;
	int r = reading_row(rd, p->capture);

	if (r < 0)
		return r;
	if (v->n++ && !rd->cli->json)
		cli_out(rd->cli, "\n");
	r = reading_post(rd, p, 1);
	if (r < 0 || json_read(bytes_str(p->json ? p->json : "{}"), LINE_MAX,
			       24, &o, NULL) < 0)
		return r;
	if (!rd->cli->json) {
		cli_out(rd->cli, _("    first seen %s\n"),
			reading_when(p->first_ms, when));
		cli_out(rd->cli, _("    last seen %s\n"),
			reading_when(p->last_ms, when));
		at = json_object_get(o, "at");
		if (json_want_int(at, "offset", &off, NULL) == 0 &&
		    json_want_int(at, "length", &len, NULL) == 0)
			cli_out(rd->cli, _("    stood in item %llu, at byte "
				"%lld of the decoded body, %lld bytes\n"),
				(unsigned long long)p->capture,
				(long long)off, (long long)len);
	}
	r = media(rd, o);
	json_decref(o);
	return r;
}

static int counted(void *arg, const struct index_event *ev)
{
	struct reading *rd = arg;
	char when[READING_WHEN];
	json_t *o;

	if (reading_also(rd, ev->capture) < 0)
		return ERR_NOMEM;
	if (!rd->cli->json) {
		cli_out(rd->cli, _("    counted %s: %s, item %llu\n"),
			reading_when(ev->time_ms, when), ev->text,
			(unsigned long long)ev->capture);
		return 0;
	}
	o = json_object();
	if (!o || json_object_set_new(o, "kind", json_string("counted")) ||
	    json_object_set_new(o, "time", reading_time(ev->time_ms)) ||
	    json_object_set_new(o, "item",
				json_integer((json_int_t)ev->capture)) ||
	    json_object_set_new(o, "version", json_integer(ev->version)) ||
	    json_object_set_new(o, "text", json_string(ev->text))) {
		json_decref(o);
		return ERR_NOMEM;
	}
	return reading_line(rd, o);
}

static int show_post(struct reading *rd)
{
	struct versions v = { rd, 0 };
	struct err e = ERR_INIT;
	int r = reading_index(rd, rd->arg, &e);

	if (r == 0)
		r = index_post_versions(rd->ix, rd->arg, version, &v, &e);
	if (r == 0)
		r = index_counters(rd->ix, rd->arg, counted, rd, &e);
	if (r == 0 && v.n == 0)
		r = err_set(&e, ERR_NOENT, "the case has no post '%s'",
			    rd->arg);
	if (r < 0)
		reading_error(rd, r, &e);
	return r < 0 ? cli_fail(rd->cli, &e) : CLI_OK;
}

/* --- an item ---------------------------------------------------------------------- */

static const char *kind_name(unsigned kind)
{
	static const char *const names[] = { "", N_("evidence"), N_("access"),
		N_("admin"), N_("erasure"), N_("key"), N_("anchor"),
		N_("import"), N_("export"), N_("recovery"), N_("refused") };

	return kind && kind < sizeof names / sizeof *names ? _(names[kind])
							    : "?";
}

/* field - one line of the sheet; nothing when there is no text */
static void field(struct reading *rd, const char *name, const char *text)
{
	int pad = 18;

	if (!text || !*text)
		return;
	for (const char *p = name; *p; p++)	/* columns, not bytes */
		pad -= ((uint8_t)*p & 0xc0) != 0x80;
	cli_out(rd->cli, "%s%*s %s\n", name, pad > 0 ? pad : 0, "", text);
}

static void field_json(struct reading *rd, const char *name, const json_t *v)
{
	char *text;

	if (!v || json_is_null(v))
		return;
	if (json_is_string(v)) {
		field(rd, name, json_string_value(v));
		return;
	}
	text = json_dumps(v, JSON_ENCODE_ANY);
	field(rd, name, text);
	free(text);
}

static void gate(struct reading *rd, const json_t *o)
{
	const json_t *g = json_object_get(o, "gate"), *k;
	int64_t claim, delay;
	char text[512];
	size_t i, n;

	if (json_want_int(g, "claim", &claim, NULL) < 0 ||
	    json_want_int(g, "delay_ms", &delay, NULL) < 0)
		return;
	n = (size_t)snprintf(text, sizeof text, _("claim %lld, %lld ms apart:"),
			     (long long)claim, (long long)delay);
	json_array_foreach(json_object_get(g, "keys"), i, k) {
		if (n < sizeof text && json_is_string(k))
			n += (size_t)snprintf(text + n, sizeof text - n, " %s",
					      json_string_value(k));
	}
	field(rd, _("turn"), text);
}

static void robots(struct reading *rd, const json_t *o)
{
	const json_t *r = json_object_get(o, "robots");
	const char *rule = json_opt_str(r, "rule");
	char text[1024];
	int64_t n;

	if (!json_is_object(r))
		return;
	if (json_want_int(r, "record", &n, NULL) == 0)
		snprintf(text, sizeof text, _("%s (item %lld)"),
			 rule ? rule : "-", (long long)n);
	else
		snprintf(text, sizeof text, "%s", rule ? rule : "-");
	field(rd, "robots.txt", text);
	if (json_is_true(json_object_get(r, "overridden")))
		field(rd, "", _("gone past by a written decision of the case"));
}

static void blobs(struct reading *rd, const json_t *o)
{
	const json_t *b, *r;
	size_t i, k;

	json_array_foreach(json_object_get(o, "blobs"), i, b) {
		field_json(rd, _("blob, bytes"), json_object_get(b, "len"));
		field_json(rd, _("commitment"), json_object_get(b, "commit"));
		json_array_foreach(json_object_get(b, "records"), k, r) {
			int64_t off = 0, len = 0;
			char text[256];

			json_want_int(r, "offset", &off, NULL);
			json_want_int(r, "len", &len, NULL);
			snprintf(text, sizeof text, _("%.40s, at %lld, %lld "
				 "bytes, %.64s"), json_opt_str(r, "type")
				 ? json_opt_str(r, "type") : "?",
				 (long long)off, (long long)len,
				 json_opt_str(r, "id") ? json_opt_str(r, "id")
						       : "");
			field(rd, _("record"), text);
		}
	}
}

static void tls(struct reading *rd, const json_t *o)
{
	const json_t *t = json_object_get(o, "tls"), *c;
	const char *proto = json_opt_str(t, "protocol");
	const char *cipher = json_opt_str(t, "cipher");
	char text[256];
	size_t i;

	if (!json_is_object(t))
		return;
	snprintf(text, sizeof text, "%s %s", proto ? proto : "",
		 cipher ? cipher : "");
	field(rd, "TLS", text);
	json_array_foreach(json_object_get(t, "chain_sha256"), i, c) {
		field_json(rd, i ? "" : _("certificates"), c);
	}
}

/* dns - the answers stand in the metadata record, our own JSON */
static void dns(struct reading *rd, const struct ingest_item *it,
		struct buf *blob)
{
	struct bytes record, block;
	const json_t *q, *a;
	json_t *o = NULL;
	size_t i, k;

	if (ingest_record(rd->g, it, "metadata", blob, &record, &block, NULL) ||
	    json_read(block, LINE_MAX, 24, &o, NULL) < 0)
		return;
	json_array_foreach(json_object_get(o, "dns"), i, q) {
		const char *name = json_opt_str(q, "name");
		char text[1024];
		size_t n;

		n = (size_t)snprintf(text, sizeof text, "%.255s:",
				     name ? name : "?");
		json_array_foreach(json_object_get(q, "addresses"), k, a) {
			const char *ip = json_is_string(a)
				? json_string_value(a) : json_opt_str(a, "ip");

			if (ip && n < sizeof text)
				n += (size_t)snprintf(text + n, sizeof text - n,
						      " %s", ip);
		}
		field(rd, "DNS", text);
	}
	json_decref(o);
}

static void hashes(struct reading *rd, const struct ingest_item *it,
		   const struct leaf *leaf)
{
	uint8_t sum[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	sha256_once(buf_view(&it->note), sum);
	hex_str(hex, sum, sizeof sum);
	field(rd, _("statement sha256"), hex);
	hex_str(hex, leaf->body, 32);
	field(rd, _("leaf, body"), hex);
	hex_str(hex, leaf->open, 32);
	field(rd, _("leaf, open"), hex);
}

/* Who but the local clock vouches for the time (R19). */
static void vouched(struct reading *rd, const struct ingest_item *it)
{
	const struct admin_anchor *a = &rd->u->admin.anchor;
	char when[READING_WHEN], text[READING_WHEN + 200];

	if (!a->has_token || it->position >= a->token_size) {
		field(rd, _("time"), _("only the local clock vouches for it"));
		return;
	}
	snprintf(text, sizeof text, a->token_qualified
		 ? _("older than %s, stamped by %s, said to be qualified")
		 : _("older than %s, stamped by %s, not said to be qualified"),
		 reading_when(a->token_ms, when), a->token_by);
	field(rd, _("time"), text);
}

/* imported - that we did not collect it, and who handed it over */
static void imported(struct reading *rd, const json_t *o)
{
	const json_t *im = json_object_get(o, "import");

	if (!json_is_object(im))
		return;
	field(rd, _("imported"), _("handed over, not collected by this unit"));
	field_json(rd, _("handed over by"), json_object_get(im, "from"));
	field_json(rd, _("in the procedure"), json_object_get(im, "procedure"));
	field_json(rd, _("out of item"), json_object_get(im, "file"));
	field_json(rd, _("file"), json_object_get(im, "name"));
	field_json(rd, _("format"), json_object_get(im, "format"));
	field_json(rd, _("file, SHA-256"), json_object_get(im, "sha256"));
	field_json(rd, _("records"), json_object_get(im, "records"));
	field_json(rd, _("findings"), json_object_get(im, "findings"));
	field_json(rd, _("captured, it says"), json_object_get(o, "captured"));
}

static void sheet(struct reading *rd, const struct ingest_item *it,
		  struct buf *blob)
{
	const json_t *o = it->st.json;
	const json_t *sizes = json_object_get(o, "bytes");
	char text[READING_WHEN + 64];
	struct leaf leaf;

	snprintf(text, sizeof text, _("%llu, leaf %llu of the log, %s"),
		 (unsigned long long)it->number,
		 (unsigned long long)it->position, kind_name(it->kind));
	field(rd, _("item"), text);
	field(rd, _("sealed"), reading_when(it->time_ms, text));
	vouched(rd, it);
	field(rd, _("statement"), it->st.kind);
	imported(rd, o);
	field_json(rd, "URL", json_object_get(o, "url"));
	field_json(rd, _("source"), json_object_get(o, "source"));
	field_json(rd, _("fetched as"), json_object_get(o, "reason"));
	field_json(rd, _("led here: item"), json_object_get(o, "parent"));
	field_json(rd, _("start"), json_object_get(o, "start"));
	field_json(rd, _("end"), json_object_get(o, "end"));
	if (it->status)
		field_json(rd, _("status"), json_object_get(o, "status"));
	field(rd, _("outcome"), it->outcome);
	field_json(rd, _("server"), json_object_get(o, "peer"));
	field_json(rd, _("from"), json_object_get(o, "local"));
	tls(rd, o);
	dns(rd, it, blob);
	field_json(rd, _("resolver"), json_object_get(o, "resolver"));
	robots(rd, o);
	gate(rd, o);
	field_json(rd, _("agent"), json_object_get(o, "agent"));
	field_json(rd, _("request, bytes"), json_object_get(sizes, "request"));
	field_json(rd, _("head, bytes"), json_object_get(sizes, "head"));
	field_json(rd, _("body, bytes"), json_object_get(sizes, "body"));
	blobs(rd, o);
	if (vault_leaf(rd->u->vault, it->position, &leaf) == 0)
		hashes(rd, it, &leaf);
	if (json_is_true(json_object_get(o, "lab")))
		field(rd, _("laboratory"), _("made in lab mode: no evidence"));
}

/* each_line - the lines of one kind of a page or medium, masked */
static int each_line(struct reading *rd, struct bytes lines, const char *which,
		     int (*each)(struct reading *rd, json_t *post, void *arg),
		     void *arg)
{
	int r = 0;

	while (r == 0 && lines.len) {
		const uint8_t *nl = memchr(lines.p, '\n', lines.len);
		size_t n = nl ? (size_t)(nl - lines.p) : lines.len;
		const char *kind;
		json_t *o = NULL;

		if (json_read(BYTES(lines.p, n), LINE_MAX, 24, &o, NULL) == 0) {
			kind = json_opt_str(o, "kind");
			if (!rd->unmask && mask_json(o, 24) < 0)
				r = ERR_NOMEM;
			else if (kind && !strcmp(kind, which))
				r = each(rd, o, arg);
			json_decref(o);
		}
		n += nl != NULL;
		lines.p += n;
		lines.len -= n;
	}
	return r;
}

static int print_post(struct reading *rd, json_t *post, void *arg)
{
	const char *id = json_opt_str(post, "post_id");
	const char *when = json_opt_str(post, "published");
	const char *text = json_opt_str(post, "text");

	(void)arg;
	cli_out(rd->cli, "\n%s  %s\n", id ? id : "?", when ? when : "-");
	if (text)
		reading_indent(rd, text, 240);
	return 0;
}

static int print_medium(struct reading *rd, json_t *medium, void *arg)
{
	(void)arg;
	cli_out(rd->cli, "\n%s\n", _("the medium says of itself"));
	medium_lines(rd, medium, 4);
	return 0;
}

static int take_medium(struct reading *rd, json_t *medium, void *arg)
{
	(void)rd;
	return json_object_set(arg, "medium", medium) < 0 ? ERR_NOMEM : 0;
}

static int gather_post(struct reading *rd, json_t *post, void *arg)
{
	(void)rd;
	return json_array_append(arg, post) < 0 ? ERR_NOMEM : 0;
}

static int item_json(struct reading *rd, const struct ingest_item *it,
		     struct bytes lines)
{
	json_t *o = json_object(), *posts = json_array();
	int bad = !o || !posts;

	if (!bad)
		bad |= each_line(rd, lines, "post", gather_post, posts);
	if (!bad)
		bad |= each_line(rd, lines, "medium", take_medium, o);
	if (!bad) {
		bad |= json_object_set_new(o, "item",
			json_integer((json_int_t)it->number));
		bad |= json_object_set_new(o, "position",
			json_integer((json_int_t)it->position));
		bad |= json_object_set_new(o, "kind",
			json_integer((json_int_t)it->kind));
		bad |= json_object_set_new(o, "sealed",
			reading_time(it->time_ms));
		bad |= json_object_set_new(o, "outcome",
			json_string(it->outcome));
		bad |= json_object_set_new(o, "statement_kind",
			json_string(it->st.kind));
		bad |= json_object_set(o, "statement", it->st.json
			? it->st.json : json_null());
		bad |= json_object_set(o, "posts", posts);
	}
	json_decref(posts);
	if (bad) {
		json_decref(o);
		return ERR_NOMEM;
	}
	return reading_line(rd, o);
}

/* raw - the sealed bytes themselves, or the decoded body */
static int raw(struct reading *rd, const struct ingest_item *it,
	       struct buf *blob, struct err *e)
{
	struct buf out = BUF_INIT(DECODE_BODY_MAX);
	struct bytes head, body;
	unsigned n;
	int r;

	if (rd->body) {
		r = ingest_response(rd->g, it, blob, &head, &body, e);
		if (r == 1)
			r = err_set(e, ERR_NOENT, "item %llu has no response",
				    (unsigned long long)it->number);
		if (r == 0)
			r = decode_body("/proc/self/exe", head, body, &out, e);
		if (r == 0)
			cli_raw(rd->cli, buf_view(&out));
		buf_wipe(&out);
		return r;
	}
	r = custody_objects(rd->g, it->number, &n, e);
	if (r == 0 && n < 2)
		r = err_set(e, ERR_NOENT, "item %llu has no records",
			    (unsigned long long)it->number);
	for (unsigned i = 1; r == 0 && i < n; i++) {
		buf_clear(blob);
		r = custody_get(rd->g, it->number, i, blob, NULL, e);
		if (r == 0)
			cli_raw(rd->cli, buf_view(blob));
	}
	return r;
}

static int view(struct reading *rd, const struct ingest_item *it,
		struct buf *blob, struct err *e)
{
	struct buf lines = BUF_INIT((size_t)64 << 20);
	struct err why = ERR_INIT;
	struct ingest_options o;
	int r = reading_options(rd, &o, &why);

	if (r == 0)
		r = ingest_lines(rd->g, &o, it, &lines, &why);
	if (r == ERR_NOMEM) {
		*e = why;
		goto out;
	}
	if (r < 0 && !rd->cli->quiet)	/* the sheet can do without */
		cli_warn(rd->cli, "%s", why.text);
	if (rd->cli->json) {
		r = item_json(rd, it, buf_view(&lines));
	} else {
		sheet(rd, it, blob);
		r = each_line(rd, buf_view(&lines), "post", print_post, NULL);
		if (r == 0)
			r = each_line(rd, buf_view(&lines), "medium",
				      print_medium, NULL);
	}
	if (r < 0)
		err_set(e, r, "no memory for the answer");
out:
	buf_wipe(&lines);
	return r;
}

static int show_item(struct reading *rd, uint64_t n)
{
	struct buf blob = BUF_INIT(VAULT_OBJECT_MAX);
	struct ingest_item it = { .number = n };
	struct err e = ERR_INIT;
	int r = reading_log(rd, NULL, &n, &e);

	if (r == 0)
		r = ingest_item(rd->u, rd->g, n, &it, &e);
	if (r == 0 && it.missing && (rd->statement || rd->raw))
		r = err_set(&e, it.erased ? ERR_NOENT : ERR_DAMAGED,
			    "item %llu: %s",
			    (unsigned long long)n, it.outcome);
	if (r == 0) {
		if (rd->raw)
			r = raw(rd, &it, &blob, &e);
		else if (rd->statement && isatty(STDOUT_FILENO))
			cli_out(rd->cli, "%s", buf_cstr(&it.note));
		else if (rd->statement)
			cli_raw(rd->cli, buf_view(&it.note));
		else
			r = view(rd, &it, &blob, &e);
	}
	ingest_item_release(&it);
	buf_wipe(&blob);
	return r < 0 ? cli_fail(rd->cli, &e) : CLI_OK;
}

int cmd_show(struct cli *cli, int argc, char **argv)
{
	struct reading rd;
	char *end;
	unsigned long long n;
	int status = reading_args(&rd, cli, argc, argv, READ_SHOW |
				       READ_PICTURES, 2, _(help));

	if (status >= 0)
		return status;
	errno = 0;
	n = strtoull(rd.arg, &end, 10);
	if (rd.statement + rd.raw > 1 || (rd.body && !rd.raw))
		return cli_usage(cli, argv[0], _("--statement, --raw or "
						 "--raw --body"));
	if (*rd.arg < '0' || *rd.arg > '9' || *end || errno) {
		if (rd.statement || rd.raw || rd.pictures)
			return cli_usage(cli, argv[0], _("--statement, --raw "
					 "and --pictures take an item's "
					 "number"));
		return reading_close(&rd, show_post(&rd));
	}
	if (rd.raw && isatty(STDOUT_FILENO))
		return cli_usage(cli, argv[0], _("raw bytes are not for a "
				 "terminal: redirect them"));
	return reading_close(&rd, show_item(&rd, n));
}
