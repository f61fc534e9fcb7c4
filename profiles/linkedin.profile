scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# LinkedIn: public posts and articles, whose data the head carries. Profiles and
# company pages are cut for who has no account: the card only. Comments are
# other people's words: left out.

id          linkedin
version     1
checked     2026-11-22
about       LinkedIn public posts (linkedin.com)

host        www.linkedin.com linkedin.com *.linkedin.com
media-host  media.licdn.com *.licdn.com dms.licdn.com
media-max   50 MiB
family      linkedin linkedin.com *.linkedin.com *.licdn.com

delay       15000 ms
quota       40 per day
pages       1 per pass

define SITE  ^https?://(?:[a-z]{2,3}\.)?linkedin\.com

source
  name      ^(?<name>[A-Za-z0-9_%-]+-activity-\d{10,25}-[A-Za-z0-9_-]+)$
  entry     https://www.linkedin.com/posts/{name}
  from      ${SITE}/posts/(?<name>[A-Za-z0-9_%-]+-activity-\d{10,25}-[A-Za-z0-9_-]+)(?:[/?#].*)?$
end

define T item[@name='@type']

block post
  require   post_id url published

  post_id   string  s:match(item[@name='@id'], '-(\d{15,25})-[\w-]+/?(?:[?#].*)?$')
  post_id   string  s:match(s:page-url(), '(?:-|:)(\d{15,25})(?:-[\w-]+)?/?(?:[?#].*)?$')
  post_id   string  item[@name='@id']
  url       href    item[@name='@id']
  url       href    url
  published date    datePublished
  edited    flag    self::*[dateModified and dateModified != datePublished]/dateModified
  author    line    author/name
  author_handle string s:match(author/url, '/(?:in|company|school)/([^/?#]+)')
  author_url string author/url
  title     line    headline[not(starts-with(../articleBody, .))]
  text      string  articleBody
  text      string  description
  text      string  text
  one stats self::*[interactionStatistic]
    likes    number interactionStatistic/descendant-or-self::*[s:matches(interactionType, 'LikeAction$')]/userInteractionCount
    comments number interactionStatistic/descendant-or-self::*[s:matches(interactionType, 'CommentAction$')]/userInteractionCount
  end
  each media  self::*[${T} != 'VideoObject']/image[url]
    type    = photo
    url     href  url
  end
  each media  video | self::*[${T} = 'VideoObject'][contentUrl]
    type    = video
    url     href  contentUrl
    thumb   href  thumbnailUrl
    duration string duration
  end
end

block card
  title       line   //meta[@property='og:title']/@content
  description string //meta[@property='og:description']/@content
  description string //meta[@name='description']/@content
  url         href   //meta[@property='og:url']/@content
  image       href   //meta[@property='og:image']/@content
  followers   number s:match(//meta[@name='description' or @property='og:description']/@content, '([\d,. ]+) (?:followers|abonnés)')
end

page post
  url       ${SITE}/(?:posts|feed/update|pulse)/
  json      ld //script[@type='application/ld+json'][s:matches(., '"(?:SocialMediaPosting|Article|VideoObject|DiscussionForumPosting)"')]
  anchor    s:json('ld')[s:matches(${T}, '^(?:SocialMediaPosting|Article|VideoObject|DiscussionForumPosting)$')]
  posts     post s:json('ld')[s:matches(${T}, '^(?:SocialMediaPosting|Article|VideoObject|DiscussionForumPosting)$')]
  link      shared s:json('ld')/sharedContent/url
end

page login-wall
  url       ${SITE}/(?:authwall|login|uas|checkpoint|signup)
  anchor    /*
  finding   login-wall boolean(true())
end

page challenge
  url       ${SITE}/
  anchor    //script[s:matches(., 'trkCode|window\.location\.href\s*=\s*"https?://[^"]*authwall')][not(//meta[@property='og:title'])]
  finding   login-wall boolean(true())
end

# Companies, schools, people: a card, and a wall below it.
page profile-card
  url       ${SITE}/(?:company|school|in|showcase)/
  url       ${SITE}/?$
  anchor    //meta[@property='og:title']
  anchor    s:class('top-card-layout')
  account   card
  finding   login-wall boolean(true())
end

page not-found
  url       ${SITE}/
  anchor    //*[@data-error-page or s:is('error-body')]
  anchor    //title[s:matches(., '(?i)not found|introuvable')]
  anchor    //meta[@name='pageKey'][s:matches(@content, '404|not-found|unavailable')]
  finding   not-found boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //meta[@name='pageKey']
  account   card
  finding   login-wall boolean(true())
end
