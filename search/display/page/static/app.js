// Pages that change while a search runs, and buttons that ask the API. All that is shown comes from the server's HTML.
"use strict";

const main = document.querySelector("main");
const note = document.getElementById("note");
const POLL = 5000, QUIET = 400, AGAIN = 60000;

function say(text) {
  note.textContent = text;
}

// --- sections are exchanged where they changed; what a reader opened, sorted or scrolled stays as it is

const shown = new Map();

function parts(page) {
  return [...page.querySelectorAll("main > [id], main > header > [id]")].filter((part) => !["note", "new", "log"].includes(part.id));
}

parts(document).forEach((part) => shown.set(part.id, part.innerHTML));

function stateOf(part) {
  return {
    details: [...part.querySelectorAll("details")].map((one) => [one.querySelector("summary").textContent, one.open]),
    scrolled: [...part.querySelectorAll(".scroll")].map((one) => one.scrollLeft),
    popover: part.querySelector(":popover-open")?.id,
    focus: part.contains(document.activeElement) ? document.activeElement.getAttribute("data-post") ?? document.activeElement.getAttribute("popovertarget") : null,
    sorted: [...part.querySelectorAll("table.sortable")].map((table) => {
      const column = [...table.tHead.rows[0].cells].findIndex((head) => head.ariaSort);
      return [column, column < 0 ? null : table.tHead.rows[0].cells[column].ariaSort];
    }),
  };
}

function restore(part, state) {
  part.querySelectorAll("table.sortable").forEach((table, index) => {
    equip(table);
    const [column, order] = state.sorted[index] ?? [-1, null];
    if (column >= 0) sortBy(table, column, order === "ascending");
  });
  const open = new Map(state.details);
  part.querySelectorAll("details").forEach((one, index) => {
    const text = one.querySelector("summary").textContent;
    if (open.has(text)) one.open = open.get(text);
    else if (state.details[index]) one.open = state.details[index][1];
  });
  part.querySelectorAll(".scroll").forEach((one, index) => { one.scrollLeft = state.scrolled[index] ?? 0; });
  if (state.popover) document.getElementById(state.popover)?.showPopover();
  if (state.focus) [...part.querySelectorAll("[data-post], [popovertarget]")].find((one) => [one.getAttribute("data-post"), one.getAttribute("popovertarget")].includes(state.focus))?.focus({ preventScroll: true });
}

function exchange(page) {
  const all = [...main.children].filter((one) => one !== note && one.getClientRects().length);  // noscript has no place
  const topOf = (one) => one.getBoundingClientRect().top;
  const anchor = all.find((one) => topOf(one) >= 0 && topOf(one) < innerHeight) ?? all.find((one) => one.getBoundingClientRect().bottom > 0);
  const before = anchor?.getBoundingClientRect().top;
  for (const fresh of parts(page)) {
    const part = document.getElementById(fresh.id);
    if (!part || shown.get(fresh.id) === fresh.innerHTML) continue;
    shown.set(fresh.id, fresh.innerHTML);
    const state = stateOf(part);
    part.replaceChildren(...document.adoptNode(fresh).childNodes);
    restore(part, state);
  }
  if (anchor?.isConnected && window.scrollY > 0) window.scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
}

let asking = false, wanted = null;

async function refresh(whole = true) {
  if (asking) { wanted = wanted || whole; return; }
  asking = true;
  try {
    const light = !whole && main.dataset.now;
    const response = await fetch(light || location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
    if (response.status === 503) say("the service is still reading this search");
    else if (response.status === 401) say("the service does not know you any more: open the link that it printed");
    else if (response.ok) {
      exchange(new DOMParser().parseFromString(await response.text(), "text/html"));
      if (note.dataset.lost) { say(""); delete note.dataset.lost; }
    }
    soon();
  } catch {
    note.dataset.lost = "yes";
    say("the service does not answer; searches go on without it, and this page will when it is back");
  } finally {
    asking = false;
    if (wanted !== null) { const next = wanted; wanted = null; later(next); }
  }
}

let timer = null, pending = false;

// what ended changes the whole page; what runs on changes what runs now
function later(whole = true) {
  pending = pending || whole;
  timer ??= setTimeout(() => { const next = pending; timer = null; pending = false; refresh(next); }, QUIET);
}

// what is being computed is there after a while, and no event says so
let looking = null;

function soon() {
  if (document.querySelector("[data-soon]")) looking ??= setTimeout(() => { looking = null; later(); }, POLL);
}

soon();

let polling = null;

function poll(on) {
  if (on) polling ??= setInterval(() => { if (!document.hidden) refresh(); }, POLL);
  else { clearInterval(polling); polling = null; }
}

function listen(address) {
  const events = new EventSource(address);
  events.addEventListener("open", () => { poll(false); later(); });
  for (const kind of ["status", "finished"]) events.addEventListener(kind, () => later());
  events.addEventListener("progress", () => later(false));
  events.addEventListener("log", (event) => append(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    poll(true);
    if (events.readyState === EventSource.CLOSED) setTimeout(() => listen(address), AGAIN);
  });
}

if (main.dataset.live) {
  if (main.dataset.live.endsWith("/events")) listen(main.dataset.live);
  else poll(true);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) later(); });
}

// --- the driver's log: read when it is opened, continued by events

const log = document.querySelector("[data-log]");
let end = null;

function append(part) {
  if (!log || end === null || part.end <= end) return;
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  log.append(part.text);
  end = part.end;
  if (atEnd) log.scrollTop = log.scrollHeight;
}

log?.parentElement.addEventListener("toggle", async () => {
  if (!log.parentElement.open || end !== null) return;
  const response = await fetch(log.dataset.log);
  log.textContent = response.ok ? (await response.text()) || "nothing yet" : `the service answered ${response.status}`;
  end = response.ok ? Number(response.headers.get("Taskmix-Log-End")) : null;
  log.scrollTop = log.scrollHeight;
});

// --- buttons

async function problems(response) {
  try {
    const answer = await response.json();
    return answer.problems.map((one) => [one.what, one.where, one.found, one.fix].filter(Boolean).join(" · "));
  } catch {
    return [`the service answered ${response.status}`];
  }
}

async function act(button) {
  if (button.dataset.sure && !confirm(button.dataset.sure)) return;
  button.disabled = true;
  try {
    const { post, body, method } = button.dataset;
    const response = await fetch(post, { method: method ?? "POST", headers: body ? { "Content-Type": "application/json" } : {}, body });
    say(response.ok ? `${button.textContent}: the service has taken it up` : (await problems(response)).join("; "));
    if (response.ok) refresh();
  } catch {
    say("the service does not answer");
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-post]");
  if (button) act(button);
});

// --- a new search

const file = document.getElementById("file");

if (file) {
  const plan = document.getElementById("plan"), launch = document.getElementById("launch");
  let wait = null, checking = false, again = false;

  function paragraph(text, kind) {
    const made = document.createElement("p");
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  function cost(found) {
    const lines = [
      `${found.search}: ${found.model}`,
      `${found.tasks.length} tasks, ${found.targets.length} targets, ${found.mixes.toLocaleString("en")} mixes`,
      `sampler ${found.sampler}: ${found.sampler_reason}`,
      `${found.recipes} recipes, about ${found.items} work items, ${found.examples.toLocaleString("en")} examples`,
      found.seconds === null ? "how long it takes is not known here" : `about ${Math.round(found.seconds / 60)} min, ${found.concurrency} at a time`,
      ...Object.entries(found.gpu_hours).map(([gpu, hours]) => `about ${hours.toPrecision(2)} GPU-hours on ${gpu}`),
      ...found.notes,
    ];
    return lines.map((line) => paragraph(line));
  }

  function send(address) {
    return fetch(address, { method: "POST", headers: { "Content-Type": "application/yaml" }, body: file.value });
  }

  // the file alone: at once
  async function check() {
    const text = file.value;
    try {
      const response = await send("/api/v1/plans?quick=true");
      if (file.value !== text) return;
      launch.disabled = !response.ok || nameOf(text) === null;
      if (response.ok) {
        plan.replaceChildren(paragraph("the file is right; what it would cost is being looked up ..."));
        costs();
      } else plan.replaceChildren(...(await problems(response)).map((line) => paragraph(line, "problem")));
    } catch {
      if (file.value === text) plan.replaceChildren(paragraph("the service does not answer", "problem"));
    }
  }

  // one at a time: it looks at data and model, which takes a machine many seconds
  async function costs() {
    if (checking) { again = true; return; }
    checking = true;
    again = false;
    const text = file.value;
    try {
      const response = await send("/api/v1/plans");
      const lines = response.ok ? cost(await response.json()) : (await problems(response)).map((line) => paragraph(line, "problem"));
      if (file.value === text) plan.replaceChildren(...lines);
    } finally {
      checking = false;
      if (again && !launch.disabled) costs();
    }
  }

  function nameOf(text) {
    return /^name: *["']?([\w.-]+)/m.exec(text)?.[1] ?? null;
  }

  file.addEventListener("input", () => { launch.disabled = true; clearTimeout(wait); wait = setTimeout(check, 600); });
  launch.addEventListener("click", async () => {
    const name = nameOf(file.value);
    launch.disabled = true;
    const response = await fetch(`/api/v1/searches/${encodeURIComponent(name)}`, { method: "PUT", headers: { "Content-Type": "application/yaml" }, body: file.value });
    if (response.ok) location.assign(`/searches/${encodeURIComponent(name)}`);
    else { plan.replaceChildren(...(await problems(response)).map((text) => paragraph(text, "problem"))); launch.disabled = false; }
  });
  check();
}
