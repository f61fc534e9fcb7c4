/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle timeline: what was published, seen, edited and gone, in order. */
#include "tools/commands.h"
#include "tools/reading.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle timeline CASE --why TEXT [--source S] [--since DATE]\n"
"                       [--until DATE] [--counters] [--unmask]\n"
"\n"
"What happened when: published, first seen, edited (and what changed), vanished,\n"
"back, numbers of posts never seen, findings, refusals; and when captured media\n"
"say they were taken (proof of nothing).  Each names the item that shows it.\n"
"\n"
"  --counters   views, reactions and the like as well, whenever they changed\n"
"\n"
"The other options are those of posts.\n");

static const char *const names[][2] = {
	{ "published", N_("published") },
	{ "first seen", N_("first seen") },
	{ "edited", N_("edited") },
	{ "vanished", N_("vanished") },
	{ "back", N_("back") },
	{ "finding", N_("finding") },
	{ "refused", N_("refused") },
	{ "gap", N_("numbers never seen") },
	{ "counted", N_("counted") },
	{ "taken", N_("taken, a medium says") },
};

static const char *name_of(const char *what)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i][0], what))
			return _(names[i][1]);
	return what;
}

static int event_json(struct reading *rd, const struct index_event *ev)
{
	char *text = reading_text(rd, ev->text);
	json_t *o = json_object();
	int bad = !text || !o;

	if (!bad) {
		bad |= json_object_set_new(o, "time",
					   reading_time(ev->time_ms));
		bad |= json_object_set_new(o, "what", json_string(ev->what));
		bad |= json_object_set_new(o, "item",
					   json_integer((json_int_t)
							ev->capture));
		bad |= json_object_set_new(o, "post_id", ev->post_id
			? json_string(ev->post_id) : json_null());
		bad |= json_object_set_new(o, "version", ev->post_id
			? json_integer(ev->version) : json_null());
		bad |= json_object_set_new(o, "url", ev->url
			? json_string(ev->url) : json_null());
		if (ev->imported)
			bad |= json_object_set_new(o, "imported", json_true());
		if (ev->changed)
			bad |= json_object_set_new(o, "changed",
						   json_string(ev->changed));
		bad |= json_object_set_new(o, "text", ev->text
			? json_string(text) : json_null());
	}
	free(text);
	if (bad) {
		json_decref(o);
		return ERR_NOMEM;
	}
	return reading_line(rd, o);
}

static int event(void *arg, const struct index_event *ev)
{
	struct reading *rd = arg;
	char when[READING_WHEN];
	char *text;
	int r = reading_row(rd, ev->capture);

	if (r < 0)
		return r;
	if (rd->cli->json)
		return event_json(rd, ev);
	text = reading_text(rd, ev->text);
	if (!text)
		return ERR_NOMEM;
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	if (strlen(text) > 80) {
		size_t n = 80;

		while (n && ((uint8_t)text[n] & 0xc0) == 0x80)
			n--;
		text[n] = '\0';
	}
	cli_out(rd->cli, "%s  %s", reading_when(ev->time_ms, when),
		name_of(ev->what));
	if (ev->post_id)
		cli_out(rd->cli, "  %s", ev->post_id);
	else if (ev->url)
		cli_out(rd->cli, "  %s", ev->url);
	if (ev->version > 1)
		cli_out(rd->cli, _("  version %u"), ev->version);
	if (ev->changed)
		cli_out(rd->cli, " (%s)", ev->changed);
	if (ev->imported)
		cli_out(rd->cli, "  [%s]", _("imported"));
	cli_out(rd->cli, _("  item %llu"), (unsigned long long)ev->capture);
	cli_out(rd->cli, "%s%s\n", *text ? "  " : "", text);
	free(text);
	return 0;
}

int cmd_timeline(struct cli *cli, int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct reading rd;
	int r, status = reading_args(&rd, cli, argc, argv, READ_FILTER |
				       READ_COUNTERS, 1,
				     _(help));

	if (status >= 0)
		return status;
	r = reading_index(&rd, NULL, &e);
	if (r == 0)
		r = index_timeline(rd.ix, rd.source, rd.from_ms, rd.to_ms,
				   rd.counters,
				   event, &rd, &e);
	if (r < 0)
		reading_error(&rd, r, &e);
	return reading_close(&rd, r < 0 ? cli_fail(cli, &e) : CLI_OK);
}
