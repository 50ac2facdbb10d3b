// A form whose fields depend on the country follows a choice by itself, when a pointer made it. With the arrow keys a list that
// is closed changes at each key, on the way to the country that is meant: there the button shows its form, as it does without
// scripts.

for (const button of document.querySelectorAll("button[data-country]")) {
  const country = button.form.elements.country;
  let pointed = false;
  country.addEventListener("pointerdown", () => { pointed = true; });
  country.addEventListener("keydown", () => { pointed = false; });
  country.addEventListener("change", () => {
    if (pointed) button.form.requestSubmit(button);
  });
}
