/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/fetch.h"
#include "crawler/fetchchild.h"
#include "crawler/fetchchild_proto.h"
#include "tests/crawler/main.h"
#include "tests/crawler/server.h"
#include "util/clock.h"

#include <poll.h>

#define SAY(text) .say = text, .say_len = sizeof(text) - 1

static const struct fetch_limits quick = { 8 << 20, 64 << 10, 3000, 10000,
					   5000 };

/* lab_file - a lab that maps h.example to a port; path of 64 bytes */
static void lab_file(char *path, unsigned port, const char *more)
{
	FILE *f;

	snprintf(path, 64, "/tmp/scelle-test-lab-XXXXXX");
	f = fdopen(mkstemp(path), "w");
	fprintf(f, "map h.example:80 127.0.0.1:%u\n%s", port, more);
	fclose(f);
}

static struct fetch_child *start(const char *lab)
{
	struct fetch_child_options o = { "/proc/self/exe", lab, -1 };
	struct fetch_child *f = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(fetch_child_start(&o, &f, &e), 0, "%s", e.text);
	return f;
}

/* finish - poll until the exchange is there */
static void finish(struct fetch_child *f, struct exchange *x)
{
	while (fetch_child_poll(f, x)) {
		struct pollfd p = { fetch_child_fd(f), fetch_child_events(f),
				    0 };

		cr_assert(fetch_child_busy(f));
		poll(&p, 1, 200);
	}
}

static void ask(struct fetch_child *f, const char *url,
		struct fetch_limits l)
{
	struct fetch_request rq = { .url = url, .limits = l };
	struct err e = ERR_INIT;

	cr_assert_eq(fetch_child_submit(f, &rq, &e), 0, "%s", e.text);
}

Test(fetchchild, an_exchange_comes_through_whole)
{
	static char body[3000000];
	char lab[64], *all;
	size_t n;
	struct server s = { 0 };
	struct fetch_child *f;
	struct exchange x;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(i * 7 >> 4);
	all = malloc(sizeof(body) + 100);
	n = (size_t)snprintf(all, 100, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n"
			    "\r\n", sizeof(body));
	memcpy(all + n, body, sizeof(body));
	s.say = all;
	s.say_len = n + sizeof(body);
	server_start(&s);
	lab_file(lab, s.port, "");
	f = start(lab);
	for (int i = 0; i < 3; i++) {
		ask(f, "http://h.example/x", quick);
		finish(f, &x);
		cr_assert_eq(x.phase, FETCH_DONE, "%s", x.error);
		cr_expect(bytes_eq(buf_view(&x.body),
				   BYTES(body, sizeof(body))));
		cr_expect(bytes_eq(buf_view(&x.request),
				   BYTES(s.got, s.got_len)));
		cr_expect_str_eq(x.url, "http://h.example/x");
		cr_expect_eq(x.status, 200);
		cr_expect_eq(x.lab, 1);
		cr_expect_str_eq(x.resolver, "lab");
		cr_expect(x.dns_json.len && x.dns_json.p[0] == '[');
		cr_expect(x.peer[0] && x.local[0]);
		cr_expect(x.start_boot_ms && x.end_boot_ms >= x.start_boot_ms);
		exchange_release(&x);
	}
	cr_expect(fetch_child_sandbox(f)->seccomp);
	cr_expect(fetch_child_sandbox(f)->no_new_privs);
	fetch_child_close(f);
	server_stop(&s);
	unlink(lab);
	free(all);
}

Test(fetchchild, it_speaks_tls_in_its_sandbox)
{
	struct authority ca;
	struct server s = { SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
				"ok") };
	struct fetch_child *f;
	struct exchange x;
	char lab[64], path[64], more[256];

	authority_make(&ca, "Lab root");
	authority_save(&ca, path);
	s.tls = server_tls("s.example", &ca, -3600, 3600);
	server_start(&s);
	snprintf(more, sizeof(more), "ca %s\nmap s.example 127.0.0.1:%u\n",
		 path, s.port);
	lab_file(lab, 1, more);
	f = start(lab);
	ask(f, "https://s.example/", quick);
	finish(f, &x);
	cr_expect_eq(x.phase, FETCH_DONE, "%s", x.error);
	cr_expect_str_eq(x.tls_protocol, "TLSv1.3");
	cr_expect(x.chain_pem.len > 100);
	exchange_release(&x);
	fetch_child_close(f);
	server_stop(&s);
	unlink(lab);
	unlink(path);
	authority_release(&ca);
}

Test(fetchchild, its_death_is_an_exchange_and_a_new_one_goes_on)
{
	struct server s = { SAY(""), .hold_ms = 1000 };
	struct fetch_child *f;
	struct exchange x;
	char lab[64];

	server_start(&s);
	lab_file(lab, s.port, "");
	f = start(lab);
	ask(f, "http://h.example/", quick);
	while (!s.got_len)
		clock_sleep_ms(5);
	cr_assert_eq(fetch_child_poll(f, &x), 1);
	fetch_child_cancel(f, "the user asked to stop");
	finish(f, &x);
	cr_expect(x.phase == FETCH_SEND || x.phase == FETCH_HEAD ||
		  x.phase == FETCH_CONNECT, "%d", x.phase);
	cr_expect_str_eq(x.error, "the user asked to stop");
	cr_expect_str_eq(x.url, "http://h.example/");
	cr_expect(x.end_ms >= x.start_ms && x.start_ms > 0);
	exchange_release(&x);
	s.hold_ms = 0;
	s.say = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	s.say_len = strlen(s.say);
	ask(f, "http://h.example/", quick);
	finish(f, &x);
	cr_expect_eq(x.phase, FETCH_DONE, "%s", x.error);
	exchange_release(&x);
	fetch_child_close(f);
	server_stop(&s);
	unlink(lab);
}

Test(fetchchild, one_request_at_a_time)
{
	struct server s = { SAY(""), .hold_ms = 300 };
	struct fetch_request rq = { .url = "http://h.example/",
				    .limits = quick };
	struct fetch_child *f;
	struct exchange x;
	char lab[64];

	server_start(&s);
	lab_file(lab, s.port, "");
	f = start(lab);
	cr_assert_eq(fetch_child_poll(f, &x), 1);
	ask(f, "http://h.example/", quick);
	cr_expect_eq(fetch_child_submit(f, &rq, NULL), ERR_BUSY);
	finish(f, &x);
	cr_expect_eq(x.phase, FETCH_HEAD);
	exchange_release(&x);
	fetch_child_close(f);
	server_stop(&s);
	unlink(lab);
}

Test(fetchchild, a_bad_lab_file_is_told_at_the_start)
{
	struct fetch_child_options o = { "/proc/self/exe", NULL, -1 };
	struct fetch_child *f = NULL;
	struct err e = ERR_INIT;
	char lab[64];

	lab_file(lab, 1, "nonsense\n");
	o.lab_path = lab;
	cr_expect_eq(fetch_child_start(&o, &f, &e), ERR_FORMAT);
	cr_expect(strstr(e.text, "line 2"), "%s", e.text);
	cr_expect_null(f);
	unlink(lab);
	o.lab_path = NULL;
	o.self_path = "/bin/true";
	cr_expect_eq(fetch_child_start(&o, &f, &e), ERR_CHILD);
	cr_expect(strstr(e.text, "left with status 0"), "%s", e.text);
}

/* --- what a child says is hostile ---------------------------------------- */

Test(fetchchild, the_rest_of_an_exchange_is_checked_field_by_field)
{
	struct exchange x, back;
	struct buf b = BUF_INIT(4096);

	exchange_init(&x);
	exchange_init(&back);
	x.phase = FETCH_BODY;
	x.truncated = TRUNC_TIME;
	x.start_ms = 1700000000123;
	x.status = 200;
	x.curl_code = 28;
	snprintf(x.error, sizeof(x.error), "why");
	snprintf(x.peer, sizeof(x.peer), "192.0.2.1:443");
	fetch_put_rest(&b, &x);
	cr_assert_eq(fetch_get_rest(buf_view(&b), &back), 0);
	cr_expect_eq(back.phase, FETCH_BODY);
	cr_expect_eq(back.start_ms, x.start_ms);
	cr_expect_str_eq(back.peer, x.peer);
	for (size_t n = 0; n < b.len; n++)
		cr_expect_eq(fetch_get_rest(BYTES(b.p, n), &back), ERR_FORMAT);
	buf_addc(&b, 0);
	cr_expect_eq(fetch_get_rest(buf_view(&b), &back), ERR_FORMAT);
	buf_clear(&b);
	x.phase = 99;
	fetch_put_rest(&b, &x);
	cr_expect_eq(fetch_get_rest(buf_view(&b), &back), ERR_FORMAT);
	buf_clear(&b);
	x.phase = FETCH_BODY;
	snprintf(x.error, sizeof(x.error), "two\nlines");
	fetch_put_rest(&b, &x);
	cr_expect_eq(fetch_get_rest(buf_view(&b), &back), ERR_FORMAT);
	buf_release(&b);
	exchange_release(&x);
	exchange_release(&back);
}
