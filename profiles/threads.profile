scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Threads: public profiles and posts, whose data the page carries.

id          threads
version     1
checked     2026-11-22
about       Threads public profiles and posts (threads.com)

host        www.threads.com threads.com www.threads.net threads.net
media-host  *.cdninstagram.com *.fbcdn.net
media-max   50 MiB
family      meta threads.com *.threads.com threads.net *.threads.net

delay       15000 ms
quota       40 per day
pages       1 per pass

define SITE  ^https?://(?:www\.)?threads\.(?:com|net)
define NAME  [A-Za-z0-9_.]{1,30}

source
  name      ^@?(?<name>${NAME})$
  fold
  entry     https://www.threads.com/@{name}
  from      ^@(?<name>${NAME})$
  from      ${SITE}/@(?<name>${NAME})(?:[/?#].*)?$
end

block post
  require   post_id url published

  post_id   string  code
  url       href    concat('https://www.threads.com/@', user/username, '/post/', code)
  published date    taken_at
  author    line    user/full_name[. != '']
  author    line    user/username
  author_handle string user/username
  author_id string  user/pk
  text      string  caption/text
  edited    flag    caption_is_edited[. = 'true']
  reply_to  string  self::*[text_post_app_info/reply_to_author/username != user/username]/text_post_app_info/reply_to_author/username
  forwarded_from line text_post_app_info/share_info/reposted_post/user/username
  quotes    string  text_post_app_info/share_info/quoted_post/code
  links     hrefs   text_post_app_info/text_fragments/fragments/item/link_fragment/uri
  one link_preview text_post_app_info/link_preview_attachment[@type = 'object']
    url     href    url
    title   line    title
    image   href    image_url
  end
  one stats .
    likes   number  like_count
    replies number  text_post_app_info/direct_reply_count
    reposts number  text_post_app_info/repost_count
    quotes  number  text_post_app_info/quote_count
  end
  each media  carousel_media/item | self::*[not(carousel_media/item)][video_versions/item or (image_versions2/candidates/item and media_type != '19')]
    type    string  s:replace(s:replace(boolean(video_versions/item), '^true$', 'video'), '^false$', 'photo')
    url     href    video_versions/item[1]/url
    url     href    image_versions2/candidates/item[1]/url
    thumb   href    self::*[video_versions/item]/image_versions2/candidates/item[1]/url
    alt     string  accessibility_caption[not(@type = 'null')]
  end
end

block card
  title       line   s:replace(//meta[@property='og:title']/@content, '\s*\(@.*$', '')
  username    string s:match(s:first(//meta[@property='og:url']/@content, s:page-url()), '/@(${NAME})')
  description string //meta[@property='og:description']/@content
  image       href   //meta[@property='og:image']/@content
end

page listing
  url       ${SITE}/@(?<name>${NAME})/?(?:(?:replies|media|reposts)/?)?(?:[?#].*)?$
  json      threads //script[@type='application/json'][s:matches(., '"thread_items"')]
  anchor    s:json('threads')//thread_items
  account   card
  posts     post s:json('threads')//thread_items/item/post
end

page post
  url       ${SITE}/(?:@${NAME}/post|t)/(?<id>[A-Za-z0-9_-]+)
  json      threads //script[@type='application/json'][s:matches(., '"thread_items"')]
  anchor    s:json('threads')//thread_items
  posts     post s:json('threads')//thread_items/item/post[code = s:param('id')]
end

page profile-card
  url       ${SITE}/@(?<name>${NAME})
  anchor    //meta[@property='og:title'][s:matches(@content, '\(@')]
  account   card
  finding   needs-script boolean(true())
end

page login-wall
  url       ${SITE}/login
  anchor    /*
  finding   login-wall boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //meta[@property='og:site_name'][@content='Threads']
  anchor    //script[@data-sjs]
  account   card
  finding   needs-script boolean(true())
end
