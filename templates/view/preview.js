const shop = document.querySelector("[data-changes]");
const stage = document.querySelector(".stage");
const place = view => {
  // Not what a drawing names inside: it has no place.
  const parts = [...view.document.querySelectorAll("main [id]")].filter(part => part instanceof view.HTMLElement);
  const tops = parts.map(part => [part.id, part.getBoundingClientRect().top]);
  const near = tops.reduce((best, one) => (Math.abs(one[1]) < Math.abs(best[1]) ? one : best), ["", Infinity]);
  return { y: view.scrollY, id: near[0], top: near[1] };
};
const put = (view, kept) => {
  const same = kept.id && view.document.getElementById(kept.id);
  view.scrollTo(0, same ? view.scrollY + same.getBoundingClientRect().top - kept.top : kept.y);
};
const turn = () => {
  const old = stage.querySelector("iframe:not(.coming)");
  stage.querySelectorAll(".coming").forEach(frame => frame.remove());
  const fresh = old.cloneNode();
  fresh.className = "coming";
  fresh.loading = "eager";
  fresh.src = old.getAttribute("src").split("#")[0];
  fresh.addEventListener("load", async () => {
    await fresh.contentDocument.fonts.ready;
    const kept = place(old.contentWindow);
    put(fresh.contentWindow, kept);
    fresh.className = "";
    put(fresh.contentWindow, kept);
    old.remove();
  }, { once: true });
  stage.append(fresh);
};
const follow = async () => {
  let address = shop.dataset.changes;
  for (;;) {
    try {
      const { version } = await (await fetch(address)).json();
      const answer = await fetch(shop.dataset.faults);
      const chapter = answer.headers.get("x-chapter");
      document.getElementById("faults").innerHTML = await answer.text();
      if (chapter && chapter !== shop.dataset.chapter) { shop.dataset.chapter = chapter; turn(); }
      address = address.replace(/\d+$/, version);
    } catch { await new Promise(done => setTimeout(done, 2000)); }
  }
};
follow();
