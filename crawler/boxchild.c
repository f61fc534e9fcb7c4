/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/boxchild.h"

#include "crawler/decodechild.h"
#include "crawler/fetchchild.h"
#include "crawler/importchild.h"
#include "util/child.h"
#include "util/secret.h"
#include "util/utf8.h"

#include <stdio.h>
#include <string.h>

#define WAIT_MS 30000
#define LEAVE_MS 500
#define PLACES 2

/* --- the child ------------------------------------------------------------- */

static int enter_parse(const struct box *b, struct sandbox_report *r,
		       struct err *e)
{
	const uint64_t *memory = b->arg;

	return sandbox_parse(memory ? *memory : 0, r, e);
}

static int enter_fetch(const struct box *b, struct sandbox_report *r,
		       struct err *e)
{
	(void)b;
	return fetch_child_lock(NULL, r, e);
}

static int try_all(unsigned tried, struct err *e)
{
	static const uint64_t import_memory = IMPORT_MEMORY;
	static const struct box boxes[] = {
		{ "parse", enter_parse, NULL, BOX_PARSE_DEADLY, 0 },
		{ "fetch", enter_fetch, NULL, BOX_FETCH_DEADLY,
		  BOX_FETCH_CLOSED },
	};
	static const struct box import = { "import", enter_parse,
					   &import_memory, 0, 0 };
	static const struct box decode = { "decode", enter_parse, NULL, 0, 0 };
	struct sandbox_report rep;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof boxes / sizeof *boxes; i++)
		r = box_holds(&boxes[i], tried, &rep, e);
	/* The parse child tests its own readers whenever one starts. */
	if (r == 0)
		r = box_work(&import, import_child_test, NULL, e);
	if (r == 0)
		r = box_work(&decode, decode_child_test, NULL, e);
	return r;
}

int box_child_main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct bytes why;
	int r = 0;
	const unsigned tried = argc > 1 && !strcmp(argv[1], "all") ? BOX_ALL
								   : BOX_QUICK;

	child_begin();
	if (secret_start())
		r = err_set(&e, ERR_IO, "cannot protect the process");
	import_child_warm_up();
	if (r == 0)
		r = try_all(tried, &e);
	why = bytes_str(r == 0 ? "" : e.text[0] ? e.text : err_name(r));
	return message_write(1, r == 0 ? 'Z' : 'E', &why, 1) || r < 0 ? 3 : 0;
}

/* --- the keeper ------------------------------------------------------------ */

static int ask(const char *path, const char *const *argv, struct err *e)
{
	const struct child_spec spec = { .path = path, .argv = argv,
		.log_fd = -1, .pass_fd = -1, .max_in = 4096 };
	char how[CHILD_HOW_MAX] = "";
	struct bytes msg = { NULL, 0 };
	struct child *c = NULL;
	struct err own = ERR_INIT;
	uint8_t type = 0;
	int r = child_start(&spec, &c, e);

	if (r < 0)
		return r;
	r = child_wait(c, WAIT_MS, &type, &msg, &own);
	if (r == 0 && type == 'E' && utf8_valid(msg))
		r = err_set(e, ERR_CHILD, "%.*s", (int)(msg.len < 400 ? msg.len
			    : 400), (const char *)msg.p);
	else if (r == 0 && type != 'Z')
		r = err_set(e, ERR_CHILD, "the test of the sandbox spoke out "
			    "of turn");
	if (r < 0)
		child_kill(c);
	child_close(c, LEAVE_MS, how);
	if (r < 0 && !type)
		err_set(e, r, "the test of the sandbox did not end: it %s",
			how);
	return r;
}

/* kept - one answer a program, for the life of the process */
static int kept(const char *path, const char *const *argv, struct err *e)
{
	static char held[PLACES + 1][256];
	int r;

	for (size_t i = 0; i <= PLACES; i++)
		if (!strcmp(held[i], path))
			return 0;
	r = ask(path, argv, e);
	for (size_t i = 0; r == 0 && i <= PLACES; i++)
		if (!held[i][0] && strlen(path) < sizeof held[i]) {
			snprintf(held[i], sizeof held[i], "%s", path);
			break;
		}
	return r;
}

int boxes_hold(const char *self_path, struct err *e)
{
	static const char *const argv[] = { "scelle", "--child", "box", NULL };

	return kept(self_path, argv, e);
}

int media_box_holds(const char *helper, struct err *e)
{
	static const char *const argv[] = { "scelle-media", "--box", NULL };

	return kept(helper, argv, e);
}
