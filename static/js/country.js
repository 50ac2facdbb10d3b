// A form whose fields depend on the country follows the choice by itself, and needs no button for it. A choice with the pointer
// counts at once. With the arrow keys a list that is closed changes at each key, on the way to the country that is meant: there
// the choice counts with Enter, or when the focus moves on.

for (const button of document.querySelectorAll("button[data-country]")) {
  const country = button.form.elements[button.dataset.country || "country"];
  const shown = country.value;
  let pointed = false;
  const follow = () => {
    if (country.value !== shown) button.form.requestSubmit(button);
  };
  country.addEventListener("pointerdown", () => { pointed = true; });
  country.addEventListener("keydown", (event) => {
    pointed = false;
    if (event.key !== "Enter" || country.value === shown) return;
    event.preventDefault();
    follow();
  });
  country.addEventListener("change", () => {
    if (pointed) follow();
  });
  country.addEventListener("blur", () => {
    if (document.hasFocus()) follow(); // not when the window loses it
  });
  button.closest("p").hidden = true;
}
