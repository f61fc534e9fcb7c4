/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle retention: what falls due, and erasing it. */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/casefile.h"
#include "cases/deny.h"
#include "cases/retention.h"
#include "util/clock.h"

#include <stdlib.h>

#define DAY_MS 86400000LL
#define LISTED_MAX 100000u

static const char help[] = N_(
"Usage: scelle retention [CASE] [--within DAYS]\n"
"       scelle retention run [CASE] [--dry-run]\n"
"\n"
"How long a case keeps its items: sensitive 5 days, irrelevant 30, relevant a\n"
"year, or what its opening says; what nobody classified is irrelevant (scelle\n"
"case classify).  Without run: what falls due, the soonest first.  run erases\n"
"what is due; a timer does it with --user timer and nobody logged in.\n"
"\n"
"  --within DAYS  only what falls due so soon (7, 7d); default 7\n"
"  --dry-run      say what run would erase\n");

struct row {
	struct retention_item it;
	const struct admin_case *c;
};

struct queue {
	struct row *rows;
	size_t n, room;
	int64_t until_ms;
	const struct admin_case *c;
	uint64_t kept;			/* with the case, or due later */
};

static int gather(void *arg, const struct retention_item *it)
{
	struct queue *q = arg;

	if (it->due_ms > q->until_ms || q->n == LISTED_MAX) {
		q->kept++;
		return 0;
	}
	if (q->n == q->room) {
		size_t room = q->room ? q->room * 2 : 256;
		struct row *p = reallocarray(q->rows, room, sizeof *p);

		if (!p)
			return ERR_NOMEM;
		q->rows = p;
		q->room = room;
	}
	q->rows[q->n++] = (struct row){ *it, q->c };
	return 0;
}

static int by_due(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->it.due_ms != y->it.due_ms)
		return x->it.due_ms < y->it.due_ms ? -1 : 1;
	return (x->it.n > y->it.n) - (x->it.n < y->it.n);
}

/* Cases this command is about: the one named, or all who is logged in may. */
static int wanted(struct unit *u, const struct admin_case *c, const char *name,
		  struct err *e)
{
	const struct admin_case *one = NULL;

	if (c->purged)
		return 0;
	if (!name)
		return permit_check(&u->admin, u->user ? u->user_name : NULL,
				    PERMIT_RETENTION, c, NULL) == 0;
	return casefile_find(u, name, &one, e) == 0 && one == c;
}

static int look(struct unit *u, const char *name, struct queue *q,
		struct err *e)
{
	const struct admin_case *c = NULL;
	int r = name ? casefile_find(u, name, &c, e) : 0;

	if (r == 0)
		r = unit_may(u, PERMIT_RETENTION, c, e);
	for (size_t i = 0; r == 0 && i < u->admin.ncases; i++) {
		q->c = &u->admin.cases[i];
		if (wanted(u, q->c, name, e))
			r = retention_items(u, q->c, gather, q, e);
	}
	if (r == 0 && q->n)
		qsort(q->rows, q->n, sizeof *q->rows, by_due);
	return r;
}

static void pending(struct cli *cli, struct unit *u, const char *name)
{
	for (size_t i = 0; i < u->admin.ncases; i++) {
		const struct admin_case *c = &u->admin.cases[i];

		if (!cli->json && wanted(u, c, name, NULL) &&
		    erasure_pending(c))
			cli_out(cli, _("%s: %u erasures wait for a member to "
				       "open the case: its keys are still "
				       "there\n"), c->reference,
				erasure_pending(c));
	}
}

static int show(struct cli *cli, struct unit *u, const char *name,
		int64_t until_ms, int64_t now, struct err *e)
{
	struct queue q = { .until_ms = until_ms };
	struct buf b = BUF_INIT((size_t)64 << 20);
	struct jsonw w = JSONW_INIT(&b);
	int r = look(u, name, &q, e), status;

	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "due", '[');
	for (size_t i = 0; r == 0 && i < q.n; i++) {
		const struct row *x = &q.rows[i];
		char due[CLOCK_RFC3339_MAX], when[CLOCK_RFC3339_MAX];

		clock_rfc3339_s(x->it.due_ms, due);
		clock_rfc3339_s(x->it.collected_ms, when);
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "case", x->c->reference);
		jsonw_int(&w, "item", (int64_t)x->it.n);
		jsonw_str(&w, "class", admin_class_name(x->it.class));
		jsonw_str(&w, "collected", when);
		jsonw_str(&w, "due", due);
		jsonw_bool(&w, "overdue", x->it.due_ms <= now);
		jsonw_close(&w, '}');
		if (!cli->json)
			cli_out(cli, _("%s  %s  item %llu  %s, collected %s"
				       "%s\n"), due, x->c->reference,
				(unsigned long long)x->it.n,
				admin_class_name(x->it.class), when,
				x->it.due_ms <= now ? _("  DUE") : "");
	}
	jsonw_close(&w, ']');
	jsonw_int(&w, "later", (int64_t)q.kept);
	jsonw_open(&w, "waiting", '[');
	for (size_t i = 0; r == 0 && i < u->admin.ncases; i++)
		if (wanted(u, &u->admin.cases[i], name, NULL) &&
		    erasure_pending(&u->admin.cases[i]))
			jsonw_str(&w, NULL, u->admin.cases[i].reference);
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	if (r == 0 && !cli->json) {
		pending(cli, u, name);
		cli_say(cli, _("%zu items fall due, %llu later\n"), q.n,
			(unsigned long long)q.kept);
	}
	status = r < 0 ? cli_fail(cli, e)
		 : cli->json ? cli_json(cli, &b) : CLI_OK;
	free(q.rows);
	buf_release(&b);
	return status;
}

static int run(struct cli *cli, struct unit *u, const char *name, int64_t now,
	       struct err *e)
{
	struct buf b = BUF_INIT((size_t)4 << 20);
	struct jsonw w = JSONW_INIT(&b);
	const struct admin_case *c = NULL;
	int r = name ? casefile_find(u, name, &c, e) : 0, status;

	if (r == 0)
		r = unit_may(u, PERMIT_RETENTION, c, e);
	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "cases", '[');
	for (size_t i = 0; r == 0 && i < u->admin.ncases; i++) {
		struct retention_report rep;
		char id[17];

		if (!wanted(u, &u->admin.cases[i], name, e))
			continue;
		memcpy(id, u->admin.cases[i].id, sizeof id);
		cli->wrote = 1;
		r = retention_run(u, id, now, &rep, e);
		c = &u->admin.cases[i];
		if (r < 0) {
			err_prefix(e, "%s", c->reference);
			break;
		}
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "case", c->reference);
		jsonw_int(&w, "items", (int64_t)rep.items);
		jsonw_int(&w, "objects", (int64_t)rep.objects);
		jsonw_int(&w, "bytes", (int64_t)rep.bytes);
		jsonw_bool(&w, "certified", !erasure_pending(c));
		jsonw_close(&w, '}');
		if (!cli->json && rep.items)
			cli_out(cli, _("%s: %llu items erased, %llu objects, "
				       "%llu bytes\n"), c->reference,
				(unsigned long long)rep.items,
				(unsigned long long)rep.objects,
				(unsigned long long)rep.bytes);
	}
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	if (r == 0)
		pending(cli, u, name);
	status = r < 0 ? cli_fail(cli, e)
		 : cli->json ? cli_json(cli, &b) : CLI_OK;
	buf_release(&b);
	return status;
}

static int days_of(const char *text, int64_t *ms, struct err *e)
{
	char digits[16];
	uint64_t days = 0;
	size_t n = strlen(text);
	int r;

	if (n && text[n - 1] == 'd')
		n--;
	if (n == 0 || n >= sizeof digits)
		return err_set(e, ERR_USAGE, "'%s' is no number of days", text);
	memcpy(digits, text, n);
	digits[n] = '\0';
	r = session_number(digits, 36500, &days, e);
	*ms = (int64_t)days * DAY_MS;
	return r;
}

int cmd_retention(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "within", required_argument, NULL, 'w' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *within = NULL, *name;
	int64_t now = clock_wall_ms(), span = 7 * DAY_MS;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int opt, dry = 0, running, status, r;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case 'w':
			within = optarg;
			break;
		case 'n':
			dry = 1;
			break;
		case 'h':
			return cli_help(cli, _(help));
		case ':':
			return cli_usage(cli, argv[0],
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		default:
			return cli_usage(cli, argv[0], _("unknown option '%s'"),
					 argv[optind - 1]);
		}
	}
	running = optind < argc && !strcmp(argv[optind], "run");
	optind += running;
	if (argc - optind > 1)
		return cli_usage(cli, argv[0], _("too many arguments"));
	name = optind < argc ? argv[optind] : NULL;
	if ((running && within) || (!running && dry))
		return cli_usage(cli, argv[0], _("--within lists, --dry-run is "
						 "with run"));
	if (within && days_of(within, &span, &e) < 0)
		return cli_usage(cli, argv[0], "%s", e.text);
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r < 0)
		status = cli_fail(cli, &e);
	else if (running && !dry)
		status = run(cli, u, name, now, &e);
	else
		status = show(cli, u, name, dry ? now : now + span, now, &e);
	return session_close(cli, u, status);
}
