"use strict";
(() => {
  const root = document.documentElement, body = document.body;
  const turns = [...document.querySelectorAll(".turn")];
  const speaking = location.hash === "#speaker" && window.opener !== null;
  let place = 0, other = speaking ? window.opener : null, begun = 0, clock = null;
  const found = () => {
    const part = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    return part ? turns.indexOf(part.closest(".turn")) : -1;
  };
  const shown = () => {
    // The slide whose middle is nearest to that of the window.
    const middle = innerHeight / 2;
    const distances = turns.map(turn => {
      const box = turn.firstElementChild.getBoundingClientRect();
      return Math.abs((box.top + box.bottom) / 2 - middle);
    });
    return distances.indexOf(Math.min(...distances));
  };
  const tick = () => {
    const seconds = Math.floor((Date.now() - begun) / 1000), two = value => String(value).padStart(2, "0");
    clock.textContent = `${place + 1} / ${turns.length} · ${body.dataset.clock} ${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  };
  const mark = () => {
    if (clock) tick();
    turns.forEach((turn, index) => {
      turn.classList.toggle("current", index === place);
      turn.classList.toggle("following", speaking && index === place + 1);
      const notes = turn.querySelector("details.notes");
      if (speaking && notes) notes.open = index === place;
    });
  };
  const go = (target, tell = true) => {
    place = Math.max(0, Math.min(turns.length - 1, target));
    mark();
    if (!speaking) {
      history.replaceState(null, "", "#" + turns[place].firstElementChild.id);
      turns[place].scrollIntoView();
    }
    if (tell && other && !other.closed) other.postMessage({ slide: place }, "*");
  };
  const full = on => {
    root.classList.toggle("showing", on);
    go(place, false);
  };
  const speak = () => {
    const view = window.open(location.href.split("#")[0] + "#speaker", "labreport-speaker", "popup,width=1200,height=760");
    if (view) other = view;
  };
  addEventListener("message", event => {
    if (event.source !== other || typeof event.data !== "object" || event.data === null) return;
    if (event.data.ready === true) other.postMessage({ slide: place }, "*");
    if (Number.isInteger(event.data.slide)) go(event.data.slide, false);
  });
  addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const inside = event.target.closest("pre, .scroll, .equation, summary, a, button");
    const moving = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
    const here = root.classList.contains("showing") || speaking ? place : shown();
    if (event.key in moving && !(inside && inside.matches("pre, .scroll, .equation") && event.key.startsWith("Arrow"))) go(here + moving[event.key]);
    else if (event.key === " " && !inside) go(here + (event.shiftKey ? -1 : 1));
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(turns.length - 1);
    else if (event.key === "f" && !speaking) {
      place = here;
      if (document.fullscreenElement) document.exitFullscreen();
      else root.requestFullscreen().catch(() => full(true));
    } else if (event.key === "Escape" && root.classList.contains("showing")) full(false);
    else if (event.key === "s" && !speaking) { place = here; speak(); }
    else return;
    event.preventDefault();
  });
  document.addEventListener("fullscreenchange", () => full(document.fullscreenElement !== null));
  addEventListener("hashchange", () => { const target = found(); if (target >= 0 && target !== place) go(target); });
  if (speaking) {
    root.classList.add("speaking");
    document.title = body.dataset.title + " · " + document.title;
    clock = document.createElement("output");
    document.querySelector(".keys").append(clock);
    begun = Date.now();
    tick();
    setInterval(tick, 500);
    other.postMessage({ ready: true }, "*");
  }
  const start = found();
  place = start >= 0 ? start : 0;
  mark();
})();
