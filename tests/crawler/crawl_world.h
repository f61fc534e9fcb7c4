/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A vault with one case, and the lab site to crawl: what the tests of the pass
 * and its benchmark share.  The program that includes this must know --child.
 */
#ifndef TESTS_CRAWLER_CRAWL_WORLD_H
#define TESTS_CRAWLER_CRAWL_WORLD_H

#include "crawler/crawl.h"
#include "crawler/profiles.h"
#include "parsers/worker.h"
#include "store/age.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORLD_CASE "0123456789abcdef"
#define WORLD_SOURCES_MAX 64

struct world {
	char dir[128];			/* everything below it */
	char vault_dir[160], lab[160], profiles_dir[160], log[160];
	pid_t site;
	unsigned admin;			/* port */
	struct profile_set profiles;
	struct mandate mandate;
	struct mandate_source sources[WORLD_SOURCES_MAX];
	struct vault *vault;
	struct stream *stream;
	struct crawl_session session;
	struct crawl_options options;
	struct crawl_report rep;
	struct err err;
	volatile sig_atomic_t stop;
	unsigned stop_after;		/* progress calls; 0: never */
	char *findings;			/* one a line */
	size_t findings_len, findings_size;
	unsigned derived;
};

static const uint8_t world_seed[32] = { 7 }, world_tag[32] = { 9 };
static const uint8_t world_secret[32] = { 1, 2, 3 }, world_unit[32] = { 5 };

#define WORLD_NEED(c) do { \
	if (!(c)) { \
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #c); \
		abort(); \
	} \
} while (0)

static inline int world_rm(const char *p, const struct stat *st, int t,
			   struct FTW *f)
{
	(void)st, (void)t, (void)f;
	return remove(p);
}

static inline void world_path(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	WORLD_NEED(n > 0 && (size_t)n < size);
}

/* The site, beside the program: build/MODE/tests/server/site. */
static inline void world_site(struct world *w, char *const *extra)
{
	char self[512], bin[600], ready[200], dir[200], *slash, *p;
	static char o_dir[] = "--dir", o_ready[] = "--ready", o_log[] = "--log";
	char *argv[32] = { bin, o_dir, dir, o_ready, ready, o_log, w->log };
	struct buf text = BUF_INIT(65536);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int k = 7;

	WORLD_NEED(n > 0);
	self[n] = '\0';
	for (int i = 0; i < 2; i++) {
		slash = strrchr(self, '/');
		WORLD_NEED(slash);
		*slash = '\0';
	}
	world_path(bin, sizeof(bin), "%s/server/site", self);
	world_path(dir, sizeof(dir), "%s/site", w->dir);
	world_path(ready, sizeof(ready), "%s/ready", w->dir);
	WORLD_NEED(mkdir(dir, 0700) == 0);
	while (extra && *extra && k < 31)
		argv[k++] = *extra++;
	w->site = fork();
	WORLD_NEED(w->site >= 0);
	if (w->site == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execv(bin, argv);
		_exit(127);
	}
	for (int i = 0; i < 600 && access(ready, R_OK); i++)
		usleep(20000);
	usleep(20000);
	WORLD_NEED(file_read(ready, &text, NULL) == 0);
	p = strstr(buf_cstr(&text), "ADMIN=");
	WORLD_NEED(p);
	w->admin = (unsigned)strtoul(p + 6, NULL, 10);
	buf_release(&text);
	world_path(w->lab, sizeof(w->lab), "%s/lab.conf", dir);
}

static inline void world_admin(struct world *w, const char *what)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char buf[512];
	int fd = socket(AF_INET, SOCK_STREAM, 0), n;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)w->admin);
	WORLD_NEED(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	n = snprintf(buf, sizeof(buf), "POST %s HTTP/1.1\r\nHost: lab\r\n"
		     "Content-Length: 0\r\nConnection: close\r\n\r\n", what);
	WORLD_NEED(write(fd, buf, (size_t)n) == n);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

/* profiles/ of the sources, with another delay between requests */
static inline void world_profiles(struct world *w, const char *delay)
{
	struct buf text = BUF_INIT(1 << 20);
	char path[200], *p, *end;
	FILE *f;

	WORLD_NEED(mkdir(w->profiles_dir, 0700) == 0);
	WORLD_NEED(file_read("profiles/telegram.profile", &text, NULL) == 0);
	p = strstr(buf_cstr(&text), "\ndelay ");
	WORLD_NEED(p);
	end = strchr(p + 1, '\n');
	world_path(path, sizeof(path), "%s/telegram.profile", w->profiles_dir);
	f = fopen(path, "w");
	WORLD_NEED(f);
	fprintf(f, "%.*s\ndelay %s\n%s", (int)(p - (char *)text.p), text.p,
		delay, end + 1);
	fclose(f);
	buf_release(&text);
	WORLD_NEED(profiles_load(w->profiles_dir, &w->profiles, NULL) == 0);
}

static inline void world_open(struct world *w)
{
	struct age_identity id;
	int r;

	WORLD_NEED(vault_open(w->vault_dir, VAULT_WRITE, world_seed,
			      &w->vault, &w->err) == 0);
	age_identity_from(&id, world_secret);
	r = stream_open(w->vault, "cases/" WORLD_CASE, id.recipient, world_tag,
			&w->stream, &w->err);
	if (r == ERR_NOENT)
		r = stream_create(w->vault, "cases/" WORLD_CASE, id.recipient,
				  world_tag, &w->stream, &w->err);
	if (r < 0)
		fprintf(stderr, "stream: %s\n", w->err.text);
	WORLD_NEED(r == 0);
}

static inline void world_close(struct world *w)
{
	vault_close(w->vault);
	w->vault = NULL;
	w->stream = NULL;
}

static inline void world_source(struct world *w, const char *said)
{
	struct mandate_source *s = &w->sources[w->mandate.nsources];
	struct buf id = BUF_INIT(1000), url = BUF_INIT(1000);
	const struct profile *p;

	WORLD_NEED(w->mandate.nsources < WORLD_SOURCES_MAX);
	WORLD_NEED(profile_source(&w->profiles, bytes_str(said), &id, &url,
				  &p, &w->err) == 0);
	s->id = strdup(buf_cstr(&id));
	s->url = strdup(buf_cstr(&url));
	s->profile = strdup(profile_manners(p).id);
	w->mandate.sources = w->sources;
	w->mandate.nsources++;
	buf_release(&id);
	buf_release(&url);
}

/* delay: NULL for what the profile says; site: its arguments, or NULL */
static inline void world_start(struct world *w, const char *delay,
			       char *const *site)
{
	static char reference[] = "R-2026-001";
	const char *base = getenv("TMPDIR");

	memset(w, 0, sizeof(*w));
	if (!base)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	world_path(w->dir, sizeof(w->dir), "%s/scelle-crawl-XXXXXX", base);
	WORLD_NEED(mkdtemp(w->dir));
	world_path(w->vault_dir, sizeof(w->vault_dir), "%s/vault", w->dir);
	world_path(w->profiles_dir, sizeof(w->profiles_dir), "%s/profiles",
		   w->dir);
	world_path(w->log, sizeof(w->log), "%s/site.log", w->dir);
	parse_start();
	world_profiles(w, delay ? delay : "5000 ms");
	world_site(w, site);
	WORLD_NEED(vault_create(w->vault_dir, "unit-test-2026",
				"scelle/unit-test-2026", world_seed, 1,
				clock_wall_ms(), &w->err) == 0);
	memcpy(w->mandate.case_id, WORLD_CASE, 17);
	w->mandate.reference = reference;
	w->mandate.start_ms = clock_wall_ms() - 1000;
	w->mandate.end_ms = clock_wall_ms() + 86400000;
	w->mandate.lab = 1;
	w->session.agent = "agent-07";
	w->session.reason = "essai";
	w->session.collector_seed[0] = 3;
	w->session.collector_name = "unit-test-collector";
	memcpy(w->session.unit_secret, world_unit, 32);
	strcpy(w->session.software_sha256, "00ff");
	w->options = (struct crawl_options)CRAWL_OPTIONS_INIT;
	w->options.fast = delay == NULL;
	world_open(w);
}

static inline void world_end(struct world *w)
{
	world_close(w);
	kill(w->site, SIGTERM);
	waitpid(w->site, NULL, 0);
	profile_set_release(&w->profiles);
	for (size_t i = 0; i < w->mandate.nsources; i++) {
		free(w->sources[i].id);
		free(w->sources[i].url);
		free(w->sources[i].profile);
	}
	free(w->findings);
	if (!getenv("KEEP"))
		nftw(w->dir, world_rm, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void world_progress(void *arg, const struct crawl_progress *p)
{
	struct world *w = arg;

	(void)p;
	if (w->stop_after && --w->stop_after == 0)
		w->stop = 1;
}

static inline void world_finding(void *arg, const char *url, const char *what)
{
	struct world *w = arg;
	size_t n = strlen(url) + strlen(what) + 4;

	if (w->findings_len + n > w->findings_size) {
		w->findings_size = 2 * (w->findings_len + n);
		w->findings = realloc(w->findings, w->findings_size);
		WORLD_NEED(w->findings);
	}
	w->findings_len += (size_t)snprintf(w->findings + w->findings_len, n,
					    "%s: %s\n", url, what);
}

static inline int world_derived(void *arg, uint64_t case_seq,
				struct bytes jsonl, struct err *e)
{
	struct world *w = arg;

	(void)e;
	WORLD_NEED(case_seq < stream_count(w->stream));
	WORLD_NEED(jsonl.len > 10);
	w->derived++;
	return 0;
}

/* One pass; what it found is in w->rep and w->findings. */
static inline int world_pass(struct world *w)
{
	char case_dir[256];
	struct crawl_job job = {
		.vault = w->vault, .stream = w->stream,
		.mandate = &w->mandate, .profiles = &w->profiles,
		.profiles_dir = w->profiles_dir, .session = &w->session,
		.options = &w->options, .lab_path = w->lab,
		.case_dir = case_dir, .stop = &w->stop,
		.progress = world_progress, .finding = world_finding,
		.derived = world_derived, .arg = w,
	};
	int r;

	world_path(case_dir, sizeof(case_dir), "%s/cases/" WORLD_CASE,
		   w->vault_dir);
	w->findings_len = 0;
	if (w->findings)
		*w->findings = '\0';
	w->derived = 0;
	w->err = (struct err)ERR_INIT;
	r = crawl_run(&job, &w->rep, &w->err);
	if (getenv("WORLD_VERBOSE"))
		fprintf(stderr, "pass: %d %s: exchanges %llu pages %llu posts "
			"%llu media %llu refused %llu failed %llu pending %llu "
			"new %llu edited %llu out %llu suspended %llu "
			"interrupted %llu cancelled %d quota %d gap %lld\n%s",
			r, w->err.text,
			(unsigned long long)w->rep.total.exchanges,
			(unsigned long long)w->rep.total.pages,
			(unsigned long long)w->rep.total.posts,
			(unsigned long long)w->rep.total.media,
			(unsigned long long)w->rep.total.refused,
			(unsigned long long)w->rep.total.failed,
			(unsigned long long)w->rep.total.pending,
			(unsigned long long)w->rep.new_posts,
			(unsigned long long)w->rep.edited_posts,
			(unsigned long long)w->rep.out_of_scope,
			(unsigned long long)w->rep.suspended,
			(unsigned long long)w->rep.interrupted,
			w->rep.cancelled, w->rep.quota_reached,
			(long long)w->rep.min_gap_ms,
			w->findings ? w->findings : "");
	return r;
}

static inline int world_found(const struct world *w, const char *text)
{
	return w->findings && strstr(w->findings, text) != NULL;
}

/* The statements of the case, as the case's key opens them. */
static inline json_t *world_statement(struct world *w, uint64_t n,
				      char kind[32])
{
	struct buf text = BUF_INIT(1 << 20);
	json_t *o = NULL;
	char *nl, *end;

	if (n == 0)
		WORLD_NEED(stream_unlock(w->stream, world_secret, &w->err)
			   == 0);
	WORLD_NEED(stream_get(w->stream, n, 0, &text, NULL, &w->err) == 0);
	nl = strchr(buf_cstr(&text), '\n');
	WORLD_NEED(nl && sscanf((char *)text.p, "scelle/v1/%31s", kind) == 1);
	end = strchr(nl + 1, '\n');
	WORLD_NEED(end);
	WORLD_NEED(json_read_record(BYTES(nl + 1, (size_t)(end - nl - 1)), &o,
				    &w->err) == 0);
	buf_release(&text);
	return o;
}

#endif
