/* SPDX-License-Identifier: EUPL-1.2 */
/* What takes two people, and what stands outside the vault. */
#include "tests/crash/scenario.h"

#include "cases/anchor.h"
#include "cases/backup.h"
#include "cases/casefile.h"
#include "cases/erasure.h"
#include "cases/order.h"
#include "cases/people.h"
#include "cases/restore.h"
#include "store/age.h"
#include "store/vault_int.h"
#include "store/witness.h"
#include "tests/crash/shim.h"
#include "util/file.h"

#include <stdio.h>
#include <string.h>

#define DIANE "diane"
#define DIANE_PASS "diane's own"
#define WITNESS_PASS "the witness has one too"

/* --- erasures -------------------------------------------------------------- */

static int propose(struct world *w, const char *reference, uint64_t first,
		   uint64_t last, int purge, char id[static 17], struct err *e)
{
	struct erase_list l = { 0 };
	struct order_options o = {
		.act = purge ? ORDER_PURGE : ORDER_ERASE, .reason = "the law",
	};
	json_t *subject = NULL;
	struct unit *u = NULL;
	char word[48], case_id[17];
	int r;

	snprintf(word, sizeof word, "%llu-%llu", (unsigned long long)first,
		 (unsigned long long)last);
	r = world_open(w, purge ? DIANE : WORLD_CLAIRE,
		       purge ? DIANE_PASS : WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0 && !purge)
		r = erasure_item_read(word, &l, e);
	if (r == 0)
		r = erasure_subject(u, reference, purge ? NULL : &l, case_id,
				    &subject, e);
	o.case_id = case_id;
	o.subject = subject;
	if (r == 0)
		r = order_propose(u, &o, id, e);
	json_decref(subject);
	erase_list_release(&l);
	unit_close(u);
	return r;
}

static int approve(struct world *w, const char *user, const char *pass,
		   const char *id, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, user, pass, VAULT_WRITE, &u, e);

	if (r == 0)
		r = order_approve(u, id, e);
	unit_close(u);
	return r;
}

int world_erase(struct world *w, const char *reference, uint64_t first,
		uint64_t last, int purge, struct err *e)
{
	struct erasure_report rep;
	struct unit *u = NULL;
	char id[17];
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	if (r == 0 && !admin_user(&u->admin, DIANE))
		r = world_add_user(w, u, DIANE, ROLE_DPO, DIANE_PASS, e);
	if (r == 0 && !admin_user(&u->admin, "emile"))
		r = world_add_user(w, u, "emile", ROLE_DPO, "emile's own", e);
	unit_close(u);
	u = NULL;
	if (r == 0)
		r = propose(w, reference, first, last, purge, id, e);
	if (r == 0)
		r = approve(w, purge ? "emile" : DIANE,
			    purge ? "emile's own" : DIANE_PASS, id, e);
	if (r < 0)
		return r;
	world_note(w, FACT_ERASING, reference, NULL, first,
		   purge ? WORLD_ALL : last);
	r = world_open(w, purge ? DIANE : WORLD_CLAIRE,
		       purge ? DIANE_PASS : WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = erasure_run(u, id, &rep, e);
	if (r == 0)
		world_note(w, FACT_ERASED, reference, NULL, first,
			   purge ? WORLD_ALL : last);
	unit_close(u);
	return r;
}

int run_erase(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_erase(w, WORLD_CASE, 1, 1, 0, e);

	if (r == 0)
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = world_capture(w, u, WORLD_CASE, 2, e);
	if (r == 0)
		r = world_receipt(w, u, e);
	unit_close(u);
	return r == 0 ? world_erase(w, WORLD_CASE, 2, 3, 0, e) : r;
}

int run_purge(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_erase(w, WORLD_CASE, 0, 0, 1, e);

	if (r == 0)
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = world_open_case(w, u, "PV-2026-0003", e);
	unit_close(u);
	return r;
}

/* --- keys ------------------------------------------------------------------ */

int run_rotate(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	if (r == 0)
		r = casefile_member_add(u, WORLD_CASE, "bruno", "helps", e);
	if (r == 0)
		world_note(w, FACT_MEMBER, WORLD_CASE, "bruno", 0, 0);
	if (r == 0) {
		world_note(w, FACT_TRY, WORLD_CLAIRE, WORLD_OTHER, 0, 0);
		r = people_rotate(u, bytes_str(WORLD_OTHER), WORLD_LOGN, e);
	}
	if (r == 0) {
		world_note(w, FACT_PASS, WORLD_CLAIRE, WORLD_OTHER, 0, 0);
		world_note(w, FACT_LEAVING, WORLD_CASE, "bruno", 0, 0);
		r = people_revoke(u, "bruno", "left", NULL, e);
	}
	if (r == 0)
		world_note(w, FACT_REVOKED, "bruno", NULL, 0, 0);
	/* The case's next key, since who knew this one has left. */
	if (r == 0)
		r = world_read(w, u, NULL, e);
	if (r == 0)
		r = world_capture(w, u, WORLD_CASE, 2, e);
	unit_close(u);
	return r;
}

/* --- copies ---------------------------------------------------------------- */

static void beside(const struct world *w, const char *name, char out[400])
{
	snprintf(out, 400, "%s/%s", w->root, name);
}

int run_backup(struct world *w, struct err *e)
{
	struct backup_report rep;
	struct unit *u = NULL;
	char dir[400];
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	beside(w, WORLD_BACKUP, dir);
	for (unsigned i = 0; r == 0 && i < 2; i++) {
		r = backup_run(u, dir, &rep, e);
		if (r == 0)
			world_note(w, FACT_BACKUP, NULL, NULL,
				   rep.size, 0);
		if (r == 0)
			r = world_capture(w, u, WORLD_CASE, 2, e);
	}
	unit_close(u);
	return r;
}

/* A run and its keys, and the vault lost: what a restoration begins with. */
int before_restore(struct world *w, struct err *e)
{
	char dir[400], keys[400], identity[400], text[AGE_RECIPIENT_TEXT];
	char secret[AGE_IDENTITY_TEXT];
	struct backup_keys_args a = { .file = keys, .dir = dir,
				      .recipient = text, .name = "vault-room" };
	struct backup_report rep;
	struct age_identity id;
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	beside(w, WORLD_BACKUP, dir);
	beside(w, "keys.age", keys);
	beside(w, "identity", identity);
	age_identity_new(&id, NULL);
	age_recipient_str(id.recipient, text);
	age_identity_str(id.secret, secret);
	strcat(secret, "\n");
	a.now_ms = world_now();
	a.until_ms = a.now_ms + 30 * WORLD_DAY_MS;
	if (r == 0)
		r = backup_run(u, dir, &rep, e);
	if (r == 0)
		r = file_create(identity, bytes_str(secret), 0600, e);
	if (r == 0)
		r = backup_keys(u, &a, &rep, e);
	unit_close(u);
	/* Whatever was known of the lost vault is no promise of the new one. */
	world_forget(w);
	beside(w, "back", w->vault);
	return r;
}

int run_restore(struct world *w, struct err *e)
{
	char from[400], keys[400], identity[400];
	struct restore_args a = { .from = from, .keys = keys, .to = w->vault,
				  .identity = identity, .size = COPYSET_NONE,
				  .now_ms = world_now() };
	struct restore *s = calloc(1, sizeof *s);
	struct unit *u = NULL;
	int r;

	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a test");
	beside(w, WORLD_BACKUP, from);
	beside(w, "keys.age", keys);
	beside(w, "identity", identity);
	world_note(w, FACT_TRY, WORLD_CLAIRE, WORLD_PASS, 0, 0);
	r = restore_stage(&a, s, e);
	if (r == 0) {
		r = restore_open(s, WORLD_CLAIRE, bytes_str(WORLD_PASS), e);
		r = restore_finish(s, r, e);
	}
	free(s);
	if (r == 0) {
		world_note(w, FACT_VAULT, NULL, NULL, 0, 0);
		world_note(w, FACT_ITEMS, WORLD_CASE, NULL, 3, 0);
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	}
	if (r == 0)
		r = world_capture(w, u, WORLD_CASE, 2, e);
	unit_close(u);
	return r;
}

/* --- witnesses ------------------------------------------------------------- */

int before_witness(struct world *w, struct err *e)
{
	struct buf text = BUF_INIT(8192);
	char dir[400], spool[400];
	struct note_vkey key;
	struct unit *u = NULL;
	int r;

	beside(w, WORLD_WITNESS, dir);
	beside(w, "spool", spool);
	r = witness_create(dir, "unit4.example/witness",
			   bytes_str(WITNESS_PASS), WORLD_LOGN, e);
	if (r == 0)
		r = witness_pub(dir, &key, e);
	if (r == 0)
		r = file_mkdir(spool, e);
	if (r == 0)
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = witness_add_log(dir, vault_vkey(u->vault), e);
	if (r == 0) {
		buf_adds(&text, "witness w1 ");
		note_vkey_put(&key, &text);
		buf_addf(&text, " file://%s\nquorum w1\n", spool);
		r = anchor_set_policy(u, buf_cstr(&text), e);
	}
	unit_close(u);
	buf_release(&text);
	return r;
}

static int note_cosigned(struct world *w, const char *dir, struct err *e)
{
	struct witness_log *logs = NULL;
	size_t n = 0;
	int r;

	shim_pause(1);
	r = witness_logs(dir, &logs, &n, e);
	if (r == 0 && n)
		world_note(w, FACT_COSIGNED, NULL, NULL, logs[0].size, 0);
	free(logs);
	shim_pause(0);
	return r;
}

int run_witness(struct world *w, struct err *e)
{
	struct anchor_options o = { .no_tokens = 1 };
	char dir[400], spool[400];
	struct witness *wit = NULL;
	struct unit *u = NULL;
	unsigned kept, alarms;
	int r;

	beside(w, WORLD_WITNESS, dir);
	beside(w, "spool", spool);
	r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = witness_open(dir, bytes_str(WITNESS_PASS), &wit, e);
	for (unsigned i = 0; r == 0 && i < 3; i++) {
		r = world_capture(w, u, WORLD_CASE, 1, e);
		if (r == 0)
			r = anchor_round(u, &o, &kept, &alarms, e);
		if (r == 0)
			r = witness_spool(wit, spool,
					  (uint64_t)world_now() / 1000, NULL,
					  NULL, e);
		if (r > 0)
			r = note_cosigned(w, dir, e);
	}
	witness_close(wit);
	unit_close(u);
	return r;
}
