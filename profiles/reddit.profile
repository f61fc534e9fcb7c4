scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Reddit: the .json and .rss forms of its public pages, where they are answered
# (they are refused to most networks: then that is the record), and its pages.
# robots.txt forbids all: a decision of the case is needed.

id          reddit
version     1
checked     2026-11-22
about       Reddit listings, posts and feeds (reddit.com)

host        www.reddit.com reddit.com old.reddit.com new.reddit.com sh.reddit.com m.reddit.com oauth.reddit.com
media-host  i.redd.it preview.redd.it v.redd.it i.redditmedia.com *.redditmedia.com external-preview.redd.it
media-max   50 MiB
family      reddit reddit.com *.reddit.com *.redd.it redd.it

delay       10000 ms
quota       100 per day
pages       5 per pass

define SITE  ^https?://(?:(?:www|old|new|sh|m|oauth)\.)?reddit\.com
define NAME  (?:r|u|user)/[A-Za-z0-9_-]{2,40}

source
  name      ^/?(?<name>${NAME})$
  fold
  entry     https://www.reddit.com/{name}/new/.json?raw_json=1
  from      ${SITE}/(?<name>${NAME})(?:[/?#].*)?$
end

# A link or a text (t3).
block post
  require   post_id published

  post_id   string  name
  url       href    s:replace(permalink, '^/', 'https://www.reddit.com/')
  published date    created_utc
  author    line    author[not(@type = 'null')]
  title     line    title
  text      string  selftext[. != '']
  edited    flag    edited[not(. = 'false')]
  edited_at date    edited[@type = 'number']
  score     number  score
  num_comments number num_comments
  subreddit string  subreddit
  link_url  href    self::*[is_self = 'false']/url
  removed   string  removed_by_category[not(@type = 'null')]
  sensitive mark    over_18[. = 'true']
  pinned    mark    stickied[. = 'true']
  flair     line    link_flair_text[not(@type = 'null')]
  forwarded_from line crosspost_parent_list/item[1]/subreddit
  each media  media/reddit_video
    type    = video
    url     href  fallback_url
    duration number duration
  end
  each media  media_metadata/*[s][status = 'valid']
    type    = photo
    url     href  s/u
    id      string id
  end
end

# A comment (t1).
block comment
  require   post_id published

  post_id   string  name
  title     line    title
  text      string  selftext[. != '']
  url       href    s:replace(permalink, '^/', 'https://www.reddit.com/')
  published date    created_utc
  author    line    author[not(@type = 'null')]
  text      string  body
  edited    flag    edited[not(. = 'false')]
  edited_at date    edited[@type = 'number']
  reply_to  string  parent_id
  score     number  score
  subreddit string  subreddit
  thread    string  link_id
  thread_title line link_title
end

block entry
  require   post_id
  post_id   string  *[local-name() = 'id']
  url       href    *[local-name() = 'link']/@href
  published date    *[local-name() = 'published']
  published date    *[local-name() = 'updated']
  author    line    s:replace(*[local-name() = 'author']/*[local-name() = 'name'], '^/u/', '')
  title     line    *[local-name() = 'title']
  text      string  s:text(s:html(*[local-name() = 'content'])//*[@class='md'])
  links     hrefs   s:html(*[local-name() = 'content'])//*[@class='md']//a/@href
  subreddit string  *[local-name() = 'category']/@term
end

block about
  title       line   title
  username    string display_name_prefixed
  username    string name
  description string public_description
  followers   number subscribers
  created     date   created_utc
end

block card
  title       line   //meta[@property='og:title']/@content
  title       line   //title
  description string //meta[@name='description']/@content
  url         href   //link[@rel='canonical']/@href
end

block oembed
  title       line   title
  username    line   author_name
  url         href   author_url
  image       href   thumbnail_url
end

# The site's HTML: elements of their own carry the data.
block shreddit
  require   post_id
  post_id   string  @id
  url       href    s:abs(@permalink)
  published date    @created-timestamp
  author    line    @author
  title     line    @post-title
  text      text    .//*[@slot='text-body']
  score     number  @score
  num_comments number @comment-count
  subreddit string  s:replace(@subreddit-prefixed-name, '^r/', '')
  link_url  href    @content-href
end

block thing
  require   post_id
  post_id   string  @data-fullname
  url       href    s:abs(@data-permalink)
  published date    @data-timestamp
  author    line    @data-author
  title     line    s:class('title')[self::a]
  text      text    s:class('usertext-body')
  score     number  @data-score
  num_comments number @data-comments-count
  subreddit string  @data-subreddit
  link_url  href    @data-url
end

page oembed
  url       ${SITE}/oembed
  anchor    /json[author_name or html]
  account   oembed /json
  finding   landing-only boolean(true())
end

page listing
  url       ${SITE}/(?<name>${NAME}|comments)?.*\.json
  url       ^https?://oauth\.reddit\.com/
  anchor    /json[kind = 'Listing']/data/children[not(item[kind != 't3'])]
  posts     post    /json/data/children/item[kind = 't3']/data
  next      older   s:replace(concat(s:page-url(), ' ', /json/data/after[not(@type = 'null')]), '^([^?#\s]+)(?:\?\S*)?\s(t\d_\w+)$', '$1?raw_json=1&after=$2')
  finding   no-posts boolean(/json/data/children[not(item)])
  link      outward /json/data/children/item[kind = 't3']/data[is_self = 'false']/url
end

# What somebody wrote under others' posts (of u/NAME), or a list of comments.
page comments
  url       ${SITE}/(?<name>${NAME}|comments)?.*\.json
  url       ^https?://oauth\.reddit\.com/
  anchor    /json[kind = 'Listing']/data/children/item[kind = 't1']
  posts     comment /json/data/children/item/data
  next      older   s:replace(concat(s:page-url(), ' ', /json/data/after[not(@type = 'null')]), '^([^?#\s]+)(?:\?\S*)?\s(t\d_\w+)$', '$1?raw_json=1&after=$2')
end

# A post and its comments: these are other people's words, and left out.
page post
  url       ${SITE}/(?:r/[^/]+/|u(?:ser)?/[^/]+/)?comments/.*\.json
  anchor    /json/item[kind = 'Listing']/data/children/item[kind = 't3']
  posts     post /json/item[1]/data/children/item[kind = 't3']/data
  link      outward /json/item[1]/data/children/item[kind = 't3']/data[is_self = 'false']/url
end

page profile
  url       ${SITE}/(?<name>${NAME})/about.*\.json
  anchor    /json[kind = 't5' or kind = 't2']/data
  account   about /json/data
  finding   landing-only boolean(true())
end

page refused
  url       ${SITE}/.*\.json
  url       ^https?://oauth\.reddit\.com/
  anchor    /json[error]
  finding   not-found /json[error = '404']/message
  finding   refused   /json[not(error = '404')]/message
end

page feed
  url       ${SITE}/.*\.rss
  anchor    /*[local-name() = 'feed']
  posts     entry /*/*[local-name() = 'entry']
  may-be-empty
end

page challenge
  url       ${SITE}/
  anchor    //form[.//input[@name='solution' or @name='js_challenge' or @name='token']]
  anchor    //title[s:matches(., '(?i)prove your humanity|verification|blocked')]
  anchor    //script[s:matches(., 'js_challenge')]
  finding   challenge boolean(true())
end

page listing-html
  url       ${SITE}/
  anchor    //shreddit-post
  posts     shreddit //shreddit-post
end

page listing-old
  url       ${SITE}/
  anchor    s:class('thing')[@data-fullname]
  posts     thing s:class('thing')[starts-with(@data-fullname, 't3_')]
end

page login-wall
  url       ${SITE}/(?:login|register|account)
  anchor    //form[.//input[@type='password']]
  anchor    //auth-flow-login
  finding   login-wall boolean(true())
end

# A head without a body: made for link previews.
page post-card
  url       ${SITE}/
  anchor    //meta[@property='og:site_name'][@content='Reddit'][not(//body/*)]
  account   card
  finding   needs-script boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //*[@id='2x-container' or @id='AppRouter-main-content' or @id='SHORTCUT_FOCUSABLE_DIV']
  anchor    //shreddit-app
  account   card
  finding   needs-script boolean(true())
end
