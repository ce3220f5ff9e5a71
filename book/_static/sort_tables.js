/* The headings of long tables become buttons that sort the rows. */
"use strict";

/* A cell begins with its number ("12.3 % [10.1, 14.0]"), or is text; a dash says that none is there. */
function valueOf(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = text.replace(/[−–](?=[\d.])/, "-").replace(/(\d)[,\u2009\u00a0](?=\d{3}\b)/g, "$1");
  const match = number.match(/^[~≈<>≤≥]?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?![\w.])/i);
  return { missing: /^[–—-]?$/.test(text), number: match ? Number(match[1]) : null, text };
}

function compare(a, b) {
  if (a.number !== null && b.number !== null) return a.number - b.number;
  if (a.number !== null || b.number !== null) return a.number !== null ? -1 : 1;
  return a.text.localeCompare(b.text, "en", { numeric: true });
}

function sortRows(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, value: valueOf(row, column) }));
  const sign = direction === "descending" ? -1 : 1;
  rows.sort((a, b) => a.value.missing - b.value.missing || sign * compare(a.value, b.value));
  body.append(...rows.map(({ row }) => row));
}

function addButton(table, heading, column) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sort-button";
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener("click", () => {
    const next = heading.ariaSort === "ascending" ? "descending" : "ascending";
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", next);
    sortRows(table, column, next);
  });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".sortable > table")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      if (heading.tagName === "TH") addButton(table, heading, column);
    });
  }
});
