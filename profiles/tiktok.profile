scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# TikTok: video pages, profiles and embeds, whose data the page carries, and
# oEmbed. Comments and search are out of bounds.

id          tiktok
version     1
checked     2026-11-22
about       TikTok public videos and profiles (tiktok.com)

host        www.tiktok.com tiktok.com m.tiktok.com vm.tiktok.com vt.tiktok.com
media-host  *.tiktok.com *.tiktokcdn.com *.tiktokcdn-us.com *.tiktokcdn-eu.com *.tiktokv.com *.byteoversea.com
media-max   80 MiB
family      tiktok tiktok.com *.tiktok.com *.tiktokcdn.com *.tiktokcdn-us.com *.tiktokcdn-eu.com

delay       8000 ms
quota       100 per day
pages       1 per pass

define SITE  ^https?://(?:www\.|m\.)?tiktok\.com
define NAME  [A-Za-z0-9_.]{2,24}
define DATA  s:json('data')/__DEFAULT_SCOPE__

source
  name      ^@?(?<name>${NAME})$
  fold
  entry     https://www.tiktok.com/@{name}
  from      ^@(?<name>${NAME})$
  from      ${SITE}/(?:embed/)?@(?<name>${NAME})(?:[/?#].*)?$
end

block video
  require   post_id url published

  post_id   string  id
  url       href    concat('https://www.tiktok.com/@', author/uniqueId, author[@type='string'], '/video/', id)
  published date    createTime
  author    line    author/nickname
  author    line    nickname
  author    line    author[@type='string']
  author_handle string author/uniqueId
  author_handle string author[@type='string']
  author_id string  author/id
  author_id string  authorId
  text      string  desc
  views     string  statsV2/playCount
  views     string  stats/playCount
  hashtags  texts   textExtra/item/hashtagName[. != '']
  mentions  texts   textExtra/item/userUniqueId[. != '']
  duration  number  video/duration
  place     line    locationCreated
  music     line    music/title
  ad        mark    isAd[. = 'true']
  forwarded_from line duetInfo/duetFromId[. != '0']
  one stats stats
    likes    number diggCount
    shares   number shareCount
    comments number commentCount
    plays    number playCount
    saves    number collectCount
  end
  each media  video[playAddr != '']
    type    = video
    url     href  playAddr
    thumb   href  originCover[. != '']
    thumb   href  cover[. != '']
  end
  each media  video[not(playAddr) or playAddr = ''][not(../imagePost)][id != '']
    type    = video
    thumb   href  cover[. != '']
    unavailable mark true()
  end
  each media  imagePost/images/item
    type    = photo
    url     href  imageURL/urlList/item[1]
  end
end

block user
  title       line   user/nickname
  username    string user/uniqueId
  account_id  string user/id
  description string user/signature
  website     href   user/bioLink/link
  created     date   user/createTime[. != '0']
  private     mark   user/privateAccount[. = 'true']
  verified    mark   user/verified[. = 'true']
  seller      mark   user/ttSeller[. = 'true']
  image       href   user/avatarLarger
  one counters stats
    followers number followerCount
    follows   number followingCount
    likes     number heartCount
    posts     number videoCount
  end
end

block card
  title       line   //meta[@property='og:title']/@content
  title       line   //title
  username    string s:match(s:page-url(), '/@(${NAME})')
  description string //meta[@name='description']/@content
  image       href   //meta[@property='og:image']/@content
end


block oembed
  require   post_id url
  post_id   string  embed_product_id
  post_id   string  s:match(html, 'data-video-id="(\d+)"')
  url       href    s:match(html, 'cite="([^"]+)"')
  author    line    author_name
  author_handle string author_unique_id
  author_handle string s:match(author_url, '/@([\w.]+)')
  text      string  title
  each media  self::*[thumbnail_url]
    type    = video
    thumb   href  thumbnail_url
  end
end

page oembed
  url       ${SITE}/oembed
  anchor    /json[author_name and html]
  posts     oembed /json
end

page refused
  url       ${SITE}/oembed
  anchor    /json[code or status_msg or message]
  finding   not-found /json/message
  finding   not-found /json/status_msg
end

page post
  url       ${SITE}/(?:@[^/]*/(?:video|photo)|v|embed)/(?<id>\d+)
  json      data //script[@id='__UNIVERSAL_DATA_FOR_REHYDRATION__']
  anchor    ${DATA}/webapp.video-detail/itemInfo/itemStruct
  posts     video ${DATA}/webapp.video-detail/itemInfo/itemStruct
end

page removed
  url       ${SITE}/(?:@[^/]*/(?:video|photo)|v|embed)/(?<id>\d+)
  json      data //script[@id='__UNIVERSAL_DATA_FOR_REHYDRATION__']
  anchor    ${DATA}/webapp.video-detail[statusCode and statusCode != '0']
  finding   removed s:json('data')//statusMsg[. != '']
  finding   removed boolean(true())
end

page post
  url       ${SITE}/(?:@[^/]*/(?:video|photo)|v|embed)/(?<id>\d+)
  json      sigi //script[@id='SIGI_STATE' or @id='sigi-persisted-data']
  anchor    s:json('sigi')/ItemModule/item
  anchor    s:json('sigi')/ItemModule/*
  posts     video s:json('sigi')/ItemModule/*
end

page profile
  url       ${SITE}/@(?<name>${NAME})/?(?:[?#].*)?$
  json      data //script[@id='__UNIVERSAL_DATA_FOR_REHYDRATION__']
  anchor    ${DATA}/webapp.user-detail/userInfo/user
  account   user ${DATA}/webapp.user-detail/userInfo
  posts     video ${DATA}/webapp.user-detail/userInfo/itemList/item
  finding   videos-need-script boolean(not(${DATA}/webapp.user-detail/userInfo/itemList/item))
  may-be-empty
end

page not-found
  url       ${SITE}/@(?<name>${NAME})/?(?:[?#].*)?$
  json      data //script[@id='__UNIVERSAL_DATA_FOR_REHYDRATION__']
  anchor    ${DATA}/webapp.user-detail[statusCode and statusCode != '0']
  finding   not-found boolean(true())
end

page embed
  url       ${SITE}/embed/@(?<name>${NAME})
  json      frontity //script[@id='__FRONTITY_CONNECT_STATE__']
  anchor    s:json('frontity')/source/data
  posts     video s:json('frontity')/source/data//videoList/item
  may-be-empty
end

page collection
  url       ${SITE}/@(?<name>${NAME})/(?:collection|playlist)/
  json      sigi //script[@id='SIGI_STATE' or @id='sigi-persisted-data']
  anchor    s:json('sigi')/ItemModule
  anchor    s:json('sigi')/AppContext
  account   card
  posts     video s:json('sigi')/ItemModule/*[createTime]
  may-be-empty
end

page collection
  url       ${SITE}/@(?<name>${NAME})/(?:collection|playlist)/
  json      data //script[@id='__UNIVERSAL_DATA_FOR_REHYDRATION__']
  anchor    ${DATA}
  account   card
  finding   videos-need-script boolean(true())
end

page login-wall
  url       ${SITE}/login
  anchor    /*
  finding   login-wall boolean(true())
end

page challenge
  url       ${SITE}/
  anchor    //*[@id='captcha-verify-container' or @id='tiktok-verify-ele' or @id='verify-ele']
  anchor    //title[. = 'Security Check' or . = 'Please wait...']
  anchor    //script[s:matches(., '_wafchallengeid|waforiginalreid')]
  finding   challenge boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //*[@id='app' or @id='main-content-homepage_hot']
  anchor    //script[@id='__UNIVERSAL_DATA_FOR_REHYDRATION__' or @id='SIGI_STATE']
  account   card
  finding   needs-script boolean(true())
end
