const here = document.getElementById("here");
if (here) {
  here.closest("[hidden]").hidden = false;
  const rows = [...document.querySelectorAll(".runs tbody tr")].map(row => [row, row.textContent.toLowerCase()]);
  here.addEventListener("input", () => {
    const words = here.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [row, text] of rows) row.hidden = !words.every(word => text.includes(word));
  });
}
