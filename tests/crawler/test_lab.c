/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/lab.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct lab *lab_of(const char *text)
{
	struct err e = ERR_INIT;
	struct lab *lab = NULL;

	cr_assert_eq(lab_parse(bytes_str(text), "/lab", &lab, &e), 0, "%s",
		     e.text);
	return lab;
}

Test(lab, its_lines_are_read)
{
	struct lab *lab = lab_of("# a lab\n"
				 "ca root.pem\r\n"
				 "\n"
				 "map T.me 127.0.0.1:8443   # the site\n"
				 "map t.me:80 127.0.0.1:8080\n"
				 "map six.example [::1]:9000");
	struct address a;
	unsigned port;

	cr_expect_str_eq(lab_ca(lab), "/lab/root.pem");
	cr_assert_eq(lab_map(lab, "t.me", 443, &a, &port), 0);
	cr_expect(a.version == 4 && a.ip[0] == 127 && port == 8443);
	cr_assert_eq(lab_map(lab, "T.ME.", 80, &a, &port), 0);
	cr_expect_eq(port, 8080);
	cr_assert_eq(lab_map(lab, "six.example", 443, &a, &port), 0);
	cr_expect(a.version == 6 && port == 9000);
	cr_expect_eq(lab_map(lab, "t.me", 8443, &a, &port), ERR_NOENT);
	cr_expect_eq(lab_map(lab, "other.example", 443, &a, &port), ERR_NOENT);
	lab_free(lab);
}

Test(lab, answers_follow_one_another_and_the_last_stays)
{
	struct lab *lab = lab_of("dns r.example A 93.184.216.34,93.184.216.35;"
				 "127.0.0.1;10.0.0.1\n"
				 "dns r.example AAAA ::1\n");
	struct address a[LAB_ADDRESSES_MAX];

	cr_assert_eq(lab_resolve(lab, "r.example", 4, a), 2);
	cr_expect_eq(a[1].ip[3], 35);
	cr_assert_eq(lab_resolve(lab, "r.example", 4, a), 1);
	cr_expect_eq(a[0].ip[0], 127);
	cr_assert_eq(lab_resolve(lab, "r.example", 6, a), 1);
	cr_assert_eq(lab_resolve(lab, "r.example", 4, a), 1);
	cr_expect_eq(a[0].ip[0], 10);
	cr_assert_eq(lab_resolve(lab, "r.example", 4, a), 1);
	cr_expect_eq(a[0].ip[0], 10);
	cr_expect_eq(lab_resolve(lab, "none.example", 4, a), ERR_NOENT);
	lab_free(lab);
}

Test(lab, a_mapped_host_without_dns_has_a_stand_in)
{
	struct lab *lab = lab_of("map a.example 127.0.0.1:1\n"
				 "map b.example 127.0.0.1:1\n"
				 "dns b.example A 93.184.216.34\n");
	struct address a[LAB_ADDRESSES_MAX];

	cr_expect_eq(lab_stand_in(lab, "a.example"), 1);
	cr_expect_eq(lab_stand_in(lab, "b.example"), 0);
	cr_expect_eq(lab_stand_in(lab, "c.example"), 0);
	cr_assert_eq(lab_resolve(lab, "a.example", 4, a), 1);
	cr_expect(a[0].ip[0] == 192 && a[0].ip[2] == 2);
	cr_assert_eq(lab_resolve(lab, "a.example", 6, a), 0);
	lab_free(lab);
}

Test(lab, a_bad_line_is_named)
{
	static const char *const bad[] = {
		"map a.example 192.0.2.1:443", "map a.example 127.0.0.1",
		"map a.example 127.0.0.1:0", "map a.example 127.0.0.1:65536",
		"map a.example:x 127.0.0.1:1", "map a.example", "nonsense",
		"dns a.example MX 1.2.3.4", "dns a.example A ::1",
		"dns a.example AAAA 1.2.3.4", "dns a.example A 1.2.3",
		"dns a.example A", "dns a.example A 1.2.3.4;", "ca",
		"ca a b", "map :443 127.0.0.1:1", "map a.example ::1:443",
	};
	char text[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = ERR_INIT;
		struct lab *lab = NULL;

		snprintf(text, sizeof(text), "ca /x\n%s\n", bad[i]);
		cr_expect_eq(lab_parse(bytes_str(text), NULL, &lab, &e),
			     ERR_FORMAT, "%s", bad[i]);
		cr_expect(strstr(e.text, "line 2"), "%s: %s", bad[i], e.text);
		cr_expect_null(lab);
	}
}
