// Cordon's one script. Pages work without it. It keeps these rules:
//   - it stores nothing in the browser: what is labelled stays in memory;
//   - markup comes from our own pages only, through one Trusted Types policy,
//     and is moved into the page as nodes, never as strings;
//   - it never replaces a form that somebody is typing in, nor moves it.

const $ = (sel, root = document) => root.querySelector(sel);
const $$ = (sel, root = document) => [...root.querySelectorAll(sel)];
const body = document.body;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const policy = self.trustedTypes
  ? trustedTypes.createPolicy("cordon", { createHTML: (s) => s })
  : { createHTML: (s) => s };
const parse = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");

function el(tag, attrs = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

/* ---- Saying things ---- */

let saidAt = 0, unsaid = 0;
// announce counts new messages for screen readers, at most once in 10 s.
function announce(n) {
  unsaid += n;
  const rest = saidAt + 10000 - Date.now();
  if (rest > 0) { setTimeout(announce, rest, 0); return; }
  if (!unsaid) return;
  saidAt = Date.now();
  $("#ui-polite").textContent = unsaid === 1 ? "1 new message" : `${unsaid} new messages`;
  unsaid = 0;
}

function toast(text, onclick) {
  const t = el(onclick ? "button" : "p", { class: "toast" }, text);
  if (onclick) t.addEventListener("click", () => { onclick(); t.remove(); });
  $("#ui-toasts").replaceChildren(t);
  setTimeout(() => t.remove(), 6000);
}

function banner(text) {
  const b = $("#ui-banner");
  const reload = el("button", { class: "btn", type: "button" }, "Reload");
  reload.addEventListener("click", () => location.reload());
  b.replaceChildren(el("span", {}, text), reload);
  b.hidden = false;
}

/* ---- Live: the page is fetched again, and what differs is changed in place ---- */

// busy says whether a form must be left alone: typed in, or with the focus inside.
const busy = (form) => form.dataset.dirty || form.contains(document.activeElement);
const keyOf = (n) => n.nodeType === 1 ? n.dataset.live || n.id : "";

// morph makes old like fresh with the fewest changes, so that focus, selection,
// scroll and open details stay as they are.
function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) {
    if (old.nodeType === 1 && (old.matches("form") ? busy(old) : $$("form", old).some(busy))) return;
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== 1) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.isEqualNode(fresh) || (old.matches("form") && busy(old))) return;
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value && name !== "open") old.setAttribute(name, value);
  const keyed = new Map();
  for (const c of old.children) if (keyOf(c)) keyed.set(keyOf(c), c);
  let at = old.firstChild;
  for (const f of [...fresh.childNodes]) {
    const match = keyOf(f) && keyed.get(keyOf(f));
    if (match) {
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      keyed.delete(keyOf(f));
      morph(match, f);
    } else if (at && !keyOf(at) && !keyOf(f) && at.nodeName === f.nodeName) {
      const next = at.nextSibling;
      morph(at, f);
      at = next;
    } else {
      old.insertBefore(f, at);
    }
  }
  const keep = (n) => n.nodeType === 1 && (n.matches("form") ? busy(n) : $$("form", n).some(busy));
  while (at) {
    const next = at.nextSibling;
    if (!keep(at)) at.remove();
    at = next;
  }
}

// apply brings the page up to doc. What is being typed stays where it is on the screen.
function apply(doc) {
  const focus = document.activeElement?.closest("form") && document.activeElement;
  const before = focus?.getBoundingClientRect().top;
  const known = new Set($$("[data-post]").map((p) => p.id));
  const atEnd = innerHeight + scrollY > document.documentElement.scrollHeight - 80;
  const outer = (root) => Object.groupBy($$("[data-live]", root).filter((n) => !n.parentElement.closest("[data-live]")), keyOf);
  const now = outer(doc);
  for (const [key, olds] of Object.entries(outer(document)))
    olds.forEach((old, i) => now[key]?.[i] && morph(old, document.importNode(now[key][i], true)));
  if (focus?.isConnected) scrollBy({ top: focus.getBoundingClientRect().top - before, behavior: "instant" });
  document.title = doc.title || document.title;
  const fresh = $$("[data-post]").filter((p) => !known.has(p.id));
  if (fresh.length) announce(fresh.length);
  const below = fresh.filter((p) => p.getBoundingClientRect().top > innerHeight);
  if (below.length && !atEnd)
    toast(below.length === 1 ? "1 new message below" : `${below.length} new messages below`,
      () => below[0].scrollIntoView({ block: "center" }));
  return fresh;
}

const closed = "You are signed out, or your access changed. What you typed is still here.";
let refreshing = false, again = false, unseen = false;
// refresh fetches this page once more; a refresh asked for meanwhile follows.
// It returns false when the page is no longer ours to see.
async function refresh() {
  if (refreshing) { again = true; return true; }
  refreshing = true;
  try {
    // What a hidden page fetches is not read yet, and the "new since" line stays where it is.
    unseen = document.hidden;
    const headers = { "X-Cordon-Partial": unseen ? "hidden" : "1" }, line = $(".new-line");
    if (line) headers["X-Cordon-New"] = line.dataset.live.slice("new-".length);
    const r = await fetch(location.href, { headers, cache: "no-store" });
    const moved = new URL(r.url).pathname !== location.pathname;
    if ([401, 403, 404].includes(r.status) || moved) { stop(); banner(closed); return false; }
    if (r.ok) apply(parse(await r.text()));
  } catch { /* the line is down: the stream will say when it is back */
  } finally {
    refreshing = false;
    if (again) { again = false; soon(60); }
  }
  return true;
}

let timer = 0, due = Infinity;
function soon(ms) {
  if (Date.now() + ms >= due) return;
  clearTimeout(timer);
  due = Date.now() + ms;
  timer = setTimeout(() => { due = Infinity; refresh(); }, ms);
}

let source, tries = 0, stopped = false;
function stop() { stopped = true; source?.close(); }

function listen() {
  if (!body.dataset.stream || stopped) return;
  const ids = new Set(body.dataset.liveIds.split(" ").filter(Boolean));
  const url = new URL(body.dataset.stream, location.href);
  source = new EventSource(url);
  source.onopen = () => { tries = 0; };
  source.addEventListener("change", (e) => {
    url.searchParams.set("cursor", e.lastEventId);
    body.dataset.stream = url.pathname + url.search;
    let f;
    try { f = JSON.parse(e.data); } catch { return; }
    const mine = ids.has("*") || [f.object, f.parent, f.room].some((id) => ids.has(id));
    // Elsewhere only counts in the rail may change, and they can wait.
    soon(mine ? 60 : 4000 + Math.random() * 4000);
  });
  source.addEventListener("reset", () => soon(0));
  source.addEventListener("bye", () => { stop(); banner(closed); });
  source.onerror = async () => {
    if (source.readyState !== EventSource.CLOSED) return; // the browser connects again by itself
    await wait(Math.min(30000, 500 * 2 ** tries++) * (0.5 + Math.random() / 2));
    if (!stopped && await refresh()) listen();
  };
}
// Asked for again is what the stream does not tell: how far a reading is, whether a notice came.
async function poll() {
  for (let p; !stopped && (p = $("[data-poll]"));) {
    const { poll, at, seen } = p.dataset;
    await wait(+poll || 1500);
    const r = at && await fetch(at).catch(() => 0);
    if (!document.hidden && (!at || r.ok && await r.text() !== seen)) await refresh();
  }
}
addEventListener("visibilitychange", () => { if (!document.hidden && unseen) soon(0); });
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (e) => { if (e.persisted && !stopped) { listen(); refresh(); } });

/* ---- Forms: drafts, preview, sending ---- */

const fields = (form) => {
  const p = new URLSearchParams();
  for (const [k, v] of new FormData(form)) if (typeof v === "string") p.append(k, v);
  return p;
};
const say = (form, text, bad = false) => {
  const s = $(".form-state", form);
  if (s) { s.textContent = text; s.classList.toggle("bad", bad); }
};

const drafts = new Map(); // form → timer of its next save
function saveDraft(form, leaving = false) {
  clearTimeout(drafts.get(form));
  if (!drafts.delete(form) || !form.isConnected || form.dataset.sending) return;
  const data = fields(form);
  data.set("draft_key", form.dataset.draft);
  fetch(form.dataset.draftUrl, { method: "POST", body: data, keepalive: true })
    .then((r) => !leaving && r.ok && say(form, "Draft saved"))
    .catch(() => { drafts.set(form, setTimeout(saveDraft, 5000, form)); });
}
addEventListener("pagehide", () => { for (const f of [...drafts.keys()]) saveDraft(f, true); });

const previews = new Map(); // form → number of the newest request
async function preview(form) {
  const n = (previews.get(form) || 0) + 1;
  previews.set(form, n);
  const send = $("[data-send]", form), bar = $("[data-preview-bar]", form);
  try {
    const r = await fetch(form.dataset.previewUrl, { method: "POST", body: fields(form) });
    if (!r.ok) throw new Error(r.status);
    const p = await r.json();
    if (previews.get(form) !== n) return; // an older answer came late
    const problem = p.problem || "";
    $("[data-preview-sentence]", form).textContent = problem || p.sentence;
    $("[data-preview-button]", form).textContent = p.button || "Send";
    bar.classList.toggle("problem", !!problem);
    send.disabled = !!problem;
    const label = $("[data-preview-label]", form), tlp = form.elements.tlp?.value;
    if (tlp) {
      const name = tlp.replace(/^TLP:/, "");
      label.className = "chip tlp " + (name === "AMBER+STRICT" ? "amber strict" : name.toLowerCase());
      label.textContent = "TLP:" + name;
      label.hidden = false;
    }
    const rows = p.rows || [];
    $(".sees-who", form).hidden = !rows.length;
    $("[data-preview-rows]", form).replaceChildren(el("dl", { class: "pairs" }, ...rows.map((r) =>
      el("div", {},
        el("dt", {}, r.org + " ", ...(r.kind ? [el("span", { class: "kind" }, r.kind)] : [])),
        el("dd", {}, r.people ? `${r.people} ${r.people === 1 ? "person" : "people"}` : "")))));
  } catch {
    if (previews.get(form) !== n) return;
    // Never leave a sentence on the screen that may no longer be true.
    $("[data-preview-sentence]", form).textContent = "Could not check who will see this. Trying again…";
    $("[data-preview-button]", form).textContent = "Send";
    bar.classList.add("problem");
    send.disabled = true;
    setTimeout(() => previews.get(form) === n && form.isConnected && preview(form), 3000);
  }
}

function post(form, submitter, data) {
  const x = new XMLHttpRequest();
  x.open("POST", submitter?.getAttribute("formaction") || form.getAttribute("action"));
  x.setRequestHeader("Idempotency-Key", form.elements.idempotency_key?.value || "");
  x.setRequestHeader("Accept", "text/html");
  const bar = $(".send-line progress", form);
  const files = [...data.values()].some((v) => v instanceof File && v.size);
  if (bar && files) {
    x.upload.onprogress = (e) => {
      if (!e.lengthComputable) return;
      bar.hidden = false;
      bar.value = 100 * e.loaded / e.total;
      say(form, `Uploading, ${Math.floor(bar.value)} %`);
    };
  }
  const answer = new Promise((done) => { x.onloadend = () => done(x); });
  x.send(data);
  return { x, answer };
}

// send posts the form until it is answered, always with the same key, so that
// the server keeps it once however often it arrives.
async function send(form, submitter) {
  form.dataset.sending = "1";
  clearTimeout(drafts.get(form));
  drafts.delete(form);
  const data = new FormData(form, submitter); // once: the same key must always mean the same words
  const buttons = $$("button:not([type=button])", form), cancel = $("[data-cancel]", form);
  const was = buttons.map((b) => b.disabled);
  const texts = $$("textarea, input[type=text]", form);
  for (const b of buttons) b.disabled = true;
  for (const t of texts) t.readOnly = true;
  if (cancel) cancel.hidden = false;
  let live = true, current, wake;
  const onCancel = () => { live = false; current?.x.abort(); wake?.(); };
  cancel?.addEventListener("click", onCancel);
  say(form, "Sending…");
  let x;
  for (let n = 0; live; n++) {
    current = post(form, submitter, data);
    x = await current.answer;
    if (!live || (x.status && ![408, 429, 502, 503, 504].includes(x.status))) break;
    say(form, "Not sent yet: connection lost. Trying again… Everything you typed is kept.", true);
    const later = 1000 * Number(x.status && x.getResponseHeader("Retry-After")) || Math.min(15000, 500 * 2 ** n);
    await Promise.race([wait(later), new Promise((r) => { wake = r; addEventListener("online", r, { once: true }); })]);
  }
  cancel?.removeEventListener("click", onCancel);
  if (cancel) cancel.hidden = true;
  buttons.forEach((b, i) => { b.disabled = was[i]; });
  for (const t of texts) t.readOnly = false;
  delete form.dataset.sending;
  const bar = $(".send-line progress", form);
  if (bar) bar.hidden = true;
  if (!live) { say(form, "Stopped. It may have arrived; sending again will not make it twice."); return; }
  if (x.status === 401) { say(form, "Not sent. Sign in in another tab, then send again.", true); banner(closed); return; }
  const html = (x.getResponseHeader("Content-Type") || "").startsWith("text/html");
  const doc = html && x.responseText ? parse(x.responseText) : null;
  if (x.status >= 400) {
    const fresh = doc && form.id && doc.getElementById(form.id);
    if (fresh) {
      const files = $("input[type=file]", form), node = document.importNode(fresh, true);
      const slot = $("input[type=file]", node);
      if (files?.files.length && slot) slot.replaceWith(files); // chosen files need not be chosen again
      form.replaceWith(node);
      node.dataset.dirty = "1";
      ($("[data-errors]", node) || node).focus();
    } else {
      const why = doc && $("h1", doc)?.textContent;
      say(form, `Not sent. ${why || "The server could not take it."} Everything you typed is kept.`, true);
    }
    return;
  }
  delete form.dataset.dirty;
  const to = new URL(x.getResponseHeader("Location") || x.responseURL, location.href);
  const same = to.pathname === location.pathname && to.search === location.search;
  const fresh = same && doc && form.id && doc.getElementById(form.id);
  if (!fresh) { location.assign(to); if (same) location.reload(); return; }
  const node = document.importNode(fresh, true), closing = form.closest("details.composer-open");
  form.replaceWith(node);
  if (closing) closing.open = false;
  const added = apply(doc);
  say(node, "Sent.");
  if (closing) $("summary", closing)?.focus();
  else $("textarea", node)?.focus({ preventScroll: true });
  added.at(-1)?.scrollIntoView({ block: "nearest" });
}

// ask shows the question of a data-confirm form and resolves to the answer.
function ask(text, yes) {
  const d = $("#ui-ask"); // a dialog gives the focus back by itself
  $("#ui-ask-text").textContent = text;
  $("[value=yes]", d).textContent = yes || "Continue";
  d.returnValue = "no";
  d.showModal();
  return new Promise((done) => d.addEventListener("close", () => done(d.returnValue === "yes"), { once: true }));
}

addEventListener("submit", async (e) => {
  const form = e.target, by = e.submitter;
  if (form.method === "dialog") return;
  if (form.dataset.confirm && !form.dataset.confirmed) {
    e.preventDefault();
    if (!await ask(form.dataset.confirm, form.dataset.confirmButton)) return;
    form.dataset.confirmed = "1";
    form.requestSubmit(by);
    delete form.dataset.confirmed;
  } else if (form.dataset.passkey) {
    e.preventDefault();
    passkey(form);
  } else if ("resend" in form.dataset) {
    e.preventDefault();
    if (!form.dataset.sending) send(form, by);
  }
});

addEventListener("input", (e) => {
  const list = e.target.dataset.filter;
  if (list) {
    const want = e.target.value.trim().toLowerCase();
    for (const g of $$(".group", document.getElementById(list))) {
      for (const c of $$(".choice", g)) c.hidden = !c.textContent.toLowerCase().includes(want);
      g.hidden = !$(".choice:not([hidden])", g);
    }
    return;
  }
  const form = e.target.form;
  if (!form) return;
  form.dataset.dirty = "1";
  if (form.dataset.draft) {
    clearTimeout(drafts.get(form));
    drafts.set(form, setTimeout(saveDraft, 2000, form));
  }
});
addEventListener("change", (e) => {
  const form = e.target.form;
  if (form?.dataset.previewUrl && (form.dataset.previewOn || "tlp audience").split(" ").includes(e.target.name)) preview(form);
});

/* ---- Passkeys ---- */

async function passkey(form) {
  const d = form.dataset, b = $("button", form);
  if (!self.PublicKeyCredential?.parseRequestOptionsFromJSON)
    return say(form, "Nothing was changed. This browser is too old for passkeys; use a newer one.", true);
  b.disabled = true;
  say(form, "Follow your browser’s or key’s instructions…");
  const call = async (url, init) => {
    const r = await fetch(url, { method: "POST", ...init });
    const answer = await r.json().catch(() => ({}));
    if (!r.ok) throw new Error(answer.detail || answer.error || "The server did not accept it. Try again, or reload the page.");
    return answer;
  };
  try {
    const begun = await call(d.beginUrl, { body: fields(form) });
    const o = begun.publicKey || begun;
    const credential = d.passkey === "register"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o) });
    const { next } = await call(d.finishUrl, {
      body: JSON.stringify(credential.toJSON()), headers: { "Content-Type": "application/json" },
    });
    const to = new URL(next || "/", location.href);
    location.assign(to.origin === location.origin ? to : "/");
  } catch (err) {
    const why = {
      NotAllowedError: "It was cancelled, or took too long. Try again when you are ready.",
      InvalidStateError: "This device or key already has a passkey here. Use another one, or sign in with it.",
      SecurityError: "This address may not use your passkey. Check that you are on the right site.",
      NotSupportedError: "This device or key cannot make the kind of passkey needed here. Use another one.",
      TypeError: "The connection was lost. Try again.",
    }[err.name] || err.message;
    say(form, "Nothing was changed. " + why, true);
    b.disabled = false;
  }
}

/* ---- Clicks ---- */

addEventListener("click", async (e) => {
  const copy = e.target.closest("[data-copy]"), open = e.target.closest("[data-open]");
  if (copy) {
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      toast("Copied");
    } catch { toast("Could not copy. Select the text and press Ctrl C."); }
  } else if (open) {
    const d = document.getElementById(open.dataset.open);
    if (d) { e.preventDefault(); d.showModal(); }
  }
  const band = $(".band-open[open]");
  if (band && !band.contains(e.target)) band.open = false;
});

/* ---- Keys ---- */

const shown = (n) => n.checkVisibility();
// press clicks, or focuses, what bears the key: in the row that has the focus first.
function press(key) {
  const sel = `[data-key="${CSS.escape(key)}"]`;
  const row = document.activeElement?.closest("[data-row]");
  const t = (row && $(sel, row)) || $$(sel).find((n) => shown(n) && !n.closest("[data-row]"));
  if (!t) return false;
  t.focus();
  if (!t.matches("textarea, input")) t.click();
  return true;
}

function walk(step) {
  const rows = $$("[data-list] [data-row]").filter(shown);
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement?.closest("[data-row]"));
  const row = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))];
  (row.tabIndex === -1 && row.hasAttribute("tabindex") ? row : $("a, button", row))?.focus();
  row.scrollIntoView({ block: "nearest" });
}

function rail(side, id) {
  const r = document.getElementById(id);
  if (!r) return;
  const root = document.documentElement.dataset;
  if (getComputedStyle(r).position === "fixed") r.togglePopover();
  else if (root[side] === "off") delete root[side];
  else root[side] = "off";
}

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// along goes from a graph's node, along a tie, to where the arrow key points.
function along(key) {
  const at = document.activeElement?.closest("[data-ties]"), to = arrows[key];
  if (!at || !to) return false;
  const middle = (n) => { const b = $(".halo", n).getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; };
  const [x, y] = middle(at);
  let best, least = 0.3; // cosine of the angle between the key and the tie
  for (const n of at.dataset.ties.split(" ").map((id) => document.getElementById(id)).filter(Boolean)) {
    const [a, b] = middle(n), cos = ((a - x) * to[0] + (b - y) * to[1]) / (Math.hypot(a - x, b - y) || 1);
    if (cos > least) { least = cos; best = n; }
  }
  best?.focus();
  return !!best;
}

let going = 0;
addEventListener("keydown", (e) => {
  const mod = e.ctrlKey || e.metaKey, t = e.target;
  if (mod && e.shiftKey && e.code === "Period") { e.preventDefault(); $("#ui-mask").hidden = !$("#ui-mask").hidden; return; }
  if (mod && !e.shiftKey && e.key.toLowerCase() === "k") { e.preventDefault(); commands(); return; }
  if (mod && e.key === "Enter" && t.form) { e.preventDefault(); t.form.requestSubmit($("[data-send]", t.form)); return; }
  if (e.key === "Escape") {
    const band = $(".band-open[open]");
    if (band) { band.open = false; $("summary", band).focus(); }
    else if (t.matches("input, textarea, select") && !t.closest("dialog")) t.blur();
    return;
  }
  if (mod || e.altKey || e.isComposing || body.dataset.keys === "off") return;
  if (t.isContentEditable || t.matches("textarea, select, input:not([type=checkbox], [type=radio])") || $("dialog[open]")) return;
  const key = e.key;
  if (Date.now() - going < 1500) {
    going = 0;
    const link = $(`[data-go="${CSS.escape(key.toLowerCase())}"]`);
    if (link) { e.preventDefault(); link.click(); }
    return;
  }
  let done = true;
  if (key === "g") going = Date.now();
  else if (key === "?") $("#ui-keys").showModal();
  else if (key === ".") commands();
  else if (key === "/") { const s = $("[data-search]"); if (s && !shown(s)) s.closest("[popover]")?.showPopover(); s?.focus(); }
  else if (key === "j" || key === "k" && !$('[data-key="k"]')) walk(key === "j" ? 1 : -1);
  else if (key === "o") document.activeElement?.closest("[data-row]")?.querySelector("a")?.click();
  else if (key === "T") { const ts = $$("[data-twin]"), open = ts.some((n) => !n.open); for (const n of ts) n.open = open; }
  else if (key === "[") rail("left", "ui-nav");
  else if (key === "]") rail("right", "ui-context");
  else done = along(key) || /^[a-zEM1-5]$/.test(key) && press(key);
  if (done) e.preventDefault();
});

/* ---- Command menu ---- */

function commands() {
  const d = $("#ui-commands"), input = $("input", d), list = $("ul", d);
  if (d.open) { d.close(); return; }
  let at = 0, n = 0;
  const select = (i) => {
    const items = $$("[role=option]", list);
    at = items.length ? (i + items.length) % items.length : 0;
    items.forEach((it, j) => it.setAttribute("aria-selected", j === at));
    items[at]?.scrollIntoView({ block: "nearest" });
    if (items[at]) input.setAttribute("aria-activedescendant", items[at].id);
    else input.removeAttribute("aria-activedescendant");
  };
  const load = async () => {
    const mine = ++n;
    let found = [], problem = "Nothing found.";
    try {
      const r = await fetch("/commands?q=" + encodeURIComponent(input.value));
      if (!r.ok) throw new Error(r.status);
      found = await r.json();
    } catch { problem = "The command menu cannot be loaded now."; }
    if (mine !== n) return;
    list.replaceChildren(...found.map((c, i) => {
      const li = el("li", { role: "option", id: "command-" + i, "data-href": c.href }, el("span", {}, c.label));
      if (c.keys) li.append(el("kbd", {}, c.keys));
      return li;
    }));
    if (!found.length) list.append(el("li", { class: "muted", role: "option", "aria-disabled": "true" }, problem));
    select(0);
  };
  const run = (li) => {
    const to = li?.dataset.href && new URL(li.dataset.href, location.href);
    if (to && to.origin === location.origin) { d.close(); location.assign(to); }
  };
  input.value = "";
  input.oninput = load;
  input.onkeydown = (e) => {
    if (e.key === "ArrowDown") { e.preventDefault(); select(at + 1); }
    else if (e.key === "ArrowUp") { e.preventDefault(); select(at - 1); }
    else if (e.key === "Enter") { e.preventDefault(); run($$("[role=option]", list)[at]); }
  };
  list.onclick = (e) => run(e.target.closest("[role=option]"));
  d.showModal();
  input.focus();
  load();
}

listen();
poll();
