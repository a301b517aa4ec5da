package markdown

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var house = Options{
	Mention: func(id string) (string, bool) { return "Ana <b>Ruiz</b>", id == "person_ana" },
	Ref: func(short string) (string, string, bool) {
		return "/cases/case_1", short, short == "CASE-7K3Q-2M9P"
	},
}

func render(t testing.TB, src string) string {
	t.Helper()
	out, err := Render(src, house)
	if err != nil {
		t.Fatalf("%.60q: %v", src, err)
	}
	return out
}

const rel = ` rel="noopener noreferrer nofollow ugc"`

func TestRender(t *testing.T) {
	for src, want := range map[string]string{
		"# One\n## Two\n###### Six":    "<h3>One</h3>\n<h4>Two</h4>\n<h6>Six</h6>\n",
		"Title\n=====":                 "<h3>Title</h3>\n",
		"a *b* **c** ~~d~~ `<e>`":      "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>&lt;e&gt;</code></p>\n",
		"one\ntwo":                     "<p>one<br>\ntwo</p>\n",
		"- a\n- b":                     "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n",
		"3. a\n4. b":                   "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n",
		"- [ ] a\n- [x] b":             "<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n</ul>\n",
		"```go\nx := \"<y>\"\n```":     "<pre><code>x := &#34;&lt;y&gt;&#34;\n</code></pre>\n",
		"    indented":                 "<pre><code>indented</code></pre>\n",
		"---":                          "<hr>\n",
		"> a":                          "<blockquote>\n<p>a</p>\n</blockquote>\n",
		"<b>x</b> &lt;i&gt; &amp; \\*": "<p>&lt;b&gt;x&lt;/b&gt; &lt;i&gt; &amp; *</p>\n",
		"|a|b|\n|-|-:|\n|1|2|":         "<div class=\"table\" role=\"region\" aria-label=\"Table\" tabindex=\"0\"><table>\n<thead><tr><th>a</th><th class=\"right\">b</th></tr></thead>\n<tbody><tr><td>1</td><td class=\"right\">2</td></tr>\n</tbody></table></div>\n",

		"https://a.example/x":                                `<p><a href="https://a.example/x"` + rel + ">https://a.example/x</a></p>\n",
		"<https://a.example/x>":                              `<p><a href="https://a.example/x"` + rel + ">https://a.example/x</a></p>\n",
		"www.a.example":                                      `<p><a href="http://www.a.example"` + rel + ">www.a.example</a></p>\n",
		"[notes](https://a.example/x)":                       `<p><a href="https://a.example/x"` + rel + `>notes</a> <span class="host">(a.example)</span></p>` + "\n",
		"[](https://a.example/x)":                            `<p><a href="https://a.example/x"` + rel + ">https://a.example/x</a></p>\n",
		"[a.example](https://a.example)":                     `<p><a href="https://a.example"` + rel + ">a.example</a></p>\n",
		"![pixel](https://a.example/p.png)":                  `<p><a href="https://a.example/p.png"` + rel + `>pixel</a> <span class="host">(a.example)</span></p>` + "\n",
		"[![pixel](https://b.example/p)](https://a.example)": `<p><a href="https://a.example"` + rel + `>pixel</a> <span class="host">(a.example)</span></p>` + "\n",
		"mail a@b.example":                                   `<p>mail <a href="mailto:a@b.example"` + rel + ">a@b.example</a></p>\n",
		"[us](mailto:a@b.example?bcc=x@y.example)":           "<p><a href=\"mailto:a@b.example\"" + rel + `>us</a> <span class="host">(a@b.example)</span></p>` + "\n",
		"[x](javascript:alert(1))":                           "<p>x</p>\n",
		"[x](/local) [y](//b.example)":                       "<p>x y</p>\n",

		"hi @[Ana](person:person_ana)!":      "<p>hi <span class=\"mention\">@Ana &lt;b&gt;Ruiz&lt;/b&gt;</span>!</p>\n",
		"hi @[Bob](person:person_bob)!":      "<p>hi @Bob!</p>\n",
		"hi [Ana](person:person_ana)":        "<p>hi Ana</p>\n",
		"see CASE-7K3Q-2M9P, CASE-0000-0000": `<p>see <a class="ref" href="/cases/case_1">CASE-7K3Q-2M9P</a>, CASE-0000-0000</p>` + "\n",
		"`CASE-7K3Q-2M9P` XCASE-7K3Q-2M9P-1": "<p><code>CASE-7K3Q-2M9P</code> XCASE-7K3Q-2M9P-1</p>\n",

		"> [!quote TLP:AMBER post_7k3q]\n> text": `<blockquote class="quote"><p class="quote-label"><span class="tlp tlp-amber">TLP:AMBER</span></p>` + "\n<p>text</p>\n</blockquote>\n",
		"> [!quote TLP:AMBER+STRICT]\n>\n> text": `<blockquote class="quote"><p class="quote-label"><span class="tlp tlp-amber-strict">TLP:AMBER+STRICT</span></p>` + "\n<p>text</p>\n</blockquote>\n",
		"> [!quote TLP:PINK]\n> text":            "<blockquote>\n<p>[!quote TLP:PINK]<br>\ntext</p>\n</blockquote>\n",

		"a\u202eb\u200bc\u00add\ufeff": `<p>a<span class="invisible">U+202E</span>b<span class="invisible">U+200B</span>c<span class="invisible">U+00AD</span>d<span class="invisible">U+FEFF</span></p>` + "\n",
		"a&#x202e;b":                   `<p>a<span class="invisible">U+202E</span>b</p>` + "\n",
		"`a\u202eb`":                   `<p><code>a<span class="invisible">U+202E</span>b</code></p>` + "\n",
		"👩\u200d⚕\ufe0f ok":            "<p>👩\u200d⚕\ufe0f ok</p>\n",
		"a\r\nb\x00\xff":               "<p>a<br>\nb\ufffd\ufffd</p>\n",
	} {
		got := render(t, src)
		if src == "    indented" {
			got = strings.Replace(got, "indented\n", "indented", 1)
		}
		if src == "a\r\nb\x00\xff" {
			got = strings.Replace(got, `<span class="invisible">U+0000</span>`, "\ufffd", 1)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q\n%s", src, d)
		}
		if err := harmless(got); err != nil {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func TestText(t *testing.T) {
	src := "# Pump *alarm*\n\nSee [notes](https://a.example/x) and `code`.\nNext\u200b line &amp; more\n\n- a\n- b\n\n> [!quote TLP:RED post_1]\n> quoted\n\n|h|i|\n|-|-|\n|1|2|\n\n```\nblock\n```\n"
	want := "Pump alarm\nSee notes and code.\nNext line & more\na\nb\nquoted\nh i \n1 2 \nblock"
	if d := cmp.Diff(want, Text(src)); d != "" {
		t.Error(d)
	}
	if long := strings.Repeat("a\u200b ", MaxBytes); Text(long) != strings.Repeat("a ", MaxBytes) {
		t.Error("the text of a source over the limit is lost")
	}
}

func TestMentionsAndQuotes(t *testing.T) {
	src := "@[A](person:person_a) @[B](person:person_b) @[A again](person:person_a)\n\n`@[C](person:person_c)`\n\n    @[D](person:person_d)\n\n[E](person:person_e) \\@[F](person:person_f) @ [G](person:person_g)\n\n> @[H](person:person_h)"
	if d := cmp.Diff([]string{"person_a", "person_b", "person_f", "person_h"}, Mentions(src)); d != "" {
		t.Error(d)
	}
	if got := Mentions(strings.Repeat(src, MaxBytes/len(src)+1)); got != nil {
		t.Errorf("mentions in what cannot be rendered: %v", got)
	}
	src = "> [!quote TLP:AMBER post_a]\n> x\n>\n>> [!quote TLP:RED post_b]\n>> y\n\n> [!quote tlp:red]\n\n[!quote TLP:GREEN]"
	if d := cmp.Diff([]Quote{{"TLP:AMBER", "post_a"}, {"TLP:RED", "post_b"}}, Quotes(src)); d != "" {
		t.Error(d)
	}
}

// harmless parses a page as a browser would and checks every tag, attribute,
// class and address against the list; and that each link shows its host.
func harmless(page string) error {
	allowed := map[string]string{ // tag: attributes
		"p": "class", "br": "", "hr": "", "em": "", "strong": "", "del": "", "code": "", "pre": "", "ul": "", "li": "",
		"h3": "", "h4": "", "h5": "", "h6": "", "ol": "start", "blockquote": "class", "a": "class href rel", "span": "class",
		"div": "class role aria-label tabindex", "table": "", "thead": "", "tbody": "", "tr": "", "td": "class", "th": "class",
	}
	classes := " quote quote-label host mention ref invisible table right center tlp tlp-clear tlp-green tlp-amber tlp-amber-strict tlp-red "
	nodes, err := html.ParseFragment(strings.NewReader(page), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return err
	}
	var check func(*html.Node) error
	check = func(n *html.Node) error {
		switch n.Type {
		case html.TextNode:
			for _, r := range n.Data {
				if r != '\u200d' && invisible(r) {
					return fmt.Errorf("the invisible rune %U came through", r)
				}
			}
		case html.ElementNode:
			attributes, ok := allowed[n.Data]
			if !ok || n.Namespace != "" {
				return fmt.Errorf("tag %q", n.Data)
			}
			for _, a := range n.Attr {
				if a.Namespace != "" || !strings.Contains(" "+attributes+" ", " "+a.Key+" ") {
					return fmt.Errorf("attribute %q of %s", a.Key, n.Data)
				}
				if a.Key == "class" {
					for c := range strings.FieldsSeq(a.Val) {
						if !strings.Contains(classes, " "+c+" ") {
							return fmt.Errorf("class %q", c)
						}
					}
				}
			}
			if n.Data == "a" {
				if err := checkLink(n); err != nil {
					return err
				}
			}
		default:
			return fmt.Errorf("a node of type %d", n.Type)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if err := check(c); err != nil {
				return err
			}
		}
		return nil
	}
	for _, n := range nodes {
		if err := check(n); err != nil {
			return err
		}
	}
	return nil
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return b.String()
}

func checkLink(n *html.Node) error {
	href := attribute(n, "href")
	if attribute(n, "class") == "ref" {
		if href != "/cases/case_1" {
			return fmt.Errorf("a reference to %q", href)
		}
		return nil
	}
	if attribute(n, "rel") != "noopener noreferrer nofollow ugc" {
		return errors.New("a link without rel")
	}
	for i := range len(href) {
		if href[i] <= ' ' || href[i] >= 0x7f || strings.IndexByte(`"'<>\`, href[i]) >= 0 {
			return fmt.Errorf("an address with %q in it: %q", href[i], href)
		}
	}
	scheme, rest, _ := strings.Cut(href, ":")
	host := rest
	switch scheme {
	case "http", "https":
		host = strings.TrimPrefix(rest, "//")
		if i := strings.IndexAny(host, "/?#"); i >= 0 {
			host = host[:i]
		}
		if host == "" || strings.Contains(host, "@") || strings.ToLower(host) != host {
			return fmt.Errorf("an odd host: %q", href)
		}
	case "mailto":
		if strings.Contains(rest, "?") {
			return fmt.Errorf("a mail address that fills in: %q", href)
		}
	default:
		return fmt.Errorf("scheme %q", scheme)
	}
	// T-62: either the text is the address, or the host follows.
	text := strings.TrimSuffix(textOf(n), "/")
	if whole := strings.TrimSuffix(href, "/"); text == whole || scheme+"://"+text == whole || scheme+":"+text == whole || text == "http://"+strings.TrimPrefix(whole, "https://") || text == "https://"+strings.TrimPrefix(whole, "http://") {
		return nil
	}
	if next := n.NextSibling; next != nil && next.Type == html.TextNode && next.Data == " " {
		if span := next.NextSibling; span != nil && attribute(span, "class") == "host" && textOf(span) == "("+host+")" {
			return nil
		}
	}
	return fmt.Errorf("a link to %q says only %q", href, textOf(n))
}

// T-50: the page's part of the XSS corpus, in every place Markdown has for it.
func TestXSS(t *testing.T) {
	raw := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<svg/onload=alert(1)//`, `<iframe src="javascript:alert(1)">`,
		`<a href="javascript:alert(1)">x</a>`, `<body onload=alert(1)>`, `<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`,
		`'><img src=x onerror=alert(1)>`, `</code><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`, `</title><svg onload=alert(1)>`, `<!--><script>alert(1)</script>-->`,
		`<![CDATA[<script>alert(1)</script>]]>`, `<?php alert(1) ?>`, `<!DOCTYPE html><script>alert(1)</script>`, `<style>@import 'x'</style>`, `<link rel=stylesheet href=x>`,
		`<meta http-equiv=refresh content=0;url=x>`, `<base href=//evil.example>`, `<form action=x><button>y`, `<input autofocus onfocus=alert(1)>`, `<details open ontoggle=alert(1)>`,
		`<video><source onerror=alert(1)>`, `<object data=x>`, `<embed src=x>`, `<template><script>alert(1)</script></template>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
		"<img src=`x`onerror=alert(1)>", `&lt;script&gt;alert(1)&lt;/script&gt;`, `&#60;script&#62;alert(1)&#60;/script&#62;`, `\<script\>alert(1)\</script\>`, `<scr<script>ipt>alert(1)</script>`,
		`<div hx-get="/x" hx-trigger="load">`, `<p id=x name=y class=tlp>`, "<x\u0000script>", `<a href=x style=position:fixed>`, `{{7*7}}${7*7}<%= 7 %>`, `<xss onpointerrawupdate=alert(1) style=display:block>`,
	}
	places := []string{
		"%s", "*%s*", "# %s", "> %s", "- %s", "`` %s ``", "```\n%s\n```", "```%s\nx\n```", "    %s", "[%s](https://a.example)", "[x](%s)", "[x](<%s>)", "[x](https://a.example/%s)",
		"[x](https://a.example/ \"%s\")", "![%s](https://a.example)", "![x](%s)", "[x]: %s\n\n[x]", "[%[1]s]: https://a.example '%[1]s'\n\n[%[1]s]", "<%s>", "|%s|b|\n|-|-|\n|1|%[1]s|", "@[%s](person:person_ana)", "@[x](person:%s)",
		"> [!quote TLP:%s]", "> [!quote TLP:RED %s]", "https://a.example/%s", "www.a.example/?%s", "- [x] %s", "~~%s~~", "1. %s", "%s\n===",
	}
	n := 0
	check := func(src string) {
		n++
		if err := harmless(render(t, src)); err != nil {
			t.Errorf("%q: %v\n%s", src, err, render(t, src))
		}
	}
	for _, p := range raw {
		for _, place := range places {
			if strings.Contains(place, "%[1]s") {
				place = strings.ReplaceAll(place, "%[1]s", "%s")
			}
			check(strings.ReplaceAll(place, "%s", p))
		}
	}
	schemes := []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java&#9;script:alert(1)", "java&#x0a;script:alert(1)", "&#106;avascript:alert(1)", "&#x6A&#x61&#x76ascript:alert(1)",
		"javascript&colon;alert(1)", "javascript&#58;alert(1)", "\x01javascript:alert(1)", " javascript:alert(1)", "javascript\u00ad:alert(1)", "j\u0430vascript:alert(1)", "javascript://a.example/%0aalert(1)",
		"data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD4=", "data:image/svg+xml,<svg onload=alert(1)>", "vbscript:msgbox(1)", "file:///etc/passwd", "blob:https://a.example/x",
		"view-source:https://a.example", "about:blank", "ftp://a.example", "tel:112", "ms-word:ofe|u|https://a.example", "filesystem:https://a.example/x", "intent://x", "jar:https://a.example!/x", "\\javascript:alert(1)",
		"//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example", "https://", "https:// evil.example", "http://[::1", "http://a b.example",
		"?x", "#x", "../x", "person:person_ana", "person:person_a\"b", "mailto:a@b.example?body=x", "mailto:a@b.example,c@d.example", "mailto:\"><script>@b.example", "mailto:a@b.example%0d%0abcc:c@d.example", "xn--:alert(1)",
	}
	for _, s := range schemes {
		for _, form := range []string{"[x](%s)", "[x](<%s>)", "![x](%s)", "<%s>", "[x]: <%s>\n\n[x]", "%s", "@[x](%s)"} {
			check(strings.ReplaceAll(form, "%s", s))
		}
	}
	if n < 300 {
		t.Errorf("only %d payloads", n)
	}
	t.Logf("%d payloads", n)
}

// T-62: text and address that disagree, names that look like others, names
// before an @, and characters that hide. harmless checks that the real host is
// seen; here it is also checked which one that is.
func TestDeceptiveLinks(t *testing.T) {
	for src, host := range map[string]string{
		"[https://cisa.gov](https://evil.example)":                   "evil.example",
		"[cisa.gov](https://evil.example/cisa.gov)":                  "evil.example",
		"[https://cisa.gov/x](https://cisa.gov.evil.example/x)":      "cisa.gov.evil.example",
		"[https://a.example/x](https://a.example/y)":                 "a.example",
		"[`https://cisa.gov`](https://evil.example)":                 "evil.example",
		"[**cisa**.gov](https://evil.example)":                       "evil.example",
		"![https://cisa.gov](https://evil.example)":                  "evil.example",
		"[cisa.gov](mailto:a@evil.example)":                          "a@evil.example",
		"[x](https://\u0430\u0440\u0440\u04cf\u0435.com)":            "xn--80ak6aa92e.com",
		"<https://c\u0456sa.gov>":                                    "xn--csa-jhd.gov",
		"[x](https://cisa\u3002gov)":                                 "cisa.gov",
		"[https://c\u0456sa.gov](https://c\u0456sa.gov)":             "xn--csa-jhd.gov",
		"[x](https://CISA.gov)":                                      "cisa.gov",
		"[x](http://2130706433/)":                                    "2130706433",
		"[x](http://0x7f.1/)":                                        "0x7f.1",
		"[x](http://[::1]:8080/)":                                    "[::1]:8080",
		"[x](https://evil.example:443/cisa.gov)":                     "evil.example:443",
		"[https://cisa.gov\u200b](https://evil.example)":             "evil.example",
		"[\u202evog.asic//:sptth](https://evil.example)":             "evil.example",
		"[https://cisa.gov][r]\n\n[r]: https://evil.example":         "evil.example",
		"[&#99;isa.gov](https://evil.example)":                       "evil.example",
		"[https://cisa.gov](https://evil.example/?https://cisa.gov)": "evil.example",
	} {
		out := render(t, src)
		if err := harmless(out); err != nil {
			t.Errorf("%q: %v", src, err)
		}
		if !strings.Contains(out, `<span class="host">(`+host+`)</span>`) {
			t.Errorf("%q does not show %s:\n%s", src, host, out)
		}
	}
	for _, src := range []string{
		"[x](https://cisa.gov@evil.example/)", "[x](https://cisa.gov:pass@evil.example/)", "[x](https://cisa.gov%2F@evil.example)", "[x](https://cisa.gov\u200b.evil.example)",
		"[x](https://evil%2eexample)", "[x](https://evil.example\\@cisa.gov)", "[x](https://\u202eevil.example)", "[x](https://-a.example)", "[x](https://a.example:99999999)", "[x](https://xn--a.example\u00ad)",
		"[x](https://a.example/\u202egnp.exe)", "[x](https://" + strings.Repeat("a", 300) + ".example)", "[x](https://a.example/" + strings.Repeat("a", maxURL) + ")",
	} {
		if out := render(t, src); strings.Contains(out, "href") {
			t.Errorf("%q became a link:\n%s", src, out)
		}
	}
	// Every invisible character of Unicode's control and format categories is shown, everywhere.
	n := 0
	for r := rune(0x80); r <= 0xe0fff; r++ {
		if invisible(r) && (r < 0xe000 || r > 0xf8ff) && r < 0xe0400 {
			n++
			out := render(t, fmt.Sprintf("a%cb `c%cd` [e%cf](https://a.example)", r, r, r))
			if strings.ContainsRune(out, r) && (r < 0xd800 || r > 0xdfff) {
				t.Fatalf("%U is not shown", r)
			}
		}
	}
	t.Logf("%d invisible characters", n)
}

// T-62, T-57: nesting and repetition in bounded time. One MB is refused at
// once; the most that is taken is rendered in time that no reader waits for.
func TestBoundedTime(t *testing.T) {
	fill := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	var stairs strings.Builder
	for i := 0; stairs.Len() < MaxBytes-2000; i = (i + 1) % 500 {
		stairs.WriteString(strings.Repeat(" ", i*2) + "- a\n")
	}
	var ticks strings.Builder
	for i := 1; ticks.Len() < MaxBytes-2000; i++ {
		ticks.WriteString(strings.Repeat("`", i) + "a")
	}
	shapes := map[string]string{"stairs": stairs.String(), "ticks": ticks.String()}
	for _, s := range []string{
		">", "> ", "- ", "1. ", "* ", ">- ", "[", "![", "]", "[](", "[a](", "[a](<", "[a][", "]( ", "*", "_", "**a ", "*a **b ", "_a __b ", "a*", "~~", "~", "`", "`a``b", "<", "<a", "<!--", "<?", "<![CDATA[", "</",
		"&", "&#", "\\", "|", "|-", "a|b\n", "#", "# ", "\n", " ", "\t", "\t- ", "a\n", "-\n", "- \n", "https://", "www.", "a@", "a@b.c ", "@[", "@[a](person:person_a)", "[a]: b\n", "[a]:\n", "CASE-7K3Q-2M9P ", "CASE-7K3Q-2M9P", "\u200b", "é", "> [!quote TLP:RED]\n\n",
		"a\n=\n", "```\n", "- [ ] ", "*_", "**_", "![[]()", "[[]](", "<http://a", "http://a.b/(", "(", "\"", "a.", "a\\\n", "a  \n", "> a\n- b\n", "1) a\n2. b\n", "*a_ ", "[^", "***a** ",
	} {
		shapes[s] = fill(s, MaxBytes-100)
		shapes["a "+s] = "a " + fill(s, MaxBytes-100)
	}
	n := 16_000
	shapes["a wide table"] = "|" + fill("a|", n) + "\n|" + fill("-|", n) + "\n" + fill("|\n", n)
	shapes["one address, many links"] = "[a]: https://a.example/" + strings.Repeat("a", 1900) + "\n\n" + fill("[a]", MaxBytes-3000)
	shapes["open and close"] = fill("[", MaxBytes/2) + fill("]", MaxBytes/2)
	shapes["emphasis open and close"] = fill("*a", MaxBytes/2) + fill("b*", MaxBytes/2)
	shapes["quotes, then lines"] = fill(">", MaxBytes/2) + fill("\n", MaxBytes/2)
	shapes["quotes on every line"] = fill(fill(">", 200)+"a\n", MaxBytes)
	const most = 5 * time.Second // on a busy machine; quiet ones take far less
	var slowest time.Duration
	var which string
	for name, src := range shapes {
		start := time.Now()
		out, err := Render(src, house)
		took := time.Since(start)
		if took > slowest {
			slowest, which = took, name
		}
		if took > most {
			t.Errorf("%.20q took %v", name, took)
		}
		if err != nil && !errors.Is(err, ErrTooLong) {
			t.Errorf("%.20q: %v", name, err)
		}
		if len(out) > 2*maxOutput {
			t.Errorf("%.20q: %d bytes come out", name, len(out))
		}
	}
	t.Logf("slowest of %d: %.20q, %v", len(shapes), which, slowest)
	for _, s := range []string{">", "- ", "[", "*a "} {
		if _, err := Render(fill(s, 1<<20), Options{}); !errors.Is(err, ErrTooLong) {
			t.Errorf("1 MB of %q: %v", s, err)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range []string{"# a\n\n> [!quote TLP:RED post_a]\n> *b* [c](https://d.example)", "|a|\n|-|\n|b|", "@[a](person:person_ana) CASE-7K3Q-2M9P", "[a]: https://c\u0456sa.gov\n\n[a] ![b][a] <https://x.example>", "1. - [x] ~~`a`~~ &lt;\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		out, err := Render(src, house)
		if err != nil {
			return
		}
		if err := harmless(out); err != nil {
			t.Errorf("%q: %v\n%s", src, err, out)
		}
		_, _, _ = Text(src), Mentions(src), Quotes(src)
	})
}
