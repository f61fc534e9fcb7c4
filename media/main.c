/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle-media: reads one medium and says what it holds.  Not for people: the
 * keeper starts it (crawler/mediachild.h).  It is a program of its own so that
 * none of these libraries is ever mapped into one that has keys.
 *
 * It gets one message on descriptor 0, a medium or a response that carries one,
 * and answers on 1 as in media/record.h.  Before it reads the first byte it can
 * open no file, no socket and no program any more; `scelle-media --box` shows
 * that, and reads one medium of each kind in there (media/box.c).
 */
#include "crawler/mediachild.h"
#include "media/media.h"
#include "store/sha256.h"
#include "util/box.h"
#include "util/child.h"
#include "util/sandbox.h"

#include <locale.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void prepare(void)
{
	uint8_t sum[SHA256_LEN];
	struct tm tm;
	time_t t = 0;

	setenv("TZ", "UTC0", 1);
	setenv("G_SLICE", "always-malloc", 1);
	setlocale(LC_ALL, "C.UTF-8");
	tzset();
	localtime_r(&t, &tm);
	sha256_once(bytes_str("x"), sum);
	exif_start();
	av_start();
	pdf_start();
	docx_start();
	(void)sight_start();	/* what it lacks is a finding of each picture */
}

int main(int argc, char **argv)
{
	struct buf msg = BUF_INIT(MEDIA_MESSAGE_MAX);
	struct sandbox_report rep;
	struct bytes done = { NULL, 0 };
	char text[96];
	uint8_t type = 0;
	int bad = 1;

	if (argc > 3 || (argc > 1 && strcmp(argv[1], "--box") != 0) ||
	    (argc > 2 && strcmp(argv[2], "all") != 0))
		return 2;
	child_begin();
	prepare();
	if (argc > 1)
		_exit(media_box(argc > 2 ? BOX_ALL : BOX_QUICK));
	if (sandbox_parse(MEDIA_MEMORY, &rep, NULL) < 0)
		return 3;
	sandbox_report_text(&rep, text);
	if (message_read(0, MEDIA_MESSAGE_MAX, &type, &msg))
		return 3;
	if (type == MEDIA_FILE)
		bad = medium_read(buf_view(&msg));
	else if (type == MEDIA_RESPONSE)
		bad = medium_read_response(buf_view(&msg));
	if (bad)
		return 3;
	done = bytes_str(text);
	if (message_write(1, 'Z', &done, 1))
		return 3;
	_exit(0);	/* what libraries would do at the end is not wanted */
}
