/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper's side: what comes back is hostile until it is checked. */
#include "crawler/parsepool.h"

#include "crawler/boxchild.h"
#include "crawler/wire.h"
#include "parsers/html.h"
#include "parsers/post.h"
#include "parsers/worker.h"
#include "util/child.h"
#include "util/clock.h"
#include "util/utf8.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define START_MS 20000
#define LEAVE_MS 200
#define ANSWER_MAX (PARSE_OUTPUT_MAX + (64u << 10))
#define QUEUE_MAX (PARSE_RAW_MAX + (6u << 20))

enum slot_state { SLOT_IDLE, SLOT_BUSY, SLOT_READY };

struct slot {
	struct child *child;	/* NULL: started when needed */
	enum slot_state state;
	uint64_t id;
	char *url;		/* of the page, for the line of a death */
	int64_t deadline;
	unsigned pages;
	struct parse_result ready;	/* SLOT_READY: told without a child */
};

struct parse_pool {
	char *self_path, *profiles_dir;
	struct parse_pool_options o;
	struct sandbox_report sandbox;
	struct slot slot[PARSE_CHILDREN_MAX];
	unsigned n;
};

void parse_result_release(struct parse_result *r)
{
	if (r)
		buf_release(&r->jsonl);
}

/* weakest - a report of all children says what all of them have */
static void weakest(struct sandbox_report *all, const struct sandbox_report *r)
{
	all->no_new_privs &= r->no_new_privs;
	all->rlimits &= r->rlimits;
	all->memory_limit &= r->memory_limit;
	all->seccomp &= r->seccomp;
	if (r->landlock_abi < all->landlock_abi)
		all->landlock_abi = r->landlock_abi;
}

static int hello(struct parse_pool *p, struct slot *s, struct err *e)
{
	struct sandbox_report rep;
	struct bytes msg;
	uint8_t type;
	int r = child_wait(s->child, START_MS, &type, &msg, e);

	if (r)
		return r;
	if (type == 'S' && !sandbox_report_get(msg, &rep)) {
		weakest(&p->sandbox, &rep);
		return 0;
	}
	if (type == 'E' && utf8_valid(msg))
		return err_set(e, ERR_USAGE, "a parse child cannot start: "
			       "%.*s", (int)(msg.len < 300 ? msg.len : 300),
			       (const char *)msg.p);
	return err_set(e, ERR_CHILD, "a parse child spoke out of turn");
}

static int start(struct parse_pool *p, struct slot *s, struct err *e)
{
	const char *argv[] = { "scelle", "--child", "parse", p->profiles_dir,
			       NULL };
	struct child_spec spec = {
		.path = p->self_path, .argv = argv, .log_fd = p->o.log_fd,
		.max_in = ANSWER_MAX, .max_queue = QUEUE_MAX,
	};
	char how[CHILD_HOW_MAX];
	int r = child_start(&spec, &s->child, e);

	if (r)
		return r;
	s->pages = 0;
	r = hello(p, s, e);
	if (!r)
		return 0;
	child_close(s->child, r == ERR_TIMEOUT ? 0 : 1000, how);
	s->child = NULL;
	if (r == ERR_CHILD)
		err_set(e, r, "a parse child %s before it was ready", how);
	return r == ERR_USAGE ? ERR_CHILD : r;
}

static void stop(struct slot *s)
{
	child_close(s->child, LEAVE_MS, NULL);
	s->child = NULL;
}

int parse_pool_new(const struct parse_pool_options *o, struct parse_pool **out,
		   struct err *e)
{
	struct parse_pool *p;
	int r = 0;

	if (o->children < 1 || o->children > PARSE_CHILDREN_MAX)
		return err_set(e, ERR_RANGE, "parse children: 1 to %d",
			       PARSE_CHILDREN_MAX);
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "out of memory");
	p->o = *o;
	p->n = o->children;
	p->sandbox = (struct sandbox_report){ 1, 1, 1, UINT8_MAX, 1 };
	p->self_path = strdup(o->self_path);
	p->profiles_dir = strdup(o->profiles_dir);
	if (!p->self_path || !p->profiles_dir)
		r = err_set(e, ERR_NOMEM, "out of memory");
	if (!r)
		r = boxes_hold(p->self_path, e);
	for (unsigned i = 0; !r && i < p->n; i++)
		r = start(p, &p->slot[i], e);
	if (!r) {
		*out = p;
		p = NULL;
	}
	parse_pool_free(p);
	return r;
}

void parse_pool_free(struct parse_pool *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		if (p->slot[i].state == SLOT_BUSY)
			child_kill(p->slot[i].child);
		stop(&p->slot[i]);
		parse_result_release(&p->slot[i].ready);
		free(p->slot[i].url);
	}
	free(p->self_path);
	free(p->profiles_dir);
	free(p);
}

const struct sandbox_report *parse_pool_sandbox(const struct parse_pool *p)
{
	return &p->sandbox;
}

unsigned parse_pool_idle(const struct parse_pool *p)
{
	return p->n - parse_pool_busy(p);
}

unsigned parse_pool_busy(const struct parse_pool *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++)
		n += p->slot[i].state != SLOT_IDLE;
	return n;
}

/* failed - the result of a page that no child can tell about any more */
static void failed(struct parse_pool *p, struct slot *s, const char *code,
		   const char *text, int died, struct parse_result *out)
{
	struct parse_request q = { .url = bytes_str(s->url) };

	*out = (struct parse_result)PARSE_RESULT_INIT;
	out->id = s->id;
	out->died = died;
	snprintf(out->finding, sizeof(out->finding), "%s", text);
	parse_failed(p->o.profiles, &q, code, text, &out->jsonl);
}

static int send_page(struct parse_pool *p, struct slot *s,
		     const struct parse_page *page, struct err *e)
{
	struct buf fields = BUF_INIT(2u << 20);
	struct bytes pieces[2];
	int r;

	wire_put_u64(&fields, page->id);
	wire_put_str(&fields, page->url);
	wire_put_bytes(&fields, page->head);
	wire_put_u32(&fields, (uint32_t)page->body.len);
	pieces[0] = buf_view(&fields);
	pieces[1] = page->body;
	r = fields.failed;
	if (!r && p->o.cpu_ms)
		r = child_cpu_limit(s->child, p->o.cpu_ms, e);
	if (!r)
		r = child_send(s->child, 'P', pieces, 2, e);
	buf_release(&fields);
	return r;
}

int parse_pool_submit(struct parse_pool *p, const struct parse_page *page,
		      struct err *e)
{
	struct slot *s = NULL;
	struct bytes msg;
	uint8_t type;
	int r = 0;

	for (unsigned i = 0; i < p->n && !s; i++) {
		if (p->slot[i].state == SLOT_IDLE)
			s = &p->slot[i];
	}
	if (!s)
		return err_set(e, ERR_BUSY, "all parse children are at work");
	free(s->url);
	s->url = strdup(page->url);
	if (!s->url)
		return err_set(e, ERR_NOMEM, "out of memory");
	s->id = page->id;
	if (page->body.len > PARSE_RAW_MAX || page->head.len > (1u << 20)) {
		failed(p, s, FINDING_LIMIT, "body longer than 8 MiB before "
		       "decoding", 0, &s->ready);
		s->state = SLOT_READY;
		return 0;
	}
	/* An idle child has nothing to say: whatever it says ends it. */
	if (s->child && child_receive(s->child, &type, &msg, NULL) != 1)
		stop(s);
	for (int tries = 0; tries < 2; tries++) {
		r = s->child ? 0 : start(p, s, e);
		if (!r)
			r = send_page(p, s, page, e);
		if (r != ERR_CHILD)
			break;
		stop(s);
	}
	if (r)
		return r;
	s->state = SLOT_BUSY;
	s->deadline = clock_boot_ms() + p->o.wall_ms;
	return 0;
}

unsigned parse_pool_fds(const struct parse_pool *p,
			struct pollfd out[static PARSE_CHILDREN_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->slot[i].state != SLOT_BUSY)
			continue;
		out[n++] = (struct pollfd){ child_fd(p->slot[i].child),
			child_events(p->slot[i].child), 0 };
	}
	return n;
}

int64_t parse_pool_deadline(const struct parse_pool *p)
{
	int64_t first = INT64_MAX;

	for (unsigned i = 0; i < p->n; i++) {
		const struct slot *s = &p->slot[i];

		if (s->state == SLOT_READY)
			return 0;
		if (s->state == SLOT_BUSY && s->deadline < first)
			first = s->deadline;
	}
	return first;
}

/* lines_sound - every byte a line that ends, nothing but UTF-8 */
static int lines_sound(struct bytes b)
{
	return b.len && b.p[0] == '{' && b.p[b.len - 1] == '\n' &&
	       utf8_valid(b);
}

static int take(struct slot *s, uint8_t type, struct bytes msg,
		struct parse_result *out)
{
	struct wire in = { msg, type != 'A' };
	uint64_t id = wire_u64(&in);

	*out = (struct parse_result)PARSE_RESULT_INIT;
	out->decoded = wire_u64(&in);
	wire_text(&in, out->finding, sizeof(out->finding));
	if (in.bad || id != s->id || out->decoded > PARSE_DECODED_MAX ||
	    !lines_sound(in.rest))
		return ERR_FORMAT;
	out->id = id;
	return buf_addb(&out->jsonl, in.rest);
}

/* obituary - which limit a child met */
static const char *obituary(int status, const char **code)
{
	*code = FINDING_LIMIT;
	if (status != -1 && WIFSIGNALED(status)) {
		if (WTERMSIG(status) == SIGXCPU)
			return "processor time";
		if (WTERMSIG(status) == SIGKILL)
			return "memory of the machine";
	}
	if (status != -1 && WIFEXITED(status) &&
	    WEXITSTATUS(status) == HTML_EXIT_MEMORY)
		return "memory";
	*code = FINDING_PARSER_DIED;
	return NULL;
}

static void bury(struct parse_pool *p, struct slot *s, const char *cause,
		 struct parse_result *out)
{
	char how[CHILD_HOW_MAX], text[CHILD_HOW_MAX + 32];
	const char *code = FINDING_LIMIT, *limit = cause;
	int status;

	if (cause)
		child_kill(s->child);
	status = child_close(s->child, LEAVE_MS, how);
	s->child = NULL;
	if (!limit)
		limit = obituary(status, &code);
	if (limit)
		snprintf(text, sizeof(text), "parser died: limit %s", limit);
	else
		snprintf(text, sizeof(text), "parser died: %s", how);
	failed(p, s, code, text, 1, out);
}

/* lied - it said something it had no business saying */
static void lied(struct parse_pool *p, struct slot *s,
		 struct parse_result *out)
{
	child_kill(s->child);
	stop(s);
	failed(p, s, FINDING_PARSER_DIED, "parser died: it spoke out of turn",
	       1, out);
}

/* retire - a child that has lived long enough, or grown */
static void retire(struct parse_pool *p, struct slot *s)
{
	s->pages++;
	if ((p->o.max_pages && s->pages >= p->o.max_pages) ||
	    (s->pages % PARSE_RSS_PAGES == 0 &&
	     child_rss(s->child) > PARSE_RSS_MAX))
		stop(s);
}

/* serve - one slot; 0 a result, 1 none now */
static int serve(struct parse_pool *p, struct slot *s, struct parse_result *out)
{
	struct bytes msg;
	uint8_t type;
	int r;

	if (s->state == SLOT_READY) {
		*out = s->ready;
		memset(&s->ready, 0, sizeof(s->ready));
		s->state = SLOT_IDLE;
		return 0;
	}
	r = child_flush(s->child, NULL);
	if (r >= 0)
		r = child_receive(s->child, &type, &msg, NULL);
	if (r == 1 && clock_boot_ms() < s->deadline)
		return 1;
	s->state = SLOT_IDLE;
	if (r == 1) {
		bury(p, s, "time", out);
	} else if (r == ERR_CHILD) {
		bury(p, s, NULL, out);
	} else if (r || take(s, type, msg, out)) {
		if (!r)
			parse_result_release(out);
		lied(p, s, out);
	} else {
		retire(p, s);
	}
	return 0;
}

int parse_pool_poll(struct parse_pool *p, struct parse_result *out)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->slot[i].state != SLOT_IDLE &&
		    serve(p, &p->slot[i], out) == 0)
			return 0;
	}
	return 1;
}

int parse_pool_wait(struct parse_pool *p, struct parse_result *out)
{
	struct pollfd fds[PARSE_CHILDREN_MAX];

	while (parse_pool_busy(p)) {
		int64_t left = parse_pool_deadline(p) - clock_boot_ms();
		unsigned n = parse_pool_fds(p, fds);

		if (parse_pool_poll(p, out) == 0)
			return 0;
		left = left < 0 ? 0 : left > 1000 ? 1000 : left + 1;
		if (poll(fds, n, (int)left) < 0 && errno != EINTR)
			break;
	}
	return 1;
}
