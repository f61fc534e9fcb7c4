/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_event.h"

#include <stdlib.h>

#define RANGES_MAX 65536

static const struct {
	enum audit_what what;
	const char *name;
} names[] = {
	{ AUDIT_ACCESS, "access" }, { AUDIT_SHOWN, "shown" },
	{ AUDIT_REFUSED, "refused" }, { AUDIT_ADMIN, "admin" },
	{ AUDIT_COLLECTED, "collected" }, { AUDIT_EXPORTED, "exported" },
	{ AUDIT_ERASED, "erased" }, { AUDIT_OTHER, "other" },
};

#define NAMES (sizeof names / sizeof *names)

const char *audit_what_name(enum audit_what what)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].what == what)
			return names[i].name;
	return "other";
}

unsigned audit_what_of(const char *name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (!strcmp(names[i].name, name))
			return names[i].what;
	return 0;
}

void audit_event_init(struct audit_event *ev)
{
	static const char none[] = "";

	memset(ev, 0, sizeof *ev);
	ev->kind = ev->user = ev->command = ev->why = ev->query = none;
	ev->recipient = ev->subject = ev->text = ev->key = none;
	ev->glass = none;
	ev->session = ev->via = ev->tty = ev->ssh = ev->case_id = none;
	ev->uid = -1;
}

void audit_event_release(struct audit_event *ev)
{
	free(ev->ranges);
	json_decref(ev->json);
	audit_event_init(ev);
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_opt_str(o, key);

	return s ? s : "";
}

static uint64_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) && json_integer_value(v) > 0
		? (uint64_t)json_integer_value(v) : 0;
}

/* One number or [first, last]. */
static int range(const json_t *v, struct audit_range *out)
{
	const json_t *a = json_array_get(v, 0), *b = json_array_get(v, 1);

	if (json_is_integer(v))
		a = b = v;
	else if (json_array_size(v) != 2)
		return -1;
	if (!json_is_integer(a) || !json_is_integer(b) ||
	    json_integer_value(a) < 0 ||
	    json_integer_value(b) < json_integer_value(a))
		return -1;
	out->first = (uint64_t)json_integer_value(a);
	out->last = (uint64_t)json_integer_value(b);
	return 0;
}

static int ranges(const json_t *list, struct audit_event *ev, struct err *e)
{
	size_t n = json_array_size(list);

	if (!n)
		return 0;
	if (n > RANGES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d ranges of items",
			       RANGES_MAX);
	ev->ranges = calloc(n, sizeof *ev->ranges);
	if (!ev->ranges)
		return err_set(e, ERR_NOMEM, "no memory for an event");
	for (size_t i = 0; i < n; i++) {
		if (range(json_array_get(list, i), &ev->ranges[i]) < 0)
			return err_set(e, ERR_FORMAT, "items that are no "
				       "numbers");
		if (!ev->reach)
			ev->items += ev->ranges[i].last - ev->ranges[i].first +
				1;
		ev->nranges = i + 1;
	}
	return 0;
}

static enum audit_what what_of(const char *kind, const struct leaf *leaf)
{
	if (!strcmp(kind, "access"))
		return AUDIT_ACCESS;
	if (!strcmp(kind, "shown"))
		return AUDIT_SHOWN;
	switch (leaf->kind) {
	case LEAF_REFUSED:
		return AUDIT_REFUSED;
	case LEAF_ERASURE:
		return AUDIT_ERASED;
	case LEAF_EXPORT:
		return AUDIT_EXPORTED;
	case LEAF_ADMIN:
	case LEAF_KEY:
		return AUDIT_ADMIN;
	default:
		return AUDIT_OTHER;
	}
}

/* Who signed an admin statement, by the name of its first key. */
static const char *signer(const struct statement *s, char *out, size_t max)
{
	const uint8_t *at, *p = s->note.nsigs ? s->note.sigs[0].name.p : NULL;
	size_t n = p ? s->note.sigs[0].name.len : 0;

	for (at = p + n; n && at > p && at[-1] != '/'; at--)
		;
	n = n ? n - (size_t)(at - p) : 0;
	if (!n || n >= max)
		return "";
	memcpy(out, at, n);
	out[n] = '\0';
	return out;
}

int audit_event_read(struct bytes note, const struct leaf *leaf,
		     struct audit_event *ev, struct err *e)
{
	const json_t *from, *of, *about;
	char name[64];
	struct statement s;
	json_t *o;
	int r;

	audit_event_release(ev);
	r = statement_read(note, &s, e);
	if (r < 0)
		return r;
	o = ev->json = json_incref(s.json);
	ev->seq = ev->end_seq = leaf->seq;
	ev->time_ms = ev->end_ms = leaf->time_ms;
	ev->what = what_of(s.kind, leaf);
	if (json_object_set_new(o, "kind", json_string(s.kind)) < 0) {
		r = err_set(e, ERR_NOMEM, "no memory for an event");
		goto out;
	}
	ev->kind = text(o, "kind");
	if (leaf->kind == LEAF_ACCESS || leaf->kind == LEAF_REFUSED) {
		ev->user = text(o, "user");
	} else {
		/* "user" is whom it is about; who signed is the author. */
		ev->subject = text(o, "user");
		if (json_object_set_new(o, "signer", json_string(
				signer(&s, name, sizeof name))) < 0) {
			r = err_set(e, ERR_NOMEM, "no memory for an event");
			goto out;
		}
		ev->user = text(o, "signer");
	}
	ev->command = text(o, "command");
	ev->why = text(o, "why");
	if (!*ev->why)
		ev->why = text(o, "reason");
	ev->query = text(o, "query");
	ev->recipient = text(o, "recipient");
	if (!*ev->subject)
		ev->subject = text(o, "subject");
	ev->text = text(o, "refused");
	if (!*ev->text)
		ev->text = text(o, "outcome");
	ev->key = text(o, "key");
	ev->case_id = text(o, "case");
	from = json_object_get(o, "from");
	ev->session = text(from, "session");
	ev->via = text(from, "via");
	ev->tty = text(from, "tty");
	ev->ssh = text(from, "ssh");
	if (json_is_integer(json_object_get(from, "uid")))
		ev->uid = json_integer_value(json_object_get(from, "uid"));
	else if (json_is_integer(json_object_get(o, "uid")))
		ev->uid = json_integer_value(json_object_get(o, "uid"));
	ev->rows = number(o, "rows");
	ev->denials = number(o, "own_denials");
	of = json_object_get(o, "of");
	if (json_is_integer(of) && json_integer_value(of) >= 0)
		ev->of = (uint64_t)json_integer_value(of) + 1;
	about = json_object_get(o, "about");
	if (json_is_integer(about) && json_integer_value(about) >= 0)
		ev->about = (uint64_t)json_integer_value(about) + 1;
	ev->unmasked = json_is_true(json_object_get(o, "unmasked"));
	ev->glass = text(o, "glass");
	ev->break_glass = !strcmp(s.kind, "break-glass") ||
		(ev->what == AUDIT_ACCESS && *ev->glass);
	ev->more = ev->what == AUDIT_SHOWN && !*ev->text;
	ev->reach = !json_object_get(o, "items") && json_object_get(o, "reach");
	r = ranges(json_object_get(o, ev->reach ? "reach" : "items"), ev, e);
out:
	statement_release(&s);
	if (r < 0)
		audit_event_release(ev);
	return r;
}

int audit_event_has(const struct audit_event *ev, uint64_t item)
{
	for (size_t i = 0; i < ev->nranges; i++)
		if (item >= ev->ranges[i].first && item <= ev->ranges[i].last)
			return 1;
	return 0;
}
