/* SPDX-License-Identifier: EUPL-1.2 */
/* Hostile age files, armour and keys; and whatever opens opens again. */
#include "store/age.h"
#include "store/seal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The identity of the published vectors, so that their files open. */
static const char text[] = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMD"
			   "KWYKLMGR48UAWX40Q2P2LM0";

static void need(int sound)
{
	if (!sound)
		abort();
}

static void seal_again(struct bytes plain)
{
	struct buf sealed = BUF_INIT(seal_max(plain.len));
	struct buf back = BUF_INIT(plain.len);
	uint8_t key[SEAL_KEY_LEN];

	need(seal_object(&plain, 1, key, NULL, &sealed) == 0);
	need(open_object(key, buf_view(&sealed), &back, NULL) == 0);
	need(bytes_eq(buf_view(&back), plain));
	buf_release(&sealed);
	buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct age_identity id;
	static int have;
	struct bytes pass = BYTES("password", 8), in = BYTES(data, len);
	struct buf plain = BUF_INIT((size_t)1 << 20), bin = BUF_INIT(len);
	struct age_keys keys = { .ids = &id, .nids = 1, .passphrases = &pass,
				 .npass = 1, .max_logn = 2 };
	struct age_identity ids[4];
	struct err e = ERR_INIT;
	size_t n;

	if (!have)
		need(age_identity_read(bytes_str(text), &id, NULL) == 0);
	have = 1;
	if (age_open(&keys, in, &plain, &e) == 0) {
		need(keys.verdict == AGE_OK);
		seal_again(buf_view(&plain));
	} else {
		need(keys.verdict != AGE_OK || e.code == ERR_LIMIT);
		need(plain.len == 0);
	}
	if (age_dearmor(in, &bin, NULL) < 0)
		need(bin.len == 0);
	buf_clear(&plain);
	(void)open_object(id.secret, in, &plain, &e);
	(void)age_identities_parse(in, ids, 4, &n, &e);
	buf_release(&plain);
	buf_release(&bin);
	return 0;
}
