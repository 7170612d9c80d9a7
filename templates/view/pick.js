for (const form of document.querySelectorAll(".asked")) {
  form.addEventListener("change", event => { if (event.target.tagName === "SELECT") form.requestSubmit(); });
}
for (const form of document.querySelectorAll(".picking")) {
  const button = form.querySelector("button");
  const count = () => { button.disabled = form.querySelectorAll("[name=run]:checked").length < 2; };
  form.addEventListener("change", count);
  addEventListener("pageshow", count);
}
