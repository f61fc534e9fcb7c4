/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/propose.h"

#include "cases/glass.h"
#include "util/json.h"

void glass_warn(struct cli *cli, const char *id)
{
	cli_warn(cli, _("GLASS BROKEN: %s is to be countersigned by a "
			"supervisor within %d hours: scelle approve %s"), id,
		 GLASS_HOURS, id);
}

int propose(struct cli *cli, struct unit *u, const struct order_options *o,
	    const char *glass, char id_out[static 17], struct err *e)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	char broken[17] = "";
	int r = order_propose(u, o, id_out, e);

	if (r < 0)
		return r;
	cli->wrote = 1;
	if (glass) {
		r = glass_break_order(u, id_out, glass, broken, e);
		if (r < 0)
			return r;
		glass_warn(cli, broken);
		return 1;
	}
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "order", id_out);
	jsonw_str(&w, "act", o->act);
	jsonw_str(&w, "state", "proposed");
	jsonw_close(&w, '}');
	if (cli->json)
		cli_json(cli, &b);
	else
		cli_out(cli, _("order %s waits for a second person: scelle "
			       "approve %s\n"), id_out, id_out);
	buf_release(&b);
	return 0;
}
