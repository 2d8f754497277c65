import { get, url, type Anomaly, type LiveAnomaly, type LiveReading, type RawColumns, type Series } from "./api";
import { Chart, lineColour, type Line } from "./chart";
import { byId, debounce, el } from "./dom";
import { number, step, time } from "./format";
import { Health } from "./health";
import { Side } from "./side";
import { LiveStream } from "./live";
import { showSession } from "./session";
import { RANGES, read, span, write } from "./state";
import { Trial } from "./trial";
import "./style.css";

let view = read();
let lines: Line[] = [];
let anomalies: Anomaly[] = [];
let loading = new AbortController();
let stream: LiveStream | null = null;
let streamed = "";
let dropped = 0;

const note = byId("note");
const chart = new Chart(byId("plot"), byId("tip"), (from, to) => zoom(from, to), readout);
const side = new Side((device) => void openDevice(device), pickSensor);

const trial = new Trial(
  () => { const [from, to] = span(view, Date.now()); return { device: view.device, sensor: view.sensor, from, to }; },
  () => draw(span(view, Date.now())),
);

function say(text: string, kind = ""): void {
  note.textContent = text;
  note.className = kind;
  note.hidden = !text;
}

async function openDevice(device: string): Promise<void> {
  const before = view.sensor;
  view = { ...view, device, compare: [] };
  try {
    const sensors = await side.open(device);
    view.sensor = sensors.includes(before) ? before : sensors[0] ?? "";
  } catch (error) {
    if ((error as Error).name !== "AbortError") say((error as Error).message, "error");
    return;
  }
  changed();
}

function pickSensor(sensor: string, add: boolean): void {
  if (!add || sensor === view.sensor) view = { ...view, sensor, compare: add ? view.compare : [] };
  else view = { ...view, compare: view.compare.includes(sensor) ? view.compare.filter((name) => name !== sensor) : [...view.compare, sensor].slice(-4) };
  changed();
}

function zoom(from: number, to: number): void {
  const middle = (from + to) / 2, half = Math.max(500, (to - from) / 2);
  view = { ...view, range: "", from: Math.max(0, middle - half), to: middle + half };
  changed();
}

function move(shift: number, factor: number): void {
  const [from, to] = span(view, Date.now()), length = to - from;
  zoom(from + length * shift - (length * (factor - 1)) / 2, to + length * shift + (length * (factor - 1)) / 2);
}

/** The view is another: address, buttons, stream and data follow. */
function changed(): void {
  write(view);
  const [from, to] = span(view, Date.now());
  byId("title").textContent = view.sensor ? view.sensor : view.device || "Pick a device";
  byId("subtitle").textContent = view.sensor ? view.device : "";
  document.title = view.sensor ? `${view.sensor} · ${view.device} · Telemetry` : "Telemetry";
  for (const button of byId("ranges").children) button.setAttribute("aria-pressed", String(button.textContent === view.range));
  byId("reset").setAttribute("aria-pressed", String(view.range !== ""));
  byId<HTMLAnchorElement>("export").href = url("export", { device: view.device, sensor: view.sensor, from: Math.floor(from), to: Math.ceil(to) });
  side.select([view.sensor, ...view.compare]);
  follow();
  say(lines.length ? "" : "Loading …", "busy");
  void load();
}

async function load(): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading, { device } = view;
  if (!device || !view.sensor) return;
  const [from, to] = span(view, Date.now()), window: [number, number] = [from, to];
  const range = { from: Math.floor(from), to: Math.ceil(to) };
  try {
    const names = [view.sensor, ...view.compare];
    const [found, ...series] = await Promise.all([
      get<{ anomalies: Anomaly[]; next: number | null }>("anomalies", { device, ...range, limit: 200 }, signal),
      ...names.map((sensor) => get<Series>("series", { device, sensor, ...range, points: chart.points() }, signal)),
    ]);
    lines = names.map((sensor, i) => ({ sensor, series: series[i] as Series }));
    anomalies = found.anomalies;
    table(found.next !== null);
    draw(window);
  } catch (error) {
    if (signal.aborted) return;
    say((error as Error).message, "error");
    setTimeout(() => { if (!signal.aborted) void load(); }, 3000);
  }
}

function draw(window: [number, number]): void {
  const first = lines[0];
  if (!first) return;
  chart.show(lines, [...anomalies.filter((anomaly) => anomaly.sensor === view.sensor), ...trial.marks(view.device, view.sensor)], window);
  const { series } = first, badge = byId("source");
  badge.textContent = series.raw ? "raw readings" : `${series.source === "raw" ? "raw, " : `rollup ${series.source}, `}${step(series.stepMs)} buckets`;
  badge.dataset["source"] = series.raw ? "raw" : series.source;
  badge.title = series.meta.truncated ? "There is more than fits: zoom in." : "";
  byId("plot").dataset["points"] = String(series.columns.t.length);
  byId("legend").replaceChildren(...lines.map((line, i) => {
    const dot = el("i", {});
    dot.style.background = lineColour(i);
    return el("span", {}, dot, line.sensor);
  }));
  say(series.columns.t.length ? "" : "No readings in this range. Widen it, or press Live.", "empty");
}

function table(more: boolean): void {
  byId("anomaly-count").textContent = anomalies.length ? `${anomalies.length}${more ? "+" : ""} in this range` : "";
  const body = byId("anomalies").querySelector("tbody");
  body?.replaceChildren(...anomalies.map((anomaly) => {
    const t = Date.parse(anomaly.time);
    const row = el("tr", { tabindex: "0", title: "Show it" },
      el("td", {}, time(t, true)), el("td", {}, el("span", { class: `kind ${anomaly.kind}` }, anomaly.kind)), el("td", {}, anomaly.sensor),
      el("td", { class: "num" }, number(anomaly.value, 6)), el("td", { class: "why" }, anomaly.reason));
    const go = () => { view = { ...view, sensor: anomaly.sensor, compare: [] }; zoom(t - 120_000, t + 120_000); byId("chart").focus(); };
    row.addEventListener("click", go);
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    return row;
  }));
  if (!anomalies.length) body?.append(el("tr", {}, el("td", { class: "empty", colspan: "5" }, "None in this range.")));
}

/** Live values of the device. They are drawn at once where single readings are shown; buckets are asked for again. */
function follow(): void {
  if (streamed === view.device) return;
  stream?.close();
  streamed = view.device;
  if (!view.device) return;
  stream = new LiveStream(url("live", { device: view.device }), {
    readings: (data) => (JSON.parse(data) as LiveReading[]).forEach(arrived),
    anomaly: (data) => alarmed(JSON.parse(data) as LiveAnomaly),
    dropped: (data) => { dropped += (JSON.parse(data) as { count: number }).count; },
  });
}

function arrived(reading: LiveReading): void {
  // A time in the future would hide every reading until then.
  if (reading.clockAhead) return;
  side.live(reading);
  if (!view.range) return;
  const series = lines.find((line) => line.sensor === reading.sensor)?.series;
  const columns = series?.raw ? (series.columns as RawColumns) : null;
  const last = columns?.t.at(-1) ?? 0;
  if (!columns || reading.t <= last) return;
  columns.t.push(reading.t);
  columns.value.push(reading.value);
  columns.quality.push(0);
  document.documentElement.dataset["live"] = String(Number(document.documentElement.dataset["live"] ?? 0) + 1);
  dirty = true;
}

function alarmed(live: LiveAnomaly): void {
  if (!view.range) return;
  anomalies = [{ time: new Date(live.t).toISOString(), device: live.device, sensor: live.sensor, kind: live.kind, value: live.value, score: null, pValue: 0, detector: "", reason: live.reason }, ...anomalies].slice(0, 500);
  table(false);
  dirty = true;
}

let dirty = false;
let frames = 0;
setInterval(() => {
  if (!view.range || document.hidden || !lines.length) return;
  const window = span(view, Date.now());
  frames++;
  const length = window[1] - window[0];
  if (dirty) { dirty = false; draw(window); } else if (length <= 36e5) chart.follow(window);
  // Answers join the newest raw readings to the rollup, so asking again is all a live rollup needs.
  if (frames % (length <= 36e5 ? 10 : 30) === 0) void load();
}, 500);

function readout(t: number | null, values: (number | null)[]): void {
  byId("readout").textContent = t === null
    ? dropped ? `${dropped} live values skipped` : ""
    : `${time(t, lines[0]?.series.raw)}   ${values.map((value) => number(value, 6)).join("   ")}`;
}

function theme(name: string): void {
  document.documentElement.dataset["theme"] = name;
  localStorage.setItem("theme", name);
  chart.redraw();
  side.select([view.sensor, ...view.compare]);
}

function keys(event: KeyboardEvent): void {
  if ((event.target as HTMLElement).closest("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const preset = RANGES[Number(event.key) - 1];
  if (event.key === "/") { event.preventDefault(); side.focusSearch(); }
  else if (event.key === "0" || event.key === "Escape") live();
  else if (preset) { view = { ...view, range: preset[0] }; changed(); }
  else if (event.key === "ArrowLeft") move(-0.5, 1);
  else if (event.key === "ArrowRight") move(0.5, 1);
  else if (event.key === "-") move(0, 2);
  else if (event.key === "+" && !(event.target as HTMLElement).closest("[data-sensor]")) move(0, 0.5);
}

function live(): void { view = { ...view, range: view.range || "1h", from: 0, to: 0 }; changed(); }

function wire(): void {
  for (const [name] of RANGES) {
    const button = el("button", {}, name);
    button.addEventListener("click", () => { view = { ...view, range: name }; changed(); });
    byId("ranges").append(button);
  }
  byId("back").addEventListener("click", () => move(-0.5, 1));
  byId("forward").addEventListener("click", () => move(0.5, 1));
  byId("out").addEventListener("click", () => move(0, 2));
  byId("reset").addEventListener("click", live);
  byId("theme").addEventListener("click", () => theme(document.documentElement.dataset["theme"] === "dark" ? "light" : "dark"));
  byId("chart").addEventListener("dblclick", live);
  const settle = debounce(180, changed);
  byId("chart").addEventListener("wheel", (event) => {
    if (!view.sensor) return;
    event.preventDefault();
    const [from, to] = span(view, Date.now()), length = to - from;
    const box = byId("plot").getBoundingClientRect(), share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const factor = event.shiftKey ? 1 : event.deltaY > 0 ? 1.25 : 0.8, shift = event.shiftKey ? Math.sign(event.deltaY || event.deltaX) * length * 0.1 : 0;
    const next = Math.max(1000, length * factor), start = from + (length - next) * share + shift;
    view = { ...view, range: "", from: start, to: start + next };
    chart.follow([start, start + next]);
    settle();
  }, { passive: false });
  document.addEventListener("keydown", keys);
  addEventListener("hashchange", () => { const next = read(); if (next.device !== view.device) { view = next; void openDevice(next.device); } else { view = next; changed(); } });
}

async function start(): Promise<void> {
  document.documentElement.dataset["theme"] = localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  wire();
  void showSession();
  new Health().start();
  say("Loading …", "busy");
  const devices = await side.load();
  const device = view.device || devices[0];
  if (!device) {
    say("Nothing has arrived yet. As soon as a device sends, it shows up here.", "empty");
    setTimeout(() => void start2(), 2000);
    return;
  }
  await openWith(device);
}

async function start2(): Promise<void> {
  const device = (await side.load())[0];
  if (device) await openWith(device);
  else setTimeout(() => void start2(), 2000);
}

/** Opens a device and keeps what the address says about sensors. */
async function openWith(device: string): Promise<void> {
  const { compare } = view;
  await openDevice(device);
  if (compare.length) { view = { ...view, compare }; changed(); }
}

void start();
