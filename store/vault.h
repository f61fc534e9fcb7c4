/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The vault: one directory that holds a unit's evidence.
 *
 * It knows bytes, kinds and positions, never URLs or pages.  What is on disk is
 * written down in docs/store-format.md; this header is how the floors above
 * write to it and read from it.
 *
 * A vault has one append-only log (leaves, signed heads), kept in one or more
 * shards, and any number of streams.  A stream is a directory with packs/ (sealed objects) and keys/
 * (slots that open them); everything in it is sealed to one X25519 public key
 * (the unit's for admin, the month's for audit, the case's for a case).  Each
 * item of a stream is one leaf of the log: a statement (object 0) and its blobs
 * (objects 1..n), numbered by case_seq from 0 without a gap.
 *
 * Invariants
 *  (1) A head is signed only over leaves that are durable, whose objects and
 *      slots are durable.
 *  (2) After any failed write or sync the vault accepts no further write.
 *  (3) Bytes behind the last signed head are cut to torn/ at the next open for
 *      writing, and a recovery leaf says so.
 */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include "store/leaf.h"
#include "util/buf.h"
#include "util/err.h"

struct vault;
struct stream;
struct batch;

#define VAULT_NAME_MAX 96		/* origin, shard, stream directory */
#define VAULT_OBJECT_MAX (512u << 20)	/* plain bytes of one object */
#define VAULT_BLOBS_MAX 64		/* blobs of one item */
#define VAULT_STAGED ".next"		/* behind the name of a file to come */
#define VAULT_TORN_NAMES 48		/* torn files one recovery tells of */

/*
 * vault_create - make an empty vault
 *   path      must not exist, or be an empty directory
 *   shard     log directory name, "<unit>-<year>": a-z 0-9 and '-'
 *   origin    first line of every head, e.g. "scelle/piej-demo-2026"
 *   log_seed  Ed25519 seed of the key that signs heads, borrowed
 *   lab       1: made for tests and demos; every leaf will say so, for ever
 *   now_ms    wall clock
 * The log is empty and has a signed head of size 0.
 * Returns 0, ERR_EXIST, ERR_RANGE or ERR_IO.
 */
int vault_create(const char *path, const char *shard, const char *origin,
		 const uint8_t log_seed[static 32], int lab, int64_t now_ms,
		 struct err *e);

enum vault_mode { VAULT_READ, VAULT_WRITE };

/*
 * vault_open - open an existing vault
 *   log_seed  needed for VAULT_WRITE (may be NULL for VAULT_READ)
 * VAULT_READ takes no lock and sees the log up to its last signed head.
 * VAULT_WRITE takes the lock and recovers what a crash left (invariant 3);
 * vault_recovered() then tells what was done, and the floor above writes the
 * recovery leaf (kind LEAF_RECOVERY) into the admin stream, with the torn files
 * (log/<shard>/torn/<name>) as externals: until then they are told again.
 * Returns 0, ERR_NOENT, ERR_BUSY, ERR_VERSION, ERR_DAMAGED, ERR_AUTH (the seed
 * is not this log's) or ERR_IO.
 */
int vault_open(const char *path, enum vault_mode mode, const uint8_t *log_seed,
	       struct vault **out, struct err *e);
/* vault_stop - no more writes; the next open for writing recovers first */
void vault_stop(struct vault *v);
void vault_close(struct vault *v);	/* NULL allowed; its streams die too */

/*
 * Shards.  The log is one tree from its first leaf to its last; its segments
 * and heads lie in one directory a shard, and each shard signs its heads under
 * an origin of its own.  A shard takes over where the one before ended: its
 * first head signs the very tree the last head before signed, so that a
 * consistency proof leads from any head to any later one, across shards.
 * Streams and log positions count on.  The chain of shards stands in FORMAT,
 * signed; the first statement of a shard says it again inside the log.
 *
 * Invariants
 *  (1) no two shards have the same name or origin; all have the same Ed25519
 *      key, named after the origin
 *  (2) a shard begins at the size at which the one before ended, and that size
 *      was signed under both origins with one root
 *  (3) a shard that follows a restore has an origin nobody can have used before
 *      (it holds random digits): what the lost log signed beyond is never
 *      signed twice
 */
enum vault_why {
	VAULT_FIRST,		/* the vault was made */
	VAULT_YEAR,		/* the first write of a year, UTC */
	VAULT_HAND,		/* somebody asked for it */
	VAULT_RESTORE,		/* the vault was restored from a backup */
};

#define VAULT_SHARDS_MAX 128
#define VAULT_VKEY_MAX 256	/* bytes of a verifier key's text */

struct vault_shard {
	char name[VAULT_NAME_MAX + 1];		/* directory below log/ */
	char origin[VAULT_NAME_MAX + 1];
	char vkey[VAULT_VKEY_MAX];		/* verifier key, text */
	int64_t created_ms;
	uint64_t first;		/* log position of its first leaf: the size the
				   shard before ended with */
	uint8_t root[32];	/* of the tree of that size */
	enum vault_why why;
	uint64_t known;		/* after a restore: the largest size somebody
				   showed a head of; 0: none was known */
};

/* vault_shards - how many; vault_shard_at - the i-th, from 0; borrowed until
 * the next vault_shard_new() */
unsigned vault_shards(const struct vault *v);
const struct vault_shard *vault_shard_at(const struct vault *v, unsigned i);
/* vault_why_name - "first", "year", "hand", "restore" */
const char *vault_why_name(enum vault_why why);
/* vault_shard_find - the shard of an origin, or NULL */
const struct vault_shard *vault_shard_find(const struct vault *v,
					   struct bytes origin);

/*
 * vault_shard_new - begin a shard
 *   name, origin   not used before; as for vault_create()
 *   known          see struct vault_shard; 0 unless why is VAULT_RESTORE
 * The floor above then writes the shard's first statement, with FORMAT as an
 * external: until then verify calls the vault unfinished.
 * Returns 0, ERR_RANGE, ERR_EXIST, ERR_BUSY (a batch is in progress),
 * ERR_LIMIT (VAULT_SHARDS_MAX) or ERR_IO (then the vault is dead).
 */
int vault_shard_new(struct vault *v, enum vault_why why, const char *name,
		    const char *origin, uint64_t known, int64_t now_ms,
		    struct err *e);

/* vault_shared - 1 for one opened by vault_share(): it begins no shards */
int vault_shared(const struct vault *v);

/* vault_writes - 1 when it is open for writing, alone or shared */
int vault_writes(const struct vault *v);
const char *vault_path(const struct vault *v);
/* vault_origin, vault_shard - of the last shard */
const char *vault_origin(const struct vault *v);
const char *vault_shard(const struct vault *v);
int vault_lab(const struct vault *v);	/* 1: a lab vault, see vault_create() */
uint64_t vault_size(const struct vault *v);	/* leaves under the last head */
int vault_leaf(const struct vault *v, uint64_t seq, struct leaf *out);
/* vault_head - the last head, a signed note; borrowed until the next commit */
struct bytes vault_head(const struct vault *v);
/* vault_vkey - verifier key text of the last shard, from the vault's FORMAT */
const char *vault_vkey(const struct vault *v);

/*
 * vault_refresh - see what another process of this vault's owner has committed
 * since it was opened, or since the last refresh
 *   changed  out, may be NULL: 1 when there was something
 * Reading: up to the newest signed head.  Writing: only while no batch is in
 * progress, and when who held the turn in between has left it; bytes behind the
 * last head are then ERR_DAMAGED (close, and open anew: that recovers).
 * stream_refresh - the same for one stream, behind a vault_refresh(); an
 * unlocked one has then more items than open slots: stream_unlock() again
 * stream_forget - close one stream; its pointer is gone
 */
int vault_refresh(struct vault *v, int *changed, struct err *e);
int stream_refresh(struct stream *s, struct err *e);
void stream_forget(struct stream *s);

/*
 * vault_share - open for writing what another process of the owner has open: no
 * lock is taken and nothing is recovered.  Before each batch take() is asked for
 * the turn, and behind it (committed or not) give() gives it back.
 *   take   NULL: the caller holds the turn all the time
 */
int vault_share(const char *path, const uint8_t *log_seed,
		int (*take)(void *arg, struct err *e),
		void (*give)(void *arg, int failed), void *arg,
		struct vault **out, struct err *e);

/*
 * vault_publish - write the last head to log/<shard>/heads/<size>.note, once;
 * a head that is there already is fine
 */
int vault_publish(struct vault *v, struct err *e);

/* What recovery did, for the recovery statement; all zero when nothing. */
struct vault_recovery {
	uint64_t torn_bytes;	/* in torn/, told by no leaf yet */
	uint32_t torn_files;	/* files there, named <sha256 hex>.torn */
	uint64_t adopted;	/* durable leaves found behind the last head, kept */
	uint64_t orphan_objects;/* pack frames without a leaf, moved to torn/ */
	char names[VAULT_TORN_NAMES][72];	/* the first torn file names */
};
const struct vault_recovery *vault_recovered(const struct vault *v);

/*
 * stream_create, stream_open - a stream below the vault
 *   dir      relative path: "admin", "audit/2026-11", "cases/<16 hex>"
 *   pub      X25519 public key everything in it is sealed to
 *   tag_key  numbers this stream's leaves, see leaf_tag()
 * The vault owns the stream.  stream_open() continues the numbering.
 */
int stream_create(struct vault *v, const char *dir,
		  const uint8_t pub[static 32],
		  const uint8_t tag_key[static 32], struct stream **out,
		  struct err *e);
int stream_open(struct vault *v, const char *dir, const uint8_t pub[static 32],
		const uint8_t tag_key[static 32], struct stream **out,
		struct err *e);

/* --- writing ----------------------------------------------------------- */

/*
 * batch_begin - start a group commit; one at a time per vault
 * batch_number - the case_seq the next batch_add() to s takes, so that the
 *   statement can state it
 */
int batch_begin(struct vault *v, struct batch **out, struct err *e);
uint64_t batch_number(const struct batch *b, const struct stream *s);

struct store_blob {
	const struct bytes *pieces;	/* the blob's bytes, in pieces */
	unsigned npieces;
	uint8_t salt[32];		/* of its commitment in the statement */
};

/* A file outside the packs that this leaf vouches for by its hash. */
struct store_external {
	const char *path;	/* relative to the vault, e.g. "admin/unit.pub";
				   durable before the commit that names it,
				   there or at "<path>.next": recovery gives
				   that its name */
	uint8_t sha256[32];	/* of the file's bytes; zeros: the file is gone,
				   or recovery removes it */
};

struct store_item {
	uint16_t kind;			/* LEAF_* */
	uint16_t flags;			/* LEAF_FLAG_*, e.g. lab */
	struct bytes statement;		/* signed note, stored as it is */
	uint8_t salt[32];		/* of the leaf's open commitment */
	const struct store_blob *blobs;
	unsigned nblobs;
	const struct store_external *externals;
	unsigned nexternals;
};

/*
 * batch_add - seal an item and append it to its stream's pack (not durable
 * yet).  Leaf times never go back: an earlier time_ms is raised to the last.
 *   seq_out  log position the leaf will have; may be NULL
 * In a lab vault every leaf gets LEAF_FLAG_LAB.  Kind LEAF_KEY is the vault's.
 * Returns 0, ERR_RANGE, ERR_LIMIT (commit first, the group is full), ERR_NOMEM
 * or ERR_IO (then the vault is dead).
 */
int batch_add(struct batch *b, struct stream *s, const struct store_item *it,
	      int64_t time_ms, uint64_t *seq_out, struct err *e);

/*
 * batch_commit - packs and slots synced, leaves appended and synced, head
 * signed and appended, in that order.  When it returns 0 every item is durable
 * under a signed head.  Frees the batch, also on failure.
 */
int batch_commit(struct batch *b, struct err *e);
/* batch_abort - frees; behind an add it stops the vault, as a crash would */
void batch_abort(struct batch *b);

/*
 * vault_receipt - what a caller keeps: C2SP tlog-proof text (index, inclusion
 * hashes, signed head) for leaf seq under the last head
 * vault_inclusion, vault_consistency - RFC 6962 proofs, 32-byte hashes appended
 */
int vault_receipt(const struct vault *v, uint64_t seq, struct buf *out,
		  struct err *e);
int vault_inclusion(const struct vault *v, uint64_t seq, uint64_t size,
		    struct buf *out, struct err *e);
/* vault_root - the root when the log had size leaves; 0 or ERR_RANGE */
int vault_root(const struct vault *v, uint64_t size, uint8_t out[static 32]);
int vault_consistency(const struct vault *v, uint64_t old_size, uint64_t size,
		      struct buf *out, struct err *e);

/* --- reading ----------------------------------------------------------- */

/* stream_is_to - 1 when what is added to it is sealed to this public key: a new
 * one may have come since it was opened (store/rekey.h) */
int stream_is_to(const struct stream *s, const uint8_t pub[static 32]);

/* stream_count - items under the last head; stream_seq - log position of one */
uint64_t stream_count(const struct stream *s);
int stream_seq(const struct stream *s, uint64_t case_seq, uint64_t *seq_out,
	       struct err *e);
/* stream_objects - number of objects of an item, the statement included */
int stream_objects(const struct stream *s, uint64_t case_seq, unsigned *n_out,
		   struct err *e);

/* stream_unlock - decrypt the slots with the stream's secret key; ERR_AUTH when
 * it is another key.  Later appends by this process are seen too. */
int stream_unlock(struct stream *s, const uint8_t secret[static 32],
		  struct err *e);

/*
 * stream_slots - how many slots are open
 * stream_slots_get - the open slots from the n-th on, appended to out (secret)
 * stream_slots_put - open a stream further with slots that another process of
 * this vault's owner gave; those of items not seen yet are left out;
 * ERR_DAMAGED when they are not those that follow
 */
uint64_t stream_slots(const struct stream *s);
int stream_slots_get(const struct stream *s, uint64_t from, struct buf *out,
		     struct err *e);
int stream_slots_put(struct stream *s, struct bytes slots, struct err *e);

/*
 * stream_get - open one object (0 is the statement), appended to plain
 *   salt_out  32 bytes: salt of its commitment; may be NULL
 * Every hash on the way is checked: sealed bytes against the leaf's body, the
 * statement against its open commitment.
 * Returns 0, ERR_NOENT, ERR_AUTH, ERR_DAMAGED (e names file and offset) or
 * ERR_LIMIT.
 */
int stream_get(struct stream *s, uint64_t case_seq, unsigned object,
	       struct buf *plain, uint8_t *salt_out, struct err *e);
/* stream_sealed - the object's age file as stored and, when the stream is
 * unlocked, its identity (else 32 zero bytes) */
int stream_sealed(struct stream *s, uint64_t case_seq, unsigned object,
		  struct buf *sealed, uint8_t identity_out[static 32],
		  struct err *e);

#endif
