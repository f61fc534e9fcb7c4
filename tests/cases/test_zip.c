/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/zip.h"

#include "store/sha256.h"
#include "util/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static void make_dir(void)
{
	snprintf(dir, sizeof dir, "/tmp/scelle-zip-XXXXXX");
	cr_assert(mkdtemp(dir));
}

static void remove_dir(void)
{
	char **names = NULL;
	char path[FILE_PATH_MAX];

	if (file_list(dir, &names, NULL, NULL) == 0)
		for (size_t i = 0; names[i]; i++) {
			file_path(path, dir, names[i], NULL);
			unlink(path);
		}
	free(names);
	rmdir(dir);
}

static int write_one(const char *path, uint8_t sum[32])
{
	struct zip *z = NULL;
	struct err e = ERR_INIT;

	if (zip_open(path, &z, &e) < 0)
		return e.code;
	cr_assert_eq(zip_add(z, "mimetype", bytes_str("text/x"), 1, NULL, &e), 0);
	cr_assert_eq(zip_begin(z, "a/big", &e), 0);
	for (int i = 0; i < 3000; i++)
		cr_assert_eq(zip_write(z, bytes_str("0123456789"), &e), 0);
	cr_assert_eq(zip_end(z, NULL, &e), 0);
	for (int i = 0; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof name, "b/%03d", i);
		cr_assert_eq(zip_add(z, name, bytes_str(
			"the same words the same words the same words the same "
			"words the same words the same words"), 0, NULL, &e), 0);
	}
	return zip_close(z, sum, &e);
}

Test(zip, another_program_reads_every_member, .init = make_dir, .fini = remove_dir)
{
	char path[128];
	pid_t pid;
	int status;

	snprintf(path, sizeof path, "%s/x.zip", dir);
	cr_assert_eq(write_one(path, NULL), 0);
	pid = fork();
	if (pid == 0) {
		execlp("python3", "python3", "-c",
		       "import sys,zipfile\n"
		       "z=zipfile.ZipFile(sys.argv[1])\n"
		       "assert z.testzip() is None\n"
		       "n=z.namelist()\n"
		       "assert n[0]=='mimetype' and len(n)==202,n[:3]\n"
		       "assert z.read('a/big')==b'0123456789'*3000\n"
		       "assert z.read('b/199').startswith(b'the same')\n"
		       "assert open(sys.argv[1],'rb').read()[30:44]==b'mimetypetext/x'\n",
		       path, (char *)NULL);
		_exit(127);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

Test(zip, same_input_same_bytes_and_the_sum_is_the_files, .init = make_dir, .fini = remove_dir)
{
	struct buf b = BUF_INIT(1u << 20);
	uint8_t s1[32], s2[32], s3[32];
	char path[128];

	snprintf(path, sizeof path, "%s/1.zip", dir);
	cr_assert_eq(write_one(path, s1), 0);
	cr_assert_eq(file_read(path, &b, NULL), 0);
	sha256_once(buf_view(&b), s3);
	snprintf(path, sizeof path, "%s/2.zip", dir);
	cr_assert_eq(write_one(path, s2), 0);
	cr_assert_arr_eq(s1, s2, 32);
	cr_assert_arr_eq(s1, s3, 32);
	buf_release(&b);
}

Test(zip, an_existing_file_and_bad_names_are_refused, .init = make_dir, .fini = remove_dir)
{
	struct zip *z = NULL;
	char path[128];

	snprintf(path, sizeof path, "%s/1.zip", dir);
	cr_assert_eq(write_one(path, NULL), 0);
	cr_assert_eq(write_one(path, NULL), ERR_EXIST);
	snprintf(path, sizeof path, "%s/2.zip", dir);
	cr_assert_eq(zip_open(path, &z, NULL), 0);
	cr_expect_eq(zip_add(z, "../x", bytes_str("x"), 0, NULL, NULL), ERR_RANGE);
	cr_expect_eq(zip_add(z, "/x", bytes_str("x"), 0, NULL, NULL), ERR_RANGE);
	cr_expect_eq(zip_begin(z, "", NULL), ERR_RANGE);
	zip_discard(z);
	cr_expect_not(file_exists(path));
}
