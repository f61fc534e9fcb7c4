/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/tgexport.h"

#include <criterion/criterion.h>

static struct buf got;

static int each(void *arg, const struct tgexport_piece *p, struct err *e)
{
	(void)arg;
	(void)e;
	buf_addf(&got, "%zu+%zu:%zu ", p->chat, p->first, p->messages);
	if (p->json.len < 300) {
		buf_addb(&got, p->json);
		buf_addc(&got, ' ');
	}
	return 0;
}

static int read_it(const char *json)
{
	got = (struct buf)BUF_INIT(1u << 20);
	return tgexport_read(bytes_str(json), each, NULL, NULL);
}

Test(tgexport, a_chat_is_one_piece_with_its_own_members)
{
	cr_expect_eq(read_it("{\"name\":\"x\",\"other\":{\"name\":\"no\"},\"id\":7, "
			     "\"messages\" : [ {\"id\":1,\"a\":[1,\"]\\\"}\"]}, {} ] }"), 1);
	cr_expect_str_eq(buf_cstr(&got), "0+0:2 {\"name\":\"x\",\"id\":7,"
		"\"messages\":[{\"id\":1,\"a\":[1,\"]\\\"}\"]},{}]} ");
	buf_release(&got);
}

Test(tgexport, chats_of_an_account_stay_apart)
{
	cr_expect_eq(read_it("{\"id\":0,\"chats\":{\"list\":[{\"id\":1,\"messages\":[1]},"
			     "{\"id\":2,\"messages\":[]},{\"id\":3,\"messages\":[3]}]}}"), 3);
	cr_expect_str_eq(buf_cstr(&got), "0+0:1 {\"id\":1,\"messages\":[1]} "
			 "2+0:1 {\"id\":3,\"messages\":[3]} ");
	buf_release(&got);
}

Test(tgexport, a_large_chat_is_cut_between_messages)
{
	struct buf in = BUF_INIT(1u << 20);

	buf_adds(&in, "{\"messages\":[");
	for (int i = 0; i < 1201; i++)
		buf_addf(&in, "%s{\"id\":%d}", i ? "," : "", i);
	buf_adds(&in, "]}");
	cr_expect_eq(read_it(buf_cstr(&in)), 1);
	cr_expect_eq(strncmp(buf_cstr(&got), "0+0:500 0+500:500 0+1000:201", 28),
		     0, "%s", buf_cstr(&got));
	buf_release(&got);
	buf_release(&in);
}

Test(tgexport, what_is_no_whole_json_is_refused)
{
	static const char whole[] = "{\"messages\":[{\"a\":\"b\"},{}],\"c\":1}";
	char cut[sizeof whole];

	for (size_t n = 0; n < sizeof whole - 1; n++) {
		memcpy(cut, whole, n);
		cut[n] = '\0';
		cr_expect_eq(read_it(cut), ERR_FORMAT, "'%s'", cut);
		buf_release(&got);
	}
	cr_expect_eq(read_it("{\"messages\":[1,]}"), ERR_FORMAT);
	buf_release(&got);
	cr_expect_eq(read_it("{\"messages\":[1}"), ERR_FORMAT);
	buf_release(&got);
	cr_expect_eq(read_it("{\"messages\":[1]}x"), ERR_FORMAT);
	buf_release(&got);
	cr_expect_eq(read_it("{\"a\":1}"), 0);
	buf_release(&got);
}
