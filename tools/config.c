/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/config.h"

#include "util/file.h"
#include "util/utf8.h"

#include <stdlib.h>

#define CONFIG_MAX 65536

static struct bytes trim(struct bytes s)
{
	while (s.len && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.len--;
	}
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t' ||
			 s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static char **slot(struct config *c, struct bytes key)
{
	const struct {
		const char *name;
		char **at;
	} keys[] = {
		{ "vault", &c->vault },
		{ "user", &c->user },
		{ "lab", &c->lab },
		{ "profiles", &c->profiles },
		{ "passphrase-file", &c->passphrase_file },
		{ "user-agent", &c->user_agent },
		{ "socket", &c->socket },
		{ "key", &c->key },
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (bytes_is(key, keys[i].name))
			return keys[i].at;
	return NULL;
}

static int config_line(struct bytes line, struct config *c, struct err *e)
{
	const uint8_t *eq;
	struct bytes key, value;
	char **at;

	line = trim(line);
	if (!line.len || *line.p == '#')
		return 0;
	eq = memchr(line.p, '=', line.len);
	if (!eq)
		return err_set(e, ERR_FORMAT, "not 'key = value'");
	key = trim(BYTES(line.p, (size_t)(eq - line.p)));
	value = trim(BYTES(eq + 1, line.len - (size_t)(eq + 1 - line.p)));
	at = slot(c, key);
	if (!at)
		return err_set(e, ERR_FORMAT, "unknown key '%.*s'",
			       (int)(key.len > 64 ? 64 : key.len),
			       (const char *)key.p);
	if (*at)
		return err_set(e, ERR_FORMAT, "key '%.*s' stands twice",
			       (int)key.len, (const char *)key.p);
	if (!value.len)
		return err_set(e, ERR_FORMAT, "key '%.*s' has no value",
			       (int)key.len, (const char *)key.p);
	*at = strndup((const char *)value.p, value.len);
	if (!*at)
		return err_set(e, ERR_NOMEM, "no memory for the configuration");
	return 0;
}

int config_parse(struct bytes text, const char *name, struct config *c,
		 struct err *e)
{
	size_t number = 0;

	if (!utf8_valid(text) || (text.len && memchr(text.p, 0, text.len)))
		return err_set(e, ERR_FORMAT, "'%s' is not UTF-8 text", name);
	while (text.len) {
		const uint8_t *nl = memchr(text.p, '\n', text.len);
		size_t n = nl ? (size_t)(nl - text.p) : text.len;
		int r;

		number++;
		r = config_line(BYTES(text.p, n), c, e);
		if (r < 0) {
			err_prefix(e, "'%s' line %zu", name, number);
			return r;
		}
		n += nl != NULL;
		text.p += n;
		text.len -= n;
	}
	return 0;
}

/* 1 read, 0 not there, negative failed */
static int load_one(const char *path, struct config *c, struct err *e)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	struct err why = ERR_INIT;
	int r = file_read(path, &text, &why);

	if (r == ERR_NOENT) {
		r = 0;
	} else if (r < 0) {
		err_set(e, r, "%s", why.text);
	} else {
		r = config_parse(buf_view(&text), path, c, e);
		if (r == 0)
			r = 1;
	}
	buf_release(&text);
	return r;
}

int config_load(struct config *c, struct err *e)
{
	const char *home = getenv("XDG_CONFIG_HOME");
	char path[FILE_PATH_MAX];
	int r = 0;

	if (home && *home == '/') {
		if (file_path(path, home, "scelle", "config", NULL) == 0)
			r = load_one(path, c, e);
	} else {
		home = getenv("HOME");
		if (home && *home == '/' &&
		    file_path(path, home, ".config", "scelle", "config",
			      NULL) == 0)
			r = load_one(path, c, e);
	}
	if (r == 0)
		r = load_one("/etc/scelle.conf", c, e);
	return r < 0 ? r : 0;
}

void config_release(struct config *c)
{
	free(c->vault);
	free(c->user);
	free(c->lab);
	free(c->profiles);
	free(c->passphrase_file);
	free(c->user_agent);
	free(c->socket);
	free(c->key);
	*c = (struct config){ 0 };
}
