scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# WhatsApp: the landing pages of channels and group invitations: a name, a
# description, a number of followers. Messages are in the application only, and
# a number (wa.me) is never opened to see whether it exists: out of bounds.

id          whatsapp
version     1
checked     2026-11-22
about       WhatsApp channels and invitations (landing only)

host        www.whatsapp.com whatsapp.com chat.whatsapp.com
media-host  pps.whatsapp.net *.whatsapp.net
media-max   5 MiB
family      meta whatsapp.com *.whatsapp.com *.whatsapp.net

delay       15000 ms
quota       40 per day
pages       1 per pass

define SITE  ^https?://(?:www\.)?whatsapp\.com

source
  name      ^(?<name>0029[A-Za-z0-9]{10,30})$
  entry     https://www.whatsapp.com/channel/{name}
  from      ${SITE}/channel/(?<name>0029[A-Za-z0-9]{10,30})(?:[/?#].*)?$
end

block card
  title       line   s:replace(//meta[@property='og:title']/@content, '\s*\|\s*WhatsApp.*$', '')
  username    string s:match(s:page-url(), '/channel/([A-Za-z0-9]+)')
  description string //meta[@property='og:description']/@content
  followers   string s:match(//meta[@property='og:description' or @name='description']/@content, '([\d.,\x{a0}\x{202f} ]*\d\s?[KMk]?)\s*(?:followers|abonnés)')
  url         href   //meta[@property='og:url']/@content
  image       href   //meta[@property='og:image']/@content
end

page landing
  url       ${SITE}/channel/(?<name>[A-Za-z0-9]+)
  anchor    //meta[@property='og:title'][not(s:matches(@content, '^\s*WhatsApp'))]
  account   card
  finding   landing-only boolean(true())
end

page invite
  url       ^https?://chat\.whatsapp\.com/(?:invite/)?(?<hash>[A-Za-z0-9]+)
  anchor    //meta[@property='og:title'][@content != '']
  account   card
  finding   landing-only boolean(true())
end

page not-found
  url       ${SITE}/channel/
  url       ^https?://chat\.whatsapp\.com/
  anchor    //meta[@property='og:title']
  anchor    //*[@id='main_block' or @id='content-wrapper']
  finding   not-found boolean(true())
end

page shell
  url       ^https?://
  anchor    //html[@id='facebook' or @id='whatsapp-web']
  anchor    //script[@data-sjs]
  anchor    //meta[@property='og:site_name']
  finding   landing-only boolean(true())
end
