/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper's commands: what a session begins, and whose turn it is to write. */
#include "cases/keeper_int.h"

#include "cases/unit_int.h"

static void forget_streams(struct unit *u)
{
	for (size_t i = 0; i < u->nstreams; i++)
		stream_forget(u->streams[i].stream);
	u->nstreams = 0;
}

int keeper_begin(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	struct buf b = BUF_INIT(sizeof *k->keys + 64);
	struct err e = ERR_INIT;
	unsigned mode;

	serve_text(&in, m->command, sizeof m->command);
	mode = serve_u8(&in);
	if (serve_end(&in, NULL) < 0 || mode > KEEPER_PASS || m->begun)
		return ERR_FORMAT;
	if (keeper_somebody(k, m, &e) < 0)
		return keeper_refuse(k, m, &e);
	if (mode != KEEPER_READ && k->full) {
		err_set(&e, ERR_IO, "the disk is full: only reading goes on");
		return keeper_refuse(k, m, &e);
	}
	if (mode == KEEPER_ALONE) {
		if (k->turn)
			return 1;
		if (keeper_commit(k, &e) < 0)
			return keeper_refuse(k, m, &e);
		k->turn = m->id;
	}
	m->begun = 1;
	m->mode = (enum keeper_mode)mode;
	m->ncases = 0;
	if (!buf_room(&b, sizeof *k->keys + 64)) {
		err_set(&e, ERR_NOMEM, "no memory for keys");
		return keeper_refuse(k, m, &e);
	}
	serve_put_u64(&b, k->generation);
	/* The same program, executed anew: its structs are the same. */
	serve_put_blob(&b, mode == KEEPER_READ ? BYTES(NULL, 0)
		       : BYTES(k->keys, sizeof *k->keys));
	keeper_answer(k, m, KEEPER_BEGUN, buf_view(&b));
	buf_wipe(&b);
	return 0;
}

/* What somebody else wrote in its turn is ours from now on. */
static void turn_back(struct keeper *k, int failed, int replaced)
{
	struct err e = ERR_INIT;

	k->turn = 0;
	if (failed) {
		keeper_reopen(k);
		return;
	}
	if (replaced) {
		forget_streams(k->u);
		k->generation++;
	}
	if (unit_refresh(k->u, &e) < 0)
		keeper_reopen(k);
}

int keeper_end(struct keeper *k, struct member *m)
{
	if (k->turn == m->id)
		turn_back(k, 0, m->mode == KEEPER_ALONE);
	m->begun = 0;
	m->mode = KEEPER_READ;
	m->ncases = 0;
	m->held[0] = '\0';
	handed_release(&m->signing);
	keeper_done(k, m, 0);
	return 0;
}

int keeper_take_turn(struct keeper *k, struct member *m)
{
	struct err e = ERR_INIT;

	if (!m->begun || m->mode != KEEPER_PASS || k->turn == m->id)
		return ERR_FORMAT;
	if (k->turn)
		return 1;
	if (keeper_somebody(k, m, &e) < 0 || keeper_commit(k, &e) < 0)
		return keeper_refuse(k, m, &e);
	if (k->full) {
		err_set(&e, ERR_IO, "the disk is full: only reading goes on");
		return keeper_refuse(k, m, &e);
	}
	k->turn = m->id;
	keeper_done(k, m, 0);
	return 0;
}

int keeper_give_turn(struct keeper *k, struct member *m, struct bytes msg)
{
	if (msg.len != 1 || k->turn != m->id || m->mode != KEEPER_PASS)
		return ERR_FORMAT;
	turn_back(k, msg.p[0], 0);
	keeper_done(k, m, 0);
	return 0;
}
