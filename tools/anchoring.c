/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/anchoring.h"

#include "cases/anchor.h"
#include "util/clock.h"
#include "util/json.h"

#include <inttypes.h>

struct tell {
	struct cli *cli;
	struct buf json;
	struct jsonw w;
	int quiet;		/* of what went well */
};

static const char *word(enum anchor_what what)
{
	static const char *const words[] = { "done", "asked", "failed",
					     "alarm" };

	return words[what];
}

static void plain(const struct tell *s, const struct anchor_told *t,
		  const char *when)
{
	struct cli *cli = s->cli;

	switch (t->what) {
	case ANCHOR_DONE:
		if (s->quiet)
			break;
		if (t->witness)
			cli_out(cli, _("witness %s cosigned %" PRIu64
				" leaves at %s\n"), t->name, t->size, when);
		else
			cli_out(cli, _("authority %s stamped %" PRIu64
				" leaves at %s\n"), t->name, t->size, when);
		break;
	case ANCHOR_ASKED:
		if (!s->quiet)
			cli_out(cli, _("asked %s: %s\n"), t->name, t->text);
		break;
	case ANCHOR_FAILED:
		cli_warn(cli, _("no answer kept from %s: %s"), t->name,
			 t->text);
		break;
	case ANCHOR_ALARM:
	default:
		cli_warn(cli, _("ALARM: witness %s contradicts this vault: %s"),
			 t->name, t->text);
		break;
	}
}

static void told(void *arg, const struct anchor_told *t)
{
	struct tell *s = arg;
	char when[CLOCK_RFC3339_MAX];

	clock_rfc3339(t->time_ms, when);
	jsonw_open(&s->w, NULL, '{');
	jsonw_str(&s->w, "what", word(t->what));
	jsonw_bool(&s->w, "witness", t->witness);
	jsonw_str(&s->w, "name", t->name);
	jsonw_int(&s->w, "size", (int64_t)t->size);
	if (t->what == ANCHOR_DONE)
		jsonw_str(&s->w, "time", when);
	else
		jsonw_str(&s->w, "text", t->text);
	jsonw_close(&s->w, '}');
	if (!s->cli->json || t->what >= ANCHOR_FAILED)
		plain(s, t, when);
}

static int round_of(struct tell *s, struct unit *u,
		    const struct anchoring_options *o, unsigned *alarms,
		    struct err *e)
{
	const struct anchor_options how = {
		.self_path = "/proc/self/exe",
		.no_witnesses = o->no_witnesses, .no_tokens = o->no_tokens,
		.told = told, .arg = s,
	};
	unsigned kept = 0;
	int r;

	s->json = (struct buf)BUF_INIT((size_t)1 << 20);
	s->w = (struct jsonw)JSONW_INIT(&s->json);
	jsonw_open(&s->w, NULL, '{');
	jsonw_open(&s->w, "answers", '[');
	r = anchor_round(u, &how, &kept, alarms, e);
	jsonw_close(&s->w, ']');
	jsonw_int(&s->w, "kept", (int64_t)kept);
	jsonw_int(&s->w, "alarms", (int64_t)*alarms);
	jsonw_close(&s->w, '}');
	return r;
}

int anchoring(struct cli *cli, struct unit *u,
	      const struct anchoring_options *o, unsigned *alarms,
	      struct err *e)
{
	struct tell s = { .cli = cli };
	int r = round_of(&s, u, o, alarms, e);

	if (r == 0 && cli->json && cli_json(cli, &s.json) != CLI_OK)
		r = err_set(e, ERR_NOMEM, "no memory for the answer");
	buf_release(&s.json);
	return r;
}

void anchoring_after(struct cli *cli, struct unit *u)
{
	const struct anchoring_options o = { 0, 0 };
	struct tell s = { .cli = cli, .quiet = 1 };
	struct err e = ERR_INIT;
	unsigned alarms = 0;

	if (!anchor_configured(u))
		return;
	if (round_of(&s, u, &o, &alarms, &e) < 0)
		cli_warn(cli, _("the head was not anchored: %s"), e.text);
	buf_release(&s.json);
}
