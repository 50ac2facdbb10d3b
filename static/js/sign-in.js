// The page of a mailed link. Mail scanners open links, run scripts and submit the forms they find, and must not press
// its button. So the form has its token only once a person has moved: a pointer, a key or a click that the browser itself
// reports. Without scripts the form is whole.

const form = document.querySelector("form[data-sign-in]");
const field = form.elements.token;
const token = field.value;
field.value = "";

const events = ["pointerdown", "keydown", "click"];

const giveToken = () => {
  field.value = token;
  for (const name of events) document.removeEventListener(name, onEvent, true);
};

const onEvent = (event) => {
  if (event.isTrusted) giveToken();
};

for (const name of events) document.addEventListener(name, onEvent, true);

// The token leaves the address bar and the history with the click, not before: until then the page may be opened in
// another browser.
form.addEventListener("submit", () => history.replaceState(null, "", form.getAttribute("action")));

// The browser that asked for the link a moment ago need not ask its owner again, once they look at the page.
const press = () => {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", press);
  giveToken();
  form.requestSubmit();
};

if ("auto" in form.dataset) {
  document.addEventListener("visibilitychange", press);
  press();
}
