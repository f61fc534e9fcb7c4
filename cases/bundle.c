/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/bundle.h"

#include "cases/zip.h"
#include "parsers/warc.h"
#include "parsers/warcgz.h"
#include "store/minisign.h"
#include "store/note.h"
#include "util/enc.h"
#include "util/secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LIST_MAX (256u << 20)

/* struct writing - one bundle under way; the archive comes first, alone */
struct writing {
	const struct bundle_request *q;
	struct zip *zip;
	struct warcgz *gz;
	struct buf member;	/* one gzip member at a time */
	struct buf sums;	/* SHA256SUMS */
	uint64_t archive_at;	/* bytes of the archive, gunzipped */
	struct buf plain;	/* one object at a time */
	struct buf place;	/* "number offset length salt\n" of each blob */
	struct err *e;
};

int bundle_pem(const uint8_t pub[static 32], struct buf *out)
{
	/* SubjectPublicKeyInfo of Ed25519, RFC 8410 section 4 */
	uint8_t der[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
			    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };

	memcpy(der + 12, pub, 32);
	buf_adds(out, "-----BEGIN PUBLIC KEY-----\n");
	b64_put(out, BYTES(der, sizeof der));
	return buf_adds(out, "\n-----END PUBLIC KEY-----\n");
}

static int listed(struct writing *w, const char *name, const uint8_t *sum)
{
	hex_put(&w->sums, BYTES(sum, 32));
	buf_addf(&w->sums, "  %s\n", name);
	return w->sums.failed
	       ? err_set(w->e, w->sums.failed, "too many members in a bundle")
	       : 0;
}

static int add(struct writing *w, const char *name, struct bytes content,
	       int store)
{
	uint8_t sum[32];
	int r = zip_add(w->zip, name, content, store, sum, w->e);

	return r < 0 ? r : listed(w, name, sum);
}

/* --- archive/capture.warc.gz ------------------------------------------- */

static int put_record(struct writing *w, struct bytes record, int store)
{
	int r;

	buf_clear(&w->member);
	r = warcgz_put(w->gz, record, store, &w->member);
	if (r < 0)
		return err_set(w->e, r, "no memory to compress a record");
	w->archive_at += record.len;
	return zip_write(w->zip, buf_view(&w->member), w->e);
}

/* record_len - bytes of the first record of a blob; all of them when it is no
 * WARC.  *store is set when its payload is compressed already. */
static size_t record_len(struct bytes blob, int *store)
{
	struct warc_head h = WARC_HEAD_INIT;
	struct bytes type;
	char name[64];
	size_t n = blob.len;

	*store = 0;
	if (warc_head_parse(blob, &h, NULL) < 0)
		return n;
	if (h.has_length && h.length <= blob.len - h.head_len
	    && blob.len - h.head_len - h.length >= 4) {
		n = h.head_len + (size_t)h.length + 4;
		type = warc_get(&h, "WARC-Identified-Payload-Type");
		if (type.p && type.len < sizeof name) {
			memcpy(name, type.p, type.len);
			name[type.len] = 0;
			*store = warcgz_stores(name);
		}
	}
	warc_head_release(&h);
	return n;
}

/* Each record its own gzip member; what is no WARC stays whole, in one. */
static int put_blob(struct writing *w, struct bytes blob)
{
	while (blob.len) {
		int store;
		size_t n = record_len(blob, &store);
		int r = put_record(w, BYTES(blob.p, n), store);

		if (r < 0)
			return r;
		blob.p += n;
		blob.len -= n;
	}
	return 0;
}

/* A UUID from a hash, so that the same bundle has the same bytes. */
static void uuid_from(const uint8_t sum[static 32], char out[static 37])
{
	uint8_t b[16];
	char hex[33];

	memcpy(b, sum, 16);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x80);		/* version 8 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hex_str(hex, b, 16);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		 hex + 16, hex + 20);
}

static int put_warcinfo(struct writing *w, int64_t time_ms)
{
	struct buf fields = BUF_INIT(4096), rec = BUF_INIT(16384);
	char id[37], digest[80] = "sha256:";
	uint8_t sum[32];
	struct warc_new head = { .type = WARC_WARCINFO, .id = id,
				 .date_ms = time_ms, .block_digest = digest,
				 .content_type = WARC_TYPE_FIELDS,
				 .filename = "capture.warc.gz" };
	int r;

	warc_field_put(&fields, "software", w->q->software, w->e);
	warc_field_put(&fields, "format", "WARC File Format 1.1", w->e);
	warc_field_put(&fields, "conformsTo", "http://iipc.github.io/"
		       "warc-specifications/specifications/warc-format/"
		       "warc-1.1/", w->e);
	warc_field_put(&fields, "isPartOf", w->q->case_id, w->e);
	sha256_once(buf_view(&fields), sum);
	hex_str(digest + 7, sum, 32);
	uuid_from(sum, id);
	r = fields.failed ? fields.failed
	    : warc_write(&head, buf_view(&fields), &rec, w->e);
	if (r == 0)
		r = put_record(w, buf_view(&rec), 0);
	buf_release(&fields);
	buf_release(&rec);
	return r;
}

static int put_item_blobs(struct writing *w, uint64_t number)
{
	const struct bundle_request *q = w->q;
	unsigned n = 0;
	int r = stream_objects(q->stream, number, &n, w->e);

	for (unsigned i = 1; r == 0 && i < n; i++) {
		uint8_t salt[32];
		uint64_t at = w->archive_at;

		buf_clear(&w->plain);
		r = stream_get(q->stream, number, i, &w->plain, salt, w->e);
		if (r == 0)
			r = put_blob(w, buf_view(&w->plain));
		if (r == 0) {
			buf_addf(&w->place, "%" PRIu64 " %u %" PRIu64 " %zu ",
				 number, i, at, w->plain.len);
			hex_put(&w->place, BYTES(salt, 32));
			r = buf_addc(&w->place, '\n');
		}
	}
	return r;
}

static int put_archive(struct writing *w)
{
	static const char NAME[] = "archive/capture.warc.gz";
	const struct bundle_request *q = w->q;
	uint8_t sum[32];
	struct leaf l;
	uint64_t seq;
	int r = stream_seq(q->stream, q->picks[0].number, &seq, w->e);

	if (r == 0)
		r = vault_leaf(q->vault, seq, &l);
	if (r == 0)
		r = zip_begin(w->zip, NAME, w->e);
	if (r == 0)
		r = put_warcinfo(w, l.time_ms);
	for (size_t i = 0; r == 0 && i < q->npicks; i++)
		if (!q->picks[i].withheld)
			r = put_item_blobs(w, q->picks[i].number);
	if (r == 0)
		r = zip_end(w->zip, sum, w->e);
	return r < 0 ? r : listed(w, NAME, sum);
}

/* --- items/ and proofs/ ------------------------------------------------ */

static int put_places(struct writing *w, uint64_t number, const char **at)
{
	char name[64], text[96];
	uint64_t n, off, len;
	unsigned i;
	int used, r = 0;

	while (r == 0 && **at) {
		char salt[65];
		const char *p = *at;
		char *end;

		n = strtoull(p, &end, 10);
		if (n != number)
			break;
		i = (unsigned)strtoul(end, &end, 10);
		off = strtoull(end, &end, 10);
		len = strtoull(end, &end, 10);
		memcpy(salt, end + 1, 64);
		salt[64] = 0;
		*at = end + 1 + 64 + 1;
		used = snprintf(text, sizeof text, "%s\n", salt);
		snprintf(name, sizeof name, "items/%06" PRIu64 "/blob-%04u.salt",
			 number, i);
		r = add(w, name, BYTES(text, (size_t)used), 1);
		used = snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 "\n",
				off, len);
		snprintf(name, sizeof name, "items/%06" PRIu64 "/blob-%04u.place",
			 number, i);
		if (r == 0)
			r = add(w, name, BYTES(text, (size_t)used), 1);
	}
	return r;
}

static int put_objects(struct writing *w, uint64_t number)
{
	struct buf sealed = BUF_INIT(VAULT_OBJECT_MAX + (1u << 20));
	struct buf list = BUF_INIT(65536);
	uint8_t sum[32], identity[32];
	unsigned n = 0;
	char name[64];
	int r = stream_objects(w->q->stream, number, &n, w->e);

	for (unsigned i = 0; r == 0 && i < n; i++) {
		buf_clear(&sealed);
		r = stream_sealed(w->q->stream, number, i, &sealed, identity,
				  w->e);
		if (r == 0) {
			sha256_once(buf_view(&sealed), sum);
			hex_put(&list, BYTES(sum, 32));
			r = buf_addc(&list, '\n');
		}
	}
	snprintf(name, sizeof name, "items/%06" PRIu64 "/objects", number);
	if (r == 0)
		r = add(w, name, buf_view(&list), 0);
	buf_release(&sealed);
	buf_release(&list);
	return r;
}

static int put_proof(struct writing *w, uint64_t number)
{
	struct buf proof = BUF_INIT(65536);
	uint8_t bytes[LEAF_LEN];
	struct leaf l;
	uint64_t seq;
	char name[64];
	int r = stream_seq(w->q->stream, number, &seq, w->e);

	if (r == 0)
		r = vault_leaf(w->q->vault, seq, &l);
	if (r == 0)
		r = vault_receipt(w->q->vault, seq, &proof, w->e);
	if (r == 0) {
		leaf_encode(&l, bytes);
		snprintf(name, sizeof name, "proofs/%06" PRIu64 ".leaf", number);
		r = add(w, name, BYTES(bytes, sizeof bytes), 1);
	}
	snprintf(name, sizeof name, "proofs/%06" PRIu64 ".tlog-proof", number);
	if (r == 0)
		r = add(w, name, buf_view(&proof), 0);
	buf_release(&proof);
	return r;
}

static int put_item(struct writing *w, uint64_t number, const char **places)
{
	uint8_t salt[32];
	char name[64], hex[66];
	int r;

	buf_clear(&w->plain);
	r = stream_get(w->q->stream, number, 0, &w->plain, salt, w->e);
	snprintf(name, sizeof name, "items/%06" PRIu64 "/statement.note", number);
	if (r == 0)
		r = add(w, name, buf_view(&w->plain), 0);
	hex_str(hex, salt, 32);
	hex[64] = '\n';
	snprintf(name, sizeof name, "items/%06" PRIu64 "/salt", number);
	if (r == 0)
		r = add(w, name, BYTES(hex, 65), 1);
	if (r == 0)
		r = put_places(w, number, places);
	if (r == 0)
		r = put_objects(w, number);
	if (r == 0)
		r = put_proof(w, number);
	return r;
}

/* --- leaves/, posts, keys ---------------------------------------------- */

static int put_contiguity(struct writing *w)
{
	const struct bundle_request *q = w->q;
	struct buf tsv = BUF_INIT(LIST_MAX), raw = BUF_INIT(LIST_MAX);
	uint64_t count = stream_count(q->stream), first = 0, last = 0;
	size_t pick = 0;
	int r = 0;

	buf_adds(&tsv, "number\tposition\tkind\ttag\tin this bundle\n");
	for (uint64_t n = 0; r == 0 && n < count; n++) {
		const char *what = "withheld: not chosen", *gone = NULL;
		struct leaf l;
		uint64_t seq;

		r = stream_seq(q->stream, n, &seq, w->e);
		if (r == 0)
			r = vault_leaf(q->vault, seq, &l);
		if (r < 0)
			break;
		if (n == 0)
			first = seq;
		last = seq;
		if (pick < q->npicks && q->picks[pick].number == n)
			what = q->picks[pick++].withheld;
		buf_addf(&tsv, "%" PRIu64 "\t%" PRIu64 "\t%s\t", n, seq,
			 leaf_kind_name(l.kind));
		hex_put(&tsv, BYTES(l.tag, 32));
		if (q->erased)
			gone = q->erased(q->erased_arg, n);
		if (gone)
			buf_addf(&tsv, "\t%s\n", gone);
		else if (what && strncmp(what, "withheld: ", 10) != 0)
			buf_addf(&tsv, "\twithheld: %s\n", what);
		else
			buf_addf(&tsv, "\t%s\n", what ? what : "disclosed");
	}
	if (r == 0 && tsv.failed)
		r = err_set(w->e, tsv.failed, "the case's list is too long");
	if (r == 0)
		r = add(w, "leaves/case.tsv", buf_view(&tsv), 0);
	if (r == 0 && q->complete) {
		char hex[66];

		hex_str(hex, q->tag_key, 32);
		hex[64] = '\n';
		r = add(w, "leaves/tag.key", BYTES(hex, 65), 1);
		for (uint64_t s = first; r == 0 && s <= last; s++) {
			struct leaf l;
			uint8_t *to = buf_room(&raw, LEAF_LEN);

			r = to ? vault_leaf(q->vault, s, &l) : raw.failed;
			if (r == 0) {
				leaf_encode(&l, to);
				raw.len += LEAF_LEN;
			}
		}
		if (r == 0)
			r = add(w, "leaves/leaves.bin", buf_view(&raw), 0);
	}
	buf_release(&tsv);
	buf_release(&raw);
	return r;
}

/* put_lines - what was taken from the picked items, a line each */
static int put_lines(struct writing *w, const char *name,
		     int (*of)(void *arg, uint64_t number, struct buf *jsonl,
			       struct err *e))
{
	const struct bundle_request *q = w->q;
	struct buf lines = BUF_INIT(1u << 30);
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->npicks; i++)
		if (!q->picks[i].withheld)
			r = of(q->arg, q->picks[i].number, &lines, w->e);
	if (r == 0)
		r = add(w, name, buf_view(&lines), 0);
	buf_release(&lines);
	return r;
}

static int put_posts(struct writing *w)
{
	const struct bundle_request *q = w->q;
	char name[320];
	int r = put_lines(w, "posts.jsonl", q->posts);

	if (r == 0 && q->media)
		r = put_lines(w, "media.jsonl", q->media);
	for (size_t i = 0; r == 0 && i < q->nprofiles; i++) {
		snprintf(name, sizeof name, "profiles/%s", q->profiles[i].name);
		r = add(w, name, q->profiles[i].content, 0);
	}
	return r;
}

static int put_note_key(struct writing *w, const char *vkey, const char *stem)
{
	struct buf text = BUF_INIT(4096);
	struct note_vkey k;
	char name[64];
	int r = note_vkey_read(bytes_str(vkey), &k, w->e);

	if (r < 0)
		return r;
	buf_addf(&text, "%s\n", vkey);
	snprintf(name, sizeof name, "keys/%s.vkey", stem);
	r = add(w, name, buf_view(&text), 1);
	buf_clear(&text);
	bundle_pem(k.pk, &text);
	snprintf(name, sizeof name, "keys/%s.pem", stem);
	if (r == 0)
		r = add(w, name, buf_view(&text), 1);
	buf_release(&text);
	return r;
}

static int put_keys(struct writing *w, struct minisign_key *key)
{
	const struct bundle_request *q = w->q;
	struct buf text = BUF_INIT(4096);
	int r = put_note_key(w, q->log_vkey, "log");

	if (r == 0)
		r = put_note_key(w, q->collector_vkey, "collector");
	minisign_key_from(key, q->export_id, q->export_seed);
	if (r == 0)
		r = minisign_pub_put(&key->pub, &text);
	if (r == 0)
		r = add(w, "keys/minisign.pub", buf_view(&text), 1);
	buf_release(&text);
	return r;
}

static int put_sums(struct writing *w, const struct minisign_key *key)
{
	struct buf sig = BUF_INIT(8192), head = BUF_INIT(1024);
	int r;

	buf_addf(&head, "%s, case %s, log size %" PRIu64,
		 vault_origin(w->q->vault), w->q->case_id,
		 vault_size(w->q->vault));
	r = minisign_sign(key, buf_view(&w->sums),
			  "signature of SHA256SUMS", buf_cstr(&head), &sig,
			  w->e);
	if (r == 0)
		r = zip_add(w->zip, "SHA256SUMS", buf_view(&w->sums), 0, NULL,
			    w->e);
	if (r == 0)
		r = zip_add(w->zip, "SHA256SUMS.minisig", buf_view(&sig), 1,
			    NULL, w->e);
	buf_release(&sig);
	buf_release(&head);
	return r;
}

static const char README_TEXT[] =
"Ce fichier est un ensemble de preuves produit par Scellé (scelle).\n"
"Pour le vérifier sans ce logiciel, suivre verify-a-bundle.md : coreutils,\n"
"openssl, minisign, xxd et gunzip suffisent.  Les enregistrements bruts sont\n"
"dans archive/capture.warc.gz (WARC 1.1) ; chaque pièce, dans items/.\n"
"Le format est décrit dans docs/bundle-format.md du projet.\n"
"\n"
"This file is a set of evidence made by Scellé (scelle).  To check it without\n"
"that program, follow verify-a-bundle.md: coreutils, openssl, minisign, xxd and\n"
"gunzip are enough.  The raw records are in archive/capture.warc.gz (WARC 1.1);\n"
"each item is in items/.\n";

static const char LAB_TEXT[] =
"\n*** LABORATOIRE : coffre d'essai, sans valeur probante. ***\n"
"*** LAB: made in a test vault, no evidence. ***\n";

static int put_first(struct writing *w, int lab)
{
	struct buf text = BUF_INIT(8192);
	int r = add(w, "mimetype",
		    bytes_str("application/vnd.scelle.bundle+zip"), 1);

	buf_adds(&text, README_TEXT);
	if (lab)
		buf_adds(&text, LAB_TEXT);
	if (r == 0)
		r = add(w, "README.txt", buf_view(&text), 0);
	if (r == 0)
		r = add(w, "verify-a-bundle.md", w->q->guide, 0);
	buf_release(&text);
	return r;
}

static int check_request(const struct bundle_request *q, int *lab,
			 struct err *e)
{
	struct leaf l;
	uint64_t seq;

	*lab = 0;
	if (q->npicks == 0)
		return err_set(e, ERR_RANGE, "nothing was chosen to export");
	for (size_t i = 0; i < q->npicks; i++) {
		if (i && q->picks[i].number <= q->picks[i - 1].number)
			return err_set(e, ERR_RANGE,
				       "items are not in ascending order");
		if (q->picks[i].number >= stream_count(q->stream))
			return err_set(e, ERR_NOENT, "the case has no item %"
				       PRIu64, q->picks[i].number);
		if (stream_seq(q->stream, q->picks[i].number, &seq, e) == 0
		    && vault_leaf(q->vault, seq, &l) == 0
		    && l.flags & LEAF_FLAG_LAB)
			*lab = 1;
	}
	return 0;
}

int bundle_write(const char *path, const struct bundle_request *q,
		 struct bundle_result *res, struct err *e)
{
	struct writing w = { .q = q, .e = e };
	struct minisign_key key;
	const char *places;
	int lab, r;

	memset(&key, 0, sizeof key);
	memset(res, 0, sizeof *res);
	w.member = (struct buf)BUF_INIT(VAULT_OBJECT_MAX + (1u << 20));
	w.sums = (struct buf)BUF_INIT(LIST_MAX);
	w.place = (struct buf)BUF_INIT(LIST_MAX);
	w.plain = (struct buf)BUF_INIT(VAULT_OBJECT_MAX);
	r = check_request(q, &lab, e);
	if (r == 0 && warcgz_new(&w.gz) < 0)
		r = err_set(e, ERR_NOMEM, "no memory for a bundle");
	if (r == 0)
		r = zip_open(path, &w.zip, e);
	if (r < 0)
		goto out;
	r = put_first(&w, lab);
	if (r == 0)
		r = put_archive(&w);
	places = buf_cstr(&w.place);
	for (size_t i = 0; r == 0 && i < q->npicks; i++) {
		if (q->picks[i].withheld) {
			res->withheld++;
			continue;
		}
		r = put_item(&w, q->picks[i].number, &places);
		res->disclosed++;
	}
	if (r == 0)
		r = add(&w, "proofs/head.note", vault_head(q->vault), 0);
	if (r == 0)
		r = put_contiguity(&w);
	if (r == 0)
		r = put_posts(&w);
	if (r == 0)
		r = put_keys(&w, &key);
	if (r == 0)
		r = put_sums(&w, &key);
	if (r == 0) {
		struct zip *z = w.zip;

		w.zip = NULL;
		r = zip_close(z, res->sha256, e);
	}
out:
	zip_discard(w.zip);
	secret_wipe(&key, sizeof key);
	warcgz_free(w.gz);
	buf_release(&w.member);
	buf_wipe(&w.plain);
	buf_release(&w.place);
	buf_release(&w.sums);
	return r;
}
