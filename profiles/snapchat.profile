scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Snapchat's public web pages: public profiles with their story (lives 24
# hours), highlights and spotlights; single spotlights; names without a public
# profile. Search, chats and private stories are in the application only.

id          snapchat
version     1
checked     2026-11-22
about       Snapchat public profiles, stories and spotlights (snapchat.com)

host        www.snapchat.com snapchat.com story.snapchat.com
media-host  *.sc-cdn.net *.snapchat.com
media-max   50 MiB
family      snapchat snapchat.com *.snapchat.com *.sc-cdn.net sc-cdn.net

delay       6000 ms
quota       200 per day
pages       5 per pass

define SITE  ^https?://(?:www\.|story\.)?snapchat\.com
define NAME  [A-Za-z][A-Za-z0-9._-]{1,30}
define PROPS s:json('next')/props/pageProps
define BOLT  ${PROPS}/userProfile

source
  name      ^@?(?<name>${NAME})$
  fold
  entry     https://www.snapchat.com/@{name}
  from      ^@(?<name>${NAME})$
  from      ${SITE}/(?:add/|@|s/|u/|p/)@?(?<name>${NAME})(?:[/?#].*)?$
end

# One snap of a story, a highlight or a spotlight. Highlights have no id of
# their own: their media address names them.
block snap
  require   media

  post_id   string  snapId/value[. != '']
  post_id   string  snapId/text()[. != '']
  url       href    s:replace(self::*[ancestor::spotlightHighlights or ancestor::spotlightFeed]/snapId/value, '^(.+)$', 'https://www.snapchat.com/spotlight/$1')
  published date    timestampInSec/value
  published date    timestampInSec
  author    line    ${BOLT}/publicProfileInfo/title
  author    line    ancestor::item[1]/metadata/videoMetadata/creator/personCreator/username
  author    line    ancestor::item[storyTitle][1]/storyTitle/value[ancestor::spotlightFeed]
  author_handle string ${BOLT}/publicProfileInfo/username
  text      text    ancestor::item[metadata][1]/metadata/videoMetadata/description
  text      text    snapTitle[. != '']
  views     line    ancestor::item[metadata][1]/metadata/videoMetadata/viewCount
  collection string s:replace(self::*[ancestor::story]/snapIndex, '^.+$', 'story')
  collection string s:replace(self::*[ancestor::curatedHighlights]/snapIndex, '^.+$', 'highlight')
  collection string s:replace(self::*[ancestor::spotlightHighlights or ancestor::spotlightFeed]/snapIndex, '^.+$', 'spotlight')
  story_id  string  ancestor::item[storyId][1]/storyId/value[. != '']
  story_title line  ancestor::item[storyTitle][1]/storyTitle/value[. != '']
  highlight_id string ancestor::item[highlightId][1]/highlightId/value[. != '']
  hashtags  texts   ancestor::item[metadata][1]/metadata/hashtags/item
  one stats ancestor::item[metadata][1]/metadata/videoMetadata
    views   number  viewCount
    shares  number  shareCount
  end
  each media snapUrls[mediaUrl != '']
    type    string  s:replace(s:replace(s:replace(../snapMediaType, '^0$', 'photo'), '^1$', 'video'), '^\d+$', 'video')
    url     href    mediaUrl
    thumb   href    mediaPreviewUrl/value[. != '']
    thumb   href    mediaPreviewUrl/text()[. != '']
  end
end

block profile
  title       line   publicProfileInfo/title
  title       line   userInfo/displayName
  username    string publicProfileInfo/username
  username    string userInfo/username
  username    string s:param('name')
  description string publicProfileInfo/bio[. != '']
  subscribers number publicProfileInfo/subscriberCount
  website     href   publicProfileInfo/websiteUrl[. != '']
  address     line   publicProfileInfo/address[. != '']
  image       href   publicProfileInfo/profilePictureUrl[. != '']
  image       href   userInfo/bitmoji3d/avatarImage/url
  snapcode    href   publicProfileInfo/snapcodeImageUrl[. != '']
  snapcode    href   userInfo/snapcodeImageUrl[. != '']
  business_id string publicProfileInfo/businessProfileId[. != '']
  category    string publicProfileInfo/categoryStringId[. != '']
  created     date   publicProfileInfo/creationTimestampMs/value
  updated     date   publicProfileInfo/lastUpdateTimestampMs/value
  has_story   flag   publicProfileInfo/hasStory[. = 'true']
  public      mark   publicProfileInfo
  each related publicProfileInfo/relatedAccountsInfo/item
    username  string publicProfileInfo/username
    title     line   publicProfileInfo/title
  end
end

page spotlight
  url       ${SITE}/(?:@[^/]+/)?spotlight/(?<id>[\w-]+)
  json      next //script[@id='__NEXT_DATA__']
  anchor    ${PROPS}/spotlightFeed
  posts     snap ${PROPS}/spotlightFeed/spotlightStories/item/story/snapList/item | ${PROPS}/spotlightFeed/spotlightStories/item/snapList/item
  finding   not-found boolean(${PROPS}/spotlightFeed[not(spotlightStories/item)])
  link      author ${PROPS}/spotlightFeed/spotlightStories/item/metadata/videoMetadata/creator/personCreator/url
end

page profile
  url       ${SITE}/(?:add/|@|s/|u/|p/)@?(?<name>[\w.-]+)
  json      next //script[@id='__NEXT_DATA__']
  anchor    ${BOLT}/publicProfileInfo
  account   profile ${BOLT}
  posts     snap ${PROPS}/story/snapList/item | ${PROPS}/curatedHighlights/item/snapList/item | ${PROPS}/spotlightHighlights/item/snapList/item
  finding   no-posts boolean(not(${PROPS}/story/snapList/item or ${PROPS}/curatedHighlights/item or ${PROPS}/spotlightHighlights/item))
  # The first lot only: the rest comes by script.
  finding   incomplete ${PROPS}/curatedHighlightsCursor[. != ''] | ${PROPS}/spotlightHighlightsCursor[. != '']
  link      website ${BOLT}/publicProfileInfo/websiteUrl[. != '']
end

# The name exists, nothing is public: that it exists is all there is to know.
page landing
  url       ${SITE}/(?:add/|@|s/|u/|p/)@?(?<name>[\w.-]+)
  json      next //script[@id='__NEXT_DATA__']
  anchor    ${BOLT}/userInfo
  account   profile ${BOLT}
  finding   no-public-profile ${BOLT}/userInfo
end

page not-found
  url       ${SITE}/
  json      next //script[@id='__NEXT_DATA__']
  anchor    s:json('next')/page[. = '/404' or . = '/_error']
  anchor    ${PROPS}/pageMetadata[pageType = '0' or pageType = '1'][not(${BOLT})]
  finding   not-found boolean(true())
end

page login-wall
  url       ^https?://accounts\.snapchat\.com/
  url       ${SITE}/(?:accounts|login|web)
  anchor    //form[.//input[@type='password' or @name='accountIdentifier' or @name='username']]
  finding   login-wall boolean(true())
end
