/* SPDX-License-Identifier: EUPL-1.2 */
/* Which world answers a request; robots.txt; the admin port. */
#include "tests/server/site.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const robot_modes[] = {
	[ROBOTS_OK] = "ok", [ROBOTS_404] = "404", [ROBOTS_403] = "403",
	[ROBOTS_429] = "429", [ROBOTS_500] = "500", [ROBOTS_503] = "503",
	[ROBOTS_ALL] = "all", [ROBOTS_NONE] = "none", [ROBOTS_HUGE] = "huge",
	[ROBOTS_HTML] = "html", [ROBOTS_REDIRECT] = "redirect",
	[ROBOTS_DROP] = "drop", [ROBOTS_DELAY] = "delay",
};

static const char *robots_of(const char *host)
{
	if (!strcmp(host, "t.me") || !strcmp(host, "telegram.me"))
		return "# laboratoire\nUser-agent: *\nAllow: /s/\n"
		       "Disallow: /s/interdit_demo_lab\nDisallow: /proxy\n"
		       "Disallow: /*?embed=1&mode=tme&comments=\n";
	if (!strcmp(host, "boutique-demo.example"))
		return "User-agent: *\nDisallow: /admin/\nCrawl-delay: 1\n\n"
		       "User-agent: RobotImpoli\nDisallow: /\n";
	if (!strcmp(host, "www.example.org"))
		return "User-agent: *\nDisallow:\n";
	return NULL;
}

static void robots(struct conn *c)
{
	static const char type[] = "text/plain; charset=utf-8";
	struct buf b = BUF_INIT(2 << 20);
	const char *t = robots_of(c->host);

	switch ((enum site_robots)atomic_load(&c->s->robots)) {
	case ROBOTS_404: conn_error(c, 404, ""); break;
	case ROBOTS_403: conn_error(c, 403, ""); break;
	case ROBOTS_429: conn_error(c, 429, "Retry-After: 1\r\n"); break;
	case ROBOTS_500: conn_error(c, 500, ""); break;
	case ROBOTS_503: conn_error(c, 503, ""); break;
	case ROBOTS_ALL:
		conn_reply(c, 200, type, "",
			   bytes_str("User-agent: *\nAllow: /\n"));
		break;
	case ROBOTS_NONE:
		conn_reply(c, 200, type, "",
			   bytes_str("User-agent: *\nDisallow: /\n"));
		break;
	case ROBOTS_HUGE:
		/* 700 KiB of rules; the one that matters is the last. */
		buf_adds(&b, "User-agent: *\n");
		for (int i = 0; i < 24000; i++)
			buf_addf(&b, "Disallow: /interdit/%08d/\n", i);
		buf_adds(&b, "Disallow: /\n");
		conn_reply(c, 200, type, "", buf_view(&b));
		break;
	case ROBOTS_HTML:
		conn_reply(c, 200, "text/html; charset=utf-8", "", bytes_str(
			   "<!DOCTYPE html><html><body>User-agent: * Disallow: /"
			   "</body></html>\n"));
		break;
	case ROBOTS_REDIRECT:
		conn_reply(c, 302, NULL, "Location: https://www.example.org/"
			   "robots.txt\r\n", BYTES(NULL, 0));
		break;
	case ROBOTS_DROP:
		conn_reset(c);
		break;
	case ROBOTS_DELAY:
		conn_reply(c, 200, type, "", bytes_str("User-agent: *\n"
			   "Crawl-delay: 2\nAllow: /\n"));
		break;
	case ROBOTS_OK:
		if (t)
			conn_reply(c, 200, type, "", bytes_str(t));
		else
			conn_error(c, 404, "");
	}
	buf_release(&b);
}

void serve(struct conn *c)
{
	if (!strcmp(c->target, "/robots.txt"))
		robots(c);
	else if (!strncmp(c->target, "/mis/", 5))
		misbehave(c, c->target + 5);
	else if (strstr(c->host, "misbehave.example"))
		misbehave(c, c->target + (c->target[0] == '/'));
	else if (c->s->scenario == SITE_BENCH)
		bench_serve(c);
	else
		demo_serve(c);
}

static int set_robots(struct site *s, const char *mode)
{
	for (size_t i = 0; i < sizeof(robot_modes) / sizeof(char *); i++)
		if (!strcmp(robot_modes[i], mode)) {
			atomic_store(&s->robots, (int)i);
			return 1;
		}
	return 0;
}

void serve_admin(struct conn *c)
{
	struct site *s = c->s;
	struct buf b = BUF_INIT(65536);
	char v[64];
	int post = !strcmp(c->method, "POST"), n;
	const char *t = c->target;

	if (post && !strcmp(t, "/admin/advance")) {
		atomic_fetch_add(&s->pass, 1);
	} else if (post && !strcmp(t, "/admin/reset")) {
		atomic_store(&s->pass, 1);
		atomic_store(&s->robots, ROBOTS_OK);
		atomic_store(&s->throttle, 1);
	} else if (post && conn_query(c, "n", v, sizeof(v)) &&
		   !strncmp(t, "/admin/throttle?", 16)) {
		atomic_store(&s->throttle, (int)strtol(v, NULL, 10));
	} else if (post && !strncmp(t, "/admin/robots?", 14)) {
		conn_query(c, "mode", v, sizeof(v));
		if (!set_robots(s, v)) {
			conn_error(c, 400, "");
			return;
		}
	} else if (post && !strcmp(t, "/admin/stop")) {
		atomic_store(&s->stop, 1);
	} else if (post || strcmp(t, "/admin/state")) {
		conn_error(c, 404, "");
		return;
	}
	n = atomic_load(&s->robots);
	buf_addf(&b, "{\"pass\":%d,\"throttle\":%d,\"robots\":\"%s\","
		 "\"connections\":%lu,\"requests\":%lu}\n",
		 atomic_load(&s->pass), atomic_load(&s->throttle),
		 robot_modes[n], atomic_load(&s->conns),
		 atomic_load(&s->requests));
	conn_reply(c, 200, "application/json", "", buf_view(&b));
	buf_release(&b);
}
