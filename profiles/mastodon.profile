scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Mastodon and what speaks its language: the public API and the ActivityPub
# objects of any server, and the pages and feeds of servers named here. Servers
# that ask for a token to see public timelines are out of bounds.

id          mastodon
version     1
checked     2026-11-22
about       Mastodon API, ActivityPub objects, instance pages

host        mastodon.social mastodon.online mstdn.social mas.to piaille.fr mamot.fr framapiaf.org mastodon.top \
            mastodon.zaclys.com toot.aquilenet.fr tooting.ch mstdn.fr eldritch.cafe masto.bike fosstodon.org infosec.exchange
host        *
media-host  files.mastodon.social *.mastodon.social media.piaille.fr *.piaille.fr *.mamot.fr *.mstdn.social
media-max   40 MiB
family      mastodon mastodon.social *.mastodon.social

delay       3000 ms
quota       1000 per day
pages       20 per pass

define HOST  [A-Za-z0-9.-]+(?::\d+)?
define INST  (?:mastodon\.(?:social|online|top|zaclys\.com)|mstdn\.(?:social|fr)|mas\.to|piaille\.fr|mamot\.fr|framapiaf\.org|toot\.aquilenet\.fr|tooting\.ch|eldritch\.cafe|masto\.bike|fosstodon\.org|infosec\.exchange)
define NAME  [A-Za-z0-9_.-]{1,64}

# The account's feed: the API's own address of an account is a number, which
# names nobody.
source
  name      ^@?(?<name>${HOST}/@${NAME})$
  fold
  entry     https://{name}.rss
  from      ^https?://(?<name>${HOST}/@${NAME})\.rss(?:[?#].*)?$
  from      ^https?://(?<name>${INST}/@${NAME})(?:/\d+)?/?(?:[?#].*)?$
end

block status
  require   post_id url published

  post_id   string  id
  url       href    url[. != '']
  url       href    uri
  published date    created_at
  author    line    account/display_name[. != '']
  author    line    account/username
  author_handle string account/acct
  author_id string  account/url
  text      string  s:text(s:html(content))
  spoiler_text string spoiler_text[. != '']
  edited    flag    edited_at[. != '' and not(@type = 'null')]
  edited_at date    edited_at[not(@type = 'null')]
  reply_to  string  in_reply_to_id[not(@type = 'null')]
  forwarded_from    line  reblog/account/display_name[. != '']
  forwarded_from    line  reblog/account/acct
  forwarded_from_url href reblog/url
  quotes    string  quote/quoted_status/url
  links     hrefs   s:html(content)//a[not(s:matches(@class, '\b(?:mention|hashtag)\b'))][not(@rel = 'tag')]/@href
  hashtags  texts   tags/item/name
  mentions  texts   mentions/item/acct
  langs     texts   language[not(@type = 'null')]
  sensitive mark    sensitive[. = 'true']
  visibility string visibility
  each media  media_attachments/item
    type    string  type
    url     href    url[. != '' and not(@type = 'null')]
    url     href    remote_url[. != '' and not(@type = 'null')]
    thumb   href    preview_url[. != '' and not(@type = 'null')]
    origin  href    remote_url[. != '' and not(@type = 'null')]
    alt     string  description[not(@type = 'null')]
    duration number meta/original/duration
  end
  one poll  poll[@type = 'object']
    expires date    expires_at
    each options options/item
      text  string  title
      votes number  votes_count
    end
  end
  one link_preview card[@type = 'object']
    url     href    url
    site    line    provider_name
    title   line    title
    description string description
    image   href    image[not(@type = 'null')]
  end
  one stats .
    replies number  replies_count
    reposts number  reblogs_count
    likes   number  favourites_count
  end
end

block account
  title       line   display_name[. != '']
  title       line   username
  username    string acct
  account_id  string id
  url         href   url
  description string s:text(s:html(note))
  one counters .
    followers number followers_count
    follows   number following_count
    posts     number statuses_count
  end
  image       href   avatar
  created     date   created_at
  bot         mark   bot[. = 'true']
  locked      mark   locked[. = 'true']
  each fields fields/item
    name      line   name
    value     string s:text(s:html(value))
    verified  date   verified_at[not(@type = 'null')]
  end
end

# ActivityPub (W3C): Note, Page, Article, Question, Video
block note
  require   post_id

  post_id   string  item[@name='id'] | id
  url       href    url[@type = 'string']
  url       href    url/item[mediaType = 'text/html']/href
  url       href    id
  published date    published
  author    line    attributedTo/item[type = 'Person']/name
  author_id string  attributedTo[@type = 'string']
  author_id string  attributedTo/item/id
  author_id string  attributedTo/item[@type = 'string']
  author_id string  actor[@type = 'string']
  title     line    name[. != '']
  text      string  self::*[mediaType = 'text/markdown']/content
  text      string  s:text(s:html(content))
  spoiler_text string summary[. != '' and not(@type = 'null')]
  edited    flag    self::*[updated and updated != published]/updated
  edited_at date    self::*[updated and updated != published]/updated
  reply_to  string  inReplyTo[@type = 'string']
  reply_to  string  inReplyTo/id
  links     hrefs   s:html(content)//a[not(s:matches(@class, '\b(?:mention|hashtag)\b'))][not(@rel = 'tag')]/@href
  hashtags  texts   tag/item[type = 'Hashtag']/name
  mentions  texts   tag/item[type = 'Mention']/name
  views     string  views
  sensitive mark    sensitive[. = 'true']
  each media  attachment/item[url][s:matches(mediaType, '^(?:image|video|audio)/')]
    type    string  s:replace(s:replace(mediaType, '^image/.*$', 'photo'), '/.*$', '')
    url     href    url
    alt     string  name[not(@type = 'null')]
  end
  each media  url/item[s:matches(mediaType, '^video/')][1]
    type    = video
    url     href    href
    thumb   href    ../../icon/item[1]/url
  end
end

block actor
  title       line   name[. != '']
  title       line   preferredUsername
  username    string preferredUsername
  account_id  string id
  account_type string s:lower(type)
  url         href   url[@type = 'string']
  description string s:text(s:html(summary))
  image       href   icon/url
  created     date   published
  outbox      href   outbox
end

block card
  title       line   //meta[@property='og:title']/@content
  username    string //meta[@property='profile:username']/@content
  username    string s:param('name')
  description string //meta[@name='description']/@content
  image       href   //meta[@property='og:image']/@content
end

block ogpost
  require   post_id
  post_id   string  s:param('id')
  url       href    //meta[@property='og:url']/@content
  url       href    //link[@rel='canonical']/@href
  published date    //meta[@property='og:published_time']/@content
  author    line    s:replace(//meta[@property='og:title']/@content, '\s*\(@[^)]*\)\s*$', '')
  author_handle string //meta[@property='profile:username']/@content
  text      string  //meta[@property='og:description']/@content
  each media  //meta[@property='og:image'][contains(@content, 'media_attachments')]
    type    = photo
    url     href  @content
  end
end

block channel
  title       line   title
  username    string s:match(link, '/@([^/?#]+)')
  url         href   link
  description string description
  image       href   image/url
end

block rssitem
  require   post_id
  post_id   string  s:match(guid, '/(\d+)$')
  post_id   string  guid
  url       href    link
  author    line    /rss/channel/title
  author_handle string s:match(/rss/channel/link, '/@([^/?#]+)')
  published date    pubDate
  text      string  s:text(s:html(description))
  links     hrefs   s:html(description)//a[not(s:matches(@class, '\b(?:mention|hashtag)\b'))]/@href
  each media  *[local-name() = 'content'][@url]
    type    string  s:replace(@medium, '^image$', 'photo')
    url     href    @url
  end
end

page refused
  url       ^https?://${HOST}/api/v\d/
  anchor    /json[error and not(id)]
  finding   refused   /json/error[s:matches(., '(?i)token|auth|forbidden|login|limit')]
  finding   not-found /json/error[not(s:matches(., '(?i)token|auth|forbidden|login|limit'))]
end

page history
  url       ^https?://${HOST}/api/v1/statuses/(?<id>\d+)/history
  anchor    /json/item[content and created_at]
  finding   versions boolean(/json/item)
  link      account  /json/item[1]/account/url
end

page post
  url       ^https?://${HOST}/api/v1/statuses/(?<id>\d+)/?(?:[?#].*)?$
  anchor    /json[id and content and account]
  posts     status /json
end

page thread
  url       ^https?://${HOST}/api/v1/statuses/(?<id>\d+)/context
  anchor    /json[ancestors and descendants]
  posts     status /json/ancestors/item
  may-be-empty
end

page listing
  url       ^https?://${HOST}/api/v1/(?:timelines/(?:tag/[^/?#]+|public)|accounts/\d+/statuses)(?:\?.*)?$
  anchor    /json/item[id and content and account]
  anchor    /json[@type = 'array'][not(item)]
  account   account /json/item[1]/account
  posts     status /json/item[content]
  next      older s:replace(concat(s:replace(s:page-url(), '[?&]max_id=\d+', ''), ' ', /json/item[last()]/id), '^([^?#\s]+)(\?[^#\s]*)?\S* (\d+)$', '$1?max_id=$3')
  finding   no-posts boolean(/json[@type = 'array'][not(item)])
  link      mention s:html(/json/item/content)//a[not(s:matches(@class, '\b(?:mention|hashtag)\b'))]/@href
end

page profile
  url       ^https?://${HOST}/api/v1/accounts/(?:lookup\?.*|\d+)$
  anchor    /json[acct and username]
  account   account /json
  finding   landing-only boolean(true())
  link      posts s:replace(concat(s:page-url(), ' ', /json/id), '^(https?://[^/]+)/\S* (\d+)$', '$1/api/v1/accounts/$2/statuses?limit=40&exclude_replies=false')
end

# Objects and collections of ActivityPub, wherever they lie.
page post
  url       ^https?://${HOST}/(?:users|objects?|statuses|notes|activities|ap|@[^/]+|videos|object)/
  anchor    /json[s:matches(type, '^(?:Note|Page|Article|Question|Video|Event)$')]
  anchor    /json[s:matches(type, '^(?:Create|Announce|Update)$')]/object
  posts     note /json[s:matches(type, '^(?:Note|Page|Article|Question|Video|Event)$')] | /json/object[content]
  finding   removed /json[type = 'Tombstone']/deleted
end

page listing
  url       ^https?://${HOST}/(?:users|@[^/]+|ap)/
  anchor    /json[s:matches(type, '^(?:Ordered)?Collection(?:Page)?$')]
  posts     note /json/orderedItems/item[content] | /json/orderedItems/item/object[content] | /json/items/item[content] | /json/items/item/object[content]
  next      older /json/next
  next      older /json/first[@type = 'string']
  may-be-empty
end

page profile
  url       ^https?://${HOST}/(?:users|@[^/]+|ap|u)/
  anchor    /json[s:matches(type, '^(?:Person|Service|Group|Organization|Application)$')]
  account   actor /json
  finding   landing-only boolean(true())
  link      posts /json/outbox
end

page feed
  url       ^https?://${HOST}/@(?<name>[^/?#]+)\.rss
  anchor    /rss/channel
  account   channel /rss/channel
  posts     rssitem /rss/channel/item
  may-be-empty
end

page post-card
  url       ^https?://${INST}/@(?<name>[^/?#]+)/(?<id>\d+)
  anchor    //meta[@property='og:url']
  posts     ogpost /*
end

page profile-card
  url       ^https?://${INST}/@(?<name>[^/?#]+)/?(?:[?#].*)?$
  anchor    //meta[@property='profile:username']
  anchor    //meta[@property='og:title']
  account   card
  finding   needs-script boolean(true())
  link      feed //link[@type='application/rss+xml']/@href
end

page shell
  url       ^https?://${INST}/
  anchor    //*[@id='mastodon']
  anchor    //*[@id='initial-state']
  finding   needs-script boolean(true())
end
