/* SPDX-License-Identifier: EUPL-1.2 */
/* site - a loopback lab world for demonstrations, tests and benchmarks. */
#include "tests/server/gen_pages.h"
#include "tests/server/lab.h"
#include "tests/server/site.h"
#include "util/clock.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const hosts[] = {
	"t.me", "telegram.me", "telegram.dog", "telegram.org",
	"cdn1.telesco.pe", "cdn4.telesco.pe", "cdn5.telesco.pe",
	"cdn1.cdn-telegram.org", "cdn4.cdn-telegram.org",
	"www.example.org", "boutique-demo.example", "misbehave.example",
	"m1.misbehave.example", "m2.misbehave.example",
	"m3.misbehave.example",
	"dns-private.example", "dns-mixed.example", "dns-mapped.example",
	"dns-nat64.example", "dns-linklocal.example", "dns-rebind.example",
	"dns-many.example", "dns-six.example", NULL,
};

/* What the lab resolver says; a ";" separates the first query from later. */
static const char *const dns[] = {
	"dns-private.example A 10.1.2.3",
	"dns-mixed.example A 93.184.216.34,192.168.1.10",
	"dns-mapped.example AAAA ::ffff:127.0.0.1",
	"dns-nat64.example AAAA 64:ff9b::7f00:1",
	"dns-linklocal.example A 169.254.169.254",
	"dns-rebind.example A 93.184.216.34;127.0.0.1",
	"dns-many.example A 93.184.216.34,93.184.216.35,93.184.216.36",
	"dns-six.example AAAA 2606:2800:220:1:248:1893:25c8:1946",
	NULL,
};

static struct listener ports[] = {
	{ .kind = PORT_HTTPS, .name = "HTTPS" },
	{ .kind = PORT_HTTP, .name = "HTTP" },
	{ .kind = PORT_ADMIN, .name = "ADMIN" },
	{ .kind = PORT_BAD, .name = "TLS_EXPIRED", .host = "tls-expired.example" },
	{ .kind = PORT_BAD, .name = "TLS_NOTYET", .host = "tls-notyet.example" },
	{ .kind = PORT_BAD, .name = "TLS_SELFSIGNED", .host = "tls-selfsigned.example" },
	{ .kind = PORT_BAD, .name = "TLS_WRONGHOST", .host = "tls-wronghost.example" },
	{ .kind = PORT_BAD, .name = "TLS_UNKNOWNCA", .host = "tls-unknownca.example" },
	{ .kind = PORT_BAD, .name = "TLS_NOCHAIN", .host = "tls-nochain.example" },
	{ .kind = PORT_BAD, .name = "TLS_OLD", .host = "tls-old.example" },
	{ .kind = PORT_BAD, .name = "TLS_WEAKKEY", .host = "tls-weakkey.example" },
	{ .kind = PORT_BAD, .name = "TLS_SHA1", .host = "tls-sha1.example" },
	{ .kind = PORT_BAD, .name = "TLS_BADSIG", .host = "tls-badsig.example" },
	{ .kind = PORT_GARBAGE, .name = "TLS_GARBAGE", .host = "tls-garbage.example" },
	{ .kind = PORT_CLOSE, .name = "TLS_CLOSE", .host = "tls-close.example" },
	{ .kind = PORT_RESET, .name = "TLS_RESET", .host = "tls-reset.example" },
	{ .kind = PORT_MUTE, .name = "TLS_MUTE", .host = "tls-mute.example" },
	{ .kind = PORT_PLAIN, .name = "TLS_PLAIN", .host = "tls-plain.example" },
};

enum { NPORTS = sizeof(ports) / sizeof(ports[0]), FIRST_BAD = 3 };

static int lab_conf(struct site *s, struct err *e)
{
	struct buf b = BUF_INIT(1 << 20);
	char path[FILE_PATH_MAX];
	int r = file_path(path, s->dir, "lab.conf", NULL);

	buf_addf(&b, "ca %s\n", s->root);
	for (int i = 0; hosts[i]; i++)
		buf_addf(&b, "map %s 127.0.0.1:%d\nmap %s:80 127.0.0.1:%d\n",
			 hosts[i], s->https_port, hosts[i], s->http_port);
	for (int i = FIRST_BAD; i < NPORTS; i++)
		buf_addf(&b, "map %s 127.0.0.1:%d\n", ports[i].host,
			 ports[i].port);
	for (int i = 0; dns[i]; i++)
		buf_addf(&b, "dns %s\n", dns[i]);
	for (int i = 0; s->addresses && strncmp(hosts[i], "dns-", 4); i++)
		buf_addf(&b, "dns %s A 93.184.217.%d\n", hosts[i], i + 1);
	for (int i = FIRST_BAD; s->addresses && i < NPORTS; i++)
		buf_addf(&b, "dns %s A 93.184.218.%d\n", ports[i].host, i);
	if (!r)
		r = b.failed ? b.failed : file_replace(path, buf_view(&b), 0600, e);
	buf_release(&b);
	return r;
}

/* NAME=number, to be read by a shell; the last file written is --ready. */
static int announce(struct site *s, const char *ready, struct err *e)
{
	struct buf b = BUF_INIT(65536);
	char path[FILE_PATH_MAX];
	int r = file_path(path, s->dir, "ports", NULL);

	buf_addf(&b, "PID=%ld\n", (long)getpid());
	for (int i = 0; i < NPORTS; i++)
		buf_addf(&b, "%s=%d\n", ports[i].name, ports[i].port);
	if (!r)
		r = file_replace(path, buf_view(&b), 0600, e);
	if (!r && ready)
		r = file_replace(ready, buf_view(&b), 0600, e);
	buf_release(&b);
	return r;
}

static int start(struct site *s, struct lab *lab, struct err *e)
{
	static const enum lab_fault fault[] = {
		LAB_EXPIRED, LAB_NOT_YET, LAB_SELF_SIGNED, LAB_WRONG_HOST,
		LAB_UNKNOWN_CA, LAB_NO_CHAIN, LAB_OLD_TLS, LAB_WEAK_KEY,
		LAB_SHA1, LAB_BAD_SIGNATURE,
	};
	int r, bad = 0;

	for (int i = 0; i < NPORTS; i++) {
		struct listener *l = &ports[i];

		l->s = s;
		if (l->kind == PORT_HTTPS)
			l->ctx = lab_ctx(lab, hosts, e);
		else if (l->kind == PORT_BAD)
			l->ctx = lab_fault_ctx(lab, fault[bad++], l->host, e);
		if ((l->kind == PORT_HTTPS || l->kind == PORT_BAD) && !l->ctx)
			return ERR_NET;
		r = listener_run(l, e);
		if (r)
			return r;
	}
	s->https_port = ports[0].port;
	s->http_port = ports[1].port;
	s->admin_port = ports[2].port;
	return 0;
}

static void usage(FILE *f)
{
	fputs("usage: site --dir STATE_DIR [--ready FILE] [--log FILE|none] [--wire]\n"
	      "            [--scenario demo|misbehave|bench] [--retry-after S]\n"
	      "            [--throttle N] [--addresses] [--no-hash]\n"
	      "       bench: [--pages N] [--posts 20] [--media N] [--channels N]\n"
	      "            [--media-size BYTES] [--media-base URL] [--seed TEXT]\n"
	      "            [--cache-mb N]\n"
	      "       site --write DIR [--scenario demo|bench] [bench options]\n"
	      "       site --list\n", f);
}

enum { O_DIR = 256, O_READY, O_LOG, O_WIRE, O_SCENARIO, O_RETRY, O_THROTTLE,
       O_ADDRESSES, O_NO_HASH, O_WRITE, O_LIST, O_PAGES, O_POSTS, O_MEDIA,
       O_CHANNELS, O_MEDIA_SIZE, O_MEDIA_BASE, O_SEED, O_CACHE };

static const struct option options[] = {
	{ "dir", 1, NULL, O_DIR }, { "ready", 1, NULL, O_READY },
	{ "log", 1, NULL, O_LOG }, { "wire", 0, NULL, O_WIRE },
	{ "scenario", 1, NULL, O_SCENARIO },
	{ "retry-after", 1, NULL, O_RETRY },
	{ "throttle", 1, NULL, O_THROTTLE },
	{ "addresses", 0, NULL, O_ADDRESSES },
	{ "no-hash", 0, NULL, O_NO_HASH },
	{ "write", 1, NULL, O_WRITE }, { "list", 0, NULL, O_LIST },
	{ "pages", 1, NULL, O_PAGES }, { "posts", 1, NULL, O_POSTS },
	{ "media", 1, NULL, O_MEDIA }, { "channels", 1, NULL, O_CHANNELS },
	{ "media-size", 1, NULL, O_MEDIA_SIZE },
	{ "media-base", 1, NULL, O_MEDIA_BASE }, { "seed", 1, NULL, O_SEED },
	{ "cache-mb", 1, NULL, O_CACHE }, { "help", 0, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct settings {
	const char *ready, *log, *write;
	int list, bench_option;
	struct gen_options gen;
};

static int number(const char *s, int max, int *out)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (!*s || *end || v < 0 || v > max)
		return 2;
	*out = (int)v;
	return 0;
}

static int set_scenario(struct site *s, const char *v)
{
	if (!strcmp(v, "bench")) {
		s->scenario = SITE_BENCH;
		atomic_store(&s->throttle, 0);
	} else if (strcmp(v, "demo") && strcmp(v, "misbehave")) {
		return 2;
	}
	return 0;
}

static int option(struct site *s, struct settings *o, int c, const char *v)
{
	int n, r = 0;

	switch (c) {
	case O_DIR: s->dir = v; break;
	case O_READY: o->ready = v; break;
	case O_LOG: o->log = v; break;
	case O_WIRE: s->wire = 1; break;
	case O_SCENARIO: r = set_scenario(s, v); break;
	case O_RETRY: r = number(v, 86400, &s->retry_after_s); break;
	case O_THROTTLE:
		r = number(v, 1000000, &n);
		if (!r)
			atomic_store(&s->throttle, n);
		break;
	case O_ADDRESSES: s->addresses = 1; break;
	case O_NO_HASH: s->no_hash = 1; break;
	case O_WRITE: o->write = v; break;
	case O_LIST: o->list = 1; break;
	case O_PAGES:
		o->bench_option = 1;
		r = number(v, 10000000, &o->gen.pages);
		break;
	case O_POSTS: r = number(v, 200, &o->gen.posts); break;
	case O_MEDIA:
		o->bench_option = 1;
		r = number(v, 9999999, &o->gen.media);
		break;
	case O_CHANNELS: r = number(v, 99999, &o->gen.channels); break;
	case O_MEDIA_SIZE: r = number(v, 4000000, &o->gen.media_size); break;
	case O_MEDIA_BASE: o->gen.media_base = v; break;
	case O_SEED: o->gen.seed = v; break;
	case O_CACHE: r = number(v, 1 << 20, &o->gen.cache_mb); break;
	default: r = 2;
	}
	return r;
}

static int write_world(struct site *s, struct settings *o, struct err *e)
{
	char sub[FILE_PATH_MAX];
	int r = file_mkdir(o->write, e);

	if (!r && !file_path(sub, o->write, "p", NULL))
		r = file_mkdir(sub, e);
	if (!r && !file_path(sub, o->write, "media", NULL))
		r = file_mkdir(sub, e);
	if (r)
		return r;
	if (s->scenario == SITE_DEMO && !o->bench_option) {
		r = demo_init(e);
		return r ? r : demo_write(o->write, e);
	}
	return gen_write(&o->gen, o->write, e);
}

static int open_log(struct site *s, const char *name, struct err *e)
{
	char path[FILE_PATH_MAX];

	s->log_fd = -1;
	if (name && !strcmp(name, "none"))
		return 0;
	if (!name && s->scenario == SITE_BENCH)
		return 0;
	if (!name && file_path(path, s->dir, "site.log", NULL))
		return err_set(e, ERR_RANGE, "path is too long");
	s->log_fd = open(name ? name : path,
			 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return s->log_fd < 0 ? err_errno(e, "cannot open the log") : 0;
}

static int prepare(struct site *s, struct settings *o, struct lab *lab,
		   struct err *e)
{
	char path[FILE_PATH_MAX], *whole;
	int r = file_mkdir(s->dir, e);

	if (r)
		return r;
	whole = realpath(s->dir, NULL);
	if (!whole)
		return err_errno(e, "cannot resolve '%s'", s->dir);
	s->dir = whole;		/* kept until the end */
	r = file_path(s->root, s->dir, "ca", "root.pem", NULL);
	if (!r && s->wire) {
		r = file_path(path, s->dir, "wire", NULL);
		if (!r)
			r = file_mkdir(path, e);
	}
	if (!r)
		r = open_log(s, o->log, e);
	if (!r)
		r = lab_open(lab, s->dir, e);
	if (!r)
		r = demo_init(e);
	if (!r && s->scenario == SITE_BENCH)
		r = gen_new(&o->gen, &s->gen, e);
	return r;
}

int main(int argc, char **argv)
{
	static struct site s = { .retry_after_s = 2 };
	static struct lab lab;
	struct settings o = { .gen = GEN_OPTIONS_INIT };
	struct rlimit files;
	struct err e = ERR_INIT;
	struct timespec tick = { 0, 100000000 };
	sigset_t set;
	int c, r;

	atomic_store(&s.pass, 1);
	atomic_store(&s.throttle, 1);
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 0;
		}
		if (option(&s, &o, c, optarg)) {
			usage(stderr);
			return 2;
		}
	}
	if (o.list) {
		struct buf b = BUF_INIT(65536);

		misbehave_list(&b);
		fputs(buf_cstr(&b), stdout);
		buf_release(&b);
		return 0;
	}
	if (optind != argc || (!s.dir && !o.write)) {
		usage(stderr);
		return 2;
	}
	if (o.write) {
		r = write_world(&s, &o, &e);
		if (r)
			fprintf(stderr, "site: %s\n", e.text);
		return r ? 3 : 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	r = prepare(&s, &o, &lab, &e);
	if (!r)
		r = start(&s, &lab, &e);
	if (!r)
		r = lab_conf(&s, &e);
	if (!r)
		r = announce(&s, o.ready, &e);
	if (r) {
		fprintf(stderr, "site: %s\n", e.text);
		return 3;
	}
	while (!atomic_load(&s.stop)) {
		c = sigtimedwait(&set, NULL, &tick);
		if (c == SIGUSR1)
			atomic_fetch_add(&s.pass, 1);
		else if (c > 0)
			break;
	}
	/* Threads may still be serving: leave without tearing down under them. */
	atomic_store(&s.stop, 1);
	nanosleep(&tick, NULL);
	_exit(0);
}
