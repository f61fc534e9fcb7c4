/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_month.h"

#include "cases/audit.h"
#include "cases/unit_int.h"
#include "store/seal.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD "scelle/v1/audit-cache\n"
#define FRAME_HEAD 45u		/* number, salt, forged, length */
#define CHUNK_MAX ((size_t)256 << 20)

#define DAY_MS 86400000

struct audit_month {
	struct unit *u;
	struct stream *s;
	const struct audit_keys *keys;
	char name[8];
	uint8_t public[32];
	uint8_t *secret;
	uint64_t count;
	/* one chunk: [first, first + have), as frames in text */
	uint64_t first, have;
	size_t at[AUDIT_MONTH_CHUNK];
	struct leaf leaf[AUDIT_MONTH_CHUNK];
	struct buf text;
	int loaded;
};

int audit_month_bounds(const char *month, int64_t *from_ms, int64_t *to_ms)
{
	char text[16];
	int64_t from, to;
	int y, m;

	if (strlen(month) != 7 ||
	    snprintf(text, sizeof text, "%s-01", month) != 10 ||
	    clock_parse_rfc3339(text, 10, &from) < 0)
		return ERR_FORMAT;
	y = (text[0] - '0') * 1000 + (text[1] - '0') * 100 +
		(text[2] - '0') * 10 + (text[3] - '0');
	m = (text[5] - '0') * 10 + (text[6] - '0');
	to = clock_days(m == 12 ? y + 1 : y, m == 12 ? 1u : (unsigned)m + 1,
			1) * DAY_MS;
	*from_ms = from;
	*to_ms = to;
	return 0;
}

/* --- who may have signed ------------------------------------------------------ */

int audit_keys_read(struct unit *u, struct audit_keys *out, struct err *e)
{
	struct audit_key *list = calloc(u->admin.nkeys + 1, sizeof *list);
	int r = 0;

	if (!list)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	out->list = list;
	snprintf(list->user, sizeof list->user, "%s", UNIT_TIMER);
	list->key = u->admin.collector;
	list->to = UINT64_MAX;
	out->n = 1;
	for (size_t i = 0; r == 0 && i < u->admin.nkeys; i++) {
		const struct admin_key *k = &u->admin.keys[i];

		list = &out->list[out->n++];
		snprintf(list->user, sizeof list->user, "%s",
			 u->admin.users[k->user].name);
		list->key = k->sign;
		list->to = UINT64_MAX;
		r = stream_seq(u->admin_stream, k->from_n, &list->from, e);
		if (r == 0 && k->to_n != UINT64_MAX)
			r = stream_seq(u->admin_stream, k->to_n, &list->to, e);
	}
	return r;
}

int audit_month_open(struct unit *u, const char *month,
		     const struct audit_keys *keys, struct audit_month **out, struct err *e)
{
	const struct admin_month *am = admin_month(&u->admin, month);
	struct audit_month *m = NULL;
	int r;

	if (!am)
		return err_set(e, ERR_NOENT, "there is no audit of '%s'",
			       month);
	m = calloc(1, sizeof *m);
	if (!m)
		return err_set(e, ERR_NOMEM, "no memory for a month");
	m->u = u;
	m->keys = keys;
	m->text = (struct buf)BUF_INIT(CHUNK_MAX);
	memcpy(m->public, am->public, 32);
	snprintf(m->name, sizeof m->name, "%s", am->name);
	m->secret = secret_alloc(32);
	r = m->secret ? unit_month_open(u, am, &m->s, e)
		      : err_set(e, ERR_NOMEM, "no memory for keys");
	if (r == 0)
		r = unit_month_secret(u, month, m->secret, e);
	if (r < 0) {
		audit_month_close(m);
		return r;
	}
	m->count = stream_count(m->s);
	*out = m;
	return 0;
}

void audit_month_close(struct audit_month *m)
{
	if (!m)
		return;
	secret_free(m->secret);
	buf_wipe(&m->text);
	free(m);
}

uint64_t audit_month_count(const struct audit_month *m)
{
	return m->count;
}

int audit_month_seq(const struct audit_month *m, uint64_t n, uint64_t *seq_out,
		    struct err *e)
{
	return stream_seq(m->s, n, seq_out, e);
}

/* --- the cache --------------------------------------------------------------- */

static int cache_path(const struct audit_month *m, uint64_t chunk,
		      char out[static FILE_PATH_MAX], struct err *e)
{
	char rel[64];

	snprintf(rel, sizeof rel, "audit/%s/read.cache/%06llu.age", m->name,
		 (unsigned long long)chunk);
	return unit_path(m->u, rel, out, e);
}

/* A statement is what its leaf vouches for, or it is none. */
static int vouched(const struct audit_month *m, uint64_t n,
		   const uint8_t *salt, struct bytes note, struct leaf *leaf)
{
	uint8_t open[SHA256_LEN];
	uint64_t seq;

	if (stream_seq(m->s, n, &seq, NULL) < 0 ||
	    vault_leaf(m->u->vault, seq, leaf) < 0)
		return 0;
	leaf_open(salt, note, open);
	return !memcmp(open, leaf->open, sizeof open);
}

/* Who may make this, may read it: holders of the month's secret. */
static void mac(const struct audit_month *m, struct bytes frames,
		uint8_t out[static 32])
{
	static const char word[] = "scelle/audit-cache/v1";
	uint8_t key[sizeof word + 32];

	memcpy(key, word, sizeof word);
	memcpy(key + sizeof word, m->secret, 32);
	sha256_once(BYTES(key, sizeof key), key);
	hmac_sha256(BYTES(key, 32), frames, out);
	secret_wipe(key, sizeof key);
}

/* Frames from the file as far as they are sound; the rest is read anew. */
static void load(struct audit_month *m, uint64_t chunk)
{
	struct buf sealed = BUF_INIT(CHUNK_MAX);
	const size_t head = sizeof HEAD - 1 + 32;
	char path[FILE_PATH_MAX];
	uint8_t want[32];
	size_t off = head;

	if (cache_path(m, chunk, path, NULL) < 0 || !file_exists(path) ||
	    file_read(path, &sealed, NULL) < 0 ||
	    open_object(m->secret, buf_view(&sealed), &m->text, NULL) < 0 ||
	    m->text.len < head || memcmp(m->text.p, HEAD, head - 32) != 0)
		goto out;
	mac(m, BYTES(m->text.p + head, m->text.len - head), want);
	if (!secret_eq(want, m->text.p + head - 32, 32))
		goto out;
	while (m->have < AUDIT_MONTH_CHUNK &&
	       m->text.len - off >= FRAME_HEAD) {
		const uint8_t *p = m->text.p + off;
		uint32_t len = get_be32(p + 41);

		if (get_be64(p) != m->first + m->have ||
		    len > m->text.len - off - FRAME_HEAD ||
		    !vouched(m, m->first + m->have, p + 8,
			     BYTES(p + FRAME_HEAD, len),
			     &m->leaf[m->have]))
			break;
		m->at[m->have++] = off;
		off += FRAME_HEAD + len;
	}
out:
	buf_release(&sealed);
	if (!m->have) {
		static const uint8_t room[32];

		buf_wipe(&m->text);
		m->text.failed = 0;
		buf_adds(&m->text, HEAD);
		buf_add(&m->text, room, sizeof room);
	} else {
		m->text.len = off;
	}
}

/* That it cannot be kept costs time at the next reading, nothing else. */
static void save(struct audit_month *m, uint64_t chunk)
{
	struct buf sealed = BUF_INIT(CHUNK_MAX);
	const size_t head = sizeof HEAD - 1 + 32;
	struct bytes piece = buf_view(&m->text);
	char path[FILE_PATH_MAX], dir[64];

	mac(m, BYTES(m->text.p + head, m->text.len - head),
	    m->text.p + head - 32);
	snprintf(dir, sizeof dir, "audit/%s/read.cache", m->name);
	if (m->u->writable && unit_mkdir(m->u, dir, NULL) == 0 &&
	    cache_path(m, chunk, path, NULL) == 0 &&
	    seal_to(m->public, &piece, 1, &sealed) == 0)
		file_replace(path, buf_view(&sealed), 0600, NULL);
	buf_release(&sealed);
}

/*
 * Is it signed by the person it names?  The program signs for the timer and, in
 * a custody service, for whom the kernel and a signed login say is there: those
 * records say "via socket", or are of the login itself.
 */
static int forged(const struct audit_month *m, struct bytes note, uint64_t seq)
{
	struct statement s;
	const char *user, *via, *command;
	int good = 0, service;

	if (statement_read(note, &s, NULL) < 0)
		return 1;
	user = json_opt_str(s.json, "user");
	via = json_opt_str(json_object_get(s.json, "from"), "via");
	command = json_opt_str(s.json, "command");
	service = (via && !strcmp(via, "socket")) ||
		(command && (!strcmp(command, "login") ||
			     !strcmp(command, "unlock")));
	for (size_t i = 0; user && !good && i < m->keys->n; i++) {
		const struct audit_key *k = &m->keys->list[i];

		good = (!strcmp(k->user, user) ||
			(service && !strcmp(k->user, UNIT_TIMER))) &&
			seq >= k->from && seq <= k->to && s.note.nsigs &&
			!memcmp(k->key.id, s.note.sigs[0].id, 4) &&
			note_check(&s.note, &k->key, 1, NULL, NULL, NULL) == 0;
	}
	statement_release(&s);
	return !good;
}

/* The next statement of the chunk, from the packs. */
static int open_one(struct audit_month *m, struct buf *note, struct err *e)
{
	uint64_t n = m->first + m->have, seq = 0;
	uint8_t head[FRAME_HEAD];
	int r;

	buf_clear(note);
	r = stream_seq(m->s, n, &seq, e);
	if (r == 0 && vault_leaf(m->u->vault, seq, &m->leaf[m->have]) < 0)
		r = err_set(e, ERR_IO, "cannot read leaf %llu",
			    (unsigned long long)seq);
	if (r == 0)
		r = stream_get(m->s, n, 0, note, head + 8, e);
	if (r < 0)
		return r;
	put_be64(head, n);
	head[40] = (uint8_t)forged(m, buf_view(note), seq);
	put_be32(head + 41, (uint32_t)note->len);
	m->at[m->have++] = m->text.len;
	buf_add(&m->text, head, sizeof head);
	buf_addb(&m->text, buf_view(note));
	return m->text.failed
		? err_set(e, m->text.failed, "no memory for the audit of '%s'",
			  m->name) : 0;
}

/* The chunk that holds statement n: from the cache, then from the packs. */
static int take(struct audit_month *m, uint64_t n, struct err *e)
{
	uint64_t chunk = n / AUDIT_MONTH_CHUNK, end;
	struct buf note = BUF_INIT(NOTE_MAX);
	unsigned opened = 0;
	int r = 0;

	buf_wipe(&m->text);
	m->text.failed = 0;
	m->first = chunk * AUDIT_MONTH_CHUNK;
	m->have = 0;
	m->loaded = 0;
	load(m, chunk);
	end = m->first + AUDIT_MONTH_CHUNK;
	if (end > m->count)
		end = m->count;
	if (m->first + m->have < end)
		r = stream_unlock(m->s, m->secret, e);
	while (r == 0 && m->first + m->have < end) {
		r = open_one(m, &note, e);
		opened++;
	}
	/* A part is worth a file only when it saves more than it costs. */
	if (r == 0 && (opened >= AUDIT_MONTH_CHUNK / 4 ||
		       (opened && m->have == AUDIT_MONTH_CHUNK)))
		save(m, chunk);
	m->loaded = r == 0;
	buf_wipe(&note);
	return r;
}

int audit_month_get(struct audit_month *m, uint64_t n, struct bytes *note,
		    struct leaf *leaf, int *forged_out, struct err *e)
{
	const uint8_t *p;
	int r = 0;

	if (n >= m->count)
		return err_set(e, ERR_NOENT, "the audit of '%s' has no "
			       "statement %llu", m->name,
			       (unsigned long long)n);
	if (!m->loaded || n < m->first || n >= m->first + m->have)
		r = take(m, n, e);
	if (r < 0)
		return r;
	*leaf = m->leaf[n - m->first];
	p = m->text.p + m->at[n - m->first];
	*note = BYTES(p + FRAME_HEAD, get_be32(p + 41));
	*forged_out = p[40] != 0;
	return 0;
}
