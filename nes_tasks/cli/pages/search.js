// Finds entities by name among those of search.json, which is fetched when it is first needed.
"use strict";
(() => {
  const MOST = 50;
  const field = document.getElementById("q");
  const list = document.getElementById("results");
  const found = document.getElementById("found");
  let entries = null;

  // Accents of Latin letters and joiners do not matter; vowel signs of Devanagari do.
  const fold = text => text.normalize("NFD").replace(/[\u0300-\u036f\u200c\u200d]/g, "").toLowerCase();

  async function load() {
    const answer = await fetch("search.json");
    if (!answer.ok) throw new Error(answer.status);
    return (await answer.json()).map(([path, en, ne, others]) => ({
      path, en, ne, names: [en, ne, ...others].filter(Boolean).map(fold),
    }));
  }

  // The smaller, the better; null for what does not have all words.
  function rank(entry, text, words) {
    let best = null;
    for (const name of entry.names) {
      const fits = name === text ? 0 : name.startsWith(text) ? 1 : ` ${name}`.includes(` ${text}`) ? 2 : 3;
      if (words.every(word => name.includes(word)) && (best === null || fits < best)) best = fits;
    }
    return best;
  }

  function element(name, text, language) {
    const made = document.createElement(name);
    made.textContent = text;
    if (language) made.lang = language;
    return made;
  }

  function row(entry) {
    const link = document.createElement("a");
    link.href = `entity/${entry.path.split("/").map(encodeURIComponent).join("/")}.html`;
    link.append(element("b", entry.en || entry.ne || entry.path, entry.en ? null : "ne"));
    if (entry.en && entry.ne) link.append(" ", element("span", entry.ne, "ne"));
    const kind = element("span", entry.path.split("/").slice(0, -1).join(", ").replaceAll("_", " "));
    kind.className = "small";
    link.append(" ", kind);
    const item = document.createElement("li");
    item.append(link);
    return item;
  }

  async function search() {
    const asked = field.value, text = fold(asked.trim());
    const address = new URL(location.href);
    if (text) address.searchParams.set("q", asked); else address.searchParams.delete("q");
    history.replaceState(null, "", address);
    if (!text) { list.replaceChildren(); found.textContent = ""; return; }
    try {
      entries ??= load();
      const words = text.split(/\s+/), hits = [];
      for (const entry of await entries) {
        const fits = rank(entry, text, words);
        if (fits !== null) hits.push([fits, entry]);
      }
      if (asked !== field.value) return;  // something else is asked by now
      hits.sort(([one, a], [other, b]) => one - other || a.names[0]?.length - b.names[0]?.length || (a.path < b.path ? -1 : 1));
      list.replaceChildren(...hits.slice(0, MOST).map(([, entry]) => row(entry)));
      const count = hits.length.toLocaleString("en");
      found.textContent = hits.length > MOST ? `${MOST} of ${count} entities` : hits.length === 1 ? "1 entity" : `${count} entities`;
    } catch {
      entries = null;
      found.textContent = "The list of names could not be loaded.";
    }
  }

  function move(event) {
    const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement);
    const typing = document.activeElement === field;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
    else if (event.key === "ArrowDown" && (typing || at >= 0) && links[at + 1]) links[at + 1].focus();
    else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || field).focus();
    else if (event.key === "Escape" && at >= 0) field.focus();
    else return;
    event.preventDefault();
  }

  field.addEventListener("input", search);
  field.form.addEventListener("submit", event => { event.preventDefault(); search(); });
  document.addEventListener("keydown", move);
  field.value = new URLSearchParams(location.search).get("q") ?? field.value;
  if (field.value) search();
})();
