const said = document.querySelector("[data-copied]").dataset.copied;
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copied] button") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = button.previousElementSibling.textContent;
    await navigator.clipboard.writeText(text);
    const label = button.textContent;
    button.textContent = said;
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}
