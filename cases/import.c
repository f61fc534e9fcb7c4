/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/import.h"

#include "cases/casefile.h"
#include "cases/custody.h"
#include "crawler/capture.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"

#include <stdlib.h>
#include <sys/stat.h>

struct importing {
	struct unit *u;
	const struct import_options *o;
	struct import_report *rep;
	char id[17], dir[CASE_DIR_MAX];
	struct mandate mandate;
	struct buf file;
	int packed;
	uint8_t sha256[SHA256_LEN];
	struct import_seen seen;
	struct capturer *capturer;
	struct batch *batch;
};

/* --- may it be? ---------------------------------------------------------------- */

static int has_source(const struct mandate *m, const char *source)
{
	for (size_t i = 0; i < m->nsources; i++)
		if (!strcmp(m->sources[i].id, source))
			return 1;
	return 0;
}

/* permitted - role, member, and a case that is open and within its period */
static int permitted(struct importing *im, struct err *e)
{
	const struct import_options *o = im->o;
	const struct admin_case *c = NULL;
	const int64_t now = clock_wall_ms();
	int r = casefile_find(im->u, o->case_name, &c, e);

	if (r < 0)
		return r == ERR_NOENT && e ? e->code = ERR_DENIED : r;
	r = permit_check(&im->u->admin, im->u->user_name, PERMIT_IMPORT, c, e);
	if (r < 0)
		return r;
	memcpy(im->id, c->id, sizeof im->id);
	casefile_dir(c, im->dir);
	r = casefile_mandate(im->u, c, &im->mandate, e);
	if (r < 0)
		return r;
	if (im->mandate.closed)
		return err_set(e, ERR_DENIED, "the case is closed");
	if (now < im->mandate.start_ms || now >= im->mandate.end_ms)
		return err_set(e, ERR_DENIED, "the case's period is not now");
	if (o->source && !has_source(&im->mandate, o->source))
		return err_set(e, ERR_DENIED, "the case has no source '%s'",
			       o->source);
	return 0;
}

/* --- the file ------------------------------------------------------------------ */

static int load(struct importing *im, struct err *e)
{
	struct stat st;
	int r;

	if (stat(im->o->path, &st) < 0)
		return err_errno(e, "cannot look at '%s'", im->o->path);
	im->packed = S_ISDIR(st.st_mode);
	r = im->packed ? import_pack(im->o->path, &im->file, e)
		       : file_read(im->o->path, &im->file, e);
	if (r == 0) {
		sha256_once(buf_view(&im->file), im->sha256);
		hex_str(im->rep->sha256, im->sha256, SHA256_LEN);
	}
	return r;
}

static int keep_finding(void *arg, const char *text, struct err *e)
{
	struct import_report *rep = arg;
	char **more = realloc(rep->finding,
			      (rep->nfinding + 1) * sizeof *more);

	if (more)
		rep->finding = more;
	if (!more || !(more[rep->nfinding] = strdup(text)))
		return err_set(e, ERR_NOMEM, "no memory for a finding");
	rep->nfinding++;
	return 0;
}

/* look - the first reading: is all of it sound? */
static int look(struct importing *im, struct err *e)
{
	const struct import_read q = { .self_path = im->o->self_path,
		.file = buf_view(&im->file), .finding = keep_finding,
		.arg = im->rep };
	int r = import_read(&q, &im->seen, e);

	if (r == 0 && im->seen.records == 0)
		r = err_set(e, ERR_FORMAT, "the file holds no record that can "
			    "be read");
	return r;
}

/* --- sealing --------------------------------------------------------------------- */

/* base - the last part of a path; a folder's keeps the slash behind it */
static const char *base(const char *path)
{
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	return path + n;
}

static struct capture_import record_of(const struct importing *im)
{
	return (struct capture_import){ .format = im->seen.kind,
		.name = base(im->o->name ? im->o->name : im->o->path), .from = im->o->from,
		.procedure = im->o->procedure, .packed = im->packed,
		.sha256 = im->sha256, .records = im->seen.records,
		.findings = (const char *const *)im->rep->finding,
		.nfindings = im->rep->nfinding, .file = im->rep->first };
}

static int seal_record(void *arg, const struct import_record *r, struct err *e)
{
	struct importing *im = arg;
	struct capture_import c = record_of(im);
	int res;

	c.url = r->url;
	c.source = im->o->source;
	c.reason = r->reason;
	c.date_ms = r->date_ms;
	c.http = r->http;
	c.status = r->status;
	c.head_len = r->head_len;
	c.type = r->type;
	c.block = r->block;
	res = capture_import(im->capturer, im->batch, &c, NULL, e);
	if (res == 0)
		im->rep->records++;
	return res;
}

static int seal_all(struct importing *im, struct err *e)
{
	const struct import_read q = { .self_path = im->o->self_path,
		.file = buf_view(&im->file), .record = seal_record, .arg = im };
	static const char *const types[][2] = {
		{ "warc", "application/warc" }, { "wacz", "application/wacz" },
		{ "telegram", "application/json" } };
	struct capture_import c = record_of(im);
	struct import_seen again;
	int r;

	for (size_t i = 0; i < 3; i++)
		if (!strcmp(im->seen.kind, types[i][0]))
			c.type = types[i][1];
	if (im->file.len >= 2 && !memcmp(im->file.p, "PK", 2) &&
	    strcmp(im->seen.kind, "wacz"))
		c.type = "application/zip";
	if (im->file.len >= 2 && !memcmp(im->file.p, "\x1f\x8b", 2))
		c.type = "application/gzip";
	c.block = buf_view(&im->file);
	r = capture_import(im->capturer, im->batch, &c, NULL, e);
	if (r == 0)
		r = import_read(&q, &again, e);
	if (r == 0 && again.records != im->seen.records)
		r = err_set(e, ERR_CHILD, "the file gave other records when it "
			    "was read again");
	return r;
}

/* seal - one commit: all of it or nothing */
static int seal(struct importing *im, struct stream *s, struct err *e)
{
	struct capture_setup setup = { .vault = im->u->vault, .stream = s,
		.stream_dir = im->dir, .case_id = im->id,
		.mandate_sha256 = im->mandate.sha256,
		.session = im->o->session,
		.parse_sandbox = &im->seen.sandbox,
		.lab = im->mandate.lab };
	int r = capturer_new(&setup, &im->capturer, e);

	if (r == 0)
		r = batch_begin(im->u->vault, &im->batch, e);
	if (r == 0) {
		im->rep->first = batch_number(im->batch, s);
		r = seal_all(im, e);
		if (r == 0)
			r = batch_commit(im->batch, e);
		else
			batch_abort(im->batch);
		im->batch = NULL;
	}
	capturer_free(im->capturer);
	return r;
}

/* outcome - which items it made */
static int outcome(struct importing *im, const struct access *a, uint64_t seq,
		   int r, struct err *e)
{
	const uint64_t n = r == 0 ? im->rep->records + 1 : 0;
	struct shown s = { .rows = n, .nitems = (size_t)n,
			   .outcome = r < 0 ? "failed" : NULL };
	uint64_t *items = calloc((size_t)n + 1, sizeof *items);
	struct err late = ERR_INIT;
	int w;

	if (!items)
		return r < 0 ? r : err_set(e, ERR_NOMEM, "no memory for the "
					   "record of the import");
	for (uint64_t i = 0; i < n; i++)
		items[i] = im->rep->first + i;
	s.items = items;
	w = custody_outcome(im->u, a, seq, &s, r < 0 ? &late : e);
	free(items);
	return r < 0 ? r : w;
}

int import_run(struct unit *u, const struct import_options *o,
	       struct import_report *rep, struct err *e)
{
	struct importing im = { .u = u, .o = o, .rep = rep,
				.file = BUF_INIT(IMPORT_FILE_MAX) };
	struct access a = { .command = "import", .query = base(o->name ? o->name : o->path),
			    .why = o->why };
	const struct admin_case *c = NULL;
	struct stream *stream = NULL;
	struct err late = ERR_INIT;
	uint64_t seq = 0;
	int r;

	memset(rep, 0, sizeof *rep);
	r = permitted(&im, e);
	if (r == ERR_DENIED &&
	    custody_refuse(u, "import", o->case_name, o->why,
			   e ? e->text : "", &late) < 0 && e)
		*e = late;
	if (r == 0)
		r = load(&im, e);
	if (r == 0)
		r = look(&im, e);
	if (r < 0)
		goto out;
	memcpy(rep->kind, im.seen.kind, sizeof rep->kind);
	rep->findings = im.seen.findings;
	a.case_name = im.id;
	r = custody_note_at(u, &a, &seq, e);
	if (r == 0)
		r = casefile_find(u, im.id, &c, e);
	if (r == 0)
		r = casefile_stream(u, c, &stream, e);
	if (r == 0) {
		r = seal(&im, stream, e);
		r = outcome(&im, &a, seq, r, e);
	}
out:
	casefile_mandate_release(&im.mandate);
	buf_wipe(&im.file);
	return r;
}

void import_report_release(struct import_report *rep)
{
	for (size_t i = 0; i < rep->nfinding; i++)
		free(rep->finding[i]);
	free(rep->finding);
	rep->finding = NULL;
	rep->nfinding = 0;
}
