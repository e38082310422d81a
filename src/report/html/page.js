(() => {
  const table = document.querySelector("table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const word = document.querySelector("#word");
  const state = document.querySelector("#state");
  const severity = document.querySelector("#severity");
  const shown = document.querySelector("#shown");
  const value = (row, column) => row.cells[column].dataset.v ?? row.cells[column].textContent;
  document.querySelectorAll("th").forEach((head, column) => {
    head.firstElementChild.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      document.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const compare = (a, b) => value(a, column).localeCompare(value(b, column), "en", { numeric: true });
      rows.sort((a, b) => (up ? compare(a, b) : compare(b, a)));
      body.append(...rows);
    });
  });
  const sift = () => {
    const wanted = word.value.trim().toLowerCase();
    let left = 0;
    for (const row of rows) {
      const fits = (!state.value || row.classList.contains(state.value))
        && (!severity.value || row.dataset.severity === severity.value)
        && row.textContent.toLowerCase().includes(wanted);
      row.hidden = !fits;
      left += fits;
    }
    shown.textContent = left === rows.length ? "" : `${left} of ${rows.length} shown`;
  };
  [word, state, severity].forEach((control) => control.addEventListener("input", sift));
})();
