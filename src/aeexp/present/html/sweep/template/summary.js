const filter = document.getElementById("filter");
const runs = Array.from(document.querySelectorAll("#runs tbody tr"), (row) => ({
  row,
  text: Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase(),
}));
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  let count = 0;
  for (const { row, text } of runs) {
    row.hidden = !text.includes(wanted);
    count += !row.hidden;
  }
  document.getElementById("shown").textContent = wanted ? `${count} of ${runs.length} rows` : "";
});
