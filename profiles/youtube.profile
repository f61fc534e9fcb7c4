scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# YouTube: the Atom feed of a channel or playlist (the last 15 videos), and the
# data that channel and video pages carry. Comments are out of bounds.

id          youtube
version     1
checked     2026-11-22
about       YouTube feeds, channels and videos (youtube.com)

host        www.youtube.com youtube.com m.youtube.com youtu.be www.youtube-nocookie.com consent.youtube.com
media-host  i.ytimg.com *.ytimg.com yt3.ggpht.com yt3.googleusercontent.com
media-max   10 MiB
family      youtube youtube.com *.youtube.com *.ytimg.com *.ggpht.com youtu.be

delay       5000 ms
quota       200 per day
pages       3 per pass

define SITE  ^https?://(?:www\.|m\.)?(?:youtube|youtube-nocookie)\.com
define UC    UC[A-Za-z0-9_-]{22}

source
  name      ^(?<name>${UC})$
  entry     https://www.youtube.com/feeds/videos.xml?channel_id={name}
  from      ${SITE}/channel/(?<name>${UC})(?:[/?#].*)?$
  from      ${SITE}/feeds/videos\.xml\?(?:.*&)?channel_id=(?<name>${UC})(?:[&#].*)?$
end

define N *[local-name() =

block entry
  require   post_id url published

  post_id   string  ${N} 'videoId']
  post_id   string  s:match(${N} 'id'], '([A-Za-z0-9_-]{11})$')
  url       href    ${N} 'link'][@rel='alternate']/@href
  published date    ${N} 'published']
  updated   date    ${N} 'updated']
  author    line    ${N} 'author']/${N} 'name']
  author_id string  ${N} 'channelId']
  title     line    ${N} 'title']
  text      string  ${N} 'group']/${N} 'description'][. != '']
  views     string  ${N} 'group']/${N} 'community']/${N} 'statistics']/@views
  likes     number  ${N} 'group']/${N} 'community']/${N} 'starRating']/@count
  each media  ${N} 'group']
    type    = video
    url     href  ${N} 'content']/@url
    thumb   href  ${N} 'thumbnail']/@url
  end
end

block feed
  title       line   ${N} 'title']
  account_id  string ${N} 'channelId']
  url         href   ${N} 'link'][@rel='alternate']/@href
  created     date   ${N} 'published']
end

# videoDetails of a watch page
block video
  require   post_id url

  post_id   string  videoDetails/videoId
  url       href    concat('https://www.youtube.com/watch?v=', videoDetails/videoId)
  published date    microformat/playerMicroformatRenderer/publishDate
  published date    //meta[@itemprop='datePublished']/@content
  author    line    videoDetails/author
  author_id string  videoDetails/channelId
  author_handle string s:match(microformat/playerMicroformatRenderer/ownerProfileUrl, '/(@[^/?#]+)')
  title     line    videoDetails/title
  text      string  videoDetails/shortDescription[. != '']
  views     string  videoDetails/viewCount
  tags      texts   videoDetails/keywords/item
  duration  number  videoDetails/lengthSeconds
  live      mark    videoDetails/isLiveContent[. = 'true']
  status    string  playabilityStatus/status[. != 'OK']
  each media  videoDetails
    type    = video
    url     href  concat('https://www.youtube.com/watch?v=', videoId)
    thumb   href  thumbnail/thumbnails/item[last()]/url
  end
end

# A page whose head says it in microdata.
block itemprop
  require   post_id
  post_id   string  .//meta[@itemprop='videoId' or @itemprop='identifier']/@content
  url       href    concat('https://www.youtube.com/watch?v=', .//meta[@itemprop='videoId' or @itemprop='identifier']/@content)
  published date    .//meta[@itemprop='datePublished']/@content
  author    line    .//*[@itemprop='author']//link[@itemprop='name']/@content
  title     line    .//meta[@itemprop='name']/@content
  text      string  .//meta[@itemprop='description']/@content
  views     string  .//meta[@itemprop='interactionCount']/@content
end

# What a channel page lists.
block tile
  require   post_id
  post_id   string  videoId
  url       href    concat('https://www.youtube.com/watch?v=', videoId)
  title     line    title/runs/item[1]/text
  title     line    title/simpleText
  title     line    headline/simpleText
  views     string  s:match(viewCountText/simpleText, '([\d\s.,\x{a0}\x{202f}]*\d[KMBk]?)')
  published_text line publishedTimeText/simpleText
  duration_text line lengthText/simpleText
  text      string  descriptionSnippet/runs/item[1]/text
  each media  thumbnail
    type    = video
    thumb   href  thumbnails/item[last()]/url
  end
end

block channel
  title       line   metadata/channelMetadataRenderer/title
  username    string s:match(metadata/channelMetadataRenderer/vanityChannelUrl, '/(@?[^/?#]+)$')
  account_id  string metadata/channelMetadataRenderer/externalId
  url         href   metadata/channelMetadataRenderer/channelUrl
  description string metadata/channelMetadataRenderer/description
  image       href   metadata/channelMetadataRenderer/avatar/thumbnails/item[1]/url
  subscribers_text line header/c4TabbedHeaderRenderer/subscriberCountText/simpleText
  subscribers_text line .//metadataParts//content[s:matches(., '(?i)subscri|abonn')]
  keywords    string metadata/channelMetadataRenderer/keywords
  safe        flag   metadata/channelMetadataRenderer/isFamilySafe[. = 'true']
end

block card
  title       line   //meta[@property='og:title']/@content
  title       line   //title
  description string //meta[@name='description']/@content
  url         href   //link[@rel='canonical']/@href
  image       href   //meta[@property='og:image']/@content
end

block oembed
  title       line   title
  username    line   author_name
  url         href   author_url
  image       href   thumbnail_url
end

page feed
  url       ${SITE}/feeds/videos\.xml
  anchor    /${N} 'feed']
  account   feed /${N} 'feed']
  posts     entry /${N} 'feed']/${N} 'entry']
  finding   no-posts boolean(/${N} 'feed'][not(${N} 'entry'])][not(*[not(local-name() = 'author')][*])])
end

page oembed
  url       ${SITE}/oembed
  anchor    /json[title and author_name]
  account   oembed /json
  finding   landing-only boolean(true())
end

page consent
  url       ^https?://consent\.youtube\.com/
  anchor    /*
  finding   consent boolean(true())
end

page consent
  url       ${SITE}/
  anchor    //form[contains(@action, 'consent.')]
  anchor    //title[s:matches(., '(?i)before you continue|avant (?:de|d.acc)')]
  anchor    //a[contains(@href, 'consent.youtube.com')]
  finding   consent boolean(true())
end

page post
  url       ${SITE}/(?:watch|shorts/|live/|embed/)
  url       ${SITE}/?$
  json      player //script[s:matches(., '\bytInitialPlayerResponse\s*=\s*\{')] from ytInitialPlayerResponse\s*=\s*(?=\{)
  anchor    s:json('player')/videoDetails/videoId
  posts     video s:json('player')
  finding   unavailable s:json('player')/playabilityStatus[status != 'OK']/reason
end

page removed
  url       ${SITE}/(?:watch|shorts/|live/|embed/)
  json      player //script[s:matches(., '\bytInitialPlayerResponse\s*=\s*\{')] from ytInitialPlayerResponse\s*=\s*(?=\{)
  anchor    s:json('player')/playabilityStatus[status != 'OK']
  finding   removed s:json('player')/playabilityStatus[status = 'ERROR']/reason
  finding   login-wall s:json('player')/playabilityStatus[status = 'LOGIN_REQUIRED']/reason
  finding   unavailable s:json('player')/playabilityStatus[not(status = 'ERROR' or status = 'LOGIN_REQUIRED')]/reason
end

page listing
  url       ${SITE}/(?:@|channel/|c/|user/|[\w.-]+(?:/videos|/shorts|/streams)?/?(?:[?#]|$))
  url       ${SITE}/?$
  json      data //script[s:matches(., '\bytInitialData(?:"\])?\s*=\s*\{')] from ytInitialData(?:"\])?\s*=\s*(?=\{)
  anchor    s:json('data')/metadata/channelMetadataRenderer
  account   channel s:json('data')
  posts     tile s:json('data')/contents//gridVideoRenderer | s:json('data')/contents//videoRenderer | s:json('data')/contents//channelVideoPlayerRenderer
  may-be-empty
  link      website s:json('data')//channelExternalLinkViewModel/link/content
end

page post-old
  url       ${SITE}/
  anchor    //*[@itemtype='http://schema.org/VideoObject']//meta[@itemprop='videoId']
  posts     itemprop //*[@itemtype='http://schema.org/VideoObject']
end

page embed
  url       ${SITE}/
  anchor    //*[@id='player']//*[@id='player-api']
  anchor    //link[@rel='canonical'][contains(@href, '/watch?v=')]
  account   card
  finding   landing-only boolean(true())
  link      post //link[@rel='canonical']/@href
end

page not-found
  url       ^https?://(?:[a-z-]+\.)?(?:youtube\.com|youtu\.be)/
  anchor    //title[s:matches(., '404')]
  anchor    //body[@id='error-page' or .//*[@id='error-page']]
  finding   not-found boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //ytd-app
  anchor    //*[@id='yt-masthead' or @id='masthead']
  anchor    //meta[@property='og:site_name'][@content='YouTube']
  account   card
  finding   needs-script boolean(true())
end
