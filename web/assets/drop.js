// The one script of the public form for reports; everything works without it. It
// asks for nothing, keeps nothing and tells nobody: Esc Esc leaves the site, and
// the receipt can be copied and printed with a button.

let escaped = 0;

// leave empties the forms, so that "back" brings nothing up, and goes where
// nothing is told of where one was.
function leave(e) {
  e?.preventDefault();
  for (const f of document.forms) f.reset();
  document.body.replaceChildren();
  location.replace("about:blank");
}

addEventListener("keydown", (e) => {
  if (e.key !== "Escape") { escaped = 0; return; }
  if (e.timeStamp - escaped < 1000 && escaped) leave(e);
  escaped = e.timeStamp;
});

addEventListener("click", async (e) => {
  if (e.target.closest("[data-leave]")) { leave(e); return; }
  if (e.target.closest("[data-print]")) { print(); return; }
  const copy = e.target.closest("[data-copy]");
  if (!copy) return;
  const said = document.getElementById("drop-said");
  try {
    await navigator.clipboard.writeText(copy.dataset.copy);
    said.textContent = "Copied. Anything that you copy elsewhere replaces it.";
  } catch { said.textContent = "Could not copy. Select the words and press Ctrl C."; }
});
