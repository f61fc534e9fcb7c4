/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/gate.h"
#include "parsers/url.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint8_t secret[32] = { 1, 2, 3, 4, 5, 6, 7, 8 };
#define CASE_A "00000000000000aa"
#define CASE_B "00000000000000bb"
#define BOOT_1 "11111111-1111-1111-1111-111111111111"
#define BOOT_2 "22222222-2222-2222-2222-222222222222"

static char dir[64], path[128];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/scelle-gate-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/gates.journal", dir);
}

static void drop_dir(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(gate, .init = make_dir, .fini = drop_dir);

static struct gate *open_at(const char *boot, struct gate_now *now)
{
	struct gate *g = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(gate_open(path, secret, boot, now, &g, &e), 0, "%s",
		     e.text);
	return g;
}

static struct gate_keys keys_of(const char *url, const char *family)
{
	struct url u = URL_INIT;
	struct gate_keys k;

	cr_assert_eq(url_parse(bytes_str(url), NULL, &u, NULL), 0);
	cr_assert_eq(gate_keys_make(&u, family, &k, NULL), 0);
	url_release(&u);
	return k;
}

static struct gate_ask ask_of(const struct gate_keys *k, uint32_t delay)
{
	return (struct gate_ask){ .keys = k, .case_id = CASE_A,
				  .url = "https://t.me/s/x",
				  .delay_ms = delay, .no_sync = 1 };
}

static struct gate_result ok(void)
{
	return (struct gate_result){ .status = 200, .retry_after_ms = -1 };
}

Test(gate, keys_are_host_domain_and_family)
{
	struct gate_keys k = keys_of("https://cdn4.telesco.pe/f/a", "telegram");

	cr_expect_eq(k.n, 3);
	cr_expect_str_eq(k.key[0], "host:cdn4.telesco.pe");
	cr_expect_str_eq(k.key[1], "domain:telesco.pe");
	cr_expect_str_eq(k.key[2], "family:telegram");
	cr_expect_str_eq(gate_keys_group(&k), "family:telegram");
	k = keys_of("https://t.me/", NULL);
	cr_expect_str_eq(k.key[1], "domain:t.me");
	k = keys_of("https://a.b.co.uk/", NULL);
	cr_expect_str_eq(k.key[1], "domain:b.co.uk");
	k = keys_of("https://user.github.io/", NULL);
	cr_expect_str_eq(k.key[1], "domain:github.io", "ICANN section only");
	k = keys_of("https://192.168.1.1/", NULL);
	cr_expect_eq(k.n, 1);
	cr_expect_str_eq(gate_keys_group(&k), "host:192.168.1.1");
	k = keys_of("https://t.me./", NULL);
	cr_expect_str_eq(k.key[0], "host:t.me");
	cr_expect(*gate_list_version());
}

Test(gate, addresses_are_gated_by_block)
{
	char k[GATE_KEY_LEN];

	cr_expect_eq(gate_addr_key("192.0.2.77:443", k), 0);
	cr_expect_str_eq(k, "addr:192.0.2.0/24");
	cr_expect_eq(gate_addr_key("[2001:db8:1:2::5]:443", k), 0);
	cr_expect_str_eq(k, "addr:2001:db8:1::/48");
	cr_expect_eq(gate_addr_key("2001:db8:1:2::5", k), 0);
	cr_expect_str_eq(k, "addr:2001:db8:1::/48");
	cr_expect_eq(gate_addr_key("[::ffff:192.0.2.9]:80", k), 0);
	cr_expect_str_eq(k, "addr:192.0.2.0/24");
	cr_expect_eq(gate_addr_key("", k), ERR_FORMAT);
	cr_expect_eq(gate_addr_key("example:443", k), ERR_FORMAT);
	cr_expect_eq(gate_addr_key("[::1", k), ERR_FORMAT);
}

Test(gate, the_delay_counts_from_the_end_of_the_exchange_before)
{
	struct gate_now now = { 1000000, 5000 };
	struct gate *g = open_at(BOOT_1, &now);
	struct gate_keys t = keys_of("https://t.me/s/x", "telegram");
	struct gate_keys m = keys_of("https://cdn4.telesco.pe/a", "telegram");
	struct gate_keys o = keys_of("https://example.com/", NULL);
	struct gate_ask at = ask_of(&t, 5000), am = ask_of(&m, 5000);
	struct gate_ask ao = ask_of(&o, 5000);
	struct gate_result r = ok();
	struct gate_claim c;
	const char *why;

	cr_expect_leq(gate_when(g, &at, NULL), now.boot_ms);
	cr_assert_eq(gate_claim(g, &at, &now, &c, NULL), 0);
	cr_expect_eq(c.delay_ms, 5000);
	cr_expect_eq(gate_when(g, &at, NULL), GATE_NEVER);
	cr_expect_eq(gate_when(g, &am, &why), GATE_NEVER, "one family");
	cr_expect_str_eq(why, "family:telegram");
	cr_expect_eq(gate_claim(g, &am, &now, &c, NULL), ERR_BUSY);
	cr_expect_leq(gate_when(g, &ao, NULL), now.boot_ms);
	now.boot_ms += 3000;
	now.wall_ms += 3000;
	r.jitter_permille = 200;
	cr_assert_eq(gate_end(g, 1, &r, &now, NULL), 0);
	cr_expect_eq(gate_when(g, &am, NULL), now.boot_ms + 6000);
	am.delay_ms = 9000;
	cr_expect_eq(gate_when(g, &am, NULL), now.boot_ms + 10000);
	/* A longer wish of the exchange before counts too; a shorter not. */
	am.delay_ms = 1000;
	cr_expect_eq(gate_when(g, &am, NULL), now.boot_ms + 6000);
	/* A stepped wall clock opens nothing. */
	now.wall_ms += 3600000;
	cr_expect_eq(gate_claim(g, &am, &now, &c, NULL), ERR_BUSY);
	now.boot_ms += 6000;
	cr_expect_eq(gate_claim(g, &am, &now, &c, NULL), 0);
	cr_expect_eq(c.delay_ms, 5000);
	gate_abandon(g);
}

Test(gate, the_block_of_an_address_is_shared_by_its_hosts)
{
	struct gate_now now = { 1000000, 5000 };
	struct gate *g = open_at(BOOT_1, &now);
	struct gate_keys a = keys_of("https://a.example/", NULL);
	struct gate_keys b = keys_of("https://b.example.net/", NULL);
	struct gate_ask aa = ask_of(&a, 5000), ab = ask_of(&b, 5000);
	struct gate_result r = ok();
	struct gate_claim c;

	r.peer = "192.0.2.1:443";
	cr_assert_eq(gate_claim(g, &aa, &now, &c, NULL), 0);
	cr_assert_eq(gate_end(g, c.id, &r, &now, NULL), 0);
	now.boot_ms += 20000;
	r.peer = "192.0.2.200:443";
	cr_assert_eq(gate_claim(g, &ab, &now, &c, NULL), 0);
	cr_assert_eq(gate_end(g, c.id, &r, &now, NULL), 0);
	gate_address(g, &a);
	cr_expect_str_eq(a.key[2], "addr:192.0.2.0/24");
	cr_expect_eq(gate_when(g, &aa, NULL), now.boot_ms + 5000);
	gate_abandon(g);
}

Test(gate, refusals_hold_longer_and_longer_and_never_shorten)
{
	struct gate_now now = { 1000000, 5000 };
	struct gate *g = open_at(BOOT_1, &now);
	struct gate_keys k = keys_of("https://t.me/s/x", "telegram");
	struct gate_ask a = ask_of(&k, 5000);
	struct gate_result r = { .status = 429, .retry_after_ms = 1000 };
	int64_t wait, last = 0;
	struct gate_claim c;

	for (int i = 0; i < 10; i++) {
		cr_assert_eq(gate_claim(g, &a, &now, &c, NULL), 0);
		cr_assert_eq(gate_end(g, c.id, &r, &now, NULL), 0);
		wait = gate_when(g, &a, NULL) - now.boot_ms;
		cr_expect(wait >= 2 * last || wait == GATE_BACKOFF_MAX_MS);
		cr_expect_geq(wait, GATE_BACKOFF_MS);
		last = wait;
		now.boot_ms += wait;
		now.wall_ms += wait;
	}
	/* What the server asks for counts when it is longer. */
	r.retry_after_ms = 7200000;
	cr_assert_eq(gate_claim(g, &a, &now, &c, NULL), 0);
	cr_assert_eq(gate_end(g, c.id, &r, &now, NULL), 0);
	cr_expect_eq(gate_when(g, &a, NULL) - now.boot_ms, 7200000);
	/* And survives a new start. */
	cr_assert_eq(gate_sealed(g, c.id, NULL), 0);
	gate_close(g, &now, NULL);
	g = open_at(BOOT_1, &now);
	cr_expect_eq(gate_when(g, &a, NULL) - now.boot_ms, 7200000);
	now.boot_ms += 7200000;
	cr_assert_eq(gate_claim(g, &a, &now, &c, NULL), 0);
	r = ok();
	cr_assert_eq(gate_end(g, c.id, &r, &now, NULL), 0);
	cr_expect_eq(gate_when(g, &a, NULL) - now.boot_ms, 5000);
	gate_abandon(g);
}

Test(gate, a_claim_found_open_waits_from_now_and_is_reported)
{
	struct gate_now now = { 1000000, 5000 };
	struct gate *g = open_at(BOOT_1, &now);
	struct gate_keys k = keys_of("https://t.me/s/x", "telegram");
	struct gate_ask a = ask_of(&k, 5000);
	struct gate_orphan o;
	struct gate_claim c;

	cr_assert_eq(gate_claim(g, &a, &now, &c, NULL), 0);
	gate_abandon(g);
	now.boot_ms += 60000;
	now.wall_ms += 60000;
	g = open_at(BOOT_1, &now);
	cr_expect_eq(gate_when(g, &a, NULL), now.boot_ms + 5000);
	cr_expect_eq(gate_orphan(g, CASE_B, 0, &o), ERR_NOENT);
	cr_assert_eq(gate_orphan(g, CASE_A, 0, &o), 0);
	cr_expect_eq(o.id, c.id);
	cr_expect_str_eq(o.url, a.url);
	cr_expect_eq(o.wall_ms, 1000000);
	cr_expect_not(o.ended);
	/* Not sealed yet: reported again, also after compaction. */
	gate_close(g, &now, NULL);
	g = open_at(BOOT_1, &now);
	cr_assert_eq(gate_orphan(g, NULL, 0, &o), 0);
	cr_expect_eq(gate_orphan(g, NULL, 1, &o), ERR_NOENT);
	cr_assert_eq(gate_sealed(g, o.id, NULL), 0);
	cr_expect_eq(gate_orphan(g, NULL, 0, &o), ERR_NOENT);
	gate_close(g, &now, NULL);
	g = open_at(BOOT_1, &now);
	cr_expect_eq(gate_orphan(g, NULL, 0, &o), ERR_NOENT);
	now.boot_ms += 5000;
	cr_assert_eq(gate_claim(g, &a, &now, &c, NULL), 0);
	cr_expect_gt(c.id, o.id, "numbers are never used twice");
	gate_abandon(g);
}

static int64_t after_restart(const char *boot, struct gate_now then,
			     struct gate_now now)
{
	struct gate *g;
	struct gate_keys k = keys_of("https://t.me/s/x", NULL);
	struct gate_ask a = ask_of(&k, 5000);
	struct gate_result r = ok();
	struct gate_claim c;
	int64_t when;

	unlink(path);
	g = open_at(BOOT_1, &then);
	cr_assert_eq(gate_claim(g, &a, &then, &c, NULL), 0);
	cr_assert_eq(gate_end(g, c.id, &r, &then, NULL), 0);
	cr_assert_eq(gate_sealed(g, c.id, NULL), 0);
	gate_abandon(g);
	g = open_at(boot, &now);
	when = gate_when(g, &a, NULL) - now.boot_ms;
	gate_abandon(g);
	return when;
}

Test(gate, no_clock_step_opens_it_early)
{
	struct gate_now then = { 1000000000, 900000 };

	/* Same boot: its clock counts, whatever the wall says. */
	cr_expect_eq(after_restart(BOOT_1, then, (struct gate_now)
				   { 1000003000, 901000 }), 4000);
	cr_expect_eq(after_restart(BOOT_1, then, (struct gate_now)
				   { 999000000, 902000 }), 3000);
	/* Another boot: the wall clock. */
	cr_expect_eq(after_restart(BOOT_2, then, (struct gate_now)
				   { 1000002000, 500 }), 4500,
		     "its own clock proves only half a second");
	cr_expect_leq(after_restart(BOOT_2, then, (struct gate_now)
				    { 1000100000, 70000 }), 0);
	/* Back in time: the whole delay again. */
	cr_expect_eq(after_restart(BOOT_2, then, (struct gate_now)
				   { 999000000, 70000 }), 5000);
	/* Forward by a day, just booted: not before the delay. */
	cr_expect_eq(after_restart(BOOT_2, then, (struct gate_now)
				   { 1086400000, 1000 }), 4000);
	/* No identity: the wall clock alone. */
	cr_expect_eq(after_restart("unknown", then, (struct gate_now)
				   { 1000001000, 901000 }), 4000);
	cr_expect_eq(after_restart("unknown", then, (struct gate_now)
				   { 999001000, 901000 }), 5000);
}

Test(gate, quotas_count_by_day_and_case_and_survive)
{
	struct gate_now now = { 86400000LL * 20000 + 86390000, 5000 };
	struct gate *g = open_at(BOOT_1, &now);
	struct gate_keys k = keys_of("https://t.me/s/x", NULL);
	struct gate_ask a = ask_of(&k, 0);
	struct gate_result r = ok();
	struct gate_claim c;

	for (int i = 0; i < 5; i++) {
		a.case_id = i == 4 ? CASE_B : CASE_A;
		cr_assert_eq(gate_claim(g, &a, &now, &c, NULL), 0);
		cr_assert_eq(gate_end(g, c.id, &r, &now, NULL), 0);
		cr_assert_eq(gate_sealed(g, c.id, NULL), 0);
	}
	cr_expect_eq(gate_quota_used(g, CASE_A, "domain:t.me", &now), 4);
	cr_expect_eq(gate_quota_used(g, CASE_B, NULL, &now), 1);
	gate_close(g, &now, NULL);
	g = open_at(BOOT_1, &now);
	cr_expect_eq(gate_quota_used(g, CASE_A, NULL, &now), 4);
	now.wall_ms -= 86400000;
	cr_expect_eq(gate_quota_used(g, CASE_A, NULL, &now), 4,
		     "a clock set back gives no second day");
	now.wall_ms += 86400000 + 20000;
	cr_expect_eq(gate_quota_used(g, CASE_A, NULL, &now), 0);
	gate_abandon(g);
}

/* --- a long life, with everything going wrong ------------------------------ */

static uint64_t rng_state = 88172645463325252u;

static uint32_t rnd(uint32_t n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t)(rng_state >> 32) % n;
}

struct truth {		/* what the servers saw, on a clock nobody can set */
	struct gate_keys keys;
	int64_t start, end;
	int64_t delay;
};

Test(gate, a_hundred_thousand_claims_keep_their_gaps, .timeout = 300)
{
	enum { N = 100000, HOSTS = 12 };
	static const char *const hosts[HOSTS] = {
		"t.me", "cdn1.telesco.pe", "cdn2.telesco.pe", "a.example.com",
		"b.example.com", "c.example.org", "d.example.net",
		"e.co.uk", "f.co.uk", "x.github.io", "y.github.io", "z.fr",
	};
	struct gate_record *rec = calloc(N, sizeof(*rec));
	const char **ptrs = calloc(N, GATE_KEYS_MAX * sizeof(*ptrs));
	struct truth *t = calloc(N, sizeof(*t));
	static char boots[4096][37];
	struct gate_keys keys[HOSTS];
	int64_t real = 0, boot_at = -5000, skew = 1700000000000, hold[HOSTS];
	unsigned boot = 0;
	size_t n = 0, ngaps, crashes = 0, reboots = 0, refusals = 0;
	struct gate_now now;
	struct gate_gap *gaps;
	struct gate *g;

	memset(hold, 0, sizeof(hold));
	for (int i = 0; i < HOSTS; i++) {
		char url[64];

		snprintf(url, sizeof(url), "https://%s/", hosts[i]);
		keys[i] = keys_of(url, i < 3 ? "telegram" : NULL);
	}
#define TELL() (now.wall_ms = real + skew, now.boot_ms = real - boot_at)
	TELL();
	snprintf(boots[0], 37, "boot-0");
	g = open_at(boots[0], &now);
	while (n < N) {
		int h = (int)rnd(HOSTS);
		struct gate_keys k = keys[h];
		struct gate_ask a;
		struct gate_result r = ok();
		struct gate_claim c;
		char peer[32];
		int64_t when;

		TELL();
		gate_address(g, &k);
		a = ask_of(&k, 500 + 500 * (uint32_t)(h % 4));
		when = gate_when(g, &a, NULL);
		if (when > now.boot_ms) {
			/* Never try to start early and get away with it. */
			cr_assert_eq(gate_claim(g, &a, &now, &c, NULL),
				     ERR_BUSY);
			real += rnd(300);
			continue;
		}
		cr_assert_geq(real, hold[h], "Retry-After was not kept");
		cr_assert_eq(gate_claim(g, &a, &now, &c, NULL), 0);
		t[n].keys = k;
		t[n].start = real;
		t[n].delay = c.delay_ms;
		rec[n].number = n;
		rec[n].start_ms = now.wall_ms;
		rec[n].start_boot_ms = now.boot_ms;
		rec[n].boot_id = boots[boot];
		rec[n].delay_ms = c.delay_ms;
		rec[n].nkeys = k.n;
		rec[n].keys = ptrs + n * GATE_KEYS_MAX;
		for (unsigned i = 0; i < k.n; i++)
			ptrs[n * GATE_KEYS_MAX + i] = t[n].keys.key[i];
		real += 20 + rnd(200);
		TELL();
		t[n].end = real;
		rec[n].end_ms = now.wall_ms;
		rec[n].end_boot_ms = now.boot_ms;
		n++;
		/* Between any two steps the process may die. */
		if (rnd(400) == 0) {
			crashes++;
			gate_abandon(g);
			if (rnd(3) == 0) {
				/* Then a hold is only as good as the wall
				 * clock, which is set at random here. */
				reboots++;
				memset(hold, 0, sizeof(hold));
				boot++;
				cr_assert_lt(boot, 4096);
				snprintf(boots[boot], 37, "boot-%u", boot);
				real += 1000 + rnd(3000);
				boot_at = real - rnd(800);
				skew += (int64_t)rnd(7200000) - 3600000;
			}
			TELL();
			g = open_at(boots[boot], &now);
			struct gate_orphan o;
			cr_assert_eq(gate_orphan(g, CASE_A, 0, &o), 0);
			cr_assert_eq(o.id, c.id);
			cr_assert_eq(gate_sealed(g, o.id, NULL), 0);
			continue;
		}
		if (rnd(50) == 0) {
			refusals++;
			r.status = rnd(2) ? 429 : 503;
			r.retry_after_ms = rnd(3) ? (int64_t)rnd(20000) : -1;
			if (r.retry_after_ms > 0)
				hold[h] = real + r.retry_after_ms;
		}
		snprintf(peer, sizeof(peer), "192.0.%d.%d:443", h % 5, h);
		r.peer = peer;
		r.jitter_permille = rnd(300);
		cr_assert_eq(gate_end(g, c.id, &r, &now, NULL), 0);
		cr_assert_eq(gate_sealed(g, c.id, NULL), 0);
		if (rnd(100) == 0)	/* somebody sets the clock */
			skew += (int64_t)rnd(200000) - 100000;
		if (r.status != 200)
			real += 5000;
	}
	gate_abandon(g);
	cr_expect_gt(crashes, 100);
	cr_expect_gt(reboots, 20);
	cr_expect_gt(refusals, 500);

	/* The truth: on the clock nobody sets, every gap was kept. */
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i; j-- > 0 && t[i].start - t[j].end < 3000;) {
			for (unsigned a = 0; a < t[i].keys.n; a++)
				for (unsigned b = 0; b < t[j].keys.n; b++)
					cr_assert(strcmp(t[i].keys.key[a],
							 t[j].keys.key[b]) ||
						  t[i].start - t[j].end >=
						  t[i].delay,
						  "%zu after %zu: %lld", i, j,
						  (long long)(t[i].start -
							      t[j].end));
		}
	}
	cr_assert_eq(gate_check_gaps(rec, n, &gaps, &ngaps, NULL), 0,
		     "the records prove it");
	cr_expect_gt(ngaps, 20);
	for (size_t i = 0; i < ngaps; i++)
		cr_expect_geq(gaps[i].min_gap_ms, 500, "%s", gaps[i].key);
	free(gaps);
	free(rec);
	free(t);
	free(ptrs);
}

Test(gate, the_checker_finds_one_short_gap)
{
	const char *k1[] = { "host:a", "domain:a" }, *k2[] = { "host:b",
							       "domain:a" };
	struct gate_record r[] = {
		{ 10, 0, 100, 1000, 1100, BOOT_1, k1, 2, 5000 },
		{ 11, 5100, 5200, 6100, 6200, BOOT_1, k2, 2, 5000 },
		{ 12, 10199, 10300, 11199, 11300, BOOT_1, k1, 2, 5000 },
	};
	struct gate_gap *g;
	size_t n;

	cr_assert_eq(gate_check_gaps(r, 3, &g, &n, NULL), 1);
	cr_assert_eq(n, 3);
	cr_expect_str_eq(g[0].key, "domain:a");
	cr_expect_eq(g[0].min_gap_ms, 4999);
	cr_expect_eq(g[0].violations, 1);
	cr_expect_eq(g[0].bad_before, 11);
	cr_expect_eq(g[0].bad_after, 12);
	cr_expect_eq(g[1].violations, 0);
	free(g);
	r[2].start_boot_ms++;
	cr_expect_eq(gate_check_gaps(r, 3, &g, &n, NULL), 0);
	cr_expect_eq(g[0].min_gap_ms, 5000);
	free(g);
	/* Two at a time under one key. */
	r[1].start_boot_ms = 1050;
	cr_expect_eq(gate_check_gaps(r, 3, &g, &n, NULL), 1);
	cr_expect_lt(g[0].min_gap_ms, 0);
	free(g);
	/* Over a reboot the wall clock counts. */
	r[1].start_boot_ms = 6100;
	r[2].boot_id = BOOT_2;
	r[2].start_boot_ms = 10;
	r[2].end_boot_ms = 20;
	cr_expect_eq(gate_check_gaps(r, 3, &g, &n, NULL), 1);
	free(g);
	r[2].start_ms = 10200;
	cr_expect_eq(gate_check_gaps(r, 3, &g, &n, NULL), 0);
	free(g);
	r[0].end_ms = -1;
	r[0].end_boot_ms = 0;
	cr_expect_eq(gate_check_gaps(r, 3, &g, &n, NULL), ERR_FORMAT);
}
