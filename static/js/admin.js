// What the pages of staff gain from a script: a key for the search, keys in a list, and the progress of a bulk change
// without a click. No page needs any of it.

const rows = () => [...document.querySelectorAll("table.customers tbody tr")];
const linkOf = (row) => row?.querySelector("th a");

// The row with the focus is the present one.
const present = () => document.activeElement?.closest("table.customers tbody tr");

const move = (step) => {
  const all = rows();
  const at = all.indexOf(present());
  linkOf(all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)])?.focus();
};

// The page's own search field comes before the one in its head, which a phone shows as a link.
const search = () => {
  const field = [...document.querySelectorAll("main [role=search] input[type=search], .top-search input")]
    .find((input) => input.checkVisibility());
  if (field) field.focus();
  else document.querySelector(".side-search")?.click();
};

const keys = {
  "/": search,
  j: () => move(1),
  k: () => move(-1),
  x: () => present()?.querySelector(".tick input")?.click(),
  e: () => {
    const link = linkOf(present());
    if (link) location.assign(`${link.href}/edit`);
  },
  "?": () => {
    const help = document.querySelector("details.keys");
    if (help) help.open = !help.open;
  },
};

// Keys belong to whoever types; Enter opens the link with the focus by itself.
const typing = (target) => target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");

// Whoever speaks to the computer, or meets a key by accident, can turn the keys off (WCAG 2.1.4).
const switchOf = document.querySelector("#keys-switch");
const areOff = () => localStorage.getItem("keys") === "off";
const showSwitch = () => {
  switchOf.textContent = areOff() ? switchOf.dataset.on : switchOf.dataset.off;
};

if (switchOf) {
  switchOf.addEventListener("click", () => {
    if (areOff()) localStorage.removeItem("keys");
    else localStorage.setItem("keys", "off");
    showSwitch();
  });
  showSwitch();
  switchOf.hidden = false;
}

document.addEventListener("keydown", (event) => {
  if (areOff()) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  const act = keys[event.key];
  if (!act || (act !== search && !document.querySelector(".customers"))) return;
  event.preventDefault();
  act();
});

// A click anywhere in a row opens it, but not one that selects text or meets something of its own.
for (const row of rows()) {
  row.addEventListener("click", (event) => {
    if (event.target.closest("a, input, button, .tick") || getSelection().toString()) return;
    linkOf(row)?.click();
  });
}

// The progress of a bulk change.
const gap = 2_000; // milliseconds

const refresh = async () => {
  const shown = document.querySelector("#batch[data-refresh]");
  if (!shown) return;
  const answer = await fetch(shown.dataset.refresh, { redirect: "manual" }).catch(() => null);
  if (answer?.ok) {
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#batch");
    if (next) shown.replaceWith(document.adoptNode(next));
    document.querySelector("#refresh")?.remove();
  }
  setTimeout(refresh, gap);
};

if (document.querySelector("#batch[data-refresh]")) {
  document.querySelector("#refresh")?.remove(); // the page does it by itself
  setTimeout(refresh, gap);
}
