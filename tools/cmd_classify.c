/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle case classify: what items are, for how long they are kept. */
#include "tools/cmd_case.h"
#include "tools/commands.h"

#include "cases/retention.h"

static const char help[] = N_(
"Usage: scelle case classify CASE ITEM... --class CLASS --why TEXT\n"
"                            [--legal TEXT]\n"
"\n"
"CLASS is sensitive (or without a link to the case), irrelevant (the default),\n"
"relevant, or procedure (kept until the case is purged).  ITEM is a number or\n"
"N-M.  To keep items longer than they are kept now takes a legal reason.\n");

enum { CLASS = 256, WHY, LEGAL };

static int classify(struct cli *cli, const char *name,
		    const struct erase_list *l, enum admin_class class,
		    const char *why, const char *legal)
{
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r = session_open(cli, VAULT_WRITE, &u, &e);

	if (r == 0)
		r = retention_classify(u, name, l, class, why, legal, &e);
	cli->wrote |= r == 0;
	return session_close(cli, u, r < 0 ? cli_fail(cli, &e) : CLI_OK);
}

int cmd_classify(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "class", required_argument, NULL, CLASS },
		{ "why", required_argument, NULL, WHY },
		{ "reason", required_argument, NULL, WHY },
		{ "legal", required_argument, NULL, LEGAL },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *class = NULL, *why = NULL, *legal = NULL;
	struct erase_list l = { 0 };
	struct err e = ERR_INIT;
	int opt, r = 0, status;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case CLASS:
			class = optarg;
			break;
		case WHY:
			why = optarg;
			break;
		case LEGAL:
			legal = optarg;
			break;
		case 'h':
			return cli_help(cli, _(help));
		case ':':
			return cli_usage(cli, "case",
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		default:
			return cli_usage(cli, "case", _("unknown option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind < 2)
		return cli_usage(cli, "case", _("which items of which case?"));
	if (!class || admin_class_of_name(class) < 0)
		return cli_usage(cli, "case", _("--class sensitive, "
				 "irrelevant, relevant or procedure"));
	if (!why || !why[strspn(why, " \t")])
		return cli_usage(cli, "case",
				 _("classifying takes a reason: --why TEXT"));
	for (int i = optind + 1; r == 0 && i < argc; i++) {
		r = erasure_item_read(argv[i], &l, &e);
		if (r == 0 && l.r[l.n - 1].object != ERASE_WHOLE)
			r = err_set(&e, ERR_USAGE, "'%s' names one object of "
				    "an item", argv[i]);
	}
	if (r < 0) {
		status = cli_usage(cli, "case", "%s", e.text);
	} else {
		erase_list_sort(&l);
		status = classify(cli, argv[optind], &l,
				  (enum admin_class)admin_class_of_name(class),
				  why, legal);
	}
	erase_list_release(&l);
	return status;
}
