/* SPDX-License-Identifier: EUPL-1.2 */
/* Statements about backups of the keys. */
#include "cases/admin_apply.h"
#include "cases/backup.h"

#include <stdlib.h>

static struct admin_key_backup *find(struct admin *a, const char *name)
{
	for (size_t i = 0; i < a->nkey_backups; i++)
		if (!strcmp(a->key_backups[i].name, name))
			return &a->key_backups[i];
	return NULL;
}

int apply_key_backup(struct context *c)
{
	struct admin_key_backup b = { .taken_ms = c->time_ms }, *at;
	const char *name = "";
	int r = apply_text(c, "name", 1, &name);

	if (r == 0)
		r = apply_recipient(c, "recipient", b.recipient);
	if (r == 0)
		r = apply_time(c, c->s->json, "until", &b.until_ms);
	if (r < 0)
		return r;
	if (!backup_name_valid(name))
		return err_set(c->e, ERR_FORMAT, "'%s' is no name of a key "
			       "backup", name);
	if (find(c->a, name))
		return err_set(c->e, ERR_EXIST, "key backup '%s' exists "
			       "already", name);
	/* A minute for clocks that disagree. */
	if (b.until_ms > c->time_ms + (int64_t)BACKUP_DAYS_MAX * 86400000
			 + 60000)
		return err_set(c->e, ERR_DENIED, "a key backup lives %d days at "
			       "most", BACKUP_DAYS_MAX);
	b.name = strdup(name);
	at = b.name ? apply_room(&c->a->key_backups, c->a->nkey_backups,
				 sizeof *at) : NULL;
	if (!at) {
		free(b.name);
		return apply_nomem(c);
	}
	*at = b;
	c->a->nkey_backups++;
	return 0;
}

int apply_key_backup_destroyed(struct context *c)
{
	struct admin_key_backup *b;
	const char *name = "", *reason = "";
	int r = apply_text(c, "name", 1, &name);

	if (r == 0)
		r = apply_text(c, "reason", 1, &reason);
	if (r < 0)
		return r;
	b = find(c->a, name);
	if (!b)
		return err_set(c->e, ERR_NOENT, "no key backup '%s'", name);
	b->destroyed = 1;
	return 0;
}
