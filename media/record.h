/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the reader of media has to say, stage by stage: each stage leaves as a
 * message of its own, so that a library that dies takes only its own reading
 * with it.
 *
 * Messages to the keeper: 'S' the name of the stage that begins; 'O' a JSON
 * object {"facts":{},"fields":[],"pictures":[],"findings":[]}; 'Z' all is said.
 */
#ifndef MEDIA_RECORD_H
#define MEDIA_RECORD_H

#include "parsers/container.h"
#include "util/json.h"

#define RECORD_FIELDS_MAX 4000		/* of one stage */
#define RECORD_VALUE_MAX 1024		/* bytes of one value */
#define RECORD_STAGE_MAX ((size_t)4 << 20)
#define RECORD_FINDINGS_MAX 64		/* of one stage */

#define RECORD_FACTS_MAX 40		/* of one stage */

struct record {
	struct buf facts_b, fields_b, pictures_b, findings_b;
	struct jsonw facts, fields, pictures, findings;
	const char *stage;
	unsigned n_fields, n_findings, n_pictures;
	const char *said[RECORD_FACTS_MAX];	/* facts of this stage */
	unsigned n_said;
};

/* record_begin - a stage begins; its name is "from" in its fields.  0 or
 * ERR_IO: the keeper is gone */
int record_begin(struct record *r, const char *stage);
/* record_end - send what was said.  0, ERR_IO, ERR_NOMEM */
int record_end(struct record *r);

/*
 * record_field - one field as it was read
 *   name   as the library or the format calls it
 *   value  its reading; cut at RECORD_VALUE_MAX, which is marked
 *   raw    what the bytes say where the reading differs, or NULL
 *   at     offset in the file, or SIZE_MAX
 */
void record_field(struct record *r, const char *name, const char *value,
		  const char *raw, size_t at);
/* record_fact_* - a member of the summary, its key a literal; who says it first
 * is kept */
void record_fact_str(struct record *r, const char *key, const char *value);
void record_fact_num(struct record *r, const char *key, uint64_t value);
void record_fact_deg(struct record *r, const char *key, double value);
/* record_finding - something is wrong or was left out; detail may be NULL */
void record_finding(struct record *r, const char *code, const char *detail,
		    size_t at);
/* record_picture - a picture inside: type, size, digest; never its bytes */
void record_picture(struct record *r, const char *kind, struct bytes b);

#endif
