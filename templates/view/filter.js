const asked = document.querySelector(".asked");
if (asked) {
  const body = document.querySelector(".runs tbody"), count = document.querySelector(".count");
  const rows = [...body.rows].map(row => ({ row, said: row.textContent.toLowerCase(), is: row.dataset }));
  const number = (text, missing) => (text === "" ? missing : Number(text));
  const later = (a, b) => (a.is.started < b.is.started ? 1 : a.is.started > b.is.started ? -1 : 0);
  const orders = {
    newest: later,
    oldest: (a, b) => later(b, a),
    lab: (a, b) => (a.is.lab < b.is.lab ? -1 : a.is.lab > b.is.lab ? 1 : 0),
    highest: (a, b) => number(b.is.score, -Infinity) - number(a.is.score, -Infinity) || 0,
    lowest: (a, b) => number(a.is.score, Infinity) - number(b.is.score, Infinity) || 0,
    longest: (a, b) => b.is.seconds - a.is.seconds,
  };
  const all = count.textContent;
  const show = () => {
    const words = asked.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = [...asked.querySelectorAll("select")].filter(one => one.name !== "sort" && one.value);
    let found = 0;
    for (const { row, said, is } of rows) {
      const fits = chosen.every(one => (one.name === "tag" ? is.tag.includes(` ${one.value} `) : is[one.name] === one.value));
      row.hidden = !(fits && words.every(word => said.includes(word)));
      found += !row.hidden;
    }
    const whole = found === rows.length && !words.length && !chosen.length;
    count.textContent = whole ? all : asked.dataset.found.replace("{found}", found).replace("{total}", rows.length);
  };
  const sort = () => {
    rows.sort(orders[asked.querySelector("[name=sort]").value]);
    body.append(...rows.map(one => one.row));
  };
  asked.hidden = false;
  asked.addEventListener("input", show);
  asked.querySelector("[name=sort]").addEventListener("change", sort);
  show();
  sort();
}
