/* SPDX-License-Identifier: EUPL-1.2 */
/* Refusals, with and without Retry-After, and redirects to bad places. */
#include "tests/server/misbehave.h"
#include "tests/server/site.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct {
	const char *name, *to, *help;
} redirects[] = {
	{ "redirect-self", "/mis/redirect-self", "to itself" },
	{ "redirect-a", "/mis/redirect-b", "a loop of two" },
	{ "redirect-b", "/mis/redirect-a", "its other half" },
	{ "redirect-relative", "echo", "a relative address" },
	{ "redirect-empty", "", "to nowhere" },
	{ "redirect-host", "//www.example.org/", "another host, same scheme" },
	{ "redirect-scope", "https://www.example.org/hors-perimetre", "out of scope" },
	{ "redirect-http", "http://misbehave.example/echo", "https to http" },
	{ "redirect-private", "http://10.0.0.1/", "a private address" },
	{ "redirect-private6", "http://[fd00::1]/", "a private IPv6 address" },
	{ "redirect-loopback", "http://127.0.0.1/", "loopback" },
	{ "redirect-localhost", "http://localhost/", "loopback by name" },
	{ "redirect-metadata", "http://169.254.169.254/latest/meta-data/", "link-local" },
	{ "redirect-octal", "http://0177.0.0.1/", "loopback in octal" },
	{ "redirect-decimal", "http://2130706433/", "loopback as one number" },
	{ "redirect-hex", "http://0x7f.1/", "loopback in hexadecimal" },
	{ "redirect-short", "http://127.1/", "loopback, two parts" },
	{ "redirect-mapped", "http://[::ffff:127.0.0.1]/", "loopback, mapped" },
	{ "redirect-zero", "http://0.0.0.0/", "the unspecified address" },
	{ "redirect-cgnat", "http://100.64.0.1/", "carrier-grade NAT" },
	{ "redirect-file", "file:///etc/passwd", "a file" },
	{ "redirect-ftp", "ftp://www.example.org/", "FTP" },
	{ "redirect-gopher", "gopher://127.0.0.1:25/_HELO", "Gopher" },
	{ "redirect-data", "data:text/html,bonjour", "a data address" },
	{ "redirect-script", "javascript:alert(1)", "a script" },
	{ "redirect-tg", "tg://resolve?domain=pharma_demo_lab", "an app" },
	{ "redirect-user", "https://t.me@www.example.org/", "user name that looks like a host" },
	{ "redirect-port", "https://misbehave.example:22/", "another port" },
	{ "redirect-backslash", "https://misbehave.example\\@www.example.org/", "a backslash" },
	{ "redirect-control", "https://misbehave.example/a\tb\x01", "controls" },
	{ "redirect-latin1", "https://misbehave.example/caf\xe9", "bytes that are not UTF-8" },
	{ "redirect-idn", "https://xn--bcher-kva.example/", "an international name" },
};

static const struct {
	const char *name;
	int status;
	const char *headers, *help;
} refusals[] = {
	{ "401", 401, "WWW-Authenticate: Basic realm=\"lab\"\r\n", "" },
	{ "403", 403, "", "" },
	{ "404", 404, "", "" },
	{ "407", 407, "Proxy-Authenticate: Basic realm=\"lab\"\r\n", "" },
	{ "410", 410, "", "" },
	{ "418", 418, "", "" },
	{ "429", 429, "", "without Retry-After" },
	{ "451", 451, "Link: <https://www.example.org/decision>; rel=\"blocked-by\"\r\n", "" },
	{ "500", 500, "", "" },
	{ "502", 502, "", "" },
	{ "503", 503, "", "without Retry-After" },
	{ "504", 504, "", "" },
	{ "429-2", 429, "Retry-After: 2\r\n", "2 seconds" },
	{ "503-2", 503, "Retry-After: 2\r\n", "2 seconds" },
	{ "429-day", 429, "Retry-After: 86400\r\n", "a day" },
	{ "429-huge", 429, "Retry-After: 99999999999999999999\r\n", "beyond 64 bits" },
	{ "429-negative", 429, "Retry-After: -5\r\n", "negative" },
	{ "429-word", 429, "Retry-After: soon\r\n", "a word" },
	{ "429-past", 429, "Retry-After: Thu, 01 Jan 2015 00:00:00 GMT\r\n", "a date long past" },
	{ "429-twice", 429, "Retry-After: 1\r\nRetry-After: 3\r\n", "two values" },
	{ "200-retry", 200, "Retry-After: 3\r\n", "on a success" },
	{ "login-redirect", 302, "Location: /accounts/login/?next=%2F\r\n", "to a login page" },
	{ "redirect-none", 302, "", "without Location" },
	{ "redirect-two", 302, "Location: /mis/echo\r\nLocation: https://www.example.org/\r\n", "two Locations" },
	{ "redirect-300", 300, "Location: /mis/echo\r\n", "" },
	{ "redirect-301", 301, "Location: /mis/echo\r\n", "" },
	{ "redirect-303", 303, "Location: /mis/echo\r\n", "" },
	{ "redirect-307", 307, "Location: /mis/echo\r\n", "" },
	{ "redirect-308", 308, "Location: /mis/echo\r\n", "" },
	{ "redirect-200", 200, "Location: /mis/echo\r\n", "Location on a 200" },
};

enum { REDIRECTS = sizeof(redirects) / sizeof(redirects[0]),
       REFUSALS = sizeof(refusals) / sizeof(refusals[0]) };

static void date_line(char out[96], int seconds)
{
	time_t t = (time_t)(clock_wall_ms() / 1000) + seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 96, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
}

static void redirect(struct conn *c, const char *to)
{
	struct buf h = BUF_INIT(1 << 20);

	buf_addf(&h, "Location: %s\r\n", to);
	conn_reply(c, 302, NULL, buf_cstr(&h), BYTES(NULL, 0));
	buf_release(&h);
}

/* A chain of n hops that ends; the path carries how many are left. */
static int chain(struct conn *c, const char *path)
{
	char to[64];
	long n;

	if (strncmp(path, "redirect-chain/", 15))
		return 0;
	n = strtol(path + 15, NULL, 10);
	if (n <= 0) {
		conn_reply(c, 200, "text/html", "", bytes_str("<p>la fin</p>"));
	} else {
		snprintf(to, sizeof(to), "/mis/redirect-chain/%ld", n - 1);
		redirect(c, to);
	}
	return 1;
}

int misbehave_status(struct conn *c, const char *path)
{
	char name[64], h[96];
	struct buf b = BUF_INIT(1 << 20);

	if (chain(c, path))
		return 1;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "?"), path);
	for (int i = 0; i < REDIRECTS; i++)
		if (!strcmp(redirects[i].name, name)) {
			redirect(c, redirects[i].to);
			return 1;
		}
	for (int i = 0; i < REFUSALS; i++)
		if (!strcmp(refusals[i].name, name)) {
			conn_error(c, refusals[i].status, refusals[i].headers);
			return 1;
		}
	if (!strcmp(name, "429-date") || !strcmp(name, "503-date")) {
		date_line(h, 3);
		conn_error(c, (int)strtol(name, NULL, 10), h);
		return 1;
	}
	if (!strcmp(name, "redirect-long")) {
		buf_adds(&b, "https://misbehave.example/");
		for (int i = 0; i < 65536; i++)
			buf_addc(&b, 'a');
		redirect(c, buf_cstr(&b));
		buf_release(&b);
		return 1;
	}
	return 0;
}

void misbehave_status_list(struct buf *o)
{
	for (int i = 0; i < REFUSALS; i++)
		buf_addf(o, "%-20s status %d %s\n", refusals[i].name,
			 refusals[i].status, refusals[i].help);
	buf_adds(o, "429-date, 503-date   Retry-After as a date, 3 s ahead\n"
		 "redirect-chain/N     N hops, then a page\n"
		 "redirect-long        a Location of 64 KiB\n");
	for (int i = 0; i < REDIRECTS; i++)
		buf_addf(o, "%-20s redirect: %s\n", redirects[i].name,
			 redirects[i].help);
}
