/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/bundle.h"

#include "cases/guide.h"
#include "cases/unzip.h"
#include "parsers/warc.h"
#include "store/age.h"
#include "store/note.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/secret.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], vault_dir[96], path[96];
static uint8_t tag_key[32], secret[32], pub[32];
static struct note_skey log_key, collector;
static struct vault *v;
static struct stream *s;
static char log_vkey[256], collector_vkey[256];

static void vkey_text(const struct note_skey *k, char *out, size_t n)
{
	struct buf b = BUF_INIT(4096);

	note_vkey_put(&k->vkey, &b);
	snprintf(out, n, "%s", buf_cstr(&b));
	buf_release(&b);
}

static void add_item(struct batch *b, unsigned nblobs, unsigned kind)
{
	struct buf warc = BUF_INIT(1u << 20), text = BUF_INIT(1u << 16);
	struct buf note = BUF_INIT(1u << 16);
	struct bytes piece;
	struct store_blob blobs[2];
	struct store_item it = { .kind = (uint16_t)kind, .blobs = blobs,
				 .nblobs = nblobs };
	char id[37], digest[80] = "sha256:";
	uint64_t n = batch_number(b, s);
	uint8_t sum[32];
	struct err e = ERR_INIT;

	memset(blobs, 0, sizeof blobs);
	for (int i = 0; i < 2; i++) {
		struct buf block = BUF_INIT(1u << 16);
		struct warc_new r = { .type = WARC_RESOURCE, .id = id,
			.date_ms = 1760000000000, .content_type = "text/plain",
			.target_uri = "https://www.example.org/x",
			.block_digest = digest };

		snprintf(id, sizeof id, "00000000-0000-4000-8000-%012d",
			 (int)n * 2 + i);
		for (int j = 0; j < 200; j++)
			buf_addf(&block, "page %d of item %d\n", j, (int)n);
		sha256_once(buf_view(&block), sum);
		hex_str(digest + 7, sum, 32);
		cr_assert_eq(warc_write(&r, buf_view(&block), &warc, &e), 0,
			     "%s", e.text);
		buf_release(&block);
	}
	piece = buf_view(&warc);
	buf_addf(&text, "scelle/v1/capture\n{\"n\":%d,\"blobs\":[", (int)n);
	for (unsigned i = 0; i < nblobs; i++) {
		uint8_t hash[32], commit[32];

		blobs[i].pieces = &piece;
		blobs[i].npieces = 1;
		secret_random(blobs[i].salt, 32);
		sha256_once(piece, hash);
		leaf_open_hash(blobs[i].salt, hash, commit);
		buf_addf(&text, "%s{\"commit\":\"", i ? "," : "");
		hex_put(&text, BYTES(commit, 32));
		buf_adds(&text, "\"}");
	}
	buf_adds(&text, "]}\n");
	cr_assert_eq(note_sign(buf_view(&text), &collector, 1, &note, &e), 0);
	it.statement = buf_view(&note);
	secret_random(it.salt, 32);
	cr_assert_eq(batch_add(b, s, &it, 1760000000000, NULL, &e), 0, "%s",
		     e.text);
	buf_release(&warc);
	buf_release(&text);
	buf_release(&note);
}

static void setup(void)
{
	struct err e = ERR_INIT;
	struct batch *b = NULL;
	struct age_identity id;
	uint8_t seed[32] = { 7 }, seed2[32] = { 8 };

	cr_assert_eq(secret_start(), 0);
	snprintf(dir, sizeof dir, "/tmp/scelle-bundle-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(vault_dir, sizeof vault_dir, "%s/v", dir);
	snprintf(path, sizeof path, "%s/b.zip", dir);
	note_skey_make(&log_key, "scelle/test-2026", NOTE_ED25519, seed, NULL);
	note_skey_make(&collector, "scelle/test/collector", NOTE_ED25519, seed2, NULL);
	vkey_text(&log_key, log_vkey, sizeof log_vkey);
	vkey_text(&collector, collector_vkey, sizeof collector_vkey);
	age_identity_new(&id, NULL);
	memcpy(secret, id.secret, 32);
	memcpy(pub, id.recipient, 32);
	secret_random(tag_key, 32);
	cr_assert_eq(vault_create(vault_dir, "test-2026", "scelle/test-2026",
				  seed, 0, 1760000000000, &e), 0, "%s", e.text);
	cr_assert_eq(vault_open(vault_dir, VAULT_WRITE, seed, &v, &e), 0, "%s",
		     e.text);
	cr_assert_eq(stream_create(v, "cases/0123456789abcdef", pub, tag_key, &s,
				   &e), 0, "%s", e.text);
	cr_assert_eq(batch_begin(v, &b, &e), 0);
	for (int i = 0; i < 5; i++)
		add_item(b, i == 3 ? 0 : i == 4 ? 2 : 1, i == 3 ? 10 : 1);
	cr_assert_eq(batch_commit(b, &e), 0, "%s", e.text);
	cr_assert_eq(stream_unlock(s, secret, &e), 0, "%s", e.text);
}

static void teardown(void)
{
	pid_t pid;

	vault_close(v);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static int posts(void *arg, uint64_t n, struct buf *out, struct err *e)
{
	(void)arg;
	(void)e;
	return buf_addf(out, "{\"kind\":\"post\",\"capture\":%d}\n", (int)n);
}

static int write_bundle(const char *to, struct bundle_result *res)
{
	static const struct bundle_pick picks[] = {
		{ 0, NULL }, { 1, NULL }, { 2, "autre affaire" }, { 3, NULL },
		{ 4, NULL } };
	static const uint8_t seed[32] = { 9 }, id[8] = { 1, 2, 3 };
	struct bundle_file profile = { "x.profile", bytes_str("id = x\n") };
	struct bundle_request q = { .vault = v, .stream = s, .tag_key = tag_key,
		.complete = 1, .case_id = "0123456789abcdef",
		.software = "scelle test", .picks = picks, .npicks = 5,
		.log_vkey = log_vkey, .collector_vkey = collector_vkey,
		.export_seed = seed, .export_id = id, .profiles = &profile,
		.nprofiles = 1, .guide = guide_text(), .posts = posts };
	struct err e = ERR_INIT;
	int r = bundle_write(to, &q, res, &e);

	cr_assert_eq(r, 0, "%s", e.text);
	return r;
}

static char seen[4096];

static void problem(void *arg, const char *member, const char *what)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof seen - n, "%s: %s\n", member, what);
}

static int check(const char *file)
{
	struct bundle_verify o = { .problem = problem, .log_vkey = log_vkey };
	struct bundle_report rep;
	struct err e = ERR_INIT;

	seen[0] = 0;
	return bundle_check(file, &o, &rep, &e);
}

Test(bundle, a_good_one_is_sound_and_the_same_twice, .init = setup, .fini = teardown)
{
	struct bundle_result a, b;
	char other[96];

	snprintf(other, sizeof other, "%s/c.zip", dir);
	write_bundle(path, &a);
	write_bundle(other, &b);
	cr_expect_arr_eq(a.sha256, b.sha256, 32);
	cr_expect_eq(a.disclosed, 4);
	cr_expect_eq(a.withheld, 1);
	cr_expect_eq(check(path), 0, "%s", seen);
}

/* The shell commands of the guide, taken out of its text. */
static void put_script(const char *to)
{
	struct bytes t = guide_text();
	struct buf b = BUF_INIT(1u << 20);
	int inside = 0;

	while (t.len) {
		const uint8_t *nl = memchr(t.p, '\n', t.len);
		size_t n = nl ? (size_t)(nl - t.p) + 1 : t.len;

		if (n >= 3 && !memcmp(t.p, "```", 3))
			inside = n > 4 && !memcmp(t.p, "```sh", 5);
		else if (inside)
			buf_add(&b, t.p, n);
		t.p += n;
		t.len -= n;
	}
	cr_assert_eq(file_replace(to, buf_view(&b), 0600, NULL), 0);
	buf_release(&b);
}

static int run(const char *script)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* guide - unpack a bundle and run the guide with nothing but its tools */
static int guide(const char *zip)
{
	char cmd[2048];

	snprintf(cmd, sizeof cmd,
		 "cd %s && rm -rf u bin && mkdir u bin && for t in sh cat cut head tail "
		 "sha256sum base64 tr mktemp rm printf openssl minisign xxd gunzip gzip; do "
		 "ln -s \"$(command -v $t)\" bin/$t; done; "
		 "python3 -c 'import zipfile,sys; zipfile.ZipFile(sys.argv[1]).extractall(\"u\")' %s "
		 "&& cd u && PATH=%s/bin sh ../guide.sh > ../guide.log 2>&1",
		 dir, zip, dir);
	return run(cmd);
}

Test(bundle, the_guide_finds_a_good_one_sound_and_altered_ones_not,
     .init = setup, .fini = teardown, .timeout = 300)
{
	static const char *const edits[] = {
		/* altered, added, removed, and re-listed alterations */
		"printf x >> items/000001/statement.note",
		"printf x > items/extra",
		"rm items/000004/blob-0002.place",
		"sed -i 's/1/2/' items/000000/salt; "
		"sed -i '/items\\/000000\\/salt/d' SHA256SUMS; "
		"sha256sum items/000000/salt >> SHA256SUMS",
		"cp proofs/000001.leaf proofs/000000.leaf",
		"sed -i s/scelle/scelld/ proofs/head.note",
		"cp keys/log.pem keys/collector.pem",
	};
	struct bundle_result res;
	char script[96], cmd[1024];

	write_bundle(path, &res);
	snprintf(script, sizeof script, "%s/guide.sh", dir);
	put_script(script);
	cr_assert_eq(guide(path), 0, "see guide.log");
	for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
		snprintf(cmd, sizeof cmd,
			 "cd %s && rm -rf u2 && cp -r u u2 && cd u2 && { %s; } && "
			 "PATH=%s/bin sh ../guide.sh > ../guide.log 2>&1",
			 dir, edits[i], dir);
		cr_expect_eq(run(cmd), 1, "%s", edits[i]);
	}
}

Test(bundle, every_flipped_byte_is_found, .init = setup, .fini = teardown, .timeout = 300)
{
	struct buf b = BUF_INIT(16u << 20);
	struct bundle_result res;
	char other[96];
	size_t missed = 0, step;

	write_bundle(path, &res);
	cr_assert_eq(file_read(path, &b, NULL), 0);
	snprintf(other, sizeof other, "%s/flip.zip", dir);
	step = b.len / 1500 + 1;
	for (size_t i = 0; i < b.len; i += step) {
		int fd;

		b.p[i] ^= (uint8_t)(1u << (i / step) % 8);
		fd = open(other, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		cr_assert_eq(write(fd, b.p, b.len), (ssize_t)b.len);
		close(fd);
		if (check(other) == 0)
			missed++;
		b.p[i] ^= (uint8_t)(1u << (i / step) % 8);
	}
	/* The last byte of a deflated member has bits that mean nothing. */
	cr_expect_leq(missed, 15, "%zu of %zu", missed, b.len / step);
	buf_release(&b);
}

Test(bundle, what_hides_in_a_zip_is_refused, .init = setup, .fini = teardown)
{
	struct bundle_result res;
	char cmd[512], other[96];

	write_bundle(path, &res);
	snprintf(other, sizeof other, "%s/z.zip", dir);
	snprintf(cmd, sizeof cmd, "cat %s > %s; printf x >> %s", path, other, other);
	cr_assert_eq(run(cmd), 0);
	cr_expect_eq(check(other), 1);
	snprintf(cmd, sizeof cmd, "{ printf x; cat %s; } > %s", path, other);
	cr_assert_eq(run(cmd), 0);
	cr_expect_eq(check(other), 1);
	snprintf(cmd, sizeof cmd, "cp %s %s; python3 -W ignore -c 'import zipfile;"
		 "z=zipfile.ZipFile(\"%s\",\"a\");z.writestr(\"posts.jsonl\",\"x\")'",
		 path, other, other);
	cr_assert_eq(run(cmd), 0);
	cr_expect_eq(check(other), 1);
	snprintf(cmd, sizeof cmd, "head -c 1000 %s > %s", path, other);
	cr_assert_eq(run(cmd), 0);
	cr_expect_eq(check(other), 1);
}
