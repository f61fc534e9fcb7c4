scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Discord: the landing of an invitation: name and size of what one would join.
# Everything behind it needs an account: out of bounds.

id          discord
version     1
checked     2026-11-22
about       Discord invitations (landing only)

host        discord.com www.discord.com discord.gg discordapp.com www.discordapp.com
media-host  cdn.discordapp.com
media-max   5 MiB
family      discord discord.com *.discord.com discord.gg discordapp.com *.discordapp.com

delay       10000 ms
quota       40 per day
pages       1 per pass

define CODE  [A-Za-z0-9-]{2,40}

source
  name      ^(?<name>${CODE})$
  entry     https://discord.com/api/v10/invites/{name}?with_counts=true
  from      ^https?://(?:www\.)?discord(?:app)?\.com/(?:invite|api/v\d+/invites)/(?<name>${CODE})(?:[/?#].*)?$
  from      ^https?://discord\.gg/(?<name>${CODE})(?:[/?#].*)?$
end

block guild
  title       line   guild/name
  username    string code
  account_id  string guild/id
  description string guild/description[not(@type = 'null')]
  members     number approximate_member_count
  online      number approximate_presence_count
  channel     line   channel/name
  inviter     line   inviter/global_name[not(@type = 'null')]
  inviter     line   inviter/username
  expires     date   expires_at
  vanity      string guild/vanity_url_code[not(@type = 'null')]
  verification string guild/verification_level
end

block card
  title       line   //meta[@property='og:title']/@content
  description string //meta[@property='og:description']/@content
  url         href   //meta[@property='og:url']/@content
  image       href   //meta[@property='og:image']/@content
end

page landing
  url       ^https?://(?:www\.)?discord(?:app)?\.com/api/v\d+/invites/(?<name>${CODE})
  anchor    /json[code and (guild or channel)][not(message)]
  account   guild /json
  finding   landing-only boolean(true())
end

page not-found
  url       ^https?://(?:www\.)?discord(?:app)?\.com/api/
  anchor    /json[message]
  finding   not-found /json/message
end

page landing
  url       ^https?://discord\.gg/
  url       ^https?://(?:www\.)?discord(?:app)?\.com/invite/
  anchor    //meta[@property='og:title']
  account   card
  finding   landing-only boolean(true())
end

page shell
  url       ^https?://
  anchor    //*[@id='app-mount']
  account   card
  finding   login-wall boolean(true())
end
