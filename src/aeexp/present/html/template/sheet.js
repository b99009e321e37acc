"use strict";
const words = new Intl.Collator("en", { numeric: true });

function key(row, column, numeric) {
  const cell = row.cells[column];
  return numeric ? Number.parseFloat(cell.dataset.value) : cell.textContent.trim();
}

function sort(table, heads, column) {
  const head = heads[column];
  const numeric = head.dataset.kind === "number";
  const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const compare = numeric ? (a, b) => a - b : words.compare;
  const rows = Array.from(table.tBodies[0].rows, (row) => ({ row, key: key(row, column, numeric) }));
  const empty = (each) => each.key === "" || Number.isNaN(each.key);
  rows.sort((a, b) => empty(a) - empty(b) || (empty(a) ? 0 : sign * compare(a.key, b.key)));
  table.tBodies[0].append(...rows.map((each) => each.row));
  heads.forEach((each) => each.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table")) {
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => {
    head.querySelector("button")?.addEventListener("click", () => sort(table, heads, column));
  });
}
