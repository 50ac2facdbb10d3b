// Passkeys need a script: only it can ask the authenticator. A form with data-passkey stays hidden without one, and the
// page has another way. The server decides everything; this carries its question there and the answer back.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const withBytes = (list) => list?.map((known) => ({ ...known, id: bytes(known.id) }));

// The question as the authenticator takes it, and its answer as the server reads it.
const question = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
  allowCredentials: withBytes(options.allowCredentials),
  excludeCredentials: withBytes(options.excludeCredentials),
});

const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

const answerOf = (credential) => {
  const response = { transports: credential.response.getTransports?.() };
  for (const field of fields) {
    if (credential.response[field]) response[field] = text(credential.response[field]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: {},
  });
};

const kinds = {
  create: (publicKey) => navigator.credentials.create({ publicKey }),
  get: (publicKey) => navigator.credentials.get({ publicKey }),
};

// Browsers tell somebody who cancelled and somebody who was too slow apart by nothing but the time.
const problemOf = (error, began, timeout) => {
  switch (error.name) {
    case "NotAllowedError":
      return Date.now() - began >= timeout ? "late" : "cancelled";
    case "AbortError":
      return "cancelled";
    case "SecurityError":
      return "site";
    case "InvalidStateError":
      return "known";
  }
  return "failed";
};

const tell = (form, problem) => {
  const shown = form.querySelector(`[data-problem="${problem}"]`);
  form.querySelector("[data-alert]").replaceChildren(shown.content.cloneNode(true));
};

// A page in place of the question says what is wrong with the form.
const refill = async (response) => {
  const next = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
  document.querySelector("main").replaceWith(document.adoptNode(next));
  start();
  document.querySelector(".field-errors, [aria-invalid=true]")?.focus();
};

const ask = async (form) => {
  let began = Date.now();
  let timeout = Infinity;
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.dataset.options, { method: "POST", body, redirect: "manual" });
    if (response.type === "opaqueredirect") return location.assign(location.href); // it leads to the sign-in
    if (!response.ok) return response.status < 500 ? await refill(response) : tell(form, "failed");
    const options = await response.json();
    began = Date.now();
    timeout = options.timeout;
    form.elements.answer.value = answerOf(await kinds[form.dataset.passkey](question(options)));
  } catch (error) {
    return tell(form, problemOf(error, began, timeout));
  }
  form.requestSubmit();
};

const start = () => {
  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    let asking = false;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      if (asking) return;
      asking = true;
      form.querySelector("[data-alert]").replaceChildren();
      await ask(form);
      asking = false;
    });
  }
  for (const without of document.querySelectorAll("[data-no-passkey]")) without.hidden = true;
};

start();
