/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The same checks as docs/verify-a-bundle.md, in the same order, plus what a
 * shell cannot see: the structure of the ZIP file itself (cases/unzip.c).
 */
#include "cases/bundle.h"

#include "cases/unzip.h"
#include "store/checkpoint.h"
#include "store/minisign.h"
#include "store/note.h"
#include "store/receipt.h"
#include "store/tree.h"
#include "util/enc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define MEMBER_MAX (1u << 30)

/* Where one blob stands in the gunzipped archive. */
struct place {
	uint64_t offset, len;
	uint64_t number;	/* of its item */
	uint8_t salt[32];
	uint8_t commit[32];	/* computed from the bytes in the archive */
	int read;		/* commit is filled */
};

struct checking {
	const struct unzip *zip;
	const struct bundle_verify *o;
	struct bundle_report *rep;
	struct note_vkey log, collector;
	struct buf head_note;	/* head borrows from it */
	struct checkpoint head;
	struct place *places;	/* sorted by offset */
	size_t nplaces;
	struct err *e;
};

static void bad(struct checking *c, const char *member, const char *what)
{
	c->rep->problems++;
	if (c->o->problem)
		c->o->problem(c->o->arg, member, what);
}

static void fine(struct checking *c, const char *what)
{
	if (c->o->fine)
		c->o->fine(c->o->arg, what);
}

/* get - a member's content; its absence is a problem.  1: reported */
static int get(struct checking *c, const char *name, struct buf *out)
{
	const struct unzip_member *m = unzip_find(c->zip, name);
	struct err e = ERR_INIT;

	if (!m) {
		bad(c, name, "missing");
		return 1;
	}
	if (unzip_get(c->zip, m, out, &e) < 0) {
		bad(c, name, e.text);
		return 1;
	}
	return 0;
}

/* --- SHA256SUMS -------------------------------------------------------- */

static int sum_member(struct checking *c, const struct unzip_member *m,
		      uint8_t out[static 32])
{
	struct bytes stored = unzip_stored(c->zip, m);
	struct buf b = BUF_INIT(MEMBER_MAX);
	struct err e = ERR_INIT;
	int r = 0;

	if (stored.len == m->size && m->method == 0) {
		sha256_once(stored, out);
		return 0;
	}
	if (unzip_get(c->zip, m, &b, &e) < 0) {
		bad(c, m->name, e.text);
		r = 1;
	} else {
		sha256_once(buf_view(&b), out);
	}
	buf_release(&b);
	return r;
}

static void check_line(struct checking *c, struct bytes line, uint8_t *seen)
{
	const struct unzip_member *m;
	uint8_t want[32], have[32];
	char name[256];

	if (line.len < 67 || line.len - 66 >= sizeof name
	    || line.p[64] != ' ' || line.p[65] != ' '
	    || hex_get(BYTES(line.p, 64), want, 32) < 0) {
		bad(c, "SHA256SUMS", "bad line");
		return;
	}
	memcpy(name, line.p + 66, line.len - 66);
	name[line.len - 66] = 0;
	m = unzip_find(c->zip, name);
	if (!m) {
		bad(c, name, "listed in SHA256SUMS, but missing");
		return;
	}
	seen[m - unzip_member(c->zip, 0)] = 1;
	if (sum_member(c, m, have) == 0 && memcmp(want, have, 32) != 0)
		bad(c, name, "its SHA-256 is not the listed one");
}

static int check_sums(struct checking *c, struct bytes sums)
{
	size_t n = unzip_count(c->zip);
	uint8_t *seen = calloc(n + 1, 1);
	uint64_t before = c->rep->problems;

	if (!seen)
		return err_set(c->e, ERR_NOMEM, "no memory to check a bundle");
	while (sums.len) {
		const uint8_t *nl = memchr(sums.p, '\n', sums.len);
		size_t len = nl ? (size_t)(nl - sums.p) : sums.len;

		check_line(c, BYTES(sums.p, len), seen);
		len += nl != NULL;
		sums.p += len;
		sums.len -= len;
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = unzip_member(c->zip, i)->name;

		if (!seen[i] && strcmp(name, "SHA256SUMS") != 0
		    && strcmp(name, "SHA256SUMS.minisig") != 0)
			bad(c, name, "not in SHA256SUMS");
	}
	free(seen);
	c->rep->members = n;
	if (before == c->rep->problems)
		fine(c, "every member has its listed SHA-256");
	return 0;
}

static void check_minisign(struct checking *c, struct bytes sums)
{
	struct buf key = BUF_INIT(4096), sig = BUF_INIT(8192);
	struct minisign_pub pub;

	if (get(c, "keys/minisign.pub", &key)
	    || get(c, "SHA256SUMS.minisig", &sig))
		goto out;
	if (minisign_pub_read(buf_view(&key), &pub, NULL) < 0)
		bad(c, "keys/minisign.pub", "not a minisign public key");
	else if (minisign_check(&pub, sums, buf_view(&sig), NULL, NULL) != 0)
		bad(c, "SHA256SUMS.minisig", "the list is not signed by that key");
	else
		fine(c, "the list is signed by the unit's export key");
out:
	buf_release(&key);
	buf_release(&sig);
}

/* --- keys and head ----------------------------------------------------- */

static int check_key(struct checking *c, const char *stem, struct note_vkey *k)
{
	struct buf text = BUF_INIT(4096), pem = BUF_INIT(4096);
	struct buf want = BUF_INIT(4096);
	char name[64];
	int r = 1;

	snprintf(name, sizeof name, "keys/%s.vkey", stem);
	if (get(c, name, &text))
		goto out;
	if (text.len && text.p[text.len - 1] == '\n')
		text.len--;
	if (note_vkey_read(buf_view(&text), k, NULL) < 0) {
		bad(c, name, "not a verifier key");
		goto out;
	}
	snprintf(name, sizeof name, "keys/%s.pem", stem);
	if (get(c, name, &pem))
		goto out;
	bundle_pem(k->pk, &want);
	if (!bytes_eq(buf_view(&pem), buf_view(&want)))
		bad(c, name, "not the same key as the .vkey");
	r = 0;
out:
	buf_release(&text);
	buf_release(&pem);
	buf_release(&want);
	return r;
}

static int check_head(struct checking *c)
{
	struct buf *note = &c->head_note;
	struct note_vkey trusted;

	if (c->o->log_vkey) {
		if (note_vkey_read(bytes_str(c->o->log_vkey), &trusted, c->e) < 0)
			return ERR_FORMAT;
		if (memcmp(trusted.pk, c->log.pk, 32) != 0)
			bad(c, "keys/log.vkey", "not the log key given");
		c->log = trusted;
	}
	if (get(c, "proofs/head.note", note))
		return 1;
	if (checkpoint_open(buf_view(note), &c->log, 1, NULL, &c->head,
			    NULL) != 0) {
		bad(c, "proofs/head.note", "not signed by the log key");
		return 1;
	}
	snprintf(c->rep->origin, sizeof c->rep->origin, "%.*s",
		 (int)c->head.origin.len, (const char *)c->head.origin.p);
	c->rep->size = c->head.size;
	memcpy(c->rep->root, c->head.root, 32);
	fine(c, "the log head is signed by the log key");
	return 0;
}

/* --- where the blobs stand --------------------------------------------- */

static int salt_of(struct checking *c, const char *name,
		   uint8_t out[static 32])
{
	struct buf text = BUF_INIT(256);
	int r = get(c, name, &text);

	if (r == 0 && (text.len != 65
		       || hex_get(BYTES(text.p, 64), out, 32) < 0)) {
		bad(c, name, "not 64 hexadecimal digits");
		r = 1;
	}
	buf_release(&text);
	return r;
}

static int number_at(const char **p, uint64_t *out)
{
	char *end;

	if (**p < '0' || **p > '9')
		return ERR_FORMAT;
	*out = strtoull(*p, &end, 10);
	*p = end;
	return 0;
}

static void read_place(struct checking *c, const char *member, uint64_t number)
{
	struct buf text = BUF_INIT(256);
	struct place *p = &c->places[c->nplaces];
	char salt[96];
	const char *at;

	memset(p, 0, sizeof *p);
	p->number = number;
	snprintf(salt, sizeof salt, "%.*ssalt",
		 (int)(strlen(member) - strlen("place")), member);
	if (get(c, member, &text) || salt_of(c, salt, p->salt))
		goto out;
	at = buf_cstr(&text);
	if (number_at(&at, &p->offset) < 0 || *at++ != ' '
	    || number_at(&at, &p->len) < 0 || strcmp(at, "\n") != 0)
		bad(c, member, "not an offset and a length");
	else
		c->nplaces++;
out:
	buf_release(&text);
}

/* item_member - "items/<number>/<rest>": the number and the rest */
static const char *item_member(const char *name, uint64_t *number)
{
	const char *at = name + 6;

	if (strncmp(name, "items/", 6) != 0 || number_at(&at, number) < 0
	    || *at != '/' || at - name < 12 || strlen(at) > 64)
		return NULL;
	return at + 1;
}

static int by_offset(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int read_places(struct checking *c)
{
	size_t n = unzip_count(c->zip);

	c->places = calloc(n + 1, sizeof *c->places);
	if (!c->places)
		return err_set(c->e, ERR_NOMEM, "no memory to check a bundle");
	for (size_t i = 0; i < n; i++) {
		const char *name = unzip_member(c->zip, i)->name;
		uint64_t number;
		const char *rest = item_member(name, &number);

		if (rest && !strncmp(rest, "blob-", 5) && strlen(rest) > 6
		    && !strcmp(rest + strlen(rest) - 6, ".place"))
			read_place(c, name, number);
	}
	qsort(c->places, c->nplaces, sizeof *c->places, by_offset);
	return 0;
}

/* --- the archive, unpacked as it streams by ----------------------------- */

struct sums {
	struct checking *c;
	struct sha256 sha;
	size_t next;		/* place under way */
	uint64_t at;		/* bytes unpacked so far */
};

static void begin_place(struct sums *s)
{
	if (s->next < s->c->nplaces)
		sha256_init(&s->sha);
}

static void end_place(struct sums *s)
{
	struct place *p = &s->c->places[s->next++];
	uint8_t hash[32];

	sha256_final(&s->sha, hash);
	leaf_open_hash(p->salt, hash, p->commit);
	p->read = 1;
	begin_place(s);
}

static void pass(struct sums *s, const uint8_t *buf, size_t len)
{
	uint64_t end = s->at + len;

	while (s->next < s->c->nplaces) {
		const struct place *p = &s->c->places[s->next];
		uint64_t from = p->offset > s->at ? p->offset : s->at;
		uint64_t to = p->offset + p->len < end ? p->offset + p->len
						       : end;

		if (p->offset < s->at && p->offset + p->len <= s->at
		    && p->len)
			break;		/* overlaps the one before: stays unread */
		if (from < to)
			sha256_update(&s->sha, BYTES(buf + (from - s->at),
						     (size_t)(to - from)));
		if (p->offset + p->len > end)
			break;
		end_place(s);
	}
	s->at = end;
}

static int check_archive(struct checking *c)
{
	static const char NAME[] = "archive/capture.warc.gz";
	static const size_t CHUNK = 1u << 18;
	const struct unzip_member *m = unzip_find(c->zip, NAME);
	struct sums s = { .c = c };
	uint8_t *out = malloc(CHUNK);
	struct bytes in;
	z_stream z;
	int zr = Z_OK;

	memset(&z, 0, sizeof z);
	if (!out || sha256_init(&s.sha) < 0
	    || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		free(out);
		sha256_release(&s.sha);
		return err_set(c->e, ERR_NOMEM, "no memory to check a bundle");
	}
	in = m ? unzip_stored(c->zip, m) : BYTES(NULL, 0);
	if (!m || in.len == 0)
		bad(c, NAME, m ? "empty or not stored" : "missing");
	begin_place(&s);
	while (in.len && (zr == Z_OK || zr == Z_STREAM_END)) {
		if (zr == Z_STREAM_END)
			inflateReset(&z);
		z.next_in = (Bytef *)(uintptr_t)in.p;
		z.avail_in = in.len > (1u << 30) ? 1u << 30 : (uInt)in.len;
		z.next_out = out;
		z.avail_out = (uInt)CHUNK;
		zr = inflate(&z, Z_NO_FLUSH);
		in.len -= (size_t)(z.next_in - in.p);
		in.p = z.next_in;
		pass(&s, out, CHUNK - z.avail_out);
	}
	if (m && zr != Z_STREAM_END)
		bad(c, NAME, "does not unpack to its end");
	for (size_t i = 0; i < c->nplaces; i++)
		if (!c->places[i].read)
			bad(c, NAME, "ends before, or overlaps, a blob's place");
	inflateEnd(&z);
	sha256_release(&s.sha);
	free(out);
	return 0;
}

/* --- items ------------------------------------------------------------- */

static void check_body(struct checking *c, const char *dir,
		       const struct leaf *l)
{
	struct buf text = BUF_INIT(65536);
	uint8_t hashes[VAULT_BLOBS_MAX + 1][32], body[32];
	char name[96];
	uint32_t n = 0;

	snprintf(name, sizeof name, "%sobjects", dir);
	if (get(c, name, &text))
		goto out;
	for (size_t at = 0; at < text.len; at += 65) {
		if (text.len - at < 65 || text.p[at + 64] != '\n'
		    || n > VAULT_BLOBS_MAX
		    || hex_get(BYTES(text.p + at, 64), hashes[n++], 32) < 0) {
			bad(c, name, "not a list of SHA-256 values");
			goto out;
		}
	}
	leaf_body((const uint8_t (*)[SHA256_LEN])hashes, n, body);
	if (memcmp(body, l->body, 32) != 0)
		bad(c, name, "the leaf does not vouch for these objects");
out:
	buf_release(&text);
}

static void check_statement(struct checking *c, const char *dir, uint64_t number,
			    const struct leaf *l)
{
	struct buf note = BUF_INIT(2u << 20);
	uint8_t salt[32], open[32];
	char name[96], quoted[67];
	struct bytes text;

	snprintf(name, sizeof name, "%ssalt", dir);
	if (salt_of(c, name, salt))
		return;
	snprintf(name, sizeof name, "%sstatement.note", dir);
	if (get(c, name, &note))
		goto out;
	leaf_open(salt, buf_view(&note), open);
	if (memcmp(open, l->open, 32) != 0)
		bad(c, name, "the leaf does not vouch for this statement");
	if (note_open(buf_view(&note), &c->collector, 1, &text, NULL) != 0)
		bad(c, name, "not signed by the collector");
	for (size_t i = 0; i < c->nplaces; i++) {
		const struct place *p = &c->places[i];

		if (p->number != number || !p->read)
			continue;
		quoted[0] = '"';
		hex_str(quoted + 1, p->commit, 32);
		quoted[65] = '"';
		if (!memmem(note.p, note.len, quoted, 66))
			bad(c, "archive/capture.warc.gz",
			    "bytes that the statement does not commit to");
	}
out:
	buf_release(&note);
}

static void check_inclusion(struct checking *c, uint64_t number,
			    const struct leaf *l, const uint8_t *bytes)
{
	struct buf text = BUF_INIT(65536);
	struct receipt *rec = calloc(1, sizeof *rec);
	uint8_t hash[32];
	char name[64];

	snprintf(name, sizeof name, "proofs/%06" PRIu64 ".tlog-proof", number);
	if (!rec || get(c, name, &text))
		goto out;
	leaf_hash(bytes, hash);
	if (receipt_parse(buf_view(&text), rec, NULL) < 0)
		bad(c, name, "not a tlog-proof");
	else if (!bytes_eq(rec->head, buf_view(&c->head_note)))
		bad(c, name, "its head is not the bundle's");
	else if (rec->index != l->seq
		 || tree_check_inclusion(hash, l->seq, c->head.size,
					 (const uint8_t (*)[32])rec->proof,
					 rec->n, c->head.root) != 0)
		bad(c, name, "the leaf is not in the tree that the head signs");
out:
	if (!rec)
		bad(c, name, "no memory to check it");
	free(rec);
	buf_release(&text);
}

static void check_item(struct checking *c, const char *dir, uint64_t number)
{
	struct buf bytes = BUF_INIT(256);
	struct leaf l;
	char name[64];

	c->rep->items++;
	snprintf(name, sizeof name, "proofs/%06" PRIu64 ".leaf", number);
	if (get(c, name, &bytes))
		goto out;
	if (bytes.len != LEAF_LEN || leaf_decode(bytes.p, &l, NULL) < 0) {
		bad(c, name, "not a leaf");
		goto out;
	}
	check_statement(c, dir, number, &l);
	check_body(c, dir, &l);
	check_inclusion(c, number, &l, bytes.p);
out:
	buf_release(&bytes);
}

/* --- the case's numbers ------------------------------------------------ */

static void check_number(struct checking *c, const uint8_t key[static 32],
			 char *line, uint64_t expect)
{
	static const char NAME[] = "leaves/case.tsv";
	uint8_t want[32], have[32];
	const char *at = line, *tag;
	uint64_t number;

	if (number_at(&at, &number) < 0 || number != expect) {
		bad(c, NAME, "a number of the case is missing or twice");
		return;
	}
	tag = strchr(at + 1, '\t');
	tag = tag ? strchr(tag + 1, '\t') : NULL;
	if (!tag || strlen(tag) < 65
	    || hex_get(BYTES(tag + 1, 64), have, 32) < 0) {
		bad(c, NAME, "bad line");
		return;
	}
	leaf_tag(key, number, want);
	if (memcmp(want, have, 32) != 0)
		bad(c, NAME, "a tag is not that of its number");
}

static void check_numbers(struct checking *c)
{
	struct buf tsv = BUF_INIT(MEMBER_MAX);
	uint8_t key[32];
	uint64_t expect = 0, before = c->rep->problems;
	char *line, *next;

	if (get(c, "leaves/case.tsv", &tsv))
		goto out;
	c->rep->complete = unzip_find(c->zip, "leaves/tag.key") != NULL;
	if (!c->rep->complete || salt_of(c, "leaves/tag.key", key))
		goto out;
	buf_cstr(&tsv);
	line = strchr((char *)tsv.p, '\n');
	for (line = line ? line + 1 : NULL; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		check_number(c, key, line, expect++);
	}
	if (before == c->rep->problems)
		fine(c, "the case's numbers run without a gap");
out:
	buf_release(&tsv);
}

static void check_items(struct checking *c)
{
	for (size_t i = 0; i < unzip_count(c->zip); i++) {
		const char *name = unzip_member(c->zip, i)->name;
		uint64_t number;
		const char *rest = item_member(name, &number);
		char dir[64];

		if (!rest || strcmp(rest, "statement.note") != 0)
			continue;
		snprintf(dir, sizeof dir, "%.*s", (int)(rest - name), name);
		check_item(c, dir, number);
	}
	if (c->rep->items == 0)
		bad(c, "items/", "no item in the bundle");
}

int bundle_check(const char *path, const struct bundle_verify *o,
		 struct bundle_report *rep, struct err *e)
{
	struct checking c = { .o = o, .rep = rep, .e = e,
			      .head_note = BUF_INIT(65536) };
	struct buf sums = BUF_INIT(MEMBER_MAX);
	struct unzip *zip = NULL;
	struct err ze = ERR_INIT;
	int r;

	memset(rep, 0, sizeof *rep);
	r = unzip_map(path, &zip, &ze);
	if (r == 0 && o->mapped) {
		r = o->mapped(o->arg, unzip_size(zip), e);
		if (r < 0)
			goto out;
	}
	if (r == 0)
		r = unzip_read(zip, &ze);
	if (r == ERR_FORMAT)
		bad(&c, path, ze.text);
	if (r < 0) {
		r = r == ERR_FORMAT ? 1 : err_set(e, r, "%s", ze.text);
		goto out;
	}
	c.zip = zip;
	if (get(&c, "SHA256SUMS", &sums) == 0) {
		r = check_sums(&c, buf_view(&sums));
		if (r < 0)
			goto out;
		check_minisign(&c, buf_view(&sums));
	}
	if (check_key(&c, "log", &c.log)
	    || check_key(&c, "collector", &c.collector))
		goto done;
	r = check_head(&c);
	if (r < 0)
		goto out;
	if (r > 0)
		goto done;
	r = read_places(&c);
	if (r == 0)
		r = check_archive(&c);
	if (r < 0)
		goto out;
	check_items(&c);
	check_numbers(&c);
done:
	r = rep->problems ? 1 : 0;
out:
	free(c.places);
	buf_release(&c.head_note);
	buf_release(&sums);
	unzip_close(zip);
	return r;
}
