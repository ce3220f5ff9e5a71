/* Drag the waterfall: make the repairs in any order and watch what each of them then does. */
"use strict";
{
  const [block, data] = explore.open("waterfall");
  const { make } = explore;
  const conditions = Object.keys(data.levels);
  const inOrder = data.repairs.map((_, i) => i);
  let order = [...inOrder];
  let condition = conditions[0];

  const says = explore.live();
  const rows = data.repairs.map(row);
  const list = make("ol", { class: "explore-waterfall", "aria-label": "repairs in their order" },
    ...rows.map((made) => made.item));
  const ends = data.ends.map((label) => {
    const [place, text] = ["level", "number"].map((kind) =>
      make("span", { class: `explore-${kind}` }));
    return { place, text, line: make("p", { class: "explore-end" }, label, text, place) };
  });

  function row(label, i) {
    const handle = make("span", {
      class: "explore-handle", title: "drag",
      pointerdown: (event) => handle.setPointerCapture(event.pointerId),
      pointermove: (event) => {
        if (handle.hasPointerCapture(event.pointerId)) move(i, aim(i, event.clientY));
      },
      pointerup: () => tell(i),
    }, make("span", { "aria-hidden": "true" }, "⠿ "), label);
    const press = (by) => () => { move(i, order.indexOf(i) + by); tell(i); };
    const parts = {
      place: make("span", { class: "explore-level" }),
      step: make("span", { class: "explore-number explore-step" }),
      share: make("span", { class: "explore-number explore-share" }),
      range: make("span", { class: "explore-number explore-range" }),
    };
    const buttons = make("span", { class: "explore-buttons" },
      explore.button("↑", press(-1), `${label}: earlier`),
      explore.button("↓", press(1), `${label}: later`));
    parts.item = make("li", {}, handle, buttons, parts.place,
      make("span", { class: "explore-numbers" }, parts.step, parts.share, parts.range));
    return parts;
  }

  /* The place a dragged repair is held over: below all others whose middle is above the pointer. */
  function aim(i, y) {
    return order.filter((other) => {
      const box = rows[other].item.getBoundingClientRect();
      return other !== i && box.top + box.height / 2 < y;
    }).length;
  }

  function move(i, to) {
    if (to < 0 || to >= order.length || to === order.indexOf(i)) return;
    order.splice(order.indexOf(i), 1);
    order.splice(to, 0, i);
    show(i);
  }

  /* Steps of a repair over all sets of others made before it. */
  function reach(i) {
    const points = data.steps[condition][i].filter((step) => step).map(([point]) => point);
    return [Math.min(...points), Math.max(...points)];
  }

  function tell(i) {
    const made = order.slice(0, order.indexOf(i)).reduce((set, other) => set | 1 << other, 0);
    const [step, share] = [data.steps[condition][i][made], data.shares[condition][i]].map((found) =>
      explore.interval(found, " points"));
    says.textContent = `${data.repairs[i]}, number ${order.indexOf(i) + 1} of ${order.length}: `
      + `${step}; by the mean of all orders ${share}.`;
  }

  /* Write the rows in their order. The one that moves stays in place and the others move around it:
     so it keeps the focus and the pointer. */
  function show(kept = order[0]) {
    const item = rows[kept].item;
    const at = order.indexOf(kept);
    order.slice(0, at).forEach((i) => item.before(rows[i].item));
    order.slice(at + 1).reverse().forEach((i) => item.after(rows[i].item));
    const levels = data.levels[condition];
    let made = 0;
    for (const i of order) {
      const step = data.steps[condition][i][made];
      const [level, next] = [levels[made], levels[made | 1 << i]];
      const [low, high] = reach(i).map((value) => explore.number(value, true));
      rows[i].place.replaceChildren(explore.bar(level, next, next < level ? "loss" : "ours"));
      rows[i].step.textContent = `step ${explore.interval(step, "")}`;
      rows[i].share.textContent = `Shapley ${explore.interval(data.shares[condition][i], "")}`;
      rows[i].range.textContent = `any order ${low} to ${high}`;
      made |= 1 << i;
    }
    [levels[0], levels[made]].forEach((level, end) => {
      ends[end].place.replaceChildren(explore.bar(0, level, "other"));
      ends[end].text.textContent = `${explore.number(level)} %`;
    });
  }

  function arrange(wanted, words) {
    order = wanted;
    show();
    says.textContent = `The repairs stand in ${words}.`;
  }

  const pick = explore.select("condition ", conditions.map((name) => [name, name]), condition,
    (name) => {
      condition = name;
      show();
      says.textContent = `Steps and shares of ${name}.`;
    });
  block.append(
    make("p", { class: "explore-buttons" }, pick,
      explore.button("order of the study", () => arrange([...inOrder], "the order of the study")),
      explore.button("reversed", () => arrange([...inOrder].reverse(), "the reverse order"))),
    says, ends[0].line, list, ends[1].line,
  );
  arrange(order, "the order of the study");
}
