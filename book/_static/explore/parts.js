/* What the explorables share: their data, elements, and numbers as the notebooks print them. */
"use strict";

const explore = {
  /* The emptied block of an explorable, its data, and the table for readers without scripts. */
  open(name) {
    const data = JSON.parse(document.getElementById(`explore-${name}-data`).textContent);
    const block = document.getElementById(`explore-${name}`);
    return [block, data, explore.make("div", {}, ...block.childNodes)];
  },

  /* A new element; an attribute that is a function listens, one that is null is left out. */
  make(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(name, value);
      else if (value !== null) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  },

  button(text, press, name = null) {
    return explore.make("button", { type: "button", click: press, "aria-label": name }, text);
  },

  /* A line that is read aloud when it changes. */
  live() {
    return explore.make("p", { class: "explore-says", "aria-live": "polite" });
  },

  /* A choice of one of several, of pairs of key and text; `choose` is told the key. */
  select(label, options, start, choose) {
    const list = explore.make("select", { change: () => choose(list.value) });
    for (const [key, text] of options) list.append(explore.make("option", { value: key }, text));
    list.value = start;
    return explore.make("label", {}, label, list);
  },

  /* Tenths of a per cent as a number: 787 is 78.7, with a sign if it is a difference. */
  number(tenths, signed = false) {
    return (signed && tenths >= 0 ? "+" : "") + (tenths / 10).toFixed(1);
  },

  /* [point, low, high] as a line: 78.8 % [69.4, 86.9]; differences, in other units, have signs. */
  interval([point, low, high], unit = " %") {
    const [a, b, c] = [point, low, high].map((value) => explore.number(value, unit !== " %"));
    return `${a}${unit} [${b}, ${c}]`;
  },

  /* A bar from one share to another, in tenths of a per cent, and the whisker of an interval. */
  bar(from, to, kind, ends = null) {
    const part = (name, a, b) =>
      explore.make("span", {
        class: name,
        style: `left: ${Math.min(a, b) / 10}%; width: ${Math.abs(b - a) / 10}%`,
      });
    const drawn = [part(`explore-fill ${kind}`, from, to)];
    if (ends) drawn.push(part("explore-whisker", ...ends));
    return explore.make("span", { class: "explore-bar", "aria-hidden": "true" }, ...drawn);
  },
};
