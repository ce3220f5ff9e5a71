/* Build your own learner: one checkbox per switch, and what was measured of exactly that one. */
"use strict";
{
  const [block, data] = explore.open("builder");
  const { make } = explore;
  const base = Object.values(data.landmarks)[0];
  const place = (cell) => parseInt(cell.slice(1), 2);

  const boxes = data.switches.map(() => make("input", { type: "checkbox", change: show }));
  const labels = data.switches.map((text, i) => make("label", {}, boxes[i], ` ${text}`));
  const says = explore.live();
  const rows = make("tbody", {});

  /* The cell of what is checked: a digit is 0 where the switch was moved away from the base. */
  function chosen() {
    return "c" + boxes.map((box, i) => (box.checked ? 1 - base[i + 1] : base[i + 1])).join("");
  }

  function choose(cell) {
    boxes.forEach((box, i) => { box.checked = cell[i + 1] !== base[i + 1]; });
    show();
  }

  function line(label, cells, kind) {
    const shares = Object.keys(data.conditions).map((name, i) => {
      const found = data.accuracy[name][place(cells[i])];
      const [point, ...ends] = found;
      return make("td", {}, explore.interval(found), explore.bar(0, point, kind, ends));
    });
    return make("tr", {}, make("th", { scope: "row" }, label), ...shares);
  }

  function show() {
    const cell = chosen();
    const names = Object.keys(data.conditions);
    const told = names.map((name) => {
      const share = explore.interval(data.accuracy[name][place(cell)]);
      const gap = explore.interval(data.difference[name][place(cell)], " points");
      const n = data.conditions[name].n;
      return `${name} ${share}, n = ${n}` + (cell === base ? "" : `, against small H-SOKV ${gap}`);
    });
    says.textContent = `Your learner, combination ${cell}: ${told.join("; ")}.`;
    rows.replaceChildren(
      line("your learner", names.map(() => cell), "ours"),
      ...Object.entries(data.landmarks).slice(0, 2).map(([label, named]) =>
        line(label, names.map(() => named), "other")),
      line("best combination", names.map((name) => data.conditions[name].best), "other"),
    );
  }

  const starts = Object.entries(data.landmarks).map(([label, cell]) =>
    explore.button(label, () => choose(cell)));
  const bests = Object.entries(data.conditions).map(([name, about]) =>
    explore.button(`best combination, ${name}`, () => choose(about.best)));
  const heads = Object.keys(data.conditions).map((name) => make("th", { scope: "col" }, name));
  const notes = Object.entries(data.conditions).map(([name, about]) => {
    const tie = about.equal > 1 ? `the first of ${about.equal} equal ones` : "the only one";
    return `${name}: ${about.n} texts over ${about.seeds} seeds per combination; its best is ${tie}`;
  });
  block.append(
    make("fieldset", {}, make("legend", {}, "Change in H-SOKV"), ...labels),
    make("p", { class: "explore-buttons" }, ...starts, ...bests),
    says,
    make("table", { class: "explore-table" },
      make("caption", {}, `Share answered rightly, 95 % interval. ${notes.join(". ")}.`),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "learner"), ...heads)), rows),
  );
  show();
}
