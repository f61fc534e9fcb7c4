/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * relevance(fts): how well a post fits, as FTS5's bm25() but bounded.
 *
 * bm25() asks, once a query, for every post each phrase is in: in a large case
 * with common words that takes longer than everything else.  Here a query of
 * one phrase needs no weight of phrases at all, and with several phrases the
 * count stops at COUNT_MAX posts: what is in more posts than that weighs as if
 * it were in that many.
 */
#include "cases/index_int.h"


#define COUNT_MAX 4000
#define K1 1.2
#define B 0.75

struct weights {
	int phrases;
	double average;		/* words of a post */
	double idf[];
};

static int count(const Fts5ExtensionApi *api, Fts5Context *fts, void *arg)
{
	(void)api;
	(void)fts;
	return ++*(int *)arg >= COUNT_MAX ? SQLITE_DONE : SQLITE_OK;
}

/* ln(x) of the few values used: no dependency on libm for one logarithm */
static double logarithm(double x)
{
	double y, y2, sum, term;
	int e = 0;

	while (x > 1.5) {
		x /= 2;
		e++;
	}
	y = (x - 1) / (x + 1);
	y2 = y * y;
	sum = term = y;
	for (int i = 3; i < 30; i += 2) {
		term *= y2;
		sum += term / i;
	}
	return 2 * sum + e * 0.69314718055994530942;
}

static int weigh(const Fts5ExtensionApi *api, Fts5Context *fts,
		 struct weights **out)
{
	int n = api->xPhraseCount(fts), r;
	sqlite3_int64 rows = 0, words = 0;
	struct weights *w = sqlite3_malloc64(sizeof *w + (unsigned)n *
					     sizeof w->idf[0]);

	if (!w)
		return SQLITE_NOMEM;
	w->phrases = n;
	r = api->xRowCount(fts, &rows);
	if (r == SQLITE_OK)
		r = api->xColumnTotalSize(fts, -1, &words);
	w->average = rows > 0 && words > 0 ? (double)words / (double)rows : 1;
	for (int i = 0; r == SQLITE_OK && i < n; i++) {
		int hits = 0;

		w->idf[i] = 1;
		if (n == 1)
			break;
		r = api->xQueryPhrase(fts, i, &hits, count);
		w->idf[i] = logarithm(1 + ((double)rows - hits + 0.5) /
				      (hits + 0.5));
	}
	if (r != SQLITE_OK) {
		sqlite3_free(w);
		return r;
	}
	*out = w;
	return api->xSetAuxdata(fts, w, sqlite3_free);
}

static void rank(const Fts5ExtensionApi *api, Fts5Context *fts,
		 sqlite3_context *ctx, int nargs, sqlite3_value **args)
{
	struct weights *w = api->xGetAuxdata(fts, 0);
	int n = 0, r = SQLITE_OK, words = 0;
	double score = 0, norm;

	(void)nargs;
	(void)args;
	if (!w)
		r = weigh(api, fts, &w);
	if (r == SQLITE_OK)
		r = api->xColumnSize(fts, -1, &words);
	if (r == SQLITE_OK)
		r = api->xInstCount(fts, &n);
	if (r != SQLITE_OK) {
		sqlite3_result_error_code(ctx, r);
		return;
	}
	norm = K1 * (1 - B + B * words / w->average);
	for (int p = 0; p < w->phrases; p++) {
		int hits = 0;

		for (int i = 0; i < n; i++) {
			int phrase, column, at;

			if (api->xInst(fts, i, &phrase, &column, &at)
			    != SQLITE_OK)
				break;
			hits += phrase == p;
		}
		score += w->idf[p] * (hits * (K1 + 1)) / (hits + norm);
	}
	sqlite3_result_double(ctx, score);
}

int index_rank_register(struct index *ix, struct err *e)
{
	sqlite3_stmt *st = NULL;
	fts5_api *api = NULL;

	if (sqlite3_prepare_v2(ix->db, "SELECT fts5(?1)", -1, &st, NULL)
	    == SQLITE_OK) {
		sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
		sqlite3_step(st);
	}
	sqlite3_finalize(st);
	if (!api || api->iVersion < 2 ||
	    api->xCreateFunction(api, "relevance", NULL, rank, NULL)
		    != SQLITE_OK)
		return index_fail(ix, "no full-text search in this SQLite", e);
	return 0;
}
