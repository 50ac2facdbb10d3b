// A form whose fields depend on the country follows the choice by itself. Without scripts a button does it.

for (const button of document.querySelectorAll("button[data-country]")) {
  button.hidden = true;
  button.form.elements.country.addEventListener("change", () => button.form.requestSubmit(button));
}
