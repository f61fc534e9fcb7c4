scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Facebook: what a public page says to who has no account: a card, sometimes a
# few posts, then a wall. The m. and mbasic. shapes are those of archives: both
# are closed to anonymous readers now. Profiles, groups, Marketplace: out of
# bounds.

id          facebook
version     1
checked     2026-11-22
about       Facebook public pages (facebook.com)

host        www.facebook.com facebook.com m.facebook.com mbasic.facebook.com touch.facebook.com fb.com www.fb.com fb.me
media-host  *.fbcdn.net *.fbsbx.com
media-max   50 MiB
family      meta facebook.com *.facebook.com fb.com *.fb.com *.fbcdn.net *.fbsbx.com

delay       15000 ms
quota       40 per day
pages       1 per pass

define SITE  ^https?://(?:(?:www|m|mbasic|touch)\.)?(?:facebook|fb)\.com
define NAME  [A-Za-z0-9.]{5,50}
define WORDS (?:login|recover|help|policies|privacy|legal|watch|groups|marketplace|events|gaming|photo|story|permalink|profile|people|public|search|plugins|sharer|dialog)(?:\.php)?

source
  name      ^(?<name>${NAME})$
  fold
  entry     https://www.facebook.com/{name}
  from      ${SITE}/(?:pg/)?(?<name>(?!(?i:${WORDS})(?:[/?#]|$))${NAME})(?:[/?#].*)?$
end

# A story of the m. and mbasic. pages.
block story
  require   author

  post_id   string  s:match(s:first(@data-ft, .//@data-ft), '"(?:top_level_post_id|mf_story_key)":"?(\d+)')
  post_id   string  s:match(s:first(@data-store, .//@data-store), '(?:top_level_post_id|mf_story_key|feedback_target)\D{1,12}(\d{5,})')
  post_id   string  s:match((.//a[s:matches(@href, 'story_fbid=|/posts/|fbid=|/permalink/')]/@href)[1], '(?:story_fbid=|/posts/|[?&]fbid=|/permalink/)(?:pfbid)?([A-Za-z0-9]+)')
  url       href    (.//a[s:matches(@href, 'story\.php|/posts/|/permalink/|photo\.php')]/@href)[1]
  published_text line .//abbr
  author    line    (.//header//h3//strong//a | .//h3//strong//a | .//h3//a | .//strong//a)[1]
  author_handle string s:match((.//header//h3//a/@href | .//h3//strong//a/@href | .//h3//a/@href | .//strong//a/@href)[1], '^(?:https?://[^/]+)?/(?!profile\.php)([A-Za-z0-9.]+)')
  text      text    (.//*[@data-ft and s:matches(@data-ft, '"tn":"\*s"')])[1]
  text      text    s:class('story_body_container')/*[self::div or self::p or self::span][not(.//abbr)][not(.//h3 or .//header)][normalize-space(.) != ''][1]
  text      text    (.//p)[1]/..
  links     hrefs,decode .//a[s:matches(@href, 'lm\.facebook\.com/l\.php|l\.facebook\.com/l\.php')]/@href
  each media  .//img[s:matches(@src, '^https?://(?:scontent|external)[\w.-]*\.fbcdn\.net/')][not(s:is('profpic') or s:inside('profpic'))][not(s:matches(@alt, '(?i)profile picture'))]
    type    = photo
    url     href  @src
    alt     string @alt
  end
end

block card
  title       line   //meta[@property='og:title']/@content
  title       line   //title
  username    string s:match(s:first(//meta[@property='og:url']/@content, //link[@rel='canonical']/@href, s:page-url()), '${SITE}/(?:pg/)?(${NAME})/?(?:[?#].*)?$')
  account_id  string s:match(//meta[@property='al:android:url']/@content, '(\d{5,})')
  description string //meta[@property='og:description']/@content
  description string //meta[@name='description']/@content
  url         href   //meta[@property='og:url']/@content
  image       href   //meta[@property='og:image']/@content
end

page login-wall
  url       ${SITE}/(?:login|checkpoint|recover|cookie|privacy/consent)
  anchor    /*
  finding   login-wall boolean(true())
end

page post
  url       ${SITE}/(?:story\.php|permalink\.php|photo\.php|photo|[^/]+/posts/|groups/[^/]+/permalink/)
  url       ^https?://(?:m|mbasic|touch)\.facebook\.com/
  anchor    //*[@id='m_story_permalink_view']
  anchor    //*[@id='MPhotoContent']
  posts     story //*[@id='m_story_permalink_view']/*[1] | //*[@id='MPhotoContent']
end

page listing
  url       ^https?://(?:m|mbasic|touch)\.facebook\.com/
  anchor    //article
  anchor    //*[@role='article']
  anchor    //*[@id='structured_composer_async_container' or @id='timelineBody']
  account   card
  posts     story //article[not(ancestor::article)] | //*[@role='article'][not(self::article)][not(ancestor::*[@role='article' or self::article])]
  next      older (//a[s:matches(@href, '[?&](?:cursor|bacr|timestart|serialized_cursor|aftercursorr)=')]/@href)[last()]
  may-be-empty
end

page reactions
  url       ^https?://(?:m|mbasic|touch)\.facebook\.com/
  anchor    //title[s:matches(., '(?i)people who reacted|personnes ayant réagi')]
  anchor    //*[@id='reaction_profile_browser' or @id='reaction_profile_browser1']
  finding   out-of-bounds boolean(true())
end

page profile-card
  url       ${SITE}/
  anchor    //meta[@property='og:title']
  anchor    //meta[@property='al:android:url']
  account   card
  finding   login-wall //form[@id='login_form' or contains(@action, '/login')]/@action
  finding   needs-script boolean(not(//form[@id='login_form' or contains(@action, '/login')]))
end

page not-found
  url       ${SITE}/
  anchor    //title[s:matches(., '(?i)content not found|page not found|contenu introuvable|isn.t available')]
  finding   not-found boolean(true())
end

page login-wall
  url       ${SITE}/
  anchor    //form[@id='login_form' or contains(@action, '/login')]
  anchor    //input[@name='pass']
  account   card
  finding   login-wall boolean(true())
end

page shell
  url       ${SITE}/
  anchor    //html[@id='facebook']
  anchor    //script[@data-sjs]
  account   card
  finding   needs-script boolean(true())
end
