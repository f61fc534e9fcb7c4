scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Instagram: single public posts and their embed page, while they are shown to
# who has no account. Profiles, search and stories lie behind the login wall,
# which is a stop, not a challenge.

id          instagram
version     1
checked     2026-11-22
about       Instagram public posts (instagram.com)

host        www.instagram.com instagram.com instagr.am m.instagram.com api.instagram.com
media-host  *.cdninstagram.com *.fbcdn.net
media-max   50 MiB
family      meta instagram.com *.instagram.com *.cdninstagram.com *.fbcdn.net

delay       15000 ms
quota       40 per day
pages       1 per pass

define SITE  ^https?://(?:www\.|m\.)?instagra(?:m\.com|\.am)
define CODE  [A-Za-z0-9_-]{5,40}

source
  name      ^(?<name>${CODE})$
  entry     https://www.instagram.com/p/{name}/embed/captioned/
  from      ${SITE}/(?:[\w.]+/)?(?:p|reel|reels|tv)/(?<name>${CODE})(?:[/?#].*)?$
end

# The page's own data of before 2022 (GraphQL names).
block node
  require   post_id url published

  post_id   string  shortcode
  url       href    concat('https://www.instagram.com/p/', shortcode, '/')
  published date    taken_at_timestamp
  author    line    owner/full_name[. != '']
  author    line    owner/username
  author_handle string owner/username
  author_id string  owner/id
  text      string  edge_media_to_caption/edges/item[1]/node/text
  views     string  video_view_count
  edited    flag    caption_is_edited[. = 'true']
  place     line    location/name
  one stats .
    likes   number  edge_media_preview_like/count
    comments number edge_media_to_parent_comment/count
    comments number edge_media_preview_comment/count
  end
  each media  self::*[not(edge_sidecar_to_children)][display_url] | edge_sidecar_to_children/edges/item/node
    type    string  s:replace(s:replace(is_video, '^true$', 'video'), '^false$', 'photo')
    url     href    video_url
    url     href    display_url
    thumb   href    self::*[is_video = 'true']/display_url
    alt     string  accessibility_caption[not(@type = 'null')]
  end
end

# Data names since 2023.
block item
  require   post_id url published

  post_id   string  code
  url       href    concat('https://www.instagram.com/p/', code, '/')
  published date    taken_at
  author    line    user/full_name[. != '']
  author    line    user/username
  author_handle string user/username
  author_id string  user/pk
  text      string  caption/text
  views     string  view_count[not(@type = 'null')]
  edited    flag    caption_is_edited[. = 'true']
  place     line    location/name
  one stats .
    likes   number  like_count
    comments number comment_count
  end
  each media  carousel_media/item | self::*[not(carousel_media/item)][image_versions2]
    type    string  s:replace(s:replace(boolean(video_versions/item), '^true$', 'video'), '^false$', 'photo')
    url     href    video_versions/item[1]/url
    url     href    image_versions2/candidates/item[1]/url
    thumb   href    self::*[video_versions/item]/image_versions2/candidates/item[1]/url
    alt     string  accessibility_caption[not(@type = 'null')]
  end
end

# /p/CODE/embed/captioned/
block embed
  require   post_id url

  post_id   string  s:match(s:first(@data-instgrm-permalink, s:class('ViewProfileButton')/@href, s:class('EmbeddedMedia')/@href, s:class('WatchOnInstagram')/@href, s:page-url()), '/(?:p|reel|tv)/([A-Za-z0-9_-]+)')
  url       href    concat('https://www.instagram.com/p/', s:match(s:first(@data-instgrm-permalink, s:class('EmbeddedMedia')/@href, s:class('WatchOnInstagram')/@href, s:page-url()), '/(?:p|reel|tv)/([A-Za-z0-9_-]+)'), '/')
  published date    .//time/@datetime
  author    line    s:class('UsernameText')
  author_handle string s:class('UsernameText')
  author_handle string s:match(s:class('CaptionUsername')/@href, 'instagram\.com/([\w.]+)')
  text      string  s:replace(s:text(s:class('Caption')), '^\S+\s+([\s\S]*?)(?:\s*View all [\d,.]+ comments.*|\s*Voir les [\d\s.,]+ commentaires.*)?$', '$1')
  links     hrefs   s:class('Caption')//a[not(contains(@href, 'instagram.com/'))]/@href
  likes     number  s:class('SocialProof')//a
  each media  s:class('EmbeddedMediaImage')
    type    = photo
    url     href  @src
    alt     string @alt
  end
  each media  .//video
    type    = video
    url     href  @src
    thumb   href  @poster
  end
end

block profile
  title       line   full_name
  username    string username
  account_id  string id
  account_id  string pk
  description string biography
  website     href   external_url[not(@type = 'null')]
  followers   number edge_followed_by/count
  private     mark   is_private[. = 'true']
  verified    mark   is_verified[. = 'true']
  image       href   profile_pic_url
end

block card
  title       line   //meta[@property='og:title']/@content
  title       line   //title[. != 'Instagram']
  username    string s:match(s:first(//meta[@property='og:url']/@content, s:page-url()), '${SITE}/([A-Za-z0-9_.]+)/?(?:[?#].*)?$')
  description string //meta[@property='og:description']/@content
  image       href   //meta[@property='og:image']/@content
end

block ogpost
  require   post_id url

  post_id   string  s:match(s:first(//meta[@property='og:url']/@content, s:page-url()), '/(?:p|reel|tv)/([A-Za-z0-9_-]+)')
  url       href    s:first(//meta[@property='og:url']/@content, s:page-url())
  author    line    s:match(//meta[@property='og:title']/@content, '^(.*?) (?:on|sur) Instagram')
  author_handle string s:match(//meta[@name='twitter:title']/@content, '\(@([\w.]+)\)')
  text      string  s:match(//meta[@property='og:title']/@content, '^.*? (?:on|sur) Instagram\s*:\s*[“"«]\s*([\s\S]*?)\s*[”"»]$')
  text      string  s:match(//meta[@property='og:description']/@content, ':\s*[“"«]\s*([\s\S]*?)\s*[”"»]\.?\s*$')
  each media  //meta[@property='og:image']
    type    = photo
    url     href  @content
  end
end

block oembed
  title       line   author_name
  username    line   author_name
  account_id  string author_id
  description string title
  image       href   thumbnail_url
end

page oembed
  url       ^https?://(?:api|graph)\.instagram\.com/
  anchor    /json[author_name or thumbnail_url]
  account   oembed /json
  finding   landing-only boolean(true())
end

page login-wall
  url       ${SITE}/(?:accounts/login|challenge|accounts/suspended)
  anchor    /*
  finding   login-wall boolean(true())
end

page post
  url       ${SITE}/(?:[\w.]+/)?(?:p|reel|reels|tv)/(?<id>${CODE})
  url       ${SITE}/?$
  json      shared //script[s:matches(., '\b_sharedData\s*=\s*\{')] from _sharedData\s*=\s*(?=\{)
  anchor    s:json('shared')/entry_data/PostPage/item/graphql/shortcode_media
  posts     node s:json('shared')/entry_data/PostPage/item[1]/graphql/shortcode_media
end

page post
  url       ${SITE}/(?:[\w.]+/)?(?:p|reel|reels|tv)/(?<id>${CODE})
  url       ${SITE}/?$
  json      web //script[@type='application/json'][s:matches(., 'xdt_api__v1__media__shortcode__web_info')]
  anchor    s:json('web')//xdt_api__v1__media__shortcode__web_info/items/item
  posts     item s:json('web')//xdt_api__v1__media__shortcode__web_info/items/item
end

page profile
  url       ${SITE}/(?<name>[A-Za-z0-9_.]+)/?(?:[?#].*)?$
  url       ${SITE}/?$
  json      shared //script[s:matches(., '\b_sharedData\s*=\s*\{')] from _sharedData\s*=\s*(?=\{)
  anchor    s:json('shared')/entry_data/ProfilePage/item/graphql/user
  account   profile s:json('shared')/entry_data/ProfilePage/item[1]/graphql/user
  posts     node s:json('shared')/entry_data/ProfilePage/item[1]/graphql/user/edge_owner_to_timeline_media/edges/item/node
  may-be-empty
end

page embed
  url       ${SITE}/(?:[\w.]+/)?(?:p|reel|reels|tv)/(?<id>${CODE})/embed
  anchor    s:class('Embed')[s:class('EmbeddedMedia') or s:class('Caption')]
  posts     embed s:class('Embed')
  finding   not-found s:class('EmbedIsBroken') | s:class('EmbedBrokenMedia')
end

page refusal
  url       ${SITE}/(?:[\w.]+/)?(?:p|reel|reels|tv)/(?<id>${CODE})/embed
  anchor    s:class('EmbedIsBroken') | s:class('EmbedBrokenMedia') | s:class('Embed')
  finding   post-not-shown boolean(true())
end

page login-wall
  url       ${SITE}/
  json      shared //script[s:matches(., '\b_sharedData\s*=\s*\{')] from _sharedData\s*=\s*(?=\{)
  anchor    s:json('shared')/entry_data/LoginAndSignupPage
  anchor    //form[@id='loginForm']
  anchor    //input[@name='password' and @type='password']
  finding   login-wall boolean(true())
end

page not-found
  url       ${SITE}/
  json      shared //script[s:matches(., '\b_sharedData\s*=\s*\{')] from _sharedData\s*=\s*(?=\{)
  anchor    s:json('shared')/entry_data/HttpErrorPage
  anchor    //title[s:matches(., '(?i)page not found|page introuvable|content unavailable')]
  finding   not-found boolean(true())
end

page post-card
  url       ${SITE}/(?:[\w.]+/)?(?:p|reel|reels|tv)/(?<id>${CODE})
  url       ${SITE}/?$
  anchor    //meta[@property='og:url'][s:matches(@content, '/(?:p|reel|tv)/')]
  posts     ogpost /*
end

page profile-card
  url       ${SITE}/
  anchor    //meta[@property='og:title'][s:matches(@content, '\(@[\w.]+\)')]
  account   card
  finding   login-wall boolean(true())
end

# The application without content: what an anonymous visitor gets instead.
page shell
  url       ${SITE}/
  anchor    //*[@id='react-root' or s:is('_9dls') or starts-with(@id, 'mount_')]
  anchor    //meta[@property='og:site_name'][@content='Instagram']
  anchor    //script[@data-sjs]
  account   card
  finding   needs-script boolean(true())
end
