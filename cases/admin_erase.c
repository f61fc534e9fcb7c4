/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading the admin stream: what items are, and what was erased. */
#include "cases/admin_apply.h"
#include "cases/erasure_items.h"
#include "cases/order.h"
#include "util/clock.h"

#include <stdlib.h>

#define DAY_MS 86400000LL

static const char *const names[] = { "sensitive", "irrelevant", "relevant",
				     "procedure" };

enum admin_class admin_class(const struct admin_case *c, uint64_t n)
{
	for (size_t i = c->nclassified; i-- > 0;)
		if (n >= c->classified[i].first && n <= c->classified[i].last)
			return c->classified[i].class;
	return CLASS_DEFAULT;
}

const char *admin_class_name(enum admin_class class)
{
	return (unsigned)class < sizeof names / sizeof *names ? names[class]
							      : "?";
}

int admin_class_of_name(const char *name)
{
	for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

int admin_class_days(const struct admin_case *c, enum admin_class class)
{
	switch (class) {
	case CLASS_SENSITIVE:
		return (int)c->retention.sensitive;
	case CLASS_IRRELEVANT:
		return (int)c->retention.irrelevant;
	case CLASS_RELEVANT:
		return (int)c->retention.relevant;
	default:
		return -1;
	}
}

const struct admin_erasure *admin_erased(const struct admin_case *c,
					 uint64_t n, unsigned object)
{
	for (size_t i = c->nerasures; i-- > 0;) {
		const struct erase_list *l = c->erasures[i].what;

		if (object != ERASE_WHOLE ? erase_list_has(l, n, object)
		    : erase_list_has(l, n, 0))
			return &c->erasures[i];
		for (size_t k = 0; object == ERASE_WHOLE && k < l->n; k++)
			if (l->r[k].first <= n && n <= l->r[k].last)
				return &c->erasures[i];
	}
	return NULL;
}

void admin_erase_release(struct admin_case *k)
{
	free(k->classified);
	for (size_t i = 0; i < k->nerasures; i++) {
		struct admin_erasure *x = &k->erasures[i];

		free(x->list);
		free(x->author);
		free(x->reason);
		if (x->what)
			erase_list_release(x->what);
		free(x->what);
	}
	free(k->erasures);
}

static int class_of(struct context *c, enum admin_class *out)
{
	const char *name = "";
	int r = apply_text(c, "class", 1, &name), n;

	if (r < 0)
		return r;
	n = admin_class_of_name(name);
	if (n < 0)
		return err_set(c->e, ERR_FORMAT, "'%s' is no class", name);
	*out = (enum admin_class)n;
	return 0;
}

/* Is any of the range kept shorter as it is now? */
static int is_raised(const struct admin_case *k, const struct erase_range *x,
		     enum admin_class to)
{
	uint64_t last = x->last;

	/* Beyond what anybody ever spoke of, all are alike. */
	for (uint64_t n = x->first; n <= last; n++) {
		uint64_t next = UINT64_MAX;

		if (admin_class(k, n) < to)
			return 1;
		for (size_t i = 0; i < k->nclassified; i++) {
			const struct admin_classified *y = &k->classified[i];

			if (y->first > n && y->first < next)
				next = y->first;
			if (y->last >= n && y->last + 1 < next)
				next = y->last + 1;
		}
		if (next == UINT64_MAX)
			break;
		n = next - 1;
	}
	return 0;
}

/* What keeps longer takes a written legal reason (R26). */
int apply_classify(struct context *c)
{
	struct admin_case *k = NULL;
	const char *reason = "", *legal = "";
	enum admin_class class = CLASS_DEFAULT;
	struct erase_list l = { 0 };
	struct admin_classified *more;
	int r = apply_open_case(c, &k);

	if (r == 0)
		r = apply_text(c, "reason", 1, &reason);
	if (r == 0)
		r = apply_text(c, "legal", 0, &legal);
	if (r == 0)
		r = class_of(c, &class);
	if (r == 0)
		r = erasure_items_read(json_object_get(c->s->json, "items"), 0,
				       &l, c->e);
	for (size_t i = 0; r == 0 && !*legal && i < l.n; i++)
		if (is_raised(k, &l.r[i], class))
			r = err_set(c->e, ERR_DENIED, "keeping items longer "
				    "than they are kept now takes a written "
				    "legal reason");
	if (r == 0) {
		more = reallocarray(k->classified, k->nclassified + l.n,
				    sizeof *more);
		if (more)
			k->classified = more;
		else
			r = apply_nomem(c);
	}
	for (size_t i = 0; r == 0 && i < l.n; i++)
		k->classified[k->nclassified++] = (struct admin_classified){
			l.r[i].first, l.r[i].last, class };
	erase_list_release(&l);
	return r;
}

static int count_of(struct context *c, const char *key, uint64_t *out)
{
	int64_t v;

	if (json_want_int(c->s->json, key, &v, c->e) < 0)
		return ERR_FORMAT;
	if (v < 0)
		return err_set(c->e, ERR_FORMAT, "'%s' is negative", key);
	*out = (uint64_t)v;
	return 0;
}

/* The list must be one of the case's own. */
static int list_of(struct context *c, const struct admin_case *k,
		   const char **out)
{
	char want[ERASE_PATH_MAX];
	const char *list = "";
	int r = apply_text(c, "list", 1, &list);

	if (r < 0)
		return r;
	snprintf(want, sizeof want, "cases/%s/erasures/", k->id);
	if (strncmp(list, want, strlen(want)) || strlen(list) >= sizeof want)
		return err_set(c->e, ERR_FORMAT, "'%.96s' is no list of the "
			       "case", list);
	*out = list;
	return 0;
}

static int add_erasure(struct context *c, struct admin_case *k,
		       const char *order, struct erase_list *l)
{
	struct admin_erasure x = { .time_ms = c->time_ms, .epoch = k->epoch };
	const char *list = "", *reason = "";
	struct admin_erasure *at;
	int r = list_of(c, k, &list);

	if (r == 0)
		r = apply_text(c, "reason", 1, &reason);
	if (r == 0)
		r = count_of(c, "objects", &x.objects);
	if (r == 0)
		r = count_of(c, "bytes", &x.bytes);
	for (size_t i = 0; r == 0 && i < k->nerasures; i++)
		if (!strcmp(k->erasures[i].list, list))
			r = err_set(c->e, ERR_EXIST, "'%s' was decided before",
				    list);
	if (r < 0)
		return r;
	snprintf(x.order, sizeof x.order, "%s", order);
	x.list = strdup(list);
	x.author = strdup(c->author);
	x.reason = strdup(reason);
	x.what = malloc(sizeof *x.what);
	at = apply_room(&k->erasures, k->nerasures, sizeof x);
	if (!x.list || !x.author || !x.reason || !x.what || !at) {
		free(x.list);
		free(x.author);
		free(x.reason);
		free(x.what);
		return apply_nomem(c);
	}
	*x.what = *l;
	memset(l, 0, sizeof *l);
	*at = x;
	k->nerasures++;
	k->epoch_due = 1;	/* its slots go with the key before */
	return 0;
}

/* The id of the order a statement embeds; it was checked before. */
static int order_of(struct context *c, char id[static 17])
{
	const json_t *note = json_object_get(c->s->json, "order");
	struct statement s;
	int r = statement_read(BYTES(json_string_value(note),
				     json_string_length(note)), &s, c->e);

	if (r < 0)
		return r;
	order_id(s.note.text, id);
	statement_release(&s);
	return 0;
}

int apply_erasure(struct context *c)
{
	struct admin_case *k = NULL;
	struct erase_list l = { 0 };
	char id[17] = "";
	int r = apply_case(c, &k);

	if (r == 0)
		r = order_of(c, id);
	if (r == 0)
		r = erasure_items_read(json_object_get(c->s->json, "items"), 1,
				       &l, c->e);
	if (r == 0)
		r = add_erasure(c, k, id, &l);
	erase_list_release(&l);
	return r;
}

/*
 * Under the rule that the case's opening signed: of one class, collected no
 * later than its days before now.
 */
int apply_retention(struct context *c)
{
	struct admin_case *k = NULL;
	struct erase_list l = { 0 };
	enum admin_class class = CLASS_DEFAULT;
	int64_t newest = 0;
	int r = apply_case(c, &k), days;

	if (r == 0)
		r = class_of(c, &class);
	if (r == 0)
		r = apply_time(c, c->s->json, "collected", &newest);
	if (r < 0)
		return r;
	days = admin_class_days(k, class);
	if (days < 0 || newest > c->time_ms - days * DAY_MS)
		return err_set(c->e, ERR_DENIED, "the case's rule lets nothing "
			       "of class '%s' fall due yet",
			       admin_class_name(class));
	r = erasure_items_read(json_object_get(c->s->json, "items"), 0, &l,
			       c->e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		for (uint64_t n = l.r[i].first; r == 0 && n <= l.r[i].last; n++)
			if (admin_class(k, n) != class)
				r = err_set(c->e, ERR_DENIED, "item %llu is not "
					    "of class '%s'",
					    (unsigned long long)n,
					    admin_class_name(class));
	if (r == 0)
		r = add_erasure(c, k, "", &l);
	erase_list_release(&l);
	return r;
}

/* The whole case; it is closed with it. */
int apply_purge(struct context *c)
{
	struct admin_case *k = NULL;
	struct erase_list l = { 0 };
	char id[17] = "", *reason = NULL;
	uint64_t items = 0;
	int r = apply_case(c, &k);

	if (r == 0 && k->purged)
		r = err_set(c->e, ERR_EXIST, "case '%s' was purged before",
			    k->reference);
	if (r == 0)
		r = order_of(c, id);
	if (r == 0)
		r = count_of(c, "items", &items);
	if (r == 0 && items > 0
	    && erase_list_add(&l, 0, items - 1, ERASE_WHOLE) < 0)
		r = apply_nomem(c);
	if (r == 0 && !k->closed) {
		reason = strdup("purged");
		if (!reason)
			r = apply_nomem(c);
	}
	if (r == 0)
		r = add_erasure(c, k, id, &l);
	if (r == 0) {
		k->purged = 1;
		k->epoch_due = 0;
		if (reason) {
			k->closed = 1;
			k->close_reason = reason;
			reason = NULL;
		}
	}
	free(reason);
	erase_list_release(&l);
	return r;
}

/* Nothing of it is left; counts only when its slots went with an older key. */
int apply_certificate(struct context *c)
{
	struct admin_erasure *x = NULL;
	struct admin_case *k = NULL;
	const char *list = "";
	int64_t complete = 0;
	int r = apply_case(c, &k);

	if (r == 0)
		r = list_of(c, k, &list);
	if (r == 0)
		r = apply_time(c, c->s->json, "complete", &complete);
	if (r < 0)
		return r;
	for (size_t i = 0; i < k->nerasures; i++)
		if (!strcmp(k->erasures[i].list, list))
			x = &k->erasures[i];
	if (!x)
		return err_set(c->e, ERR_NOENT, "no erasure has the list '%s'",
			       list);
	if (x->certified_ms)
		return err_set(c->e, ERR_EXIST, "'%s' was certified before",
			       list);
	if (!k->purged && k->epoch <= x->epoch)
		return err_set(c->e, ERR_DENIED, "the slots of '%s' are still "
			       "there", list);
	x->certified_ms = c->time_ms;
	x->complete_ms = complete;
	return 0;
}
