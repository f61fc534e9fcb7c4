scelle-profile 1
# SPDX-License-Identifier: EUPL-1.2

# The rest of the web: feeds, sitemaps, oEmbed, pages that describe themselves
# (OpenGraph, JSON-LD, microdata), link hubs and small shops, where sellers send
# their buyers; and at last any page, by its title and text. A source of this
# kind is an address: what lies below it is in scope, nothing else.

id          generic
version     1
checked     2026-11-22
about       Any other site: feeds, OpenGraph, JSON-LD, link hubs, plain pages

host        *
media-max   20 MiB

delay       8000 ms
quota       200 per day
pages       20 per pass

define A     *[local-name() =
define T     item[@name='@type']
define PAGE  s:first(//link[@rel='canonical']/@href, //meta[@property='og:url']/@content, s:page-url())

# ------------------------------------------------------------------- feeds

block rss
  post_id   string  guid[. != '']
  post_id   string  @*[local-name() = 'about']
  post_id   string  ${A} 'guid'][. != '']
  url       href    link[. != '']
  url       href    guid[not(@isPermaLink = 'false')][s:matches(., '^https?://')]
  url       href    ${A} 'link'][. != '']
  published date    pubDate
  published date    ${A} 'pubDate']
  published date    ${A} 'date']
  published date    ${A} 'published']
  published date    ${A} 'updated']
  author    line    s:replace(author, '^\S+@\S+ \((.+)\)$', '$1')
  author    line    ${A} 'creator']
  author    line    ${A} 'author'][. != '']
  title     string  title
  title     string  ${A} 'title'][1]
  text      string  s:text(s:html(${A} 'encoded'][1]))
  text      string  s:text(s:html(description))
  text      string  s:text(s:html(${A} 'description'][1]))
  links     hrefs   s:html(${A} 'encoded'][1])//a/@href
  links     hrefs   s:html(description)//a/@href
  categories texts  category
  each media  enclosure
    type    string  @type
    url     href    @url
    size    number  @length
  end
  each media  ${A} 'content'][@url] | ${A} 'group']/${A} 'content'][@url]
    type    string  s:replace(s:first(@type, @medium), '^image.*$', 'photo')
    url     href    @url
  end
end

block atom
  post_id   string  ${A} 'id']
  url       href    ${A} 'link'][@rel = 'alternate'][1]/@href
  url       href    ${A} 'link'][not(@rel)][1]/@href
  url       href    ${A} 'link'][1]/@href
  published date    ${A} 'published']
  published date    ${A} 'issued']
  published date    ${A} 'updated']
  updated   date    ${A} 'updated']
  author    line    ${A} 'author']/${A} 'name']
  title     string  ${A} 'title']
  text      string  s:text(s:html(${A} 'content'][. != '']))
  text      string  s:text(s:html(${A} 'summary']))
  links     hrefs   s:html(${A} 'content'])//a/@href
  categories texts  ${A} 'category']/@term
  each media  ${A} 'link'][@rel = 'enclosure']
    type    string  @type
    url     href    @href
    size    number  @length
  end
  each media  ${A} 'content'][@url] | ${A} 'group']/${A} 'content'][@url]
    type    string  s:replace(s:first(@type, @medium), '^image.*$', 'photo')
    url     href    @url
  end
end

block feed
  title       line   ${A} 'title'][1]
  url         href   ${A} 'link'][. != ''][1]
  url         href   ${A} 'link'][@rel = 'alternate'][1]/@href
  description string ${A} 'description' or local-name() = 'subtitle'][1]
  language    string ${A} 'language']
  generator   string ${A} 'generator']
end

page feed
  anchor    /rss/channel
  anchor    /rss/item
  account   feed /rss/channel
  posts     rss /rss/channel/item | /rss/item
  finding   no-posts boolean(/rss/channel[not(item)][not(/rss/item)][not(*[not(self::image or self::textInput)][title or link])])
end

page feed
  anchor    /${A} 'RDF'][${A} 'channel']]
  account   feed /${A} 'RDF']/${A} 'channel']
  posts     rss /${A} 'RDF']/${A} 'item']
  finding   no-posts boolean(/${A} 'RDF'][not(${A} 'item'])][not(*[not(local-name() = 'channel' or local-name() = 'image' or local-name() = 'textinput')][*])])
end

page feed
  anchor    /${A} 'feed'][namespace-uri() = 'http://www.w3.org/2005/Atom' or namespace-uri() = 'http://purl.org/atom/ns#']
  account   feed /${A} 'feed']
  posts     atom /${A} 'feed']/${A} 'entry']
  next      older /${A} 'feed']/${A} 'link'][@rel = 'next']/@href
  finding   no-posts boolean(/${A} 'feed'][not(${A} 'entry'])][not(*[not(local-name() = 'author' or local-name() = 'contributor')][*])])
end

# ---------------------------------------------------------------- sitemaps

page sitemap
  anchor    /${A} 'urlset']
  anchor    /${A} 'sitemapindex']
  finding   sitemap boolean(true())
  link      page    /${A} 'urlset']/${A} 'url']/${A} 'loc']
  link      sitemap /${A} 'sitemapindex']/${A} 'sitemap']/${A} 'loc']
end

# ------------------------------------------------------------------ oEmbed

block oembed
  title       line   title
  username    line   author_name
  url         href   author_url
  site        line   provider_name
  account_type string type
  image       href   thumbnail_url
  target      href   url
end

page oembed
  anchor    /json[version and (type = 'rich' or type = 'video' or type = 'photo' or type = 'link')]
  account   oembed /json
  finding   landing-only boolean(true())
end

# ------------------------------------------------- pages of a script's data

# Link hubs (linktr.ee, beacons.ai and the like): a name and a list of ways on.
block hubcard
  title       line   props/pageProps/account/pageTitle
  title       line   props/pageProps/pageTitle
  title       line   props/pageProps/account/displayName
  username    string props/pageProps/account/username
  username    string props/pageProps/username
  description string props/pageProps/account/description
  description string props/pageProps/description
  image       href   props/pageProps/account/profilePictureUrl
end

block hublink
  post_id   string  id
  url       href    url
  title     line    title
  text      string  title
  links     hrefs   url
  published date    createdAt
end

page link-hub
  url       ^https?://(?:[\w-]+\.)?(?:linktr\.ee|beacons\.(?:ai|page)|snipfeed\.co|lnk\.bio|campsite\.bio|bio\.link|allmylinks\.com|linkin\.bio|solo\.to|taplink\.cc|hoo\.be|koji\.to|milkshake\.app|carrd\.co|linkr\.bio|msha\.ke|about\.me|direct\.me)/
  url       ^https?://[\w-]+\.(?:carrd\.co|taplink\.ws|bio\.link)/
  json      next //script[@id='__NEXT_DATA__']
  anchor    s:json('next')/props/pageProps//links/item[url]
  account   hubcard s:json('next')
  posts     hublink s:json('next')/props/pageProps/links/item[url != '' and url != 'null'] | s:json('next')/props/pageProps/account[not(../links/item)]/links/item[url != '' and url != 'null']
  link      outward s:json('next')/props/pageProps//links/item/url
  link      outward s:json('next')/props/pageProps//socialLinks/item/url
  may-be-empty
end

# -------------------------------------------------------- walls and refusals

page challenge
  anchor    //title[s:matches(., '^\s*(?:Just a moment|Attention Required|Please Wait|Checking your browser|DDoS-Guard|Un instant|Verifying you are human|Access denied|Security check)')]
  anchor    //*[@id='challenge-form' or @id='cf-challenge-running' or @id='challenge-running' or @id='captcha-form' or @id='px-captcha']
  anchor    //script[s:matches(@src, '/cdn-cgi/challenge-platform/|captcha-delivery\.com')]
  finding   challenge boolean(true())
end

page login-wall
  url       ^https?://[^/]+/(?:[^?#]*/)?(?:login|signin|sign-in|log-in|connexion|auth|wp-login\.php)(?:[/?#]|$)
  anchor    //input[@type='password']
  finding   login-wall boolean(true())
end

page not-found
  anchor    //title[s:matches(., '(?i)^\W*(?:error )?404\b|page (?:not found|introuvable|non trouvée)|\b404 (?:not found|error)')]
  finding   not-found boolean(true())
end

# ------------------------------------------ pages that say what they show

block product
  post_id   string  sku
  post_id   string  productID
  post_id   string  item[@name='@id']
  post_id   string  url
  url       href    url
  url       href    ${PAGE}
  title     line    name
  text      string  s:text(s:html(description))
  author    line    brand/name
  author    line    offers/seller/name
  price     string  offers/descendant-or-self::*[price][1]/price
  price     string  offers/lowPrice
  currency  string  offers/descendant-or-self::*[priceCurrency][1]/priceCurrency
  availability string s:replace((offers/descendant-or-self::*[availability])[1]/availability, '^.*/', '')
  each media  image[@type = 'string'] | image/item[@type = 'string'] | image[url] | image/item[url]
    type    = photo
    url     href  s:first(url, text())
  end
end

block article
  post_id   string  item[@name='@id']
  post_id   string  ${PAGE}
  url       href    ${PAGE}
  published date    datePublished
  published date    //meta[@property='article:published_time']/@content
  edited    flag    self::*[dateModified and dateModified != datePublished]/dateModified
  updated   date    dateModified
  author    line    author/name
  author    line    author/item[1]/name
  author    line    author[@type = 'string']
  title     line    headline
  title     line    //meta[@property='og:title']/@content
  text      string  articleBody
  text      text    (//article | //main | //*[@role='main'])[1]
  text      string  description
  each media  image[@type = 'string'] | image/item[@type = 'string'] | image[url] | image/item[url]
    type    = photo
    url     href  s:first(url, text())
  end
end

block card
  title       line   //meta[@property='og:title']/@content
  title       line   //title
  page_title  line   //title
  site        line   //meta[@property='og:site_name']/@content
  og_type     string //meta[@property='og:type']/@content
  description string //meta[@property='og:description']/@content
  description string //meta[@name='description']/@content
  url         href   //link[@rel='canonical']/@href
  url         href   //meta[@property='og:url']/@content
  image       href   //meta[@property='og:image' or @property='og:image:url']/@content
  language    string /html/@lang
  generator   string //meta[@name='generator']/@content
  jsonld_types texts s:json('ld')//${T} | s:json('ld')//${T}/item
  itemtypes   texts  //@itemtype
  feeds       hrefs  //link[@rel='alternate'][@type='application/rss+xml' or @type='application/atom+xml']/@href
  emails      texts  //a[starts-with(@href, 'mailto:')]/@href
  telephones  texts  //a[starts-with(@href, 'tel:')]/@href
end

page product
  json      ld //script[@type='application/ld+json'][s:matches(., '"@type"\s*:\s*(?:\[\s*)?"(?:Product|ProductGroup|Offer)"')]
  anchor    (s:json('ld') | s:json('ld')/item | s:json('ld')/item[@name='@graph']/item)[${T} = 'Product']
  account   card
  posts     product (s:json('ld') | s:json('ld')/item | s:json('ld')/item[@name='@graph']/item)[${T} = 'Product']
  link      outward //a[s:matches(@href, '^(?:https?://(?:t\.me|telegram\.me|wa\.me|(?:www\.|api\.|chat\.)?whatsapp\.com|(?:www\.)?snapchat\.com|(?:www\.)?instagram\.com|discord\.gg|signal\.me)/|tg:|mailto:|tel:)')]/@href
end

page article
  json      ld //script[@type='application/ld+json'][s:matches(., '"@type"\s*:\s*(?:\[\s*)?"(?:\w*Article|BlogPosting|Report\w*|SocialMediaPosting|DiscussionForumPosting)"')]
  anchor    (s:json('ld') | s:json('ld')/item | s:json('ld')/item[@name='@graph']/item)[s:matches(s:first(${T}/item, ${T}), '(?:Article|BlogPosting|Posting)$')]
  account   card
  posts     article (s:json('ld') | s:json('ld')/item | s:json('ld')/item[@name='@graph']/item)[s:matches(s:first(${T}/item, ${T}), '(?:Article|BlogPosting|Posting)$')][1]
  link      feed //link[@rel='alternate'][@type='application/rss+xml' or @type='application/atom+xml']/@href
  link      outward //a[s:matches(@href, '^(?:https?://(?:t\.me|telegram\.me|wa\.me|(?:www\.|api\.|chat\.)?whatsapp\.com|(?:www\.)?snapchat\.com|(?:www\.)?instagram\.com|discord\.gg|signal\.me)/|tg:|mailto:|tel:)')]/@href
end

# Any HTML page: one record of what it says.
block plain
  post_id   string  ${PAGE}
  url       href    ${PAGE}
  published date    //meta[@property='article:published_time']/@content
  published date    (//time[@itemprop='datePublished']/@datetime | //*[@itemprop='datePublished']/@content)[1]
  published date    //meta[@name='date' or @name='pubdate' or @name='DC.date.issued' or @name='dcterms.created']/@content
  updated   date    //meta[@property='article:modified_time' or @property='og:updated_time']/@content
  author    line    //meta[@name='author']/@content
  author    line    //meta[@property='article:author'][not(starts-with(@content, 'http'))]/@content
  author    line    (//*[@itemprop='author'])[1]
  title     line    //meta[@property='og:title']/@content
  title     line    //title
  text      text    (//article | //main | //*[@role='main'] | //*[@itemprop='articleBody'])[1]
  text      text    //body
  price     string  (//*[@itemprop='price']/@content | //meta[@property='product:price:amount' or @property='og:price:amount']/@content)[1]
  currency  string  (//*[@itemprop='priceCurrency']/@content | //meta[@property='product:price:currency' or @property='og:price:currency']/@content)[1]
  links     hrefs   (//article | //main | //body)[1]//a[s:matches(@href, '^https?://')]/@href
  each media  //meta[@property='og:image' or @property='og:image:url'][1]
    type    = photo
    url     href  @content
  end
  each media  //meta[@property='og:video' or @property='og:video:url'][1]
    type    = video
    url     href  @content
  end
end

page page
  json      ld //script[@type='application/ld+json']
  anchor    /html/body
  account   card
  posts     plain /html[//body//text()[normalize-space(.) != ''] or //meta[@property='og:title']]
  finding   no-posts boolean(/html[not(//body//text()[normalize-space(.) != ''] or //meta[@property='og:title'])])
  finding   needs-script //noscript[not(/html/body/*[not(self::script or self::noscript or self::style)]//text()[normalize-space(.) != ''])]
  link      feed //link[@rel='alternate'][@type='application/rss+xml' or @type='application/atom+xml']/@href
  link      outward //a[s:matches(@href, '^(?:https?://(?:t\.me|telegram\.me|wa\.me|(?:www\.|api\.|chat\.)?whatsapp\.com|(?:www\.)?snapchat\.com|(?:www\.)?instagram\.com|discord\.gg|signal\.me)/|tg:|mailto:|tel:)')]/@href
end

page data
  anchor    /json
  finding   no-reading boolean(true())
end
