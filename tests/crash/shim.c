/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/crash/shim.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS 1024
#define SITES 256
#define FRAMES 8

ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t off);
int __real_ftruncate(int fd, off_t size);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __real_rmdir(const char *path);
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t m);
char *__real_strdup(const char *s);

/* The linker's --wrap sends the program's calls here. */
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t off);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_rmdir(const char *path);
int __wrap_mkdir(const char *path, mode_t mode);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t m);
char *__wrap_strdup(const char *s);

static struct {
	int on;
	char root[512];
	size_t root_len;
	struct fs live;			/* the tree as the program sees it */
	struct trace trace;
	uint32_t inode[FDS];		/* of an open descriptor, or FS_NONE */
} rec;

static struct {
	enum fault_kind kind;
	uint64_t n, calls, late;
	int error, repeat, struck, sync, paused;
} fault;

/* --- failing --------------------------------------------------------------- */

void shim_fault(enum fault_kind kind, uint64_t n, int error, int repeat)
{
	memset(&fault, 0, sizeof fault);
	fault.kind = kind;
	fault.n = n;
	fault.error = error;
	fault.repeat = repeat;
}

uint64_t shim_calls(void) { return fault.calls; }
int shim_struck(void) { return fault.struck; }
int shim_struck_sync(void) { return fault.sync; }
uint64_t shim_late(void) { return fault.late; }
void shim_pause(int on) { fault.paused = on; }

/* 1: this call fails, errno is set. */
static int strikes(int is_sync, int is_write)
{
	uint64_t k = fault.calls;

	if (fault.kind != FAULT_ERRNO && fault.kind != FAULT_COUNT)
		return 0;
	fault.calls++;
	if (fault.sync && is_write)
		fault.late++;
	if (fault.kind == FAULT_COUNT
	    || (k != fault.n && !(fault.repeat && k > fault.n)))
		return 0;
	fault.struck = 1;
	fault.sync |= is_sync;
	errno = fault.error;
	return 1;
}

/* 1: no memory. */
static int starves(void)
{
	uint64_t k = fault.calls;

	if (fault.kind != FAULT_MEMORY || fault.paused)
		return 0;
	fault.calls++;
	if (k != fault.n && !(fault.repeat && k > fault.n))
		return 0;
	fault.struck = 1;
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t n) { return starves() ? NULL : __real_malloc(n); }

void *__wrap_calloc(size_t n, size_t m)
{
	return starves() ? NULL : __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
	return starves() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t m)
{
	return starves() ? NULL : __real_reallocarray(p, n, m);
}

char *__wrap_strdup(const char *s)
{
	return starves() ? NULL : __real_strdup(s);
}

/* --- names of functions ---------------------------------------------------- */

static struct {
	uint8_t *file;
	const Elf64_Sym *syms;
	size_t n;
	const char *strings;
} elf;

static void elf_load(void)
{
	int fd = __real_open("/proc/self/exe", O_RDONLY);
	const Elf64_Shdr *sh;
	const Elf64_Ehdr *eh;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	elf.file = __real_malloc((size_t)st.st_size);
	if (!elf.file || read(fd, elf.file, (size_t)st.st_size) != st.st_size) {
		__real_close(fd);
		return;
	}
	__real_close(fd);
	eh = (const Elf64_Ehdr *)(void *)elf.file;
	sh = (const Elf64_Shdr *)(void *)(elf.file + eh->e_shoff);
	for (unsigned i = 0; i < eh->e_shnum; i++)
		if (sh[i].sh_type == SHT_SYMTAB) {
			elf.syms = (const void *)(elf.file + sh[i].sh_offset);
			elf.n = sh[i].sh_size / sizeof *elf.syms;
			elf.strings = (const char *)elf.file
				      + sh[sh[i].sh_link].sh_offset;
		}
}

static const char *function_at(uintptr_t at)
{
	for (size_t i = 0; i < elf.n; i++) {
		const Elf64_Sym *s = &elf.syms[i];

		if (ELF64_ST_TYPE(s->st_info) == STT_FUNC
		    && at >= s->st_value && at < s->st_value + s->st_size)
			return elf.strings + s->st_name;
	}
	return "?";
}

static struct site {
	uintptr_t frames[FRAMES];
	char name[SITE_NAME];
} sites[SITES];
static unsigned nsites;

const char *site_name(unsigned site) { return sites[site].name; }
unsigned site_count(void) { return nsites; }

/* Functions that only hand a sync on. */
static int is_passage(const char *fn)
{
	static const char *const list[] = {
		"file_sync", "file_sync_dir", "sync_parent", "put",
		"file_replace", "file_create", "file_mkdir", "vio_sync",
		"vio_sync_dir", "vio_sync_parent", "vio_unlink", "vio_rename",
		"vio_mkdir", "vio_create", "vio_put", "unit_put",
		"unit_put_sealed", "unit_mkdir", "__wrap_fsync",
		"__wrap_fdatasync",
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (!strcmp(fn, list[i]))
			return 1;
	return 0;
}

/*
 * Which sync of the code is this?  The frames on the way, up to the first
 * function that is more than a passage, tell it from others.
 */
__attribute__((noinline))
static unsigned site_here(const char *what, void **frame)
{
	struct site s = { { 0 }, "" };
	size_t n = 0, len = 0;
	unsigned same = 0;

	if (!elf.file)
		elf_load();
	while (n < FRAMES && frame && frame[1]) {
		const char *fn = function_at((uintptr_t)frame[1] - 1);

		s.frames[n++] = (uintptr_t)frame[1];
		if (!is_passage(fn)) {
			len += (size_t)snprintf(s.name + len, sizeof s.name - len,
						"%s%s", len ? " < " : "", fn);
			break;
		}
		if (!strcmp(fn, "put") || !strcmp(fn, "vio_put")
		    || !strcmp(fn, "vio_create") || !strcmp(fn, "file_mkdir")
		    || !strcmp(fn, "vio_rename") || !strcmp(fn, "vio_unlink"))
			len += (size_t)snprintf(s.name + len, sizeof s.name - len,
						"%s%s", len ? " < " : "", fn);
		frame = frame[0];
	}
	for (unsigned i = 0; i < nsites; i++) {
		if (!memcmp(sites[i].frames, s.frames, sizeof s.frames))
			return i;
		same += !strncmp(sites[i].name, what, strlen(what))
			&& !strncmp(sites[i].name + strlen(what) + 1, s.name, len);
	}
	if (nsites == SITES)
		return SITES - 1;
	memcpy(sites[nsites].frames, s.frames, sizeof s.frames);
	if (same)
		snprintf(sites[nsites].name, SITE_NAME, "%s %.72s #%u", what,
			 s.name, same + 1);
	else
		snprintf(sites[nsites].name, SITE_NAME, "%s %.72s", what,
			 s.name);
	return nsites++;
}

/* --- writing down ---------------------------------------------------------- */

int shim_start(const char *root, struct fs *start)
{
	snprintf(rec.root, sizeof rec.root, "%s", root);
	rec.root_len = strlen(root);
	fs_init(&rec.live);
	rec.trace = (struct trace){ 0 };
	for (size_t i = 0; i < FDS; i++)
		rec.inode[i] = FS_NONE;
	if (fs_take(&rec.live, root) < 0)
		return -1;
	fs_copy(start, &rec.live);
	rec.on = 1;
	return 0;
}

void shim_stop(struct trace *out)
{
	rec.on = 0;
	fs_release(&rec.live);
	*out = rec.trace;
	rec.trace = (struct trace){ 0 };
}

size_t shim_ops(void) { return rec.trace.n; }

/* The path below the root, or NULL: none of ours. */
static const char *ours(const char *path)
{
	if (!rec.on && fault.kind == FAULT_NONE)
		return NULL;
	if (strncmp(path, rec.root, rec.root_len) != 0)
		return NULL;
	if (path[rec.root_len] == '\0')
		return path + rec.root_len;
	return path[rec.root_len] == '/' ? path + rec.root_len + 1 : NULL;
}

static int ours_fd(int fd)
{
	if (!rec.on && fault.kind == FAULT_NONE)
		return 0;
	return fd >= 0 && fd < FDS && rec.inode[fd] != FS_NONE;
}

static void note(const struct op *op)
{
	int was = fault.paused;

	fault.paused = 1;
	*trace_push(&rec.trace, op->kind) = *op;
	fs_apply(&rec.live, op, FATE_KEPT, 0);
	fault.paused = was;
}

int __wrap_open(const char *path, int flags, ...)
{
	const char *rel = ours(path);
	struct op op = { .kind = OP_CREATE };
	uint32_t inode = FS_NONE;
	mode_t mode = 0;
	va_list ap;
	int fd;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (rel) {
		inode = fs_walk(&rec.live, rel, &op.dir, op.name);
		if (strikes(0, 0))
			return -1;
	}
	fd = __real_open(path, flags, mode);
	if (!rel || fd < 0 || fd >= FDS)
		return fd;
	if (inode == FS_NONE && (flags & O_CREAT)) {
		fault.paused++;
		op.inode = inode = fs_new(&rec.live, 0);
		fault.paused--;
		note(&op);
	} else if (inode != FS_NONE && (flags & O_TRUNC)) {
		op = (struct op){ .kind = OP_TRUNC, .inode = inode };
		note(&op);
	}
	rec.inode[fd] = inode;
	return fd;
}

int __wrap_close(int fd)
{
	if (fd >= 0 && fd < FDS)
		rec.inode[fd] = FS_NONE;
	return __real_close(fd);
}

static ssize_t write_at(int fd, const void *p, size_t n, off_t off, int posix)
{
	struct op op = { .kind = OP_WRITE };
	ssize_t w;

	if (ours_fd(fd)) {
		if (strikes(0, 1))
			return -1;
		if (fault.kind == FAULT_SHORT && n > 1) {
			if (fault.calls++ == fault.n
			    || (fault.repeat && fault.calls > fault.n)) {
				fault.struck = 1;
				n = (n + 1) / 2;
			}
		}
	}
	w = posix ? __real_pwrite(fd, p, n, off) : __real_write(fd, p, n);
	if (w <= 0 || !ours_fd(fd) || !rec.on)
		return w;
	op.inode = rec.inode[fd];
	op.off = (uint64_t)off;
	op.len = (size_t)w;
	op.data = __real_malloc((size_t)w);
	memcpy(op.data, p, (size_t)w);
	note(&op);
	return w;
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	off_t off = 0;

	if (ours_fd(fd)) {
		int flags = fcntl(fd, F_GETFL);

		off = lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
	}
	return write_at(fd, p, n, off, 0);
}

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t off)
{
	return write_at(fd, p, n, off, 1);
}

int __wrap_ftruncate(int fd, off_t size)
{
	struct op op = { .kind = OP_TRUNC, .off = (uint64_t)size };
	int r;

	if (ours_fd(fd) && strikes(0, 1))
		return -1;
	r = __real_ftruncate(fd, size);
	if (r == 0 && ours_fd(fd) && rec.on) {
		op.inode = rec.inode[fd];
		note(&op);
	}
	return r;
}

static int sync_of(int fd, int r, const char *what, void **frame)
{
	struct op op = { .kind = OP_SYNC };

	if (r == 0 && ours_fd(fd) && rec.on) {
		op.inode = rec.inode[fd];
		op.site = site_here(what, frame);
		note(&op);
	}
	return r;
}

int __wrap_fsync(int fd)
{
	if (ours_fd(fd) && strikes(1, 0))
		return -1;
	return sync_of(fd, __real_fsync(fd), "dir ",
		       __builtin_frame_address(0));
}

int __wrap_fdatasync(int fd)
{
	if (ours_fd(fd) && strikes(1, 0))
		return -1;
	return sync_of(fd, __real_fdatasync(fd), "data",
		       __builtin_frame_address(0));
}

/* A name moves from one path to another, or gets a second one. */
static int move(const char *from, const char *to, enum op_kind kind)
{
	const char *f = ours(from), *t = ours(to);
	struct op op = { .kind = kind };
	int r;

	if (f && t) {
		op.inode = fs_walk(&rec.live, f, &op.dir2, op.name2);
		fs_walk(&rec.live, t, &op.dir, op.name);
		if (strikes(0, 0))
			return -1;
	}
	r = kind == OP_LINK ? __real_link(from, to) : __real_rename(from, to);
	if (r == 0 && f && t && rec.on)
		note(&op);
	return r;
}

int __wrap_rename(const char *from, const char *to)
{
	return move(from, to, OP_RENAME);
}

int __wrap_link(const char *from, const char *to)
{
	return move(from, to, OP_LINK);
}

static int take_away(const char *path, int (*real)(const char *path))
{
	const char *rel = ours(path);
	struct op op = { .kind = OP_UNLINK };
	int r;

	if (rel && strikes(0, 0))
		return -1;
	r = real(path);
	if (r == 0 && rel && rec.on) {
		op.inode = fs_walk(&rec.live, rel, &op.dir, op.name);
		note(&op);
	}
	return r;
}

int __wrap_unlink(const char *path)
{
	return take_away(path, __real_unlink);
}

int __wrap_rmdir(const char *path)
{
	return take_away(path, __real_rmdir);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	const char *rel = ours(path);
	struct op op = { .kind = OP_MKDIR };
	int r;

	if (rel && strikes(0, 0))
		return -1;
	r = __real_mkdir(path, mode);
	if (r == 0 && rel && rec.on) {
		fs_walk(&rec.live, rel, &op.dir, op.name);
		fault.paused++;
		op.inode = fs_new(&rec.live, 1);
		fault.paused--;
		note(&op);
	}
	return r;
}
