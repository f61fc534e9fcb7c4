/* SPDX-License-Identifier: EUPL-1.2 */
/* Sound and film, by FFmpeg's libavformat; nothing is decoded. */
#include "media/media.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#pragma GCC diagnostic pop
#include <stdio.h>

#define IO_BUFFER 32768
#define STREAMS_MAX 64

struct source {
	struct bytes in;
	size_t at;
};

void av_start(void)
{
	const AVInputFormat *f;
	void *state = NULL;

	av_log_set_level(AV_LOG_QUIET);
	/* What is set up at first use is set up now. */
	while ((f = av_demuxer_iterate(&state)))
		(void)f;
	(void)avcodec_get_name(AV_CODEC_ID_OPUS);
}

static int source_read(void *arg, uint8_t *out, int n)
{
	struct source *s = arg;
	size_t left = s->in.len - s->at;

	if (!left)
		return AVERROR_EOF;
	if ((size_t)n > left)
		n = (int)left;
	memcpy(out, s->in.p + s->at, (size_t)n);
	s->at += (size_t)n;
	return n;
}

static int64_t source_seek(void *arg, int64_t to, int whence)
{
	struct source *s = arg;

	if (whence & AVSEEK_SIZE)
		return (int64_t)s->in.len;
	whence &= ~AVSEEK_FORCE;
	if (whence == SEEK_CUR)
		to = to > INT64_MAX - (int64_t)s->at ? -1
						       : to + (int64_t)s->at;
	else if (whence == SEEK_END)
		to = to > 0 ? -1 : to + (int64_t)s->in.len;
	if (to < 0 || to > (int64_t)s->in.len)
		return AVERROR(EINVAL);
	s->at = (size_t)to;
	return to;
}

static void number(struct record *r, const char *name, int64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)v);
	record_field(r, name, text, NULL, SIZE_MAX);
}

static void tags(struct record *r, const char *prefix, const AVDictionary *d)
{
	const AVDictionaryEntry *t = NULL;

	while ((t = av_dict_get(d, "", t, AV_DICT_IGNORE_SUFFIX))) {
		char name[160];

		snprintf(name, sizeof name, "%stag.%.120s", prefix, t->key);
		record_field(r, name, t->value, NULL, SIZE_MAX);
	}
}

static void seconds(struct record *r, const char *name, int64_t ticks,
		    AVRational base)
{
	char text[40];

	if (ticks == AV_NOPTS_VALUE || ticks < 0 || base.den <= 0 ||
	    base.num <= 0)
		return;
	snprintf(text, sizeof text, "%.9g",
		 (double)ticks * base.num / base.den);
	record_field(r, name, text, NULL, SIZE_MAX);
}

static void stream(struct record *r, const AVStream *s, unsigned i)
{
	const AVCodecParameters *p = s->codecpar;
	const char *kind = av_get_media_type_string(p->codec_type);
	char name[64], prefix[32];

	snprintf(prefix, sizeof prefix, "stream%u.", i);
	snprintf(name, sizeof name, "%skind", prefix);
	record_field(r, name, kind ? kind : "unknown", NULL, SIZE_MAX);
	snprintf(name, sizeof name, "%scodec", prefix);
	record_field(r, name, avcodec_get_name(p->codec_id), NULL, SIZE_MAX);
	snprintf(name, sizeof name, "%sduration", prefix);
	seconds(r, name, s->duration, s->time_base);
	if (p->width > 0 && p->height > 0) {
		snprintf(name, sizeof name, "%swidth", prefix);
		number(r, name, p->width);
		snprintf(name, sizeof name, "%sheight", prefix);
		number(r, name, p->height);
		if (!(s->disposition & AV_DISPOSITION_ATTACHED_PIC)) {
			record_fact_num(r, "width", (uint64_t)p->width);
			record_fact_num(r, "height", (uint64_t)p->height);
		}
	}
	if (p->sample_rate > 0) {
		snprintf(name, sizeof name, "%ssample_rate", prefix);
		number(r, name, p->sample_rate);
		snprintf(name, sizeof name, "%schannels", prefix);
		number(r, name, p->ch_layout.nb_channels);
	}
	tags(r, prefix, s->metadata);
	if ((s->disposition & AV_DISPOSITION_ATTACHED_PIC) &&
	    s->attached_pic.size > 0)
		record_picture(r, "cover", BYTES(s->attached_pic.data,
						 (size_t)s->attached_pic.size));
	else if (p->codec_type == AVMEDIA_TYPE_ATTACHMENT &&
		 p->extradata_size > 0)
		record_picture(r, "attachment",
			       BYTES(p->extradata, (size_t)p->extradata_size));
}

static void told(struct record *r, const AVFormatContext *f)
{
	const AVDictionaryEntry *t;

	record_field(r, "format", f->iformat->name, NULL, SIZE_MAX);
	if (f->duration != AV_NOPTS_VALUE && f->duration >= 0) {
		seconds(r, "duration", f->duration, AV_TIME_BASE_Q);
		record_fact_num(r, "duration_ms", (uint64_t)f->duration / 1000);
	}
	if (f->bit_rate > 0)
		number(r, "bit_rate", f->bit_rate);
	tags(r, "", f->metadata);
	t = av_dict_get(f->metadata, "creation_time", NULL, 0);
	record_fact_str(r, "taken", t ? t->value : NULL);
	t = av_dict_get(f->metadata, "encoder", NULL, 0);
	record_fact_str(r, "software", t ? t->value : NULL);
	if (f->nb_streams > STREAMS_MAX)
		record_finding(r, "too-many-streams", NULL, SIZE_MAX);
	for (unsigned i = 0; i < f->nb_streams && i < STREAMS_MAX; i++)
		stream(r, f->streams[i], i);
}

/* demuxer - only the reader of what the bytes are; nothing is guessed wider */
static const AVInputFormat *demuxer(const char *type)
{
	static const char *const names[][2] = {
		{ "video/mp4", "mov" }, { "audio/mp4", "mov" },
		{ "video/quicktime", "mov" }, { "video/webm", "matroska" },
		{ "video/x-matroska", "matroska" }, { "application/ogg", "ogg" },
		{ "audio/mpeg", "mp3" }, { "audio/wav", "wav" },
		{ "audio/flac", "flac" }, { "audio/aac", "aac" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!strcmp(type, names[i][0]))
			return av_find_input_format(names[i][1]);
	}
	return NULL;
}

/* measure - sound says how long it lasts only when some of it is looked at */
static void measure(struct record *r, AVFormatContext *f)
{
	f->probesize = 1 << 20;
	f->max_analyze_duration = AV_TIME_BASE;
	if (avformat_find_stream_info(f, NULL) < 0)
		record_finding(r, "streams-unreadable", NULL, SIZE_MAX);
}

void av_read(struct record *r, const char *type, struct bytes in)
{
	const AVInputFormat *format = demuxer(type);
	struct source s = { in, 0 };
	AVFormatContext *f = avformat_alloc_context();
	uint8_t *memory = av_malloc(IO_BUFFER);
	AVIOContext *io = NULL;
	char why[AV_ERROR_MAX_STRING_SIZE] = "";
	int e;

	if (memory)
		io = avio_alloc_context(memory, IO_BUFFER, 0, &s, source_read,
					NULL, source_seek);
	if (!f || !io || !format) {
		record_finding(r, format ? "memory" : "not-read", NULL, SIZE_MAX);
		if (!io)
			av_free(memory);
		goto out;
	}
	f->pb = io;
	f->flags |= AVFMT_FLAG_CUSTOM_IO;
	f->max_streams = STREAMS_MAX + 1;
	/* Nothing it names elsewhere may be fetched: there is nothing to. */
	f->protocol_whitelist = av_strdup("none");
	e = avformat_open_input(&f, "", format, NULL);	/* frees f on failure */
	if (e < 0) {
		av_strerror(e, why, sizeof why);
		record_finding(r, "libavformat-refused", why, SIZE_MAX);
		goto out;
	}
	if (!strcmp(type, "audio/mpeg") || !strcmp(type, "audio/aac"))
		measure(r, f);
	told(r, f);
out:
	avformat_close_input(&f);
	if (io)
		av_freep(&io->buffer);
	avio_context_free(&io);
}
