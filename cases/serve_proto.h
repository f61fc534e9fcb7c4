/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a client and the custody service say to each other over the socket.
 *
 * A message: u32 big-endian length (of what follows), a type byte, bytes; see
 * message_read(), message_write().  Each type has a cap, and each message is
 * permitted only in its turn: one state machine, run by both sides over what
 * they send and what they receive.  Anything else ends the connection.
 * The conversation is written down in docs/custody-service.md.
 */
#ifndef CASES_SERVE_PROTO_H
#define CASES_SERVE_PROTO_H

#include "util/buf.h"
#include "util/err.h"

#define SERVE_VERSION 1
#define SERVE_SOCKET "/run/scelle/scelle.sock"
#define SERVE_NONCE 32
#define SERVE_CHUNK ((size_t)64 << 10)	/* bytes of output or file in one */
#define SERVE_FRAME_MAX (((size_t)1 << 20) + 4096)
#define SERVE_ARGS_MAX 256
#define SERVE_ARG_MAX 65536		/* bytes of one word */
#define SERVE_FILES_MAX 8
#define SERVE_LOGIN_MS 60000		/* a challenge lives so long */

enum serve_type {
	/* from the service */
	SERVE_HELLO = 'H',	/* version, locked, uid, nonce, expiry, log */
	SERVE_WELCOME = 'W',	/* who is logged in */
	SERVE_OUT = 'O',	/* u8 descriptor (1, 2), bytes */
	SERVE_SIGN = 'S',	/* a note's text: sign it */
	SERVE_OPEN = 'D',	/* an age file to the user: open it */
	SERVE_PASS = 'P',	/* u8 confirm, prompt: ask for a passphrase */
	SERVE_FILE = 'F',	/* u8 number, u8 last, bytes of a file to write */
	SERVE_RECEIPT = 'R',	/* u64 leaf, head hash 4, a receipt to keep */
	SERVE_EXIT = 'X',	/* u8 status: the command is done */
	SERVE_ERROR = 'E',	/* u8 code (negated), text; then the end */
	/* from the client */
	SERVE_LOGIN = 'l',	/* a signed note of kind login */
	SERVE_STATUS = 'q',	/* locked or not? without logging in */
	SERVE_RUN = 'r',	/* a command */
	SERVE_UPLOAD = 'u',	/* u8 number, u8 last, bytes of a file to read */
	SERVE_SIGNED = 's',	/* the signature line */
	SERVE_OPENED = 'd',	/* what was in it */
	SERVE_PASSED = 'p',	/* the passphrase */
	SERVE_REFUSE = 'n',	/* text: the client will not */
};

/* Whose turn it is. */
enum serve_state {
	SERVE_AT_START,		/* service: hello */
	SERVE_AT_LOGIN,		/* client: login or status */
	SERVE_AT_CHECK,		/* service: welcome */
	SERVE_AT_REST,		/* client: run */
	SERVE_AT_LOAD,		/* client: the files it announced */
	SERVE_AT_WORK,		/* service: output, questions, exit */
	SERVE_AT_SIGN,		/* client: signed */
	SERVE_AT_OPEN,		/* client: opened */
	SERVE_AT_PASS,		/* client: the passphrase */
	SERVE_AT_END,		/* nobody */
};

struct serve_turn {
	enum serve_state at;
	int logged_in;
	unsigned load;		/* number of the next file, below loads */
	unsigned loads;
	uint64_t loaded;	/* bytes of all files so far */
};
#define SERVE_LOAD_MAX ((uint64_t)512 << 20)

/*
 * serve_turn - may this message come now?  Then the turn passes on.
 *   service  1: the service sends it, 0: the client does
 *   msg      its bytes without the type; of a run the number of files to come
 *            is read, of an upload number and last
 * Returns 0, ERR_LIMIT (longer than its type may be), or ERR_FORMAT (out of
 * turn, unknown, or malformed where the turn depends on it); the state is then
 * SERVE_AT_END.
 */
int serve_turn(struct serve_turn *t, int service, uint8_t type,
	       struct bytes msg, struct err *e);

/* serve_cap - bytes a message of this type may have; 0: no such type */
size_t serve_cap(uint8_t type);

/* --- the bytes of a message ------------------------------------------------- */

/* struct serve_in - reads a message from its beginning; bad once, always bad */
struct serve_in {
	struct bytes left;
	int bad;
};
#define SERVE_IN(msg) { (msg), 0 }

uint8_t serve_u8(struct serve_in *in);
uint32_t serve_u32(struct serve_in *in);
uint64_t serve_u64(struct serve_in *in);
/* serve_take - exactly n bytes; serve_blob - u32 length, at most max bytes */
struct bytes serve_take(struct serve_in *in, size_t n);
struct bytes serve_blob(struct serve_in *in, size_t max);
/* serve_text - serve_blob() that is UTF-8 without NUL; copied, with its NUL,
 * into out of room bytes; longer is bad */
void serve_text(struct serve_in *in, char *out, size_t room);
/* serve_end - 0 when all was there and nothing is left; else ERR_FORMAT */
int serve_end(const struct serve_in *in, struct err *e);

void serve_put_u8(struct buf *b, unsigned v);
void serve_put_u32(struct buf *b, uint32_t v);
void serve_put_u64(struct buf *b, uint64_t v);
void serve_put_blob(struct buf *b, struct bytes v);
void serve_put_text(struct buf *b, const char *s);	/* NULL: empty */

/* --- hello and run ---------------------------------------------------------- */

struct serve_hello {
	unsigned version;
	int locked;
	uint32_t uid;			/* the client's, as the kernel says */
	uint8_t nonce[SERVE_NONCE];
	int64_t expires_ms;
	char log[256];			/* verifier key of the log */
};
int serve_hello_get(struct bytes msg, struct serve_hello *h, struct err *e);
void serve_hello_put(const struct serve_hello *h, struct buf *out);

struct serve_file {
	unsigned arg;			/* which word names it */
	int out;			/* 1: the command writes it */
};

struct serve_run {
	int json, quiet;
	unsigned columns;
	char locale[64];
	char from[128];			/* where the client says it is */
	unsigned argc, nfiles, nloads;
	char **argv;			/* argc words, then NULL; free(argv) */
	struct serve_file files[SERVE_FILES_MAX];
};

/*
 * serve_run_get - read a command; argv is one allocation, free() it
 * Returns 0, ERR_FORMAT, ERR_LIMIT or ERR_NOMEM.
 */
int serve_run_get(struct bytes msg, struct serve_run *run, struct err *e);
void serve_run_put(const struct serve_run *run, struct buf *out);

/*
 * serve_login_text - the text a client signs to log in, appended to out
 *   log    verifier key of the log
 */
int serve_login_text(const char *log, const char *user, uint32_t uid,
		     const uint8_t nonce[static SERVE_NONCE],
		     int64_t expires_ms, struct buf *out);

#endif
