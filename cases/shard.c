/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/shard.h"

#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdio.h>

#define LINEAGE 11		/* "-r", 8 hex digits, NUL */

/* "-r<8 hex>" of a shard's name, or "" when there is none. */
static void lineage_of(const char *name, char out[static LINEAGE])
{
	*out = '\0';
	for (const char *p = strstr(name, "-r"); p; p = strstr(p + 1, "-r"))
		if (strspn(p + 2, "0123456789abcdef") >= 8 &&
		    (p[10] == '\0' || p[10] == '-')) {
			memcpy(out, p, LINEAGE - 1);
			out[LINEAGE - 1] = '\0';
		}
}

static int year_of(int64_t ms)
{
	char when[CLOCK_RFC3339_MAX];
	int64_t zero = 0;
	int year = 0;

	if (ms < zero)
		return 0;
	clock_rfc3339(ms, when);
	for (int i = 0; i < 4; i++)
		year = year * 10 + (when[i] - '0');
	return year;
}

static const struct vault_shard *last_of(const struct vault *v)
{
	return vault_shard_at(v, vault_shards(v) - 1);
}

static int is_taken(const struct vault *v, const char *name)
{
	for (unsigned i = 0; i < vault_shards(v); i++)
		if (!strcmp(vault_shard_at(v, i)->name, name))
			return 1;
	return 0;
}

static void new_name(const struct unit *u, enum vault_why why, int64_t now_ms,
		     char *out, size_t room)
{
	char lineage[LINEAGE], unit[ADMIN_NAME_MAX + 1];
	uint8_t fresh[4];
	size_t n;

	snprintf(unit, sizeof unit, "%s", u->admin.unit);
	for (char *p = unit; *p; p++)
		if (*p == '.' || *p == '_')
			*p = '-';
	lineage_of(last_of(u->vault)->name, lineage);
	if (why == VAULT_RESTORE) {
		secret_random(fresh, sizeof fresh);
		memcpy(lineage, "-r", 2);
		hex_str(lineage + 2, fresh, sizeof fresh);
	}
	n = (size_t)snprintf(out, room, "%s-%04d%s", unit, year_of(now_ms),
			     lineage);
	for (int i = 2; is_taken(u->vault, out) && n < room; i++)
		snprintf(out + n, room - n, "-%d", i);
}

static void put_gap(struct jsonw *w, const struct vault_shard *s,
		    const struct shard_gap *g)
{
	char when[CLOCK_RFC3339_MAX];

	jsonw_open(w, "gap", '{');
	jsonw_int(w, "from", (int64_t)s->first);
	if (s->known > s->first)
		jsonw_int(w, "known_to", (int64_t)s->known);
	if (g) {
		jsonw_str(w, "seen", g->from);
		jsonw_str(w, "taken", clock_rfc3339(g->taken_ms, when));
		jsonw_str(w, "backup", g->backup);
		jsonw_str(w, "keys", g->keys);
	}
	jsonw_close(w, '}');
}

/* The first statement of the last shard. */
static int say(struct unit *u, const struct shard_gap *gap, struct err *e)
{
	static const char *const files[] = { "FORMAT" };
	const struct vault *v = u->vault;
	const struct vault_shard *s = last_of(v), *before = s - 1;
	char root[65];
	struct unit_write w;
	struct jsonw *j = &w.draft.w;
	int r = unit_begin(u, "shard", &w, e);

	if (r < 0)
		return r;
	w.program = 1;
	hex_str(root, s->root, 32);
	jsonw_str(j, "shard", s->name);
	jsonw_str(j, "why", vault_why_name(s->why));
	jsonw_str(j, "by", u->user_name);
	jsonw_open(j, "before", '{');
	jsonw_str(j, "origin", before->origin);
	jsonw_int(j, "size", (int64_t)s->first);
	jsonw_str(j, "root", root);
	jsonw_close(j, '}');
	if (s->why == VAULT_RESTORE)
		put_gap(j, s, gap);
	jsonw_str(j, "software", "scelle " SCELLE_VERSION);
	return unit_commit(u, &w, files, 1, NULL, e);
}

int unit_shard_new(struct unit *u, enum vault_why why,
		   const struct shard_gap *gap, struct err *e)
{
	char name[VAULT_NAME_MAX + 1], origin[VAULT_NAME_MAX + 16];
	int64_t now = clock_wall_ms();
	int r;

	if (!u->writable)
		return err_set(e, ERR_DENIED, "the vault is open for reading "
			       "only");
	new_name(u, why, now, name, sizeof name);
	snprintf(origin, sizeof origin, "scelle/%s", name);
	/* What others can hold against the old shard: its end, for good. */
	r = vault_publish(u->vault, e);
	if (r == 0)
		r = vault_shard_new(u->vault, why, name, origin,
				    gap ? gap->known : 0, now, e);
	return r == 0 ? say(u, gap, e) : r;
}

int unit_shard_due(struct unit *u, int64_t now_ms, struct err *e)
{
	/* The unit itself is entered first: a vault in the making has no year. */
	if (!u->writable || !u->admin.nusers || vault_shared(u->vault) ||
	    year_of(now_ms) <= year_of(last_of(u->vault)->created_ms) ||
	    strcmp(u->admin.origin, vault_origin(u->vault)) != 0)
		return 0;
	return unit_shard_new(u, VAULT_YEAR, NULL, e);
}

int unit_shard_say(struct unit *u, struct err *e)
{
	const struct vault_shard *s = last_of(u->vault);

	if (vault_shards(u->vault) < 2 || vault_size(u->vault) > s->first)
		return 0;
	return say(u, NULL, e);
}
