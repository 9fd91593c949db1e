// Tables that can be sorted, copied and downloaded. Without it they can be read all the same.
"use strict";

function valueOf(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.trim();
  return text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);
}

function sortBy(table, column, rising) {
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => {
    const [a, b] = [valueOf(one, column), valueOf(other, column)];
    if (a === null || b === null) return (a === null) - (b === null);
    return (a < b ? -1 : a > b ? 1 : 0) * (rising ? 1 : -1);
  });
  table.tBodies[0].append(...rows);
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    if (index === column) head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  });
}

function asText(table, separator, quote) {
  return [...table.rows].map((row) => [...row.cells].filter((cell) => !cell.hidden).map((cell) => quote(cell.innerText.trim().replace(/\s+/g, " "))).join(separator)).join("\n") + "\n";
}

const hidden = new Map();  // table -> names of the columns that a reader does not want, also after it was exchanged

function hide(table) {
  const names = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
  const unwanted = hidden.get(table.dataset.file);
  for (const row of table.rows) [...row.cells].forEach((cell, column) => { cell.hidden = unwanted.has(names[column]); });
}

function columnsOf(table) {
  const choice = document.createElement("details");
  choice.className = "columns";
  choice.append(Object.assign(document.createElement("summary"), { textContent: "columns" }));
  if (!hidden.has(table.dataset.file)) hidden.set(table.dataset.file, new Set());
  const unwanted = hidden.get(table.dataset.file);
  for (const head of table.tHead.rows[0].cells) {
    const name = head.textContent.trim();
    if (!name) continue;
    const label = document.createElement("label"), box = document.createElement("input");
    Object.assign(box, { type: "checkbox", checked: !unwanted.has(name) });
    box.addEventListener("change", () => { unwanted[box.checked ? "delete" : "add"](name); hide(table); });
    label.append(box, ` ${name}`);
    choice.append(label);
  }
  hide(table);
  return choice;
}

function equip(table) {
  if (table.dataset.equipped) return;
  table.dataset.equipped = "yes";
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sortBy(table, column, head.getAttribute("aria-sort") === "descending"));
  });
  const tools = document.createElement("div");
  tools.className = "tools";
  const copy = document.createElement("button");
  copy.textContent = "copy";
  copy.addEventListener("click", () => navigator.clipboard.writeText(asText(table, "\t", (text) => text)));
  const save = document.createElement("button");
  save.textContent = "download";
  save.addEventListener("click", () => {
    const csv = asText(table, ",", (text) => `"${text.replaceAll('"', '""')}"`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = table.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  tools.append(copy, save, columnsOf(table));
  table.parentElement.before(tools);
}

document.querySelectorAll("table.sortable").forEach(equip);
