/* Type a sentence: two learners without training answer it, and each word says how much it told. */
"use strict";
{
  const [block, data, table] = explore.open("sentence");
  const { make } = explore;
  let index;

  const says = explore.live();
  const rows = make("tbody", {});
  const split = (text) => text.toLowerCase().match(/_+|[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu) ?? [];
  const surprisal = (word) => data.surprisal[word] ?? data.rarest;

  /* Which entries hold a word, in their texts and in their titles, and the first word of titles. */
  function learn(entries) {
    const [texts, titles, heads] = [new Map(), new Map(), new Map()];
    entries.forEach(([title, text], entry) => {
      for (const [holders, told] of [[texts, text], [titles, title]]) {
        for (const word of new Set(split(told))) {
          if (!holders.has(word)) holders.set(word, []);
          holders.get(word).push(entry);
        }
      }
      const head = split(title)[0];
      if (head && !heads.has(head)) heads.set(head, title);
    });
    return { entries, holders: [texts, titles], heads };
  }

  /* What a word says for each entry that holds it, in nats: the more the rarer it is in English and
     the fewer entries hold it; in a title it costs less than in a text. */
  function gains(word) {
    const found = new Map();
    if (word.startsWith("_")) return found;
    index.holders.forEach((holders, where) => {
      const above = surprisal(word) - data.costs[where];
      const held = holders.get(word) ?? [];
      const nats = Math.log1p(Math.exp(above - Math.log(held.length)));
      if (above <= Math.log(data.least)) return;
      for (const entry of held) found.set(entry, Math.max(nats, found.get(entry) ?? 0));
    });
    return found;
  }

  /* Titles with the nats of their best entry, the best title first; equal ones as they arrived. */
  function rank(told) {
    const total = index.entries.map((_, entry) =>
      told.reduce((sum, { found }) => sum + (found.get(entry) ?? 0), 0));
    const best = new Map();
    index.entries.forEach(([title], entry) => {
      const nats = Math.round(total[entry] * 1e9) / 1e9;
      if (!best.has(title) || nats > best.get(title).nats) best.set(title, { title, nats, entry });
    });
    return [...best.values()].sort((a, b) => b.nats - a.nats);
  }

  function show() {
    const words = [...new Set(split(text.value))];
    const told = words.map((word) => ({ word, found: gains(word) }));
    const [first, second] = rank(told);
    const head = words.find((word) => index.heads.has(word));
    const answers = first && first.nats > 0 && first.nats >= data.novel_nats;
    const lines = [
      answers ? `Our word memory, simplified: ${first.title}, ${first.nats.toFixed(2)} nats.`
        : "Our word memory, simplified: declines, no entry says "
          + `${data.novel_nats} nats${first?.nats > 0 ? `; the best is ${first.title}` : ""}.`,
      second?.nats > 0 ? `Next: ${second.title}, ${second.nats.toFixed(2)} nats.` : "",
      `Headword lookup: ${head ? index.heads.get(head) : "declines"}.`,
    ];
    says.textContent = lines.filter(Boolean).join(" ");
    const said = told.map(({ word, found }) =>
      ({ word, nats: found.get(first?.entry) ?? 0, entries: found.size }));
    said.sort((a, b) => b.nats - a.nats);
    const most = Math.max(said[0]?.nats ?? 0, 1);
    rows.replaceChildren(...said.map(({ word, nats, entries }) =>
      make("tr", {}, make("th", { scope: "row" }, word),
        make("td", {}, nats.toFixed(2), explore.bar(0, 1000 * nats / most, "ours")),
        make("td", {}, String(entries)))));
  }

  /* Read "term: definition" lines; without any, the book's own stories are back. */
  function read() {
    const lines = glossary.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const pairs = lines.map((line) => line.match(/^([^:]+?)\s*:\s*(.+)$/)).filter(Boolean);
    const entries = new Map(pairs.map(([, term, told]) => {
      const entry = [term, `${term}: ${told}`];
      return [entry.join("\n"), entry];
    }));
    index = learn(entries.size ? [...entries.values()] : data.entries);
    const left = lines.length - pairs.length;
    state.textContent = (entries.size ? `Asked: your glossary, ${entries.size} entries.`
      : `Asked: the book's ${data.entries.length} stories.`)
      + (left ? ` Lines left out for want of a colon: ${left}.` : "");
    show();
  }

  const text = make("textarea", { rows: "3", input: show });
  text.value = data.example;
  const glossary = make("textarea", { rows: "5", input: read,
    placeholder: "aglet: the tip of a lace\noubliette: a dungeon with a trapdoor" });
  const state = make("p", { "aria-live": "polite" });
  block.append(
    make("label", {}, "your sentence", text), says,
    make("div", { class: "explore-scroll explore-list", tabindex: "0", role: "region",
      "aria-label": "weights of the words" },
    make("table", { class: "explore-table" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "word"),
        make("th", { scope: "col" }, "nats for the best entry"),
        make("th", { scope: "col" }, "entries it speaks for"))), rows)),
    make("label", {}, "or your own glossary, a line each: term: definition", glossary), state,
    make("details", {},
      make("summary", {}, "How it fares on the test texts, beside the whole word memory"), table),
  );
  read();
}
