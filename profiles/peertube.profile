scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# PeerTube: the public API of any instance, and the pages of those named here.

id          peertube
version     1
checked     2026-11-22
about       PeerTube videos (API of any instance)

host        framatube.org peertube.fr video.blender.org tube.aquilenet.fr videos.lescommuns.org peertube.tv tilvids.com
host        *
media-host  framatube.org peertube.fr tube.aquilenet.fr videos.lescommuns.org
media-max   50 MiB

delay       3000 ms
quota       300 per day
pages       10 per pass

define HOST  [A-Za-z0-9.-]+(?::\d+)?
define INST  (?:framatube\.org|peertube\.fr|video\.blender\.org|tube\.aquilenet\.fr|videos\.lescommuns\.org|peertube\.tv|tilvids\.com)

source
  name      ^(?<name>${HOST}/api/v1/(?:accounts|video-channels)/[\w.@-]+)$
  fold
  entry     https://{name}/videos?start=0&count=50&sort=-publishedAt
  from      ^https?://(?<name>${HOST}/api/v1/(?:accounts|video-channels)/[\w.@-]+)(?:[/?#].*)?$
end

block video
  require   post_id url published

  post_id   string  uuid
  url       href    url
  published date    publishedAt
  published date    createdAt
  author    line    account/displayName
  author_handle string account/name
  channel   line    channel/displayName
  title     line    name
  text      string  description[not(@type = 'null')]
  text      string  truncatedDescription[not(@type = 'null')]
  views     string  views
  tags      texts   tags/item
  duration  number  duration
  sensitive mark    nsfw[. = 'true']
  updated   date    updatedAt
  each media  files/item[fileUrl] | streamingPlaylists/item[1]/files/item[1]
    type    = video
    url     href  fileUrl
    thumb   href  s:abs(../../previewPath)
  end
  each media  self::*[not(files/item) and not(streamingPlaylists/item)]
    type    = video
    page    href  url
    thumb   href  s:abs(previewPath)
    unavailable mark true()
  end
  one stats .
    likes    number likes
    dislikes number dislikes
    comments number comments
  end
end

block account
  title       line   displayName
  username    string name
  url         href   url
  description string description[not(@type = 'null')]
  created     date   createdAt
  followers   number followersCount
end

block card
  title       line   //meta[@property='og:title']/@content
  description string //meta[@property='og:description']/@content
  url         href   //meta[@property='og:url']/@content
  image       href   //meta[@property='og:image']/@content
end

page listing
  url       ^https?://${HOST}/api/v1/(?:accounts|video-channels)/[^/]+/videos
  url       ^https?://${HOST}/api/v1/(?:search/)?videos(?:\?.*)?$
  anchor    /json[data and total]
  account   account /json/data/item[1]/account
  posts     video /json/data/item
  finding   no-posts boolean(/json/data[not(item)])
  link      post /json/data/item/url
end

page post
  url       ^https?://${HOST}/api/v1/videos/[\w-]+/?(?:[?#].*)?$
  anchor    /json[uuid and name]
  account   account /json/account
  posts     video /json
end

page profile
  url       ^https?://${HOST}/api/v1/(?:accounts|video-channels)/[^/]+/?(?:[?#].*)?$
  anchor    /json[name and host]
  account   account /json
  finding   landing-only boolean(true())
end

page refused
  url       ^https?://${HOST}/api/v1/(?:accounts|video-channels|videos)
  anchor    /json[detail and status]
  finding   not-found /json[status = '404']/detail
  finding   refused   /json[not(status = '404')]/detail
end

page shell
  url       ^https?://${INST}/
  url       ^https?://${HOST}/(?:accounts|video-channels)/[^/]+/videos/?(?:[?#].*)?$
  anchor    //my-app
  anchor    //meta[@property='og:platform'][@content='PeerTube']
  account   card
  finding   needs-script boolean(true())
  link      feed //link[@type='application/rss+xml']/@href
end
