/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/demo_world.h"
#include "tests/server/media.h"
#include "tests/server/rng.h"
#include "util/clock.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct world worlds[2];
static struct world_media medias[WORLD_MEDIA_MAX];
static int media_n;
static int64_t day_zero;

/* An address that cannot be guessed from the post: a digest of a secret key. */
static void token(const char *key, char out[static 87])
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
				  "tuvwxyz0123456789-_";
	char text[96];
	uint8_t md[64];

	snprintf(text, sizeof(text), "lab media/%s", key);
	SHA512((const uint8_t *)text, strlen(text), md);
	for (int i = 0; i < 86; i++)
		out[i] = set[(md[i % 64] ^ (i / 64) * 0x2a) & 63];
	out[86] = 0;
}

static struct world_media *media_new(const char *key, const char *ext,
				     const char *type, int *fresh)
{
	static const char *const hosts[] = {
		"cdn1.telesco.pe", "cdn4.telesco.pe", "cdn4.cdn-telegram.org",
	};
	struct world_media *m;
	char t[87];

	*fresh = 0;
	for (int i = 0; i < media_n; i++)
		if (!strcmp(medias[i].key, key))
			return &medias[i];
	if (media_n == WORLD_MEDIA_MAX)
		abort();
	m = &medias[media_n];
	snprintf(m->key, sizeof(m->key), "%s", key);
	token(key, t);
	snprintf(m->url, sizeof(m->url), "https://%s/file/%s.%s",
		 hosts[media_n % 3], t, ext);
	m->type = type;
	m->bytes = (struct buf)BUF_INIT(1 << 20);
	media_n++;
	*fresh = 1;
	return m;
}

static const char *picture(const char *key, const char *caption,
			   const struct media_exif *x, int until)
{
	int fresh;
	struct world_media *m = media_new(key, "jpg", "image/jpeg", &fresh);

	if (fresh)
		media_jpeg(&m->bytes, 320, 240, rng_seed(key, 0).s, 6, caption,
			   x, "image fictive");
	m->until = until;
	return m->url;
}

const char *world_avatar(const char *name)
{
	char key[48];

	snprintf(key, sizeof(key), "avatar-%s", name);
	return picture(key, "LAB", NULL, 0);
}

static void photo(struct tme_post *p, const char *key, const char *caption,
		  const struct media_exif *x)
{
	struct tme_media *m = &p->media[p->media_n++];

	m->kind = TME_PHOTO;
	snprintf(m->url, sizeof(m->url), "%s", picture(key, caption, x, 0));
}

static void film(struct tme_post *p, enum tme_media_kind kind, const char *key,
		 int seconds)
{
	struct tme_media *m = &p->media[p->media_n++];
	struct world_media *w;
	char thumb[48];
	int fresh;

	m->kind = kind;
	m->seconds = seconds;
	snprintf(thumb, sizeof(thumb), "%s-thumb", key);
	snprintf(m->thumb, sizeof(m->thumb), "%s",
		 picture(thumb, "VIDEO DEMO", NULL, 0));
	if (kind == TME_VIDEO_BIG)
		return;
	w = media_new(key, "mp4", "video/mp4", &fresh);
	if (fresh)
		media_mp4(&w->bytes, p->date - 600, seconds, rng_seed(key, 1).s);
	snprintf(m->url, sizeof(m->url), "%s", w->url);
}

static void voice(struct tme_post *p, const char *key, int seconds)
{
	struct tme_media *m = &p->media[p->media_n++];
	struct world_media *w;
	int fresh;

	m->kind = TME_VOICE;
	m->seconds = seconds;
	w = media_new(key, "ogg", "audio/ogg", &fresh);
	if (fresh)
		media_ogg(&w->bytes, seconds, 0x1ab);
	snprintf(m->url, sizeof(m->url), "%s", w->url);
}

static void document(struct tme_post *p, const char *title, const char *extra)
{
	p->media[p->media_n++] = (struct tme_media){
		.kind = TME_DOCUMENT, .title = title, .extra = extra };
}

static void react(struct tme_post *p, const char *emoji, int n)
{
	p->react[p->reacts] = emoji;
	p->react_n[p->reacts++] = n;
}

static struct tme_post *add(struct world_channel *c, int day, int hour, int min,
			    const char *text)
{
	struct tme_post *p = calloc(1, sizeof(*p));

	if (!p || c->n == WORLD_POSTS_MAX)
		abort();
	if (c->n)
		c->next_id += c->post[c->n - 1]->media_n > 1 ?
			c->post[c->n - 1]->media_n : 1;
	p->id = c->next_id;
	p->date = day_zero + day * 86400 + hour * 3600 + min * 60 + day % 53;
	p->text = text;
	p->views = 900 + (60 - day) * 37 + p->id % 11;
	c->post[c->n++] = p;
	return p;
}

static struct world_channel *channel(struct world *w, const char *name,
				     const char *title, const char *about,
				     const char *subscribers, int first)
{
	struct world_channel *c = &w->ch[w->n++];

	c->info.name = name;
	c->info.title = title;
	c->info.about = about;
	c->info.subscribers = subscribers;
	c->info.photos = "31";
	c->info.videos = "3";
	c->info.links = "12";
	c->info.number = -1000000000LL - 7919 * w->n;
	snprintf(c->info.photo, sizeof(c->info.photo), "%s", world_avatar(name));
	c->next_id = first;
	return c;
}

static const struct media_exif phone = {
	.make = "Laboratoire", .model = "Appareil Fictif A1",
	.software = "DemoCam 3.1", .taken = "2026:03:04 19:12:33",
	.offset = "+01:00", .gps = 1, .lat_e4 = 488566, .lon_e4 = 23522,
	.alt_m = 35,
};
static const struct media_exif scanner = {
	.make = "Laboratoire", .model = "Scanner Fictif S2",
	.software = "DemoScan 1.0", .taken = "2026:03:11 08:05:00",
};

/* Ordinary adverts, so that there is something to page through. */
static void filler(struct world_channel *c, struct rng *r, int from, int to,
		   int per_day)
{
	static const char *const what[] = {
		"Arrêt maladie", "Arrêt de travail", "Certificat médical",
		"Ordonnance", "Certif enfant malade", "Bulletin d'hospi",
		"Attestation de présence", "Prolongation d'arrêt",
	};
	static const char *const how[] = {
		"fait en 30 minutes", "livré en PDF dans l'heure",
		"avec cachet et signature", "100 % discret",
		"à ton nom, dates au choix", "modèle récent, QR inclus",
	};
	static const char *const where[] = {
		"partout en France", "Paris et IDF", "Lyon, Marseille, Lille",
		"envoi par message", "Nantes, Rennes, Bordeaux",
	};
	static const char *const mark[] = { "📄", "🔥", "✅", "💊", "⚡️", "🏥" };
	static const char *const contact[] = {
		"Écris à @pharma_demo_contact", "snap : demo-papiers-lab",
		"Tel 06 39 98 41 07", "WhatsApp https://wa.me/33639984107",
		"Mail contact@boutique-demo.example",
	};

	for (int d = from; d < to; d++)
		for (int k = 0; k < per_day; k++) {
			struct tme_post *p;
			char *s = NULL;
			int price = 5 * rng_n(r, 3, 24);

			if (asprintf(&s, "%s *%s* %s, %s\nTarif : %d € (%d jours)"
				     "\n%s #arret #demo", mark[rng_n(r, 0, 5)],
				     what[rng_n(r, 0, 7)], how[rng_n(r, 0, 5)],
				     where[rng_n(r, 0, 4)], price,
				     rng_n(r, 1, 15), contact[rng_n(r, 0, 4)]) < 0)
				abort();
			p = add(c, d, rng_n(r, 8, 11) + 6 * k, rng_n(r, 0, 59), s);
			if (rng_p(r, 300))
				c->next_id += 1 + rng_p(r, 200);	/* gaps */
			if (rng_p(r, 400)) {
				char key[48];

				snprintf(key, sizeof(key), "%s-%d",
					 c->info.name, p->id);
				photo(p, key, "SPECIMEN", NULL);
			}
			if (rng_p(r, 500))
				react(p, "👍", rng_n(r, 2, 80));
			if (rng_p(r, 200))
				react(p, "🔥", rng_n(r, 1, 40));
		}
}

static void seller_special(struct world_channel *c)
{
	struct tme_post *p;
	int first;

	p = add(c, 40, 9, 5, "🎁 *Pack rentrée* : album des modèles disponibles "
		"\nArrêt, certificat, ordonnance. Dès *25 €*, au choix.\n"
		"Commande : @pharma_demo_contact ou https://boutique-demo.example/tarifs?ref=tg&p=2");
	photo(p, "pack-1", "SPECIMEN 01", &phone);
	photo(p, "pack-2", "SPECIMEN 02", &scanner);
	photo(p, "pack-3", "SPECIMEN 03", NULL);
	react(p, "👍", 112);
	react(p, "❤", 34);
	react(p, "🤔", 3);
	p->signature = "Équipe démo";
	first = p->id;

	p = add(c, 40, 11, 40, "Vidéo : comment recevoir ton document en moins "
		"d'une heure 🎥");
	film(p, TME_VIDEO, "pharma-video", 42);
	p = add(c, 41, 8, 2, "Message vocal du gérant, écoutez jusqu'au bout");
	voice(p, "pharma-voix", 17);
	p = add(c, 41, 12, 30, "La grille complète des tarifs en PDF, à "
		"télécharger dans l'application");
	document(p, "grille_tarifs_demo.pdf", "184.2 KB");
	p = add(c, 42, 10, 0, NULL);
	p->poll = "Quel document vous faut-il le plus souvent ?";
	p->poll_option[0] = "Arrêt de travail";
	p->poll_percent[0] = 54;
	p->poll_option[1] = "Ordonnance";
	p->poll_percent[1] = 31;
	p->poll_option[2] = "Certificat";
	p->poll_percent[2] = 15;
	p->poll_options = 3;
	p->poll_voters = 208;
	p = add(c, 42, 17, 45, "Nouveau chez les collègues 👇 stylos et "
		"ordonnances sur @ordos_demo_lab");
	p->fwd_name = "Ordo Minceur (démo) 💉";
	p->fwd_url = "https://t.me/ordos_demo_lab/24";
	p = add(c, 43, 9, 20, "Toujours disponible, même tarif que le pack 👆");
	p->reply_to = first;
	p->reply_text = "🎁 Pack rentrée : album des modèles disponibles";
	p = add(c, 43, 20, 10, "Avis client : « reçu en 20 minutes, nickel » ⭐️");
	p->fwd_name = "Un client";
	p = add(c, 44, 8, 30, "*Promo 48 h* ⚡️ arrêt de 3 jours à ~prix cassé~ : "
		"*20 €* au lieu de 35 €\nPaiement en coupon ou virement.\n"
		"|Code : DEMO20|\nTel 01 99 00 12 34");
	p->edited = 1;
	react(p, "🔥", 1275);
	p = add(c, 44, 13, 0, "Le site de secours : https://boutique-demo.example/");
	p->preview_url = "https://boutique-demo.example/";
	p->preview_site = "boutique-demo.example";
	p->preview_title = "Boutique de démonstration";
	p->preview_text = "Documents fictifs pour essais de laboratoire";
	snprintf(p->preview_image, sizeof(p->preview_image), "%s",
		 picture("boutique-vignette", "BOUTIQUE DEMO", NULL, 0));
	p = add(c, 45, 18, 5, "Choisis ta ville et passe commande 📍");
	p->button[0] = "Commander";
	p->button_url[0] = "https://t.me/pharma_demo_bot?start=cmd&v=2";
	p->button[1] = "Voir les avis";
	p->button_url[1] = "https://boutique-demo.example/avis";
	p->buttons = 2;
	p = add(c, 46, 9, 9, "Channel photo updated");
	p->service = 1;
	p->views = 0;
	p = add(c, 46, 21, 0, "Grosse vidéo, à voir dans l'application");
	film(p, TME_VIDEO_BIG, "pharma-film", 754);
	p = add(c, 47, 7, 55, NULL);
	film(p, TME_ROUND, "pharma-rond", 9);
	p = add(c, 47, 12, 12, NULL);
	p->unavailable = 1;
	p = add(c, 48, 10, 30, "Retrait possible, point de rendez-vous fictif 📍");
	p->media[p->media_n++] = (struct tme_media){ .kind = TME_LOCATION,
		.url = "https://maps.google.com/maps?q=48.8566,2.3522" };
	p = add(c, 48, 15, 15, "{Règlement : pas de remboursement, pas de "
		"questions.}Lire aussi [la charte](https://boutique-demo.example/charte?a=1&b=2) "
		"🇫🇷 👨‍👩‍👧 ❗️\n`REF-DEMO-0042` < 50 € & \"sans rendez-vous\" !");
	p = add(c, 49, 9, 0, "Photo seule du jour, document exemple");
	photo(p, "pharma-du-jour", "SPECIMEN JOUR", &phone);
}

/* The post that the author changes and the one that disappears. */
static void seller_end(struct world_channel *c, int state)
{
	struct tme_post *p;
	int fresh;

	p = add(c, 50, 9, 30, state ?
		"Arrêt 7 jours : *60 €* (prix en hausse), *contact unique* "
		"@pharma_demo_contact, Tel 06 39 98 41 07" :
		"Arrêt 7 jours : *45 €*, contact @pharma_demo_contact, "
		"Tel 06 39 98 41 07");
	p->edited = state;
	p = add(c, 50, 14, 0, "⚠️ Preuve de livraison, regardez vite avant que "
		"je supprime. Snap : demo-papiers-lab");
	photo(p, "pharma-supprime", "SUPPRIME BIENTOT", &phone);
	if (state) {
		media_new("pharma-supprime", "jpg", "image/jpeg", &fresh)->until = 1;
		free(c->post[--c->n]);
	}
	add(c, 51, 10, 0, "On change de numéro ce soir, restez abonnés 🔔");
	if (!state)
		return;
	p = add(c, 52, 8, 0, "Nouveau numéro : 06 39 98 41 55 📞 et nouvelle "
		"chaîne de secours @secours_demo_lab");
	react(p, "👍", 5);
	add(c, 52, 18, 30, "Ordonnance sécurisée sur demande, 80 € pièce");
}

static void seller(struct world *w, int state)
{
	struct world_channel *c = channel(w, "pharma_demo_lab",
		"Papiers Express (démo) 📄", "Chaîne *fictive* pour essais de "
		"laboratoire.\nArrêts, certificats, ordonnances : rien n'est réel."
		"\nContact : @pharma_demo_contact\nhttps://boutique-demo.example/",
		"2.4K", 101);
	struct rng r = rng_seed("pharma_demo_lab", 1);
	struct tme_post *p;

	p = add(c, 0, 7, 0, "Channel created");
	p->service = 1;
	p->views = 0;
	filler(c, &r, 1, 39, 1);
	seller_special(c);
	seller_end(c, state);
}

static void second_seller(struct world *w)
{
	struct world_channel *c = channel(w, "ordos_demo_lab",
		"Ordo Minceur (démo) 💉", "Ordonnances et stylos *fictifs*, essais "
		"de laboratoire. Contact commun : @pharma_demo_contact", "731", 1);
	struct rng r = rng_seed("ordos_demo_lab", 1);
	struct tme_post *p;

	p = add(c, 5, 9, 0, "Channel created");
	p->service = 1;
	p->views = 0;
	filler(c, &r, 6, 30, 1);
	p = add(c, 31, 12, 0, "Ordonnance pour stylos 💉 60 €, contact "
		"@pharma_demo_contact, WhatsApp https://wa.me/33639984107");
	photo(p, "ordos-1", "ORDO SPECIMEN", &scanner);
	p = add(c, 32, 12, 0, "Voir aussi les arrêts chez @pharma_demo_lab");
	p->fwd_name = "Papiers Express (démo) 📄";
	p->fwd_url = "https://t.me/pharma_demo_lab/150";
}

static void press(struct world *w)
{
	static const char *const said[] = {
		"Prévention : acheter un faux arrêt de travail est un délit. "
		"Parlez-en à votre médecin.",
		"La caisse rappelle que seul un professionnel de santé peut "
		"prescrire un arrêt maladie.",
		"Conférence sur la fraude documentaire jeudi, entrée libre. "
		"Programme : https://www.example.org/programme",
		"Pharmaciens : comment reconnaître une ordonnance falsifiée ? "
		"Dossier complet sur notre site.",
		"Vaccination : les rendez-vous sont ouverts dans toutes les régions.",
		"Votre attestation de droits se télécharge gratuitement depuis "
		"votre compte.",
	};
	struct world_channel *c = channel(w, "infos_sante_demo",
		"Infos Santé (démo)", "Actualités de prévention, chaîne fictive",
		"18.6K", 500);

	for (int i = 0; i < 26; i++) {
		struct tme_post *p = add(c, 2 * i, 8, 15, said[i % 6]);

		p->views = 9000 + 131 * i;
		if (i % 6 == 2) {
			p->preview_url = "https://www.example.org/programme";
			p->preview_site = "Example";
			p->preview_title = "Programme du colloque";
			p->preview_text = "Salle B, accès libre";
		}
	}
}

static void build(struct world *w, int state)
{
	struct world_channel *c;

	seller(w, state);
	second_seller(w);
	press(w);
	channel(w, "vide_demo_lab", "Chaîne vide (démo)", "Rien ici", "12", 1);
	c = channel(w, "interdit_demo_lab", "Chaîne refusée aux robots (démo)",
		    "robots.txt interdit cette page", "40", 1);
	add(c, 3, 9, 0, "Ce texte ne doit jamais être collecté");
	if (!state) {
		c = channel(w, "disparu_demo_lab", "Chaîne éphémère (démo)",
			    "Disparaît après la première passe", "88", 9);
		add(c, 4, 22, 0, "Dernier message avant fermeture 👋");
		add(c, 5, 22, 0, "Faux papiers, dernière chance, 30 €");
	}
	for (int i = 0; i < w->n; i++)
		for (int k = 0; state && k < w->ch[i].n; k++)
			if (w->ch[i].post[k]->views)
				w->ch[i].post[k]->views += 60 + 7 * k;
}

int world_build(struct err *e)
{
	(void)e;
	day_zero = clock_days(2026, 3, 1) * 86400;
	build(&worlds[0], 0);
	build(&worlds[1], 1);
	world_avatar("groupe_demo_lab");
	world_avatar("sans_apercu_lab");
	return 0;
}

const struct world *world_at(int pass)
{
	return &worlds[pass > 1];
}

const struct world_channel *world_find(const struct world *w, const char *name,
				       size_t len)
{
	for (int i = 0; i < w->n; i++)
		if (strlen(w->ch[i].info.name) == len &&
		    !strncasecmp(w->ch[i].info.name, name, len))
			return &w->ch[i];
	return NULL;
}

const struct world_media *world_media(const char *url, int pass)
{
	for (int i = 0; i < media_n; i++)
		if (!strcmp(medias[i].url, url))
			return medias[i].until && pass > medias[i].until ?
				NULL : &medias[i];
	return NULL;
}

const struct world_media *world_media_at(int i)
{
	return i < media_n ? &medias[i] : NULL;
}
