for (const box of document.querySelectorAll("[data-live]")) {
  const look = async () => {
    try {
      const answer = await fetch(box.dataset.live);
      if (answer.ok) {
        const text = await answer.text();
        if (text !== box.dataset.seen) { box.innerHTML = text; box.dataset.seen = text; }
      }
    } catch { /* the server has ended; the page stays as it is */ }
    setTimeout(look, document.hidden ? 10000 : 1500);
  };
  setTimeout(look, 1500);
}
