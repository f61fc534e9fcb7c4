/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/whence.h"

#include "util/enc.h"
#include "util/file.h"
#include "util/secret.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void whence_session(struct whence *w)
{
	uint8_t id[8];

	memset(w, 0, sizeof *w);
	w->uid = w->login = -1;
	secret_random(id, sizeof id);
	hex_str(w->session, id, sizeof id);
}

/* The uid a person logged in with: su and sudo do not change it. */
static int64_t login_uid(void)
{
	struct buf b = BUF_INIT(64);
	int64_t uid = -1;

	if (file_read("/proc/self/loginuid", &b, NULL) == 0 && b.len) {
		unsigned long v = strtoul(buf_cstr(&b), NULL, 10);

		if (v < 0xffffffffu)
			uid = (int64_t)v;
	}
	buf_release(&b);
	return uid;
}

/* The first word, if it is an address and nothing else. */
static void ssh_client(char *out, size_t max)
{
	const char *s = getenv("SSH_CONNECTION");
	uint8_t raw[16];
	size_t n = s ? strcspn(s, " ") : 0;

	if (!n || n >= max)
		return;
	memcpy(out, s, n);
	out[n] = '\0';
	if (inet_pton(AF_INET, out, raw) != 1 &&
	    inet_pton(AF_INET6, out, raw) != 1)
		out[0] = '\0';
}

static void terminal(char *out, size_t max)
{
	char name[64] = "";

	for (int fd = 0; fd < 3 && !name[0]; fd++)
		if (ttyname_r(fd, name, sizeof name) != 0)
			name[0] = '\0';
	if (!strncmp(name, "/dev/", 5) && strlen(name + 5) < max)
		memcpy(out, name + 5, strlen(name + 5) + 1);
}

void whence_here(struct whence *w)
{
	whence_session(w);
	w->uid = (int64_t)getuid();
	w->login = login_uid();
	w->pid = (int64_t)getpid();
	terminal(w->tty, sizeof w->tty);
	ssh_client(w->ssh, sizeof w->ssh);
	snprintf(w->via, sizeof w->via, "local");
}

void whence_put(const struct whence *w, struct jsonw *out)
{
	if (!w->session[0])
		return;
	jsonw_open(out, "from", '{');
	jsonw_str(out, "session", w->session);
	if (w->via[0])
		jsonw_str(out, "via", w->via);
	if (w->uid >= 0)
		jsonw_int(out, "uid", w->uid);
	if (w->login >= 0)
		jsonw_int(out, "login", w->login);
	if (w->pid > 0)
		jsonw_int(out, "pid", w->pid);
	if (w->tty[0])
		jsonw_str(out, "tty", w->tty);
	if (w->ssh[0])
		jsonw_str(out, "ssh", w->ssh);
	jsonw_close(out, '}');
}
