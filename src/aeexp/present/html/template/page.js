"use strict";
const byId = (id) => document.getElementById(id);

// Sorting tables by a column

const collator = new Intl.Collator("en", { numeric: true });

function sort(table, heads, column) {
  const head = heads[column];
  const numeric = head.dataset.kind === "number";
  const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const compare = numeric ? (a, b) => a - b : collator.compare;
  const rows = Array.from(table.tBodies[0].rows, (row) => {
    const cell = row.cells[column];
    return { row, key: numeric ? Number.parseFloat(cell.dataset.value) : cell.textContent.trim() };
  });
  const empty = ({ key }) => key === "" || Number.isNaN(key);
  rows.sort((a, b) => empty(a) - empty(b) || (empty(a) ? 0 : sign * compare(a.key, b.key)));
  table.tBodies[0].append(...rows.map(({ row }) => row));
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table")) {
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => {
    head.querySelector("button")?.addEventListener("click", () => sort(table, heads, column));
  });
}

// Filtering the rows of a table

for (const filter of document.querySelectorAll(".filter")) {
  const section = filter.closest("section");
  const rows = Array.from(section.querySelectorAll("tbody tr"), (row) => ({
    row,
    text: Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase(),
  }));
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    rows.forEach(({ row, text }) => { row.hidden = !text.includes(wanted); });
    const count = rows.filter(({ row }) => !row.hidden).length;
    section.querySelector(".matches").textContent = wanted ? `${count} of ${rows.length} rows` : "";
  });
}

// Copying and printing

for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = byId(button.dataset.of);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source); // works without the permission for the clipboard
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach((details) => { details.open = true; });
});
addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
