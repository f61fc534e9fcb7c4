scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# X: single posts by the embed widget's data (cdn.syndication.twimg.com) and
# oEmbed; saved answers of the site's own data calls; the site's pages, of which
# an anonymous visitor sees one post, or a wall. Profiles, replies and search
# need an account: out of bounds.

id          x
version     1
checked     2026-11-22
about       X, formerly Twitter: single public posts (x.com)

host        x.com www.x.com mobile.x.com twitter.com www.twitter.com mobile.twitter.com
host        cdn.syndication.twimg.com syndication.twitter.com publish.x.com publish.twitter.com api.x.com
media-host  pbs.twimg.com video.twimg.com
media-max   50 MiB
family      x x.com *.x.com twitter.com *.twitter.com *.twimg.com

delay       8000 ms
quota       100 per day
pages       1 per pass

define SITE  ^https?://(?:www\.|mobile\.)?(?:x|twitter)\.com
define NAME  [A-Za-z0-9_]{1,15}
define WORDS (?:home|explore|search|i|intent|share|login|signup|settings|messages|notifications|compose|hashtag|tos|privacy|about|account|download|jobs)

source
  name      ^(?<name>\d{1,20})$
  entry     https://cdn.syndication.twimg.com/tweet-result?id={name}&token=a
  from      ${SITE}/(?:${NAME}|i/web|i)/status(?:es)?/(?<name>\d+)(?:[/?#].*)?$
  from      ^https?://cdn\.syndication\.twimg\.com/tweet-result\?(?:.*&)?id=(?<name>\d+)(?:[&#].*)?$
end

# The widget's data.
block widget
  require   post_id url published

  post_id   string  id_str
  url       href    concat('https://x.com/', user/screen_name, '/status/', id_str)
  published date    created_at
  author    line    user/name
  author_handle string user/screen_name
  author_id string  user/id_str
  text      string  note_tweet/text[. != '']
  text      string  s:decode(text)
  edited    flag    isEdited[. = 'true'] | edit_control/edit_tweet_ids/item[2]
  reply_to  string  in_reply_to_status_id_str
  quotes    string  quoted_tweet/id_str
  links     hrefs   entities/urls/item/expanded_url
  hashtags  texts   entities/hashtags/item/text
  likes     number  favorite_count
  replies   number  conversation_count
  langs     texts   lang
  sensitive mark    possibly_sensitive[. = 'true']
  each media  mediaDetails/item
    type    string  s:replace(type, '^animated_gif$', 'video')
    url     href    video_info/variants/item[content_type = 'video/mp4'][not(bitrate < ../item[content_type = 'video/mp4']/bitrate)]/url
    url     href    media_url_https
    thumb   href    self::*[video_info]/media_url_https
    alt     string  ext_alt_text
  end
end

# The site's own data calls, as a browser's archive may hold them.
define USER  core/user_results/result
block tweet
  require   post_id url published

  post_id   string  rest_id
  post_id   string  legacy/id_str
  url       href    concat('https://x.com/', ${USER}/legacy/screen_name, ${USER}/core/screen_name, '/status/', rest_id)
  published date    legacy/created_at
  author    line    ${USER}/legacy/name
  author    line    ${USER}/core/name
  author_handle string ${USER}/legacy/screen_name
  author_handle string ${USER}/core/screen_name
  author_id string  ${USER}/rest_id
  text      string  note_tweet/note_tweet_results/result/text
  text      string  s:decode(legacy/full_text)
  views     string  views/count
  edited    flag    edit_control/edit_tweet_ids/item[2] | edit_control/edit_control_initial/edit_tweet_ids/item[2]
  reply_to  string  legacy/in_reply_to_status_id_str
  forwarded_from line legacy/retweeted_status_result/result/${USER}/legacy/name
  quotes    string  legacy/quoted_status_id_str
  links     hrefs   note_tweet/note_tweet_results/result/entity_set/urls/item/expanded_url
  links     hrefs   legacy/entities/urls/item/expanded_url
  hashtags  texts   legacy/entities/hashtags/item/text
  likes     number  legacy/favorite_count
  sensitive mark    legacy/possibly_sensitive[. = 'true']
  one stats legacy
    likes   number  favorite_count
    replies number  reply_count
    reposts number  retweet_count
    quotes  number  quote_count
    bookmarks number bookmark_count
  end
  each media  legacy/extended_entities/media/item
    type    string  s:replace(type, '^animated_gif$', 'video')
    url     href    video_info/variants/item[content_type = 'video/mp4'][not(bitrate < ../item[content_type = 'video/mp4']/bitrate)]/url
    url     href    media_url_https
    thumb   href    self::*[video_info]/media_url_https
    alt     string  ext_alt_text
    duration_ms number video_info/duration_millis
  end
end

block user
  title       line   legacy/name
  title       line   core/name
  username    string legacy/screen_name
  username    string core/screen_name
  account_id  string rest_id
  description string legacy/description
  location    line   legacy/location
  website     href   legacy/entities/url/urls/item[1]/expanded_url
  created     date   legacy/created_at
  one counters legacy
    followers number followers_count
    follows   number friends_count
    posts     number statuses_count
    media     number media_count
  end
  image       href   legacy/profile_image_url_https
  banner      href   legacy/profile_banner_url
end

block card
  title       line   //meta[@property='og:title']/@content
  title       line   //title
  username    string s:match(s:first(//meta[@property='og:url']/@content, //link[@rel='canonical']/@href, s:page-url()), '${SITE}/(${NAME})')
  description string //meta[@property='og:description']/@content
  description string //meta[@name='description']/@content
  image       href   //meta[@property='og:image']/@content
end

# A page made for link previews: the post stands in its head.
block ogpost
  require   post_id url

  post_id   string  s:match(s:first(//meta[@property='og:url']/@content, //link[@rel='canonical']/@href, s:page-url()), '/status(?:es)?/(\d+)')
  url       href    s:replace(s:first(//meta[@property='og:url']/@content, //link[@rel='canonical']/@href, s:page-url()), '${SITE}/(${NAME})/status(?:es)?/(\d+).*$', 'https://x.com/$1/status/$2')
  author    line    s:replace(//meta[@property='og:title']/@content, '^(.*?)\s+(?:on (?:Twitter|X)|\(@.*|sur (?:Twitter|X)).*$', '$1')
  author_handle string s:match(s:first(//meta[@property='og:url']/@content, //link[@rel='canonical']/@href, s:page-url()), '${SITE}/(${NAME})/')
  text      string  s:replace(//meta[@property='og:description']/@content, '^[“”"](.*)[“”"]$', '$1')
  each media  //meta[@property='og:image'][contains(@content, '/media/')]
    type    = photo
    url     href    s:replace(@content, ':(?:large|small|thumb|medium)$', '')
  end
end

# The site's HTML of before 2020.
block oldtweet
  require   post_id url
  post_id   string  @data-tweet-id
  post_id   string  @data-item-id
  url       href    s:abs(@data-permalink-path)
  published date    .//*[@data-time-ms][1]/@data-time-ms
  published date    .//*[@data-time][1]/@data-time
  author    line    @data-name
  author_handle string @data-screen-name
  author_id string  @data-user-id
  text      text    s:class('tweet-text')
  links     hrefs   s:class('tweet-text')//a/@data-expanded-url
  forwarded_from line self::*[@data-retweet-id]/@data-name
  forwarded_by string @data-retweeter
  one stats .
    replies number .//*[s:is('ProfileTweet-action--reply')]//@data-tweet-stat-count
    reposts number .//*[s:is('ProfileTweet-action--retweet')]//@data-tweet-stat-count
    likes   number .//*[s:is('ProfileTweet-action--favorite')]//@data-tweet-stat-count
  end
  each media  s:class('AdaptiveMedia-photoContainer')
    type    = photo
    url     href  @data-image-url
  end
  each media  s:class('AdaptiveMedia-videoContainer')
    type    = video
    thumb   style .//*[s:is('PlayableMedia-player')]/@style
  end
end

block oldprofile
  title       line   s:class('ProfileHeaderCard-nameLink')
  username    string s:match(s:class('ProfileHeaderCard-screennameLink')/@href, '([A-Za-z0-9_]+)$')
  description text   s:class('ProfileHeaderCard-bio')
  location    line   s:class('ProfileHeaderCard-locationText')
  website     href   s:class('ProfileHeaderCard-urlText')//a/@title
end

block oembedded
  require   post_id url
  post_id   string  s:match(url, '/status(?:es)?/(\d+)')
  url       href    s:replace(url, '${SITE}/(${NAME})/status(?:es)?/(\d+).*$', 'https://x.com/$1/status/$2')
  author    line    author_name
  author_handle string s:match(author_url, '/(${NAME})$')
  text      string  s:text(s:html(html)//blockquote/p)
  links     hrefs   s:html(html)//blockquote/p//a[s:matches(@href, '^https://t\.co/')]/@href
  published_text line s:html(html)//blockquote/a[last()]
end

page oembed
  url       ^https?://publish\.(?:x|twitter)\.com/oembed
  anchor    /json[author_name and html]
  posts     oembedded /json
end

page widget
  url       ^https?://(?:cdn\.syndication\.twimg\.com|syndication\.twitter\.com)/tweet-result\?
  anchor    /json[id_str and user]
  posts     widget /json
  link      mention /json/entities/urls/item/expanded_url
end

page removed
  url       ^https?://(?:cdn\.syndication\.twimg\.com|syndication\.twitter\.com)/tweet-result\?
  anchor    /json/tombstone
  anchor    /json[item[@name='__typename'] = 'TweetTombstone']
  anchor    /json[__typename = 'TweetTombstone']
  anchor    /json[not(*)]
  finding   removed /json/tombstone/text/text
  finding   removed boolean(not(/json/tombstone/text/text))
end

page post
  url       ^https?://api\.(?:x|twitter)\.com/graphql/
  url       ^https?://
  anchor    /json/data/tweetResult/result
  posts     tweet /json/data/tweetResult/result[rest_id] | /json/data/tweetResult/result/tweet[rest_id]
  finding   removed /json/data/tweetResult/result[not(rest_id) and not(tweet)]
  link      mention /json/data/tweetResult/result/legacy/entities/urls/item/expanded_url
end

page thread
  url       ^https?://
  anchor    /json/data/threaded_conversation_with_injections_v2
  anchor    /json/data/user/result/timeline_v2
  anchor    /json/data/user/result/timeline
  posts     tweet //tweet_results/result[rest_id] | //tweet_results/result/tweet[rest_id]
end

page profile
  url       ^https?://
  anchor    /json/data/user/result[rest_id]
  account   user /json/data/user/result
  finding   landing-only boolean(true())
end

page post-card
  url       ${SITE}/(?:${NAME}|i/web|i)/status(?:es)?/(?<id>\d+)
  anchor    //meta[@property='og:url'][contains(@content, '/status')]
  posts     ogpost /*
end

page listing-old
  url       ${SITE}/
  anchor    s:class('tweet')[@data-tweet-id]
  anchor    s:class('ProfileHeaderCard')
  account   oldprofile
  posts     oldtweet s:class('tweet')[@data-tweet-id][not(s:inside('QuoteTweet'))]
  may-be-empty
end

page login-wall
  url       ${SITE}/
  anchor    //*[@data-testid='loginButton' or @data-testid='login']
  anchor    //a[contains(@href, '/i/flow/login')]
  anchor    //form[contains(@action, '/sessions')]
  account   card
  finding   login-wall boolean(true())
end

page profile-card
  url       ${SITE}/(?!${WORDS}(?:[/?#]|$))(?<name>${NAME})/?(?:[?#].*)?$
  url       ${SITE}/
  anchor    //meta[@property='og:title']
  account   card
  finding   needs-script boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //*[@id='react-root']
  anchor    //noscript
  account   card
  finding   needs-script boolean(true())
end
