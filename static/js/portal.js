// What a working page gains from a script: menus that close, buttons that print and copy, forms that are
// not sent twice, a confirmation that a reload does not repeat. No page needs any of it.

const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
};

document.addEventListener("click", (event) => closeMenus(event.target));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// The error summary is read out and its links are the next thing the Tab key reaches.
document.querySelector(".field-errors")?.focus();

// A second press on a slow line must not order, save or end anything twice. After a while it may: no page has come in place of
// this one, as when the loading was stopped or the answer was a file.
const patience = 10_000; // milliseconds

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, patience);
});

// A page that comes back from the browser's cache may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// The confirmation has been shown; a reload or a bookmark should not show it again.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  here.searchParams.delete("undo");
  history.replaceState(history.state, "", here);
}

// Messages that were on the screen have been read; the button says so without a script.
for (const form of document.querySelectorAll("form[data-read]")) {
  const seen = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    const sent = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
    if (sent.type === "opaqueredirect") form.hidden = true;
  });
  seen.observe(form);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A copy button says so for a moment, on itself and to screen readers.
const sayCopied = (button) => {
  const text = button.textContent;
  if (text === button.dataset.copied) return;
  button.textContent = button.dataset.copied;
  const status = document.querySelector("[data-copy-status]");
  if (status) status.textContent = `${button.dataset.copied}: ${button.dataset.copy}`;
  setTimeout(() => { button.textContent = text; }, 3000);
};

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    if (button.dataset.copied) sayCopied(button);
  });
}

// A tab that waits for the sign-in email moves on by itself once another tab of this browser has signed in. The form that signs
// in leaves a mark in its own tab; the page after it, if it is a customer's, tells the other tabs. Only this browser's own pages
// get that event, and no request is made before it.
const mark = "signing-in";

const told = (action) => {
  try {
    return action();
  } catch {
    return null; // the browser keeps no data for this site
  }
};

document.querySelector("form[data-signs-in]")?.addEventListener("submit", () => told(() => sessionStorage.setItem(mark, "yes")));

const cameToSignIn = told(() => {
  const came = sessionStorage.getItem(mark);
  sessionStorage.removeItem(mark);
  return came;
});
if (cameToSignIn && document.querySelector("[data-signed-in]")) {
  told(() => {
    localStorage.setItem(mark, Date.now());
    localStorage.removeItem(mark);
  });
}

const waiting = document.querySelector("[data-waiting]");
if (waiting) {
  window.addEventListener("storage", (event) => {
    if (event.key === mark && event.newValue) location.replace(waiting.dataset.waiting);
  });
}
