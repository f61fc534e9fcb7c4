scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# Telegram's public web preview: channel listings (t.me/s/NAME), single posts
# (the embed widget), and the cards of channels, groups, bots, users, invites.

id          telegram
version     1
checked     2026-11-22
about       Telegram web preview (t.me)

host        t.me telegram.me telegram.dog www.t.me *.t.me
# Where an import puts what Telegram Desktop exported: no host of the network.
host        telegram-desktop.export.invalid
media-host  *.telesco.pe *.cdn-telegram.org *.telegram-cdn.org cdn-telegram.org
media-max   20 MiB
family      telegram t.me telegram.me telegram.dog *.t.me *.telesco.pe \
            *.cdn-telegram.org *.telegram-cdn.org telegram.org *.telegram.org

delay       5000 ms
quota       200 per day
pages       50 per pass

define SITE  ^https?://(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)
define NAME  [A-Za-z][A-Za-z0-9_]{2,31}
define WORDS (?:addemoji|addlist|addstickers|addstyle|addtheme|auction|auth|boost|call|confirmphone|contact|giftcode|invoice|joinchat|login|m|nft|proxy|setlanguage|share|socks|web|a|k|z|s|c|iv|bg)

source
  name      ^@?(?<name>(?!(?i:${WORDS})$)${NAME})$
  fold
  entry     https://t.me/s/{name}
  from      ^@(?<name>${NAME})$
  from      ${SITE}/(?:s/)?(?<name>(?!(?i:${WORDS})(?:[/?#]|$))${NAME})(?:[/?#].*)?$
  from      ^https?://(?<name>(?!(?i:${WORDS}|www)\.)${NAME})\.t\.me(?:[/?#].*)?$
  from      ^tg://resolve/?\?(?:.*&)?domain=(?<name>${NAME})(?:[&#].*)?$
end

# ---------------------------------------------------------------- a message

block message
  require   post_id url published

  post_id   string  @data-post
  # Widgets of 2018 have no data-post: the link of the date names the post.
  post_id   string  s:match(s:class('tgme_widget_message_date')/@href, '//[^/]+/(?:s/)?([^?#]+/\d+)')
  post_id   string  s:match(s:class('tgme_widget_message_link')//@href, '//[^/]+/(?:s/)?([^?#]+/\d+)')
  url       href    s:class('tgme_widget_message_date')/@href
  url       href    s:class('tgme_widget_message_link')//a/@href
  published date    s:class('tgme_widget_message_date')//time/@datetime
  published date    s:class('tgme_widget_message_info')//time/@datetime
  author    line    s:class('tgme_widget_message_owner_name')/span
  author    line    s:class('tgme_widget_message_owner_name')
  author    line    s:class('tgme_widget_message_author_name')[not(s:inside('tgme_widget_message_reply'))][not(s:inside('tgme_widget_message_text'))]
  author_handle  string  s:match(s:class('tgme_widget_message_owner_name')/@href, '^(?:https?:)?//[^/]+/(?:s/)?([A-Za-z]\w+)/?(?:[?#].*)?$')
  signature line    s:class('tgme_widget_message_from_author')

  # The quoted text of a reply had the same class until 2019.
  text      text    s:class('tgme_widget_message_text')[not(s:inside('tgme_widget_message_reply'))]
  links     hrefs,decode  s:class('tgme_widget_message_text')[not(s:inside('tgme_widget_message_reply'))]//a/@href[not(s:matches(., '^(?:(?:https?:)?//[^/?]+/s/\w+|/s/\w+)?\?q='))]
  hashtags  texts   s:class('tgme_widget_message_text')[not(s:inside('tgme_widget_message_reply'))]//a[contains(@href, '?q=%23') or contains(@href, '?q=#')]

  views     line    s:class('tgme_widget_message_views')
  edited    flag    s:class('tgme_widget_message_meta')/text()[s:matches(., '(?i)edited|изменен|ред\.|modifi|bearbeitet|editad|modificat|bewerkt|edytowan|düzenlen|ویرایش|編集|编辑|編輯')]
  service   mark    self::*[s:is('service_message')]

  forwarded_from      line  s:class('tgme_widget_message_forwarded_from_name')
  forwarded_from      line  s:class('tgme_widget_message_forwarded_from')/node()[self::*]
  forwarded_from_url  href  s:class('tgme_widget_message_forwarded_from_name')/@href
  forwarded_from_url  href  s:class('tgme_widget_message_forwarded_from')//a/@href
  forwarded_author    line  s:class('tgme_widget_message_forwarded_from_author')
  reply_to            href  s:class('tgme_widget_message_reply')/@href
  via_bot             line  s:class('tgme_widget_message_via_bot')

  each media  s:class('tgme_widget_message_photo_wrap')
    type      = photo
    url       style  @style
    url       style  .//*[contains(@style, 'url(')]/@style
    url       href   .//img/@src
    page      href   @href
  end
  each media  s:class('tgme_widget_message_service_photo')
    type      = photo
    url       href   .//img/@src
    url       style  @style
    url       style  .//*[contains(@style, 'url(')]/@style
    page      href   @href
    service   mark   true()
  end
  each media  s:class('tgme_widget_message_video_player')
    type      = video
    url       href   s:class('tgme_widget_message_video_wrap')//video/@src
    url       href   s:class('tgme_widget_message_video')/@src
    thumb     style  s:class('tgme_widget_message_video_thumb')/@style
    duration  line   s:class('message_video_duration')
    page      href   @href
    unavailable mark not(.//video/@src)
  end
  # Layouts that leave out the player around it.
  each media  s:class('tgme_widget_message_video')[not(s:inside('tgme_widget_message_video_player'))]
    type      = video
    url       href   @src
    url       href   .//source/@src
    thumb     href   @poster
  end
  each media  s:class('tgme_widget_message_roundvideo')[not(s:inside('tgme_widget_message_roundvideo_player'))]
    type      = round_video
    url       href   @src
    url       href   .//source/@src
  end
  each media  s:class('tgme_widget_message_voice')[not(s:inside('tgme_widget_message_voice_player'))]
    type      = voice
    url       href   @src
  end
  each media  s:class('tgme_widget_message_roundvideo_player')
    type      = round_video
    url       href   s:class('tgme_widget_message_roundvideo')/@src
    url       href   .//video/@src
    thumb     style  s:class('tgme_widget_message_roundvideo_thumb')/@style
    duration  line   s:class('tgme_widget_message_roundvideo_duration')
    unavailable mark not(.//video/@src)
  end
  each media  s:class('tgme_widget_message_voice_player')
    type      = voice
    url       href   s:class('tgme_widget_message_voice')/@src
    url       href   .//audio/@src
    duration  line   s:class('tgme_widget_message_voice_duration')
    page      href   @href
    unavailable mark not(.//audio/@src)
  end
  each media  s:class('tgme_widget_message_audio_player')
    type      = audio
    url       href   .//audio/@src
    title     line   s:class('tgme_widget_message_audio_title')
    extra     line   s:class('tgme_widget_message_audio_performer')
    page      href   @href
  end
  each media  s:class('tgme_widget_message_document_wrap')
    type      string s:first(s:match(s:class('tgme_widget_message_document_icon')/@class, '(?:^|\s)(audio)(?:\s|$)'), 'document')
    url       href   .//audio/@src
    title     line   s:class('tgme_widget_message_document_title')
    extra     line   s:class('tgme_widget_message_document_extra')
    page      href   @href
  end
  each media  s:class('tgme_widget_message_sticker_wrap')
    type      = sticker
    url       href   s:class('tgme_widget_message_sticker')/@data-webp
    url       href   s:class('tgme_widget_message_tgsticker')//source/@srcset
    url       href   s:class('tgme_widget_message_videosticker')//video/@src
    url       href   .//video/@src
    url       href   .//source/@srcset
    url       href   .//img/@src
    thumb     style  .//*[s:is('tgme_widget_message_tgsticker') or s:is('tgme_widget_message_videosticker')]//img/@style
    thumb     href   .//*[s:is('tgme_widget_message_tgsticker') or s:is('tgme_widget_message_videosticker')]//img/@src
    emoji     string .//@data-emoji
  end
  each media  s:class('tgme_widget_message_location_wrap')
    type      = location
    url       href   @href
    thumb     style  s:class('tgme_widget_message_location')/@style
    title     line   s:class('tgme_widget_message_location_title')
    extra     line   s:class('tgme_widget_message_location_address')
  end

  one location  s:class('tgme_widget_message_location_wrap')
    url       href   @href
    latitude  string s:match(@href, '[?&](?:q|ll)=(-?[0-9.]+)')
    longitude string s:match(@href, '[?&](?:q|ll)=-?[0-9.]+,(-?[0-9.]+)')
    title     line   s:class('tgme_widget_message_location_title')
    address   line   s:class('tgme_widget_message_location_address')
  end
  one contact  s:class('tgme_widget_message_contact_wrap')
    name      line   s:class('tgme_widget_message_contact_name')
    phone     line   s:class('tgme_widget_message_contact_phone')
    url       href   @href
  end
  one poll    s:class('tgme_widget_message_poll')
    question  text   s:class('tgme_widget_message_poll_question')
    type      line   s:class('tgme_widget_message_poll_type')
    each options  s:class('tgme_widget_message_poll_option')
      text    text   s:class('tgme_widget_message_poll_option_text')
      percent line   s:class('tgme_widget_message_poll_option_percent')
    end
    voters    line   ancestor::*[s:is('tgme_widget_message')]//*[s:is('tgme_widget_message_voters')]
  end
  each reactions  s:class('tgme_reaction')
    emoji     line   .//*[s:is('emoji')]
    emoji     line   .//tg-emoji
    emoji     line   self::*[s:is('tgme_reaction_paid')][false()]
    emoji_id  string .//tg-emoji/@emoji-id
    count     line   text()[normalize-space(.) != '']
    paid      mark   self::*[s:is('tgme_reaction_paid')]
  end
  each buttons  s:class('tgme_widget_message_inline_button')
    text      line   .
    url       href,decode  @href
  end
  one link_preview  s:class('tgme_widget_message_link_preview')
    url       href,decode  @href
    site      line   s:class('link_preview_site_name')
    title     line   s:class('link_preview_title')
    description text s:class('link_preview_description')
    image     style  s:class('link_preview_image')/@style
    image     style  s:class('link_preview_right_image')/@style
    image     style  s:class('link_preview_video_thumb')/@style
    video     href   s:class('link_preview_video')/@src
  end

  # The same label stands, hidden by style, beside messages that are complete.
  unavailable line self::*[not(s:class('media_supported_cont'))][not(s:class('tgme_widget_message_text')[not(s:inside('tgme_widget_message_reply'))])][not(s:class('tgme_widget_message_photo_wrap') or s:class('tgme_widget_message_video_player') or s:class('tgme_widget_message_roundvideo_player') or s:class('tgme_widget_message_voice_player') or s:class('tgme_widget_message_document_wrap') or s:class('tgme_widget_message_sticker_wrap') or s:class('tgme_widget_message_location_wrap') or s:class('tgme_widget_message_poll') or s:class('tgme_widget_message_contact_wrap'))]/descendant::*[s:is('message_media_not_supported_label')]
end

# ----------------------------------------------------------- account cards

block channel
  title       line   s:class('tgme_channel_info_header_title')/span
  title       line   s:class('tgme_channel_info_header_title')
  title       line   s:class('tgme_header_title')
  username    string s:match(s:class('tgme_channel_info_header_username'), '@?([A-Za-z]\w*)')
  username    string s:match(s:class('tgme_header_link')/@href, '^(?:https?:)?//[^/]+/(?:s/)?([A-Za-z]\w+)')
  description text   s:class('tgme_channel_info_description')
  map counters  s:class('tgme_channel_info_counter')
    name      line   s:class('counter_type')
    value     line   s:class('counter_value')
  end
  image       href   s:class('tgme_channel_info_header')//*[s:is('tgme_page_photo_image')]//img/@src
  image       href   s:class('tgme_page_photo_image')//img/@src
  image       href   s:class('tgme_page_photo_image')/@src
  verified    flag   s:class('tgme_channel_info_header')//*[s:is('verified-icon')] | s:class('tgme_header_title_wrap')//*[s:is('verified-icon')]
  labels      texts  s:class('tgme_channel_info_header_labels')/*
  deep_link   string //meta[@property='al:android:url']/@content
end

block card
  title       line   s:class('tgme_page_title')/span
  title       line   s:class('tgme_page_title')
  og_title    string //meta[@property='og:title'][not(s:class('tgme_page_title'))]/@content
  og_title    string self::node()[not(s:class('tgme_page_title', /))]//meta[@property='og:title']/@content
  username    string s:match(//meta[@property='al:android:url']/@content, '[?&]domain=(\w+)')
  extra       texts  s:class('tgme_page_extra')
  description text   self::node()[s:class('tgme_page_title')]//*[s:is('tgme_page_description')]
  image       href   s:class('tgme_page_photo_image')/@src
  image       href   s:class('tgme_page_photo_image')//img/@src
  verified    flag   s:class('tgme_page_title')//*[s:is('verified-icon')]
  # "members" alone is said of groups, and until 2021 of channels too.
  account_type string s:replace(s:class('tgme_page_context_link')/@href, '^.*/s/.*$', 'channel')
  account_type string s:replace(s:match(s:class('tgme_page_extra'), 'subscriber'), '.+', 'channel')
  account_type string s:replace(s:match(s:class('tgme_page_extra'), 'monthly user'), '.+', 'bot')
  account_type string s:replace(s:match(s:class('tgme_page_extra'), '(?i)^@\w+bot$', 0), '.+', 'bot')
  account_type string s:replace(s:match(s:class('tgme_page_extra'), '\d online'), '.+', 'group')
  account_type string s:replace(s:match(s:class('tgme_page_extra'), '^\s*@\w'), '.+', 'user')
  deep_link   string //meta[@property='al:android:url']/@content
  deep_link   string s:class('tgme_action_button_new')[starts-with(@href, 'tg:')]/@href
  action      line   s:class('tgme_page_action')//a
end

# ------------------------------------- a message of Telegram Desktop's export

block exported
  require   post_id url published

  post_id   string  concat('c/', /json/id, '/', id)
  url       string  concat('https://t.me/c/', /json/id, '/', id)
  published date    date_unixtime
  published date    date
  author    line    from[. != '']
  author    line    actor[. != '']
  author_id string  from_id
  author_id string  actor_id
  signature line    author
  text      string  s:join(text[@type = 'string'] | text/item[@type = 'string'] | text/item/text)
  edited    mark    edited_unixtime | edited
  edited_at date    edited_unixtime
  service   mark    type[. = 'service']
  action    string  action
  forwarded_from line forwarded_from[. != '']
  reply_to  string  reply_to_message_id
  via_bot   line    via_bot
  links     hrefs   text/item[type = 'text_link']/href | text/item[type = 'link']/text
  each media  photo[not(starts-with(., '('))]
    type    = photo
    url     href    .
  end
  each media  self::*[not(file[not(starts-with(., '('))])]/photo[starts-with(., '(')]
    type    = photo
    unavailable mark self::*
  end
  each media  file
    type    string  ../media_type
    type    string  s:replace(../mime_type, '^(image|video|audio)/.*$', '$1')
    type    string  s:replace(., '^.*$', 'document')
    url     href    self::*[not(starts-with(., '('))]
    thumb   href    ../thumbnail[not(starts-with(., '('))]
    title   line    ../file_name
    extra   string  ../mime_type
    unavailable mark self::*[starts-with(., '(')]
  end
  one poll  poll[@type = 'object']
    question line   question
    each options answers/item
      text  line    text
      votes number  voters
    end
  end
  each reactions reactions/item
    emoji   line    emoji
    emoji_id string document_id
    count   string  count
  end
end

block exported-chat
  title     line    name
  account_id string id
  account_type string type
end

# ------------------------------------------------------------ kinds of page

page export
  url       ^https://telegram-desktop\.export\.invalid/[0-9a-f]{16}/result\.json\?chat=\d+&from=\d+$
  anchor    /json[id and messages]
  account   exported-chat /json
  posts     exported /json/messages/item[id]
end

page listing
  url       ${SITE}/s/(?<name>\w+)(?:/(?<id>\d+))?/?(?:[?#].*)?$
  anchor    s:class('tgme_channel_history')
  anchor    s:class('tgme_channel_info')
  anchor    s:class('tgme_widget_message_wrap')
  anchor    s:class('tme_no_messages_found')
  account   channel
  posts     message s:class('tgme_widget_message')[not(s:inside('tgme_widget_message'))]
  next      older s:class('tme_messages_more')[@data-before]/@href
  next      newer s:class('tme_messages_more')[@data-after]/@href
  finding   no-posts s:class('tme_no_messages_found')
  link      mention  s:class('tgme_widget_message_text')//a[not(starts-with(@href, '?q='))]/@href
  link      forward  s:class('tgme_widget_message_forwarded_from')//a/@href
  link      button   s:class('tgme_widget_message_inline_button')/@href
  link      preview  s:class('tgme_widget_message_link_preview')/@href
  link      account  s:class('tgme_channel_info_description')//a/@href
end

page post
  url       ${SITE}/(?:s/)?(?<name>\w+)/(?:\d+/)?(?<id>\d+)/?(?:[?#].*)?$
  anchor    s:class('tgme_widget_message')
  anchor    s:class('tgme_widget_message_error')
  posts     message s:class('tgme_widget_message')[not(s:inside('tgme_widget_message'))][not(s:class('tgme_widget_message_error'))]
  finding   not-found s:class('tgme_widget_message_error')
  link      mention  s:class('tgme_widget_message_text')//a[not(starts-with(@href, '?q='))]/@href
  link      forward  s:class('tgme_widget_message_forwarded_from')//a/@href
  link      button   s:class('tgme_widget_message_inline_button')/@href
  link      preview  s:class('tgme_widget_message_link_preview')/@href
end

# t.me/NAME/ID: a frame that holds the widget; the words are in the widget only.
page post-frame
  url       ${SITE}/(?:s/)?(?<name>\w+)/(?:\d+/)?(?<id>\d+)/?(?:[?#].*)?$
  anchor    s:class('tgme_page_widget')
  anchor    s:class('tgme_page_widget_wrap')
  account   card
  finding   post-not-shown s:class('tgme_page_widget_wrap') | s:class('tgme_page_widget')
  link      post  s:class('tgme_page_widget')//iframe/@src
end

# t.me/+HASH, t.me/joinchat/HASH: nothing but the name of what one would join.
page invite
  url       ${SITE}/(?:\+|joinchat/)(?<hash>[\w-]+)/?(?:[?#].*)?$
  anchor    s:class('tgme_page_title')
  anchor    s:class('tgme_page_icon')
  account   card
  finding   not-found  boolean(not(s:class('tgme_page_title')))
  finding   landing-only s:class('tgme_page_additional') | s:class('tgme_page_description')[not(s:class('tgme_page_additional', /))]
end

# t.me/NAME, also where t.me/s/NAME leads when there is no preview.
page card
  url       ${SITE}/(?:s/)?(?<name>\w+)(?:/\d+)*/?(?:[?#].*)?$
  url       ^https?://(?<name>\w+)\.t\.me/?(?:[?#].*)?$
  anchor    s:class('tgme_page_title')
  anchor    s:class('tgme_page_extra')
  account   card
  finding   landing-only (s:class('tgme_page_context_link') | s:class('tgme_page_context_action'))[1]
  finding   no-preview   (s:class('tgme_page_additional') | s:class('tgme_page_action') | s:class('tgme_page_title'))[not(s:class('tgme_page_context_link', /) or s:class('tgme_page_context_action', /))][last()]
  link      listing  s:class('tgme_page_context_link')/@href | s:class('tgme_page_context_action')//a/@href
  link      account  s:class('tgme_page_description')//a[not(starts-with(@href, 'tg:'))]/@href
end

page no-such-account
  url       ${SITE}/(?:s/)?(?<name>\w+)(?:/\d+)*/?(?:[?#].*)?$
  url       ^https?://(?<name>\w+)\.t\.me/?(?:[?#].*)?$
  anchor    s:class('tgme_page')[s:class('tgme_page_icon') or s:class('tgme_icon_user') or s:class('tgme_username_link')]
  account   card
  finding   not-found (s:class('tgme_page_description') | s:class('tgme_page_additional') | s:class('tgme_page'))[last()]
end

# Anything else of the site that has its frame: sticker sets, proxies, themes.
page landing
  url       ${SITE}/
  anchor    s:class('tgme_page')
  anchor    s:class('tgme_page_wrap')
  account   card
  finding   landing-only s:class('tgme_page')
end
