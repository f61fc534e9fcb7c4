/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper's side: what comes back is hostile until it is checked. */
#include "crawler/fetchchild.h"

#include "crawler/boxchild.h"
#include "crawler/fetch.h"
#include "crawler/fetchchild_proto.h"
#include "crawler/lab.h"
#include "util/child.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define START_MS 20000		/* until a new child is locked in */
#define RESOLVE_MS 30000	/* two questions, all tries */
#define GRACE_MS 10000		/* beyond the limits it was given */
#define LEAVE_MS 200
#define DNS_DEPTH 8

/* struct mark - which version of a file a child has read */
struct mark {
	dev_t dev;
	ino_t ino;
	struct timespec mtime;
};

struct fetch_child {
	char *self_path, *lab_path;
	int log_fd;
	struct child *child;
	struct sandbox_report sandbox;
	struct mark marks[2];
	char *ca;		/* in force, for its mark */
	/* the request that runs */
	int busy;
	int cancelled;
	char stage;		/* type of the last piece, for the order */
	enum fetch_phase phase;
	struct exchange x;
	struct fetch_limits limits;
	int64_t sent_ms, sent_boot_ms, deadline;
	char why[160];
};

static void mark_file(const char *path, struct mark *m)
{
	struct stat st;

	memset(m, 0, sizeof(*m));
	if (path && !stat(path, &st)) {
		m->dev = st.st_dev;
		m->ino = st.st_ino;
		m->mtime = st.st_mtim;
	}
}

static void mark_all(const struct fetch_child *f, struct mark m[static 2])
{
	mark_file("/etc/resolv.conf", &m[0]);
	mark_file(f->ca, &m[1]);
}

static int same_mark(const struct mark *a, const struct mark *b)
{
	return a->dev == b->dev && a->ino == b->ino &&
	       a->mtime.tv_sec == b->mtime.tv_sec &&
	       a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* hello - wait for a new child's first words */
static int hello(struct fetch_child *f, struct err *e)
{
	struct bytes msg;
	uint8_t type;
	int r = child_wait(f->child, START_MS, &type, &msg, e);

	if (r)
		return r;
	if (type == 'S' && !sandbox_report_get(msg, &f->sandbox))
		return 0;
	if (type == 'E' && utf8_valid(msg))
		return err_set(e, ERR_CHILD, "the fetch child cannot start: "
			       "%.*s", (int)(msg.len < 300 ? msg.len : 300),
			       (const char *)msg.p);
	return err_set(e, ERR_CHILD, "the fetch child spoke out of turn");
}

static int start(struct fetch_child *f, struct err *e)
{
	const char *argv[] = { "scelle", "--child", "fetch", f->lab_path,
			       NULL };
	struct child_spec spec = {
		.path = f->self_path, .argv = argv, .log_fd = f->log_fd,
		.max_in = FETCH_ANSWER_MAX, .max_queue = 2 * FETCH_REQUEST_MAX,
	};
	char how[CHILD_HOW_MAX];
	int r;

	child_close(f->child, LEAVE_MS, NULL);
	f->child = NULL;
	mark_all(f, f->marks);
	r = child_start(&spec, &f->child, e);
	if (r)
		return r;
	r = hello(f, e);
	if (!r)
		return 0;
	child_close(f->child, r == ERR_TIMEOUT ? 0 : 1000, how);
	f->child = NULL;
	if (r == ERR_CHILD && e && !strncmp(e->text, "a child", 7))
		err_set(e, r, "the fetch child %s", how);
	return r;
}

/* authorities - the CA file in force, so that its changes are seen */
static int authorities(struct fetch_child *f, struct err *e)
{
	struct lab *lab = NULL;
	int r = f->lab_path ? lab_load(f->lab_path, &lab, e) : 0;

	if (!r && fetch_ca(lab)) {
		f->ca = strdup(fetch_ca(lab));
		r = f->ca ? 0 : err_set(e, ERR_NOMEM, "out of memory");
	}
	lab_free(lab);
	return r;
}

int fetch_child_start(const struct fetch_child_options *o,
		      struct fetch_child **out, struct err *e)
{
	struct fetch_child *f = calloc(1, sizeof(*f));
	int r = 0;

	if (!f)
		return err_set(e, ERR_NOMEM, "out of memory");
	f->log_fd = o->log_fd;
	f->deadline = INT64_MAX;
	f->self_path = strdup(o->self_path);
	if (o->lab_path)
		f->lab_path = strdup(o->lab_path);
	if (!f->self_path || (o->lab_path && !f->lab_path))
		r = err_set(e, ERR_NOMEM, "out of memory");
	if (!r)
		r = authorities(f, e);
	if (!r)
		r = boxes_hold(f->self_path, e);
	if (!r)
		r = start(f, e);
	if (!r) {
		*out = f;
		f = NULL;
	}
	fetch_child_close(f);
	return r;
}

void fetch_child_close(struct fetch_child *f)
{
	if (!f)
		return;
	if (f->busy)
		child_kill(f->child);
	child_close(f->child, LEAVE_MS, NULL);
	exchange_release(&f->x);
	free(f->self_path);
	free(f->lab_path);
	free(f->ca);
	free(f);
}

int fetch_child_fd(const struct fetch_child *f)
{
	return f->child ? child_fd(f->child) : -1;
}

short fetch_child_events(const struct fetch_child *f)
{
	return f->child ? child_events(f->child) : 0;
}

int64_t fetch_child_deadline(const struct fetch_child *f)
{
	return f->deadline;
}

const struct sandbox_report *fetch_child_sandbox(const struct fetch_child *f)
{
	return &f->sandbox;
}

int fetch_child_busy(const struct fetch_child *f)
{
	return f->busy;
}

/* ready - a living child that knows the present configuration */
static int ready(struct fetch_child *f, struct err *e)
{
	struct mark now[2];
	struct bytes msg;
	uint8_t type;

	mark_all(f, now);
	/* An idle child has nothing to say: whatever it says ends it. */
	if (f->child && same_mark(&now[0], &f->marks[0]) &&
	    same_mark(&now[1], &f->marks[1]) &&
	    child_receive(f->child, &type, &msg, NULL) == 1)
		return 0;
	return start(f, e);
}

int fetch_child_submit(struct fetch_child *f, const struct fetch_request *rq,
		       struct err *e)
{
	struct buf msg = BUF_INIT(FETCH_REQUEST_MAX - 1);
	struct bytes piece;
	int r;

	if (f->busy)
		return err_set(e, ERR_BUSY, "a request is running already");
	exchange_init(&f->x);
	f->x.url = strdup(rq->url);
	fetch_put_request(&msg, rq);
	if (!f->x.url || msg.failed) {
		r = err_set(e, f->x.url ? msg.failed : ERR_NOMEM,
			    "cannot prepare a request");
		goto out;
	}
	r = ready(f, e);
	if (r)
		goto out;
	piece = buf_view(&msg);
	f->limits = rq->limits;
	f->sent_ms = clock_wall_ms();
	f->sent_boot_ms = clock_boot_ms();
	r = child_send(f->child, 'F', &piece, 1, e);
	if (r)
		goto out;
	f->busy = 1;
	f->cancelled = 0;
	f->stage = 0;
	f->phase = FETCH_RESOLVE;
	f->deadline = f->sent_boot_ms + rq->limits.total_ms + RESOLVE_MS +
		      3 * (int64_t)rq->limits.connect_ms + GRACE_MS;
out:
	if (r)
		exchange_release(&f->x);
	buf_release(&msg);
	return r;
}

/* --- one answer ---------------------------------------------------------- */

static int dns_sound(struct bytes msg)
{
	json_t *j = NULL;
	int r = json_read(msg, FETCH_ANSWER_MAX, DNS_DEPTH, &j, NULL);

	if (!r && !json_is_array(j))
		r = ERR_FORMAT;
	json_decref(j);
	return r;
}

/* times - the child's are kept where they can be true */
static void times(struct fetch_child *f, struct exchange *x)
{
	int64_t now = clock_boot_ms();

	if (x->start_boot_ms < f->sent_boot_ms || x->start_boot_ms > now ||
	    x->end_boot_ms < x->start_boot_ms || x->end_boot_ms > now) {
		x->start_boot_ms = f->sent_boot_ms;
		x->end_boot_ms = now;
		x->start_ms = f->sent_ms;
		x->end_ms = clock_wall_ms();
	}
}

static int add_piece(struct buf *b, struct bytes msg, uint64_t limit)
{
	if (msg.len > limit || b->len > limit - msg.len)
		return ERR_LIMIT;
	return buf_addb(b, msg);
}

/* take - one message; 0 the exchange is whole, 1 go on, ERR_* */
static int take(struct fetch_child *f, uint8_t type, struct bytes msg)
{
	static const char order[] = "RHBCDX";
	const char *now = strchr(order, type), *then;
	struct exchange *x = &f->x;
	int r;

	if (type == 'P') {
		if (f->stage || msg.len != 1 || msg.p[0] > FETCH_BODY)
			return ERR_FORMAT;
		if (msg.p[0] != FETCH_DONE)
			f->phase = (enum fetch_phase)msg.p[0];
		return 1;
	}
	then = f->stage ? strchr(order, f->stage) : order;
	if (!type || !now || now < then ||
	    (now == then && f->stage && type != 'R' && type != 'H' &&
	     type != 'B'))
		return ERR_FORMAT;
	f->stage = (char)type;
	switch (type) {
	case 'R':
		r = buf_addb(&x->request, msg);
		break;
	case 'H':
		r = add_piece(&x->head, msg, f->limits.max_head);
		break;
	case 'B':
		r = add_piece(&x->body, msg, f->limits.max_body);
		break;
	case 'C':
		r = buf_addb(&x->chain_pem, msg);
		break;
	case 'D':
		r = dns_sound(msg);
		if (!r)
			r = buf_addb(&x->dns_json, msg);
		break;
	default:
		r = fetch_get_rest(msg, x);
		if (!r)
			times(f, x);
		return r;
	}
	return r ? r : 1;
}

static void hand_over(struct fetch_child *f, struct exchange *x)
{
	*x = f->x;
	memset(&f->x, 0, sizeof(f->x));
	f->busy = 0;
	f->deadline = INT64_MAX;
}

/* died - the exchange of a child that is gone, or has to go */
static void died(struct fetch_child *f, const char *cause)
{
	struct exchange *x = &f->x;
	char how[CHILD_HOW_MAX];

	if (cause)
		child_kill(f->child);
	child_close(f->child, LEAVE_MS, how);
	f->child = NULL;
	x->start_ms = f->sent_ms;
	x->start_boot_ms = f->sent_boot_ms;
	x->end_ms = clock_wall_ms();
	x->end_boot_ms = clock_boot_ms();
	x->phase = f->phase;
	x->truncated = x->head.len ? TRUNC_UNSPECIFIED : TRUNC_NO;
	x->lab = f->lab_path != NULL;
	snprintf(x->error, sizeof(x->error), "%s%s", cause ? cause
		 : "the fetch child ", cause ? "" : how);
}

int fetch_child_poll(struct fetch_child *f, struct exchange *x)
{
	struct bytes msg;
	uint8_t type;
	int r;

	if (!f->busy)
		return 1;
	if (f->cancelled) {
		died(f, f->why);
		hand_over(f, x);
		return 0;
	}
	for (;;) {
		r = child_flush(f->child, NULL);
		if (r >= 0)
			r = child_receive(f->child, &type, &msg, NULL);
		if (r)
			break;
		r = take(f, type, msg);
		if (r == 0) {
			hand_over(f, x);
			return 0;
		}
		if (r < 0)
			break;
	}
	if (r == 1 && clock_boot_ms() < f->deadline)
		return 1;
	if (r == 1) {
		died(f, "the fetch child did not answer in time");
		f->x.truncated = f->x.head.len ? TRUNC_TIME : TRUNC_NO;
	} else if (r == ERR_CHILD) {
		died(f, NULL);
	} else {
		died(f, "the fetch child spoke out of turn");
	}
	hand_over(f, x);
	return 0;
}

void fetch_child_cancel(struct fetch_child *f, const char *why)
{
	if (!f->busy)
		return;
	snprintf(f->why, sizeof(f->why), "%s", why);
	f->cancelled = 1;
	f->deadline = 0;
	child_kill(f->child);
}
