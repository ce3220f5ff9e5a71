/* Error browser: of each word of the lexicon, in how many seeds which learner was right. */
"use strict";
{
  const [block, data] = explore.open("errors");
  const { make } = explore;
  const learners = Object.keys(data.learners);
  const conditions = Object.keys(data.conditions);
  const now = { learner: learners.at(-1), condition: "infer", sort: "worst", filter: "" };

  const says = explore.live();
  const list = make("tbody", {});
  const told = make("div", { class: "explore-scroll", tabindex: "0", role: "region" });

  /* [right, seeds] of a learner about the word at a place, or null where it was not asked. */
  function counts(learner, condition, place) {
    const found = data.right[condition][learners.indexOf(learner)];
    const seeds = found && data.tested[found[0]][place];
    return seeds ? [found[1][place], seeds] : null;
  }

  const share = (found, unasked) => (found ? found[0] / found[1] : unasked);

  function cell(found) {
    if (!found) return make("td", {}, "–");
    const bar = explore.bar(0, 1000 * share(found), "ours");
    return make("td", {}, `${found[0]} of ${found[1]}`, bar);
  }

  function showList() {
    const words = data.words[now.condition].map((word, place) =>
      ({ word, found: counts(now.learner, now.condition, place) }));
    const text = now.filter.trim().toLowerCase();
    const shown = words.filter(({ word }) => word.toLowerCase().includes(text));
    if (now.sort === "worst") shown.sort((a, b) => share(a.found, 2) - share(b.found, 2));
    if (now.sort === "best") shown.sort((a, b) => share(b.found, -1) - share(a.found, -1));
    list.replaceChildren(...shown.map(({ word, found }) =>
      make("tr", {}, make("th", { scope: "row" }, explore.button(word, () => press(word))),
        cell(found))));
    const asked = shown.filter(({ found }) => found);
    const always = asked.filter(({ found }) => share(found) === 1).length;
    const never = asked.filter(({ found }) => share(found) === 0).length;
    says.textContent = `${data.learners[now.learner]}, ${now.condition}: ${shown.length} of ${words.length} `
      + `words; right in every seed: ${always}, in none: ${never}.`;
  }

  function showWord(word) {
    const held = conditions.filter((name) => data.words[name].includes(word));
    const heads = held.map((name) => make("th", { scope: "col" }, name));
    const lines = learners.map((learner) => {
      const cells = held.map((name) => cell(counts(learner, name, data.words[name].indexOf(word))));
      const head = make("th", { scope: "row", title: learner }, data.learners[learner]);
      return make("tr", {}, head, ...cells);
    });
    told.setAttribute("aria-label", `all learners on ${word}`);
    told.replaceChildren(make("table", { class: "explore-table" },
      make("caption", {}, make("strong", {}, word), `: ${data.definitions[word]}`),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "learner"), ...heads)),
      make("tbody", {}, ...lines)));
  }

  function press(word) {
    showWord(word);
    says.textContent = `${word}: the table of all learners stands below the list.`;
  }

  const set = (name) => (value) => { now[name] = value; showList(); };
  const filter = make("input", { type: "search", input: () => set("filter")(filter.value) });
  const pickLearner = explore.select("learner ",
    learners.map((name) => [name, data.learners[name]]), now.learner, set("learner"));
  const pickCondition = explore.select("condition ",
    conditions.map((name) => [name, `${name}: ${data.conditions[name]}`]), now.condition,
    set("condition"));
  const sorts = [["worst", "hardest first"], ["best", "easiest first"], ["", "as in the lexicon"]];
  block.append(
    make("div", { class: "explore-choices" },
      make("label", {}, "word ", filter), pickCondition, pickLearner,
      explore.select("order ", sorts, now.sort, set("sort"))),
    says,
    make("div", { class: "explore-scroll explore-list", tabindex: "0", role: "region",
      "aria-label": "words" },
    make("table", { class: "explore-table" },
      make("thead", {}, make("tr", {},
        make("th", { scope: "col" }, "word (press for all learners)"),
        make("th", { scope: "col" }, "right in how many seeds"))), list)),
    told,
  );
  showList();
  showWord(data.words[now.condition][0]);
}
