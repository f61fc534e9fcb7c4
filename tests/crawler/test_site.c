/* SPDX-License-Identifier: EUPL-1.2 */
/* The fetch child against the lab site in all its moods. */
#include "crawler/fetch.h"
#include "crawler/fetchchild.h"
#include "tests/crawler/main.h"
#include "util/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct fetch_limits quick = { 1 << 20, 128 << 10, 1500, 2500,
					   1000 };

static char dir[64], site[PATH_MAX];
static pid_t pid;

static int remove_one(const char *p, const struct stat *st, int t,
		      struct FTW *f)
{
	(void)st, (void)t, (void)f;
	return remove(p);
}

/* site_up - start the site; 0 when it was not built */
static int site_up(void)
{
	char self[PATH_MAX], path[PATH_MAX + 32], ready[96];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *argv[] = { site, "--dir", dir, "--ready", ready,
			       "--scenario", "misbehave", "--wire", NULL };

	self[n > 0 ? n : 0] = 0;
	snprintf(path, sizeof(path), "%s/../server/site", dirname(self));
	if (!realpath(path, site)) {
		fprintf(stderr, "SKIP site: the lab site was not built\n");
		return 0;
	}
	snprintf(dir, sizeof(dir), "/tmp/scelle-site-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(ready, sizeof(ready), "%s/ready", dir);
	cr_assert_eq(posix_spawn(&pid, site, NULL, NULL,
				 (char **)(uintptr_t)argv, environ), 0);
	for (int i = 0; i < 2000 && access(ready, R_OK); i++)
		usleep(10000);
	cr_assert_eq(access(ready, R_OK), 0, "the site does not start");
	return 1;
}

static void site_down(void)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct fetch_child *child(void)
{
	struct fetch_child_options o = { "/proc/self/exe", NULL, -1 };
	struct fetch_child *f = NULL;
	struct err e = ERR_INIT;
	char lab[96];

	snprintf(lab, sizeof(lab), "%s/lab.conf", dir);
	o.lab_path = lab;
	cr_assert_eq(fetch_child_start(&o, &f, &e), 0, "%s", e.text);
	return f;
}

static void get(struct fetch_child *f, const char *url, struct exchange *x)
{
	struct fetch_request rq = { .url = url, .limits = quick };
	struct err e = ERR_INIT;

	cr_assert_eq(fetch_child_submit(f, &rq, &e), 0, "%s", e.text);
	while (fetch_child_poll(f, x)) {
		struct pollfd p = { fetch_child_fd(f), fetch_child_events(f),
				    0 };

		poll(&p, 1, 100);
	}
}

/* last_wire - what the site says it received or sent last */
static void last_wire(const char *suffix, struct buf *out)
{
	char path[FILE_PATH_MAX], **names = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/wire", dir);
	buf_clear(out);
	if (file_list(path, &names, &n, NULL))
		return;
	while (n && !strstr(names[n - 1], suffix))
		n--;
	if (n) {
		snprintf(path, sizeof(path), "%s/wire/%s", dir, names[n - 1]);
		file_read(path, out, NULL);
	}
	free(names);
}

static void one(struct fetch_child *f, const char *name)
{
	struct buf sent = BUF_INIT(64u << 20), got = BUF_INIT(1u << 20);
	struct exchange x;
	char url[256];
	size_t kept;

	snprintf(url, sizeof(url), "https://misbehave.example/%s", name);
	get(f, url, &x);
	usleep(20000);
	last_wire(".req", &got);
	last_wire(".res", &sent);
	kept = x.head.len + x.body.len;
	if (getenv("SCELLE_TEST_VERBOSE"))
		fprintf(stderr, "%-20s %-8s %-12s status %3d kept %7zu of %7zu"
			" %s\n", name, fetch_phase_name(x.phase),
			x.truncated ? fetch_truncated_name(x.truncated) : "-",
			x.status, kept, sent.len, x.error);
	cr_expect(x.phase == FETCH_DONE || x.error[0], "%s", name);
	cr_expect(x.phase == FETCH_DONE || x.phase == FETCH_HEAD ||
		  x.phase == FETCH_BODY, "%s: %s %s", name,
		  fetch_phase_name(x.phase), x.error);
	cr_expect(bytes_eq(buf_view(&x.request), buf_view(&got)),
		  "%s: another request than the site received", name);
	cr_expect(x.body.len <= quick.max_body);
	cr_expect(x.head.len <= quick.max_head);
	/* Whatever is kept is what the site sent, from the first byte on. */
	if (sent.len && !sent.failed)
		cr_expect(kept <= sent.len && (!x.head.len ||
			  !memcmp(sent.p, x.head.p, x.head.len)) &&
			  (!x.body.len || !memcmp(sent.p + x.head.len,
						  x.body.p, x.body.len)),
			  "%s: not the bytes that were sent", name);
	exchange_release(&x);
	buf_release(&sent);
	buf_release(&got);
}

/* moods - what `site --list` prints, into a file */
static void moods(const char *path)
{
	const char *argv[] = { site, "--list", NULL };
	posix_spawn_file_actions_t fa;
	pid_t p;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, path, O_WRONLY | O_CREAT,
					 0600);
	cr_assert_eq(posix_spawn(&p, site, &fa, NULL,
				 (char **)(uintptr_t)argv, environ), 0);
	waitpid(p, NULL, 0);
	posix_spawn_file_actions_destroy(&fa);
}

Test(site, whatever_it_sends_is_kept_as_sent_or_named, .timeout = 300)
{
	struct fetch_child *f;
	char path[96], line[512], name[64];
	unsigned n = 0;
	FILE *list;

	if (!site_up())
		return;
	f = child();
	snprintf(path, sizeof(path), "%s/list", dir);
	moods(path);
	list = fopen(path, "r");
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%63s", name) == 1) {
			one(f, name);
			n++;
		}
	}
	fclose(list);
	cr_expect(n > 40, "%u", n);
	fetch_child_close(f);
	site_down();
}

static void fails(struct fetch_child *f, const char *host, const char *why,
		  int has_chain)
{
	struct exchange x;
	char url[128];

	snprintf(url, sizeof(url), "https://tls-%s.example/", host);
	get(f, url, &x);
	if (getenv("SCELLE_TEST_VERBOSE"))
		fprintf(stderr, "%-12s %-8s chain %5zu %s\n", host,
			fetch_phase_name(x.phase), x.chain_pem.len, x.error);
	cr_expect_eq(x.phase, FETCH_TLS, "%s: %s %s", host,
		     fetch_phase_name(x.phase), x.error);
	cr_expect(strcasestr(x.error, why), "%s: '%s' lacks '%s'", host,
		  x.error, why);
	cr_expect_eq(x.chain_pem.len > 0, has_chain, "%s", host);
	cr_expect_eq(x.request.len, 0, "%s: nothing may be sent", host);
	exchange_release(&x);
}

Test(site, each_fault_of_tls_has_its_name, .timeout = 120)
{
	struct fetch_child *f;

	if (!site_up())
		return;
	f = child();
	fails(f, "expired", "expired", 1);
	fails(f, "notyet", "not yet valid", 1);
	fails(f, "selfsigned", "self-signed", 1);
	fails(f, "wronghost", "target host name", 1);
	fails(f, "unknownca", "in certificate chain", 1);
	fails(f, "nochain", "issuer", 1);
	fails(f, "old", "protocol", 0);
	fails(f, "weakkey", "key too", 1);
	fails(f, "sha1", "", 1);
	fails(f, "badsig", "signature", 1);
	fails(f, "garbage", "", 0);
	fails(f, "close", "", 0);
	fails(f, "reset", "", 0);
	fails(f, "mute", "", 0);
	fails(f, "plain", "", 0);
	fetch_child_close(f);
	site_down();
}

static void inside(struct fetch_child *f, const char *host, const char *why)
{
	struct exchange x;
	char url[128];

	snprintf(url, sizeof(url), "https://dns-%s.example/", host);
	get(f, url, &x);
	cr_expect_eq(x.phase, FETCH_ADDRESS, "%s: %s %s", host,
		     fetch_phase_name(x.phase), x.error);
	cr_expect(strcasestr(x.error, why), "%s: %s", host, x.error);
	cr_expect_eq(x.request.len, 0);
	exchange_release(&x);
}

Test(site, names_that_lead_inside_are_refused)
{
	struct fetch_child *f;
	struct exchange x;

	if (!site_up())
		return;
	f = child();
	inside(f, "private", "private");
	inside(f, "mixed", "private");
	inside(f, "mapped", "mapped");
	inside(f, "nat64", "NAT64");
	inside(f, "linklocal", "link-local");
	get(f, "https://dns-rebind.example/", &x);
	cr_expect_neq(x.phase, FETCH_ADDRESS, "%s", x.error);
	exchange_release(&x);
	inside(f, "rebind", "loopback");
	fetch_child_close(f);
	site_down();
}
