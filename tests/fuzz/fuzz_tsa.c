/* SPDX-License-Identifier: EUPL-1.2 */
/* Hostile time stamp responses: none made by an authority we do not know is
 * sound, and none crashes the reader. */
#include "store/tsa.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A self-signed certificate of our own making, whose key is thrown away. */
static const char root[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBiDCCAS+gAwIBAgIUR8wAUe+GmA+4oSGWAhxUHuDuxvswCgYIKoZIzj0EAwIw\n"
	"GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTIyMjIzMzMxWhgPMjEy\n"
	"NjEwMjkyMjMzMzFaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI\n"
	"zj0CAQYIKoZIzj0DAQcDQgAE51C3z1y3fSz0ZVVkv2aDbgzuyUFBLnS0j+ZlcKIK\n"
	"a3fRz16z8u7y7pBRc+LFuZZVrwvaHbcVVjAGiJUnwUYr0KNTMFEwHQYDVR0OBBYE\n"
	"FH9OiYIhVWDKIYqQ3MTkecdxhKAiMB8GA1UdIwQYMBaAFH9OiYIhVWDKIYqQ3MTk\n"
	"ecdxhKAiMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgfAsYro2w\n"
	"QG25r6e15mS/y7GnGY1qWML/J/RLhAYGCdsCIE0hyVPld4q9VrWNyOP/IAfswHXn\n"
	"Obu4gwlPXhZge63h\n"
	"-----END CERTIFICATE-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes in = BYTES(data, len), none = { NULL, 0 };
	struct tsa_token t;

	if (tsa_peek(in, &t, NULL) < 0)
		return 0;
	if (tsa_check(in, none, BYTES(t.imprint, t.imprint_len),
		      bytes_str(root), &t, NULL, NULL) == 0)
		abort();
	return 0;
}
