/* SPDX-License-Identifier: EUPL-1.2 */
/* What a case permits, as the crawler asks for it. */
#include "cases/casefile.h"

#include <stdlib.h>

void casefile_mandate_release(struct mandate *m)
{
	free(m->reference);
	for (size_t i = 0; i < m->nsources; i++) {
		free(m->sources[i].id);
		free(m->sources[i].url);
		free(m->sources[i].profile);
	}
	free(m->sources);
	for (size_t i = 0; i < m->ndecisions; i++) {
		free(m->decisions[i].authority);
		free(m->decisions[i].reason);
		free(m->decisions[i].author);
	}
	free(m->decisions);
	memset(m, 0, sizeof *m);
}

int casefile_mandate(const struct unit *u, const struct admin_case *c,
		     struct mandate *m, struct err *e)
{
	int bad;

	memset(m, 0, sizeof *m);
	memcpy(m->case_id, c->id, sizeof m->case_id);
	m->start_ms = c->start_ms;
	m->end_ms = c->end_ms;
	m->closed = c->closed;
	m->lab = u->admin.lab;
	m->quota_day = c->quota_day;
	memcpy(m->sha256, c->sha256, sizeof m->sha256);
	m->reference = strdup(c->reference);
	m->sources = calloc(c->nsources + 1, sizeof *m->sources);
	m->decisions = calloc(c->ndecisions + 1, sizeof *m->decisions);
	bad = !m->reference || !m->sources || !m->decisions;
	for (size_t i = 0; !bad && i < c->nsources; i++) {
		const struct admin_source *from = &c->sources[i];
		struct mandate_source *to = &m->sources[m->nsources];

		if (from->removed)
			continue;
		m->nsources++;
		to->id = strdup(from->id);
		to->url = strdup(from->url);
		to->profile = strdup(from->profile);
		to->since_ms = from->since_ms;
		bad = !to->id || !to->url || !to->profile;
	}
	for (size_t i = 0; !bad && i < c->ndecisions; i++) {
		const struct admin_decision *from = &c->decisions[i];
		struct mandate_robots_decision *to = &m->decisions[i];

		m->ndecisions++;
		to->authority = strdup(from->authority);
		to->reason = strdup(from->reason);
		to->author = strdup(from->author);
		to->date_ms = from->date_ms;
		bad = !to->authority || !to->reason || !to->author;
	}
	if (!bad)
		return 0;
	casefile_mandate_release(m);
	return err_set(e, ERR_NOMEM, "no memory for the mandate");
}
