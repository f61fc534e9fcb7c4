/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/address.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *class_of(const char *text)
{
	struct address a;

	cr_assert_eq(address_parse(text, &a), 0, "%s", text);
	return address_class(&a);
}

/* Each range: the address before, first, last, the address after; "-" where
 * the neighbour is refused as well or does not exist. */
static const struct {
	const char *before, *first, *last, *after, *word;
} ranges[] = {
	{ "-", "0.0.0.0", "0.255.255.255", "1.0.0.0", "this network" },
	{ "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0",
	  "private" },
	{ "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0",
	  "NAT" },
	{ "126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0",
	  "loopback" },
	{ "169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0",
	  "link-local" },
	{ "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0",
	  "private" },
	{ "191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0",
	  "protocol" },
	{ "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0",
	  "documentation" },
	{ "192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0",
	  "6to4" },
	{ "192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0",
	  "private" },
	{ "198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0",
	  "benchmarking" },
	{ "198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0",
	  "documentation" },
	{ "203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0",
	  "documentation" },
	{ "223.255.255.255", "224.0.0.0", "239.255.255.255", "-",
	  "multicast" },
	{ "-", "240.0.0.0", "255.255.255.254", "-", "reserved" },
	{ "-", "255.255.255.255", "255.255.255.255", "-", "broadcast" },

	{ "-", "::", "::", "-", "unspecified" },
	{ "-", "::1", "::1", "-", "loopback" },
	{ "-", "::2", "::ffff:ffff", "-", "IPv4-compatible" },
	{ "-", "::ffff:0.0.0.0", "::ffff:255.255.255.255", "-", "mapped" },
	{ "-", "::ffff:0:0.0.0.0", "::ffff:0:255.255.255.255", "-",
	  "translated" },
	{ "-", "64:ff9b::", "64:ff9b::ffff:ffff", "-", "NAT64" },
	{ "-", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "-",
	  "NAT64" },
	{ "-", "100::", "100::ffff:ffff:ffff:ffff", "-", "discard" },
	{ "-", "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "Teredo" },
	{ "-", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "-",
	  "benchmarking" },
	{ "-", "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "ORCHID" },
	{ "-", "2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "ORCHIDv2" },
	{ "-", "2001:1ff::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
	  "2001:200::", "protocol" },
	{ "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::",
	  "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::",
	  "documentation" },
	{ "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::",
	  "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::", "6to4" },
	{ "3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe::",
	  "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-", "6bone" },
	{ "-", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
	  "3fff:1000::", "documentation" },
	{ "-", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "segment routing" },
	{ "-", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "unique local" },
	{ "-", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "link-local" },
	{ "-", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "site-local" },
	{ "-", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "multicast" },
	{ "-", "4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-",
	  "global unicast" },
	{ "-", "200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	  "2000::", "global unicast" },
};

Test(address, every_range_is_refused_to_its_edges_and_no_further)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		const char *first = class_of(ranges[i].first);
		const char *last = class_of(ranges[i].last);

		cr_expect(first && strstr(first, ranges[i].word), "%s: %s",
			  ranges[i].first, first ? first : "public");
		cr_expect(last && strstr(last, ranges[i].word), "%s: %s",
			  ranges[i].last, last ? last : "public");
		if (strcmp(ranges[i].before, "-"))
			cr_expect_null(class_of(ranges[i].before), "%s",
				       ranges[i].before);
		if (strcmp(ranges[i].after, "-"))
			cr_expect_null(class_of(ranges[i].after), "%s",
				       ranges[i].after);
	}
}

Test(address, every_reason_names_its_standard)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		cr_expect(strstr(class_of(ranges[i].first), "(RFC "));
}

Test(address, plain_public_ones_are_let_through)
{
	cr_expect_null(class_of("149.154.167.99"));
	cr_expect_null(class_of("8.8.8.8"));
	cr_expect_null(class_of("2001:67c:4e8:f004::9"));
	cr_expect_null(class_of("2a00:1450:4007::1"));
}

Test(address, other_spellings_are_no_addresses)
{
	static const char *const bad[] = {
		"", "0x7f.1", "2130706433", "127.1", "0177.0.0.1", "1.2.3.4.5",
		"1.2.3.256", "[127.0.0.1]", "fe80::1%eth0", "::1]", "[::1",
		" 1.2.3.4", "1.2.3.4 ", "localhost", "1.2.3.4:80",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"11111111111111111111111111111111111111111111111111111111111",
	};
	struct address a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(address_parse(bad[i], &a), ERR_FORMAT, "%s",
			     bad[i]);
}

Test(address, it_is_written_as_it_was_read)
{
	char out[ADDRESS_TEXT_MAX];
	struct address a;

	cr_assert_eq(address_parse("[2001:db8::1]", &a), 0);
	address_text_port(&a, 443, out);
	cr_expect_str_eq(out, "[2001:db8::1]:443");
	cr_assert_eq(address_parse("192.0.2.7", &a), 0);
	address_text_port(&a, 65535, out);
	cr_expect_str_eq(out, "192.0.2.7:65535");
}
