scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Nitter instances: X's public timelines as HTML, without script. Instances come
# and go, and so do their media addresses; what they show is another's copy.

id          nitter
version     1
checked     2026-11-22
about       Nitter instances (copies of X timelines)

host        nitter.net nitter.poast.org nitter.privacydev.net xcancel.com nitter.tiekoetter.com nitter.space lightbrd.com
media-host  nitter.net nitter.poast.org nitter.privacydev.net xcancel.com nitter.tiekoetter.com nitter.space lightbrd.com
media-max   20 MiB

delay       8000 ms
quota       200 per day
pages       10 per pass

define SITE  ^https?://(?:nitter\.(?:net|poast\.org|privacydev\.net|tiekoetter\.com|space)|xcancel\.com|lightbrd\.com)
define NAME  [A-Za-z0-9_]{1,15}
define WORDS (?:search|settings|about|i|pic|video|rss|login|embed)

source
  name      ^@?(?<name>${NAME})$
  fold
  entry     https://nitter.net/{name}
  from      ${SITE}/(?<name>(?!(?i:${WORDS})(?:[/?#]|$))${NAME})(?:[/?#].*)?$
end

block tweet
  require   post_id url published

  post_id   string  s:match(s:class('tweet-link')/@href, '/status/(\d+)')
  post_id   string  s:match(s:class('tweet-date')/a/@href, '/status/(\d+)')
  url       href    s:replace(s:first(s:class('tweet-link')/@href, s:class('tweet-date')/a/@href), '^(?:https?://[^/]+)?/(${NAME})/status/(\d+).*$', 'https://x.com/$1/status/$2')
  published date,dmy s:class('tweet-date')[not(s:inside('quote'))]/a/@title
  author    line    s:class('fullname')[not(s:inside('quote'))]
  author_handle string s:replace(s:class('username')[not(s:inside('quote'))], '^@', '')
  text      text    s:class('tweet-content')[not(s:inside('quote'))]
  links     hrefs   s:class('tweet-content')[not(s:inside('quote'))]//a[s:matches(@href, '^https?://')]/@href
  hashtags  texts   s:class('tweet-content')[not(s:inside('quote'))]//a[contains(@href, 'q=%23')]
  reply_to  line    s:class('replying-to')[not(s:inside('quote'))]
  pinned    mark    s:class('pinned')
  retweeted_by line s:replace(s:class('retweet-header'), '\s+(?:retweeted|reposted)\s*$', '')
  quotes    string  s:replace(s:class('quote-link')/@href, '#m$', '')
  quotes    string  s:replace(s:class('unavailable')[s:inside('quote') or s:is('quote')], '^[\s\S]+$', 'unavailable')
  unavailable line  s:class('unavailable-box')
  map stats s:class('tweet-stat')
    name    string  s:match(.//span/@class, 'icon-(\w+)')
    value   line    .
  end
  each media  s:class('attachment')[not(s:inside('quote'))][s:class('still-image')]
    type    = photo
    url     string  s:class('still-image')/@href
  end
  each media  s:class('video-container')[not(s:inside('quote'))]
    type    = video
    url     string  .//source/@src
    url     string  .//video/@data-url
    thumb   string  .//img/@src
    thumb   string  .//video/@poster
  end
  each media  s:class('media-gif')[not(s:inside('quote'))]
    type    = video
    url     string  .//source/@src
    thumb   string  .//video/@poster
  end
end

block profile
  title       line   s:class('profile-card-fullname')
  username    string s:replace(s:class('profile-card-username'), '^@', '')
  description text   s:class('profile-bio')
  location    line   s:class('profile-location')
  website     href   s:class('profile-website')//a/@href
  joined      line   s:class('profile-joindate')//span[@title]/@title
  map counters s:class('profile-statlist')/li
    name      line   s:class('profile-stat-header')
    value     line   s:class('profile-stat-num')
  end
end

page post
  url       ${SITE}/${NAME}/status/(?<id>\d+)
  anchor    s:class('main-tweet')
  posts     tweet s:class('main-tweet')//*[s:is('timeline-item')]
end

page listing
  url       ${SITE}/(?!${WORDS}(?:[/?#]|$))(?<name>${NAME})(?:/(?:with_replies|media))?/?(?:[?#].*)?$
  anchor    s:class('timeline')
  anchor    s:class('profile-card')
  account   profile
  posts     tweet s:class('timeline-item')[not(s:is('show-more'))][not(s:is('more-replies'))][s:class('tweet-link') or s:class('tweet-date')]
  next      older s:class('show-more')[last()]/a[contains(@href, 'cursor=')]/@href
  finding   no-posts s:class('timeline-none')
  finding   protected s:class('timeline-protected')
  link      mention s:class('tweet-content')//a[s:matches(@href, '^https?://')]/@href
end

page not-found
  url       ${SITE}/
  anchor    s:class('error-panel')
  finding   not-found s:class('error-panel')
end

page challenge
  url       ${SITE}/
  anchor    //title[s:matches(., '(?i)just a moment|verifying|making sure|not a bot|challenge')]
  anchor    //*[@id='anubis_challenge']
  finding   challenge boolean(true())
end
