scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# VK: walls of public communities, as the mobile and desktop pages show them to
# who has no account, until a wall of theirs stands before it.

id          vk
version     1
checked     2026-11-22
about       VK public communities (vk.com)

host        vk.com m.vk.com www.vk.com vk.ru m.vk.ru www.vk.ru
media-host  *.userapi.com *.vkuserphoto.ru *.vkuser.net
media-max   20 MiB
family      vk vk.com *.vk.com vk.ru *.vk.ru *.userapi.com

delay       8000 ms
quota       100 per day
pages       5 per pass

define SITE  ^https?://(?:www\.|m\.)?vk\.(?:com|ru)
define NAME  [A-Za-z][A-Za-z0-9_.]{2,40}

source
  name      ^(?<name>${NAME})$
  fold
  entry     https://vk.com/{name}
  from      ${SITE}/(?<name>(?!(?:wall|photo|video|login|join|feed|search|away|share|about|terms|privacy)(?:[-./?#\d]|$))${NAME})(?:[/?#].*)?$
end

block post
  require   post_id url

  post_id   string  s:match(s:first(@data-post-id, @id), '(-?\d+_\d+)$')
  url       href    s:replace(s:match(s:first(@data-post-id, @id), '(-?\d+_\d+)$'), '^(.+)$', 'https://vk.com/wall$1')
  published date    .//*[@time]/@time
  published date    .//time/@datetime
  published_text line s:class('rel_date') | s:class('wi_date') | s:class('PostHeaderSubtitle__item')
  author    line    s:class('author') | s:class('pi_author') | s:class('PostHeaderTitle__authorName')
  author_handle string s:match((s:class('author') | s:class('pi_author') | s:class('PostHeaderTitle__authorName'))[1]/@href, '^(?:https?://[^/]+)?/([\w.]+)')
  text      text    s:class('wall_post_text') | s:class('pi_text') | s:class('vkitPostText__root')
  links     hrefs   (s:class('wall_post_text') | s:class('pi_text'))//a[s:matches(@href, '^https?://|^/away')]/@href
  forwarded_from line s:class('copy_author') | s:class('pic_author')
  views     line    s:class('_views') | s:class('like_views')
  each media  s:class('image_cover')[contains(@style, 'url(')] | s:class('thumb_map_img')[contains(@style, 'url(')]
    type    = photo
    url     style @style
  end
  each media  s:class('MediaGrid__imageElement') | s:class('PhotoPrimaryAttachment__imageElement')
    type    = photo
    url     href  @src
  end
end

block card
  title       line   s:class('page_name')
  title       line   //meta[@property='og:title']/@content
  username    string s:param('name')
  description string //meta[@property='og:description']/@content
  description string //meta[@name='description']/@content
  image       href   //meta[@property='og:image']/@content
end

page login-wall
  url       ${SITE}/(?:login|join|blank\.php|badbrowser)
  url       ^https?://(?:id|login)\.vk\.(?:com|ru)/
  anchor    /*
  finding   login-wall boolean(true())
end

page post
  url       ${SITE}/wall(?<id>-?\d+_\d+)
  anchor    s:class('wall_item') | s:class('_post') | s:class('Post')
  posts     post (s:class('wall_item') | s:class('_post') | s:class('Post'))[s:matches(s:first(@data-post-id, @id), '-?\d+_\d+$')]
end

page listing
  url       ${SITE}/(?<name>${NAME})
  anchor    s:class('wall_item') | s:class('_post')
  anchor    //*[@id='page_wall_posts' or @id='wall_module']
  account   card
  posts     post (s:class('wall_item') | s:class('_post'))[s:matches(s:first(@data-post-id, @id), '-?\d+_\d+$')]
  next      older s:class('show_more')[self::a]/@href
  may-be-empty
end

page challenge
  url       ${SITE}/
  anchor    //title[s:matches(., '(?i)challenge|captcha|bot')]
  finding   challenge boolean(true())
end

page not-found
  url       ${SITE}/
  anchor    s:class('message_page_title')
  anchor    s:class('service_msg')
  finding   not-found (s:class('message_page_body') | s:class('service_msg'))[1]
end

page profile-card
  url       ${SITE}/
  anchor    //meta[@property='og:title']
  anchor    s:class('page_name')
  account   card
  finding   login-wall boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //*[@id='react_rootprofile' or @id='spa_root' or @id='page_layout' or @id='root']
  finding   needs-script boolean(true())
end
