/* SPDX-License-Identifier: EUPL-1.2 */
/* Hostile notes and keys; what parses is signed and parsed again. */
#include "store/minisign.h"
#include "store/note.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void need(int sound)
{
	if (!sound)
		abort();
}

static void keys_again(struct bytes in)
{
	struct buf out = BUF_INIT(4096);
	struct note_skey sk;
	struct note_vkey k, back;

	if (note_vkey_read(in, &k, NULL) == 0) {
		need(note_vkey_put(&k, &out) == 0);
		need(note_vkey_read(buf_view(&out), &back, NULL) == 0);
		need(!memcmp(&k, &back, sizeof k));
	}
	(void)note_skey_read(in, &sk, NULL);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char vkey[] = "example.com/foo+530d903a+"
		"AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	static const uint8_t seed[32] = { 1 };
	struct buf out = BUF_INIT(2 * NOTE_MAX);
	struct bytes in = BYTES(data, len), text;
	struct minisign_pub pub = { { 0 }, { 0 } };
	struct note_vkey known[2];
	struct note_skey sk;
	struct note n;

	need(note_vkey_read(bytes_str(vkey), &known[0], NULL) == 0);
	need(note_skey_make(&sk, "fuzz", NOTE_ED25519, seed, NULL) == 0);
	known[1] = sk.vkey;
	if (note_parse(in, &n, NULL) == 0) {
		(void)note_check(&n, known, 2, NULL, NULL, NULL);
		need(note_sign(n.text, &sk, 1, &out, NULL) == 0);
		need(note_open(buf_view(&out), known, 2, &text, NULL) == 0);
		need(bytes_eq(text, n.text));
	}
	keys_again(in);
	(void)minisign_pub_read(in, &pub, NULL);
	(void)minisign_check(&pub, in, in, NULL, NULL);
	buf_release(&out);
	return 0;
}
