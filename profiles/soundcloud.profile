scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# SoundCloud: the data that public pages carry, saved answers of its API, and
# oEmbed.

id          soundcloud
version     1
checked     2026-11-22
about       SoundCloud tracks and users (soundcloud.com)

host        soundcloud.com www.soundcloud.com m.soundcloud.com api-v2.soundcloud.com api.soundcloud.com feeds.soundcloud.com
media-host  i1.sndcdn.com *.sndcdn.com
media-max   20 MiB
family      soundcloud soundcloud.com *.soundcloud.com *.sndcdn.com

delay       6000 ms
quota       100 per day
pages       2 per pass

define SITE  ^https?://(?:www\.|m\.)?soundcloud\.com
define NAME  [A-Za-z0-9_-]{2,60}

source
  name      ^(?<name>${NAME})$
  fold
  entry     https://soundcloud.com/{name}
  from      ${SITE}/(?<name>(?!(?:discover|search|stream|upload|you|pages|charts|terms-of-use|imprint|oembed)(?:[/?#]|$))${NAME})(?:[/?#].*)?$
end

block track
  require   post_id url published

  post_id   string  id
  url       href    permalink_url
  published date    display_date
  published date    created_at
  author    line    user/full_name[. != '']
  author    line    user/username
  author_handle string user/permalink
  author_id string  user_id
  title     line    title
  text      string  description[. != '' and not(@type = 'null')]
  views     string  playback_count
  duration_ms number duration
  genre     line    genre[. != '']
  one stats .
    plays   number  playback_count
    likes   number  likes_count
    reposts number  reposts_count
    comments number comment_count
  end
  each media  self::*
    type    = audio
    page    href    permalink_url
    thumb   href    artwork_url[not(@type = 'null')]
    duration_ms number duration
    unavailable mark true()
  end
end

block user
  title       line   full_name[. != '']
  title       line   username
  username    string permalink
  account_id  string id
  url         href   permalink_url
  description string description[not(@type = 'null')]
  followers   number followers_count
  created     date   created_at
  image       href   avatar_url
end

block card
  title       line   //meta[@property='og:title']/@content
  description string //meta[@property='og:description']/@content
  url         href   //link[@rel='canonical']/@href
  image       href   //meta[@property='og:image']/@content
end

page listing
  url       ^https?://api(?:-v2)?\.soundcloud\.com/
  anchor    /json/collection
  account   user /json/collection/item[1]/user
  posts     track /json/collection/item[title and user] | /json/collection/item/track
  next      older /json/next_href[not(@type = 'null')]
  finding   no-posts boolean(/json/collection[not(item)])
end

page post
  url       ^https?://api(?:-v2)?\.soundcloud\.com/
  anchor    /json[kind = 'track']
  posts     track /json
end

page profile
  url       ^https?://api(?:-v2)?\.soundcloud\.com/
  anchor    /json[kind = 'user']
  account   user /json
  finding   landing-only boolean(true())
end

# The pages carry window.__sc_hydration: a list of what they show.
page post
  url       ${SITE}/${NAME}/(?!sets/|tracks|likes|followers|reposts|popular-tracks)[^/?#]+
  json      hydration //script[s:matches(., '__sc_hydration\s*=')] from __sc_hydration\s*=\s*(?=\[)
  anchor    s:json('hydration')/item[hydratable = 'sound']
  posts     track s:json('hydration')/item[hydratable = 'sound']/data
end

page profile
  url       ${SITE}/${NAME}
  json      hydration //script[s:matches(., '__sc_hydration\s*=')] from __sc_hydration\s*=\s*(?=\[)
  anchor    s:json('hydration')/item[hydratable = 'user']
  account   user s:json('hydration')/item[hydratable = 'user']/data
  finding   needs-script boolean(true())
  link      post //noscript//a[@itemprop='url']/@href
end

page not-found
  url       ${SITE}/
  anchor    //title[s:matches(., '(?i)something went wrong|not found|404')]
  finding   not-found boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //*[@id='app']
  account   card
  finding   needs-script boolean(true())
end
