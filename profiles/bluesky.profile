scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Bluesky: the public AppView (public.api.bsky.app), which answers profiles,
# feeds and threads to anybody, and the application's own pages, whose head
# carries a card. Search is refused to who has no account: out of bounds.

id          bluesky
version     1
checked     2026-11-22
about       Bluesky public API and pages (bsky.app)

host        public.api.bsky.app api.bsky.app bsky.app www.bsky.app
media-host  cdn.bsky.app video.bsky.app video.cdn.bsky.app
media-max   50 MiB
family      bluesky bsky.app *.bsky.app

delay       2000 ms
quota       1000 per day
pages       20 per pass

define API   ^https?://(?:public\.)?api\.bsky\.app/xrpc/app\.bsky
define NAME  (?:did:[a-z]+:[A-Za-z0-9._:%-]+|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+)

source
  name      ^@?(?<name>${NAME})$
  fold
  entry     https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor={name}&limit=100
  from      ^https?://(?:www\.)?bsky\.app/profile/(?<name>${NAME})(?:[/?#].*)?$
  from      ${API}\.\w+\.\w+\?(?:.*&)?actor=(?<name>${NAME})(?:[&#].*)?$
end

block post
  require   post_id url published

  post_id   string  uri
  url       href    s:replace(concat(author/handle, ' ', uri), '^(\S+) at://[^/]+/app\.bsky\.feed\.post/([^/?#]+)$', 'https://bsky.app/profile/$1/post/$2')
  published date    record/createdAt
  published date    value/createdAt
  published date    indexedAt
  indexed   date    indexedAt
  author    line    author/displayName[. != '']
  author    line    author/handle
  author_handle string author/handle
  author_id string  author/did
  text      string  record/text
  text      string  value/text
  reply_to  string  record/reply/parent/uri
  reply_root string record/reply/root/uri
  forwarded_from    line  self::*[../reason/by]/author/displayName[. != '']
  forwarded_from    line  self::*[../reason/by]/author/handle
  forwarded_by      string ../reason/by/handle
  quotes    string  embed/record/uri
  quotes    string  embed/record/record/uri
  links     hrefs   record/facets/item/features/item/uri
  hashtags  texts   record/facets/item/features/item/tag
  labels    texts   labels/item/val
  langs     texts   record/langs/item

  each media  embed/images/item | embed/media/images/item
    type    = photo
    url     href    fullsize
    thumb   href    thumb
    alt     string  alt[. != '']
  end
  each media  embed[playlist] | embed/media[playlist]
    type    = video
    url     href    playlist
    thumb   href    thumbnail
    alt     string  alt[. != '']
  end
  one link_preview  embed/external | embed/media/external
    url     href    uri
    title   line    title
    description string description
    image   href    thumb
  end
  one stats .
    likes   number  likeCount
    replies number  replyCount
    reposts number  repostCount
    quotes  number  quoteCount
  end
end

block actor
  title       line   displayName
  username    string handle
  account_id  string did
  description string description
  one counters .
    followers number followersCount
    follows   number followsCount
    posts     number postsCount
  end
  image       href   avatar
  banner      href   banner
  created     date   createdAt
  labels      texts  labels/item/val
end

block card
  title       line   s:replace(//meta[@property='og:title']/@content, '\s*\(@[^)]*\).*$', '')
  username    string s:match(//meta[@property='og:url']/@content, '/profile/([^/?#]+)')
  username    string s:param('name')
  description string //meta[@name='description']/@content
  image       href   //meta[@property='og:image']/@content
end

page refused
  url       ^https?://(?:public\.)?api\.bsky\.app/
  anchor    /json[error and not(feed or posts or thread or post)]
  finding   refused /json[error = 'AuthMissing' or error = 'AuthenticationRequired' or error = 'Forbidden' or error = 'RateLimitExceeded']/error
  finding   blocked /json[error = 'BlockedActor' or error = 'BlockedByActor']/error
  finding   not-found /json[not(error = 'AuthMissing' or error = 'AuthenticationRequired' or error = 'Forbidden' or error = 'RateLimitExceeded' or error = 'BlockedActor' or error = 'BlockedByActor')]/error
end

page listing
  url       ${API}\.feed\.(?:getAuthorFeed|getFeed|getListFeed|getTimeline)(?:\?(?:.*&)?actor=(?<name>[^&#]+))?
  anchor    /json/feed
  account   actor /json/feed/item[not(reason)][1]/post/author
  posts     post /json/feed/item/post
  next      older s:replace(concat(s:page-url(), ' ', /json/cursor), '^(https?://[^?#\s]+\?(?:(?!cursor=)[^&#\s]+&?)*?)(?:&?cursor=[^&#\s]*)?[^\s]* (\S+)$', '$1&cursor=$2')
  finding   no-posts boolean(/json/feed[not(item)])
  link      mention /json/feed/item/post/record/facets/item/features/item/uri
end

page quotes
  url       ${API}\.feed\.(?:getQuotes|getPosts|searchPosts)
  anchor    /json/posts
  posts     post /json/posts/item
  finding   no-posts boolean(/json/posts[not(item)])
end

page thread
  url       ${API}\.feed\.getPostThread
  anchor    /json/thread
  posts     post /json/thread/post
  finding   not-found /json/thread[notFound = 'true']/uri
  finding   blocked /json/thread[blocked = 'true']/uri
end

page post
  url       ${API}\.feed\.
  anchor    /json/post/uri
  anchor    /json[uri and record]
  posts     post /json/post | /json[uri and record]
end

page profile
  url       ${API}\.(?:actor|feed)\.getProfile
  anchor    /json[did and handle]
  account   actor /json
  finding   landing-only boolean(true())
end

# The application's pages are filled by script; their head says a little.
page post-card
  url       ^https?://(?:www\.)?bsky\.app/profile/(?<name>[^/?#]+)/post/
  url       ^https?://(?:www\.)?bsky\.app/?(?:[?#].*)?$
  anchor    //meta[@property='og:url'][contains(@content, '/post/')]
  anchor    //*[@id='bsky_post_summary']
  account   card
  finding   needs-script //*[@id='bsky_post_summary']
  finding   needs-script boolean(not(//*[@id='bsky_post_summary']))
  link      post //link[@rel='alternate'][starts-with(@href, 'at://')]/@href
end

page shell
  url       ^https?://(?:www\.)?bsky\.app/
  anchor    //*[@id='root']
  anchor    //noscript
  account   card
  finding   needs-script boolean(true())
end
