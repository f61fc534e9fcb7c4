/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit_out.h"

#include "cases/custody.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PAGE_ROWS 20000
#define PAGE_BYTES ((size_t)8 << 20)

int audit_out_init(struct audit_out *o, struct cli *cli, struct audit *a,
		   const char *path, struct err *e)
{
	int fd;

	memset(o, 0, sizeof *o);
	o->cli = cli;
	o->audit = a;
	o->path = path;
	o->page = (struct buf)BUF_INIT((size_t)512 << 20);
	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return err_errno(e, "cannot create '%s'", path);
	o->file = fdopen(fd, "w");
	if (o->file)
		return 0;
	close(fd);
	return err_errno(e, "cannot create '%s'", path);
}

static int page_out(struct audit_out *o, int more, const char *outcome,
		    struct err *e)
{
	struct shown s = { .rows = o->rows, .denials = o->denials,
			   .page = o->pages, .more = more,
			   .outcome = outcome };
	int r = o->page.failed
		? err_set(e, o->page.failed, "no memory for the answer")
		: audit_shown(o->audit, &s, e);

	if (r == 0 && !outcome) {
		if (!o->file)
			cli_raw(o->cli, buf_view(&o->page));
		else if (o->page.len &&
			 fwrite(o->page.p, 1, o->page.len, o->file) !=
			 o->page.len)
			r = err_errno(e, "cannot write '%s'", o->path);
	}
	buf_clear(&o->page);
	o->rows = o->denials = 0;
	o->pages++;
	return r;
}

int audit_out_row(struct audit_out *o, int denial, struct err *e)
{
	o->rows++;
	o->denials += (uint64_t)(denial != 0);
	if (o->rows < PAGE_ROWS && o->page.len < PAGE_BYTES)
		return 0;
	return page_out(o, 1, NULL, e);
}

int audit_out_end(struct audit_out *o, int r, struct err *e)
{
	struct err late = ERR_INIT;
	int w;

	if (!o->audit)
		return r;
	w = page_out(o, 0, r < 0 ? "failed" : NULL, r < 0 ? &late : e);
	if (r == 0)
		r = w;
	if (o->file) {
		if (r == 0 && fflush(o->file) == 0 &&
		    fsync(fileno(o->file)) < 0 && errno != EINVAL)
			r = err_errno(e, "cannot write '%s'", o->path);
		if (fclose(o->file) != 0 && r == 0)
			r = err_errno(e, "cannot write '%s'", o->path);
		if (r < 0)
			unlink(o->path);
	}
	buf_wipe(&o->page);
	return r;
}
