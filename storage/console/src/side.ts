import { get, type BucketColumns, type Device, type Latest, type LiveReading, type Meta, type RawColumns, type Series } from "./api";
import { byId, debounce, el, sparkline } from "./dom";
import { age, number } from "./format";
import { lineColour } from "./chart";

interface Row { node: HTMLElement; value: HTMLElement; spark: HTMLElement; latest: Latest }

/** Devices with a health dot, and the sensors of the one picked with their newest values. */
export class Side {
  private readonly list = byId("devices");
  private readonly search = byId<HTMLInputElement>("search");
  private readonly rows = new Map<string, Row>();
  private device = "";
  private shown: string[] = [];
  private stop = new AbortController();

  constructor(
    private readonly picked: (device: string) => void,
    private readonly sensorPicked: (sensor: string, add: boolean) => void,
  ) {
    this.search.addEventListener("input", debounce(150, () => void this.load()));
    this.search.addEventListener("keydown", (event) => { if (event.key === "ArrowDown") { this.list.focus(); event.preventDefault(); } });
    this.list.addEventListener("keydown", (event) => this.keys(event));
    setInterval(() => void this.load(), 15_000);
  }

  async load(): Promise<string[]> {
    try {
      const answer = await get<{ devices: Device[]; next: number | null }>("devices", { search: this.search.value.trim(), limit: 200 });
      const now = Date.now();
      this.list.replaceChildren(...answer.devices.map((device) => this.item(device, now)));
      if (!answer.devices.length) this.list.append(el("li", { class: "empty" }, this.search.value ? "No device has that in its name." : "No device has sent anything yet."));
      if (answer.next !== null) this.list.append(el("li", { class: "empty" }, "More devices: type a part of the name."));
      return answer.devices.map((device) => device.device);
    } catch (error) {
      this.list.replaceChildren(el("li", { class: "empty error" }, String((error as Error).message)));
      return [];
    }
  }

  /** Shows the sensors of a device; returns their names. */
  async open(device: string): Promise<string[]> {
    this.stop.abort();
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.device = device;
    this.mark();
    this.rows.clear();
    byId("device-name").textContent = device;
    const answer = await get<{ meta: Meta; latest: Latest[] }>("latest", { device, limit: 200 }, signal);
    byId("sensors").replaceChildren(...answer.latest.map((latest) => this.sensor(latest)));
    if (!answer.latest.length) byId("sensors").append(el("li", { class: "empty" }, "Nothing of this device is stored."));
    this.select(this.shown);
    void this.sparks(signal);
    return answer.latest.map((latest) => latest.sensor);
  }

  select(sensors: string[]): void {
    this.shown = sensors;
    for (const [name, row] of this.rows) {
      const at = sensors.indexOf(name);
      row.node.setAttribute("aria-pressed", String(at >= 0));
      row.node.style.setProperty("--mine", at >= 0 ? lineColour(at) : "transparent");
    }
  }

  live(reading: LiveReading): void {
    const row = this.rows.get(reading.sensor);
    if (row && reading.device === this.device) {
      row.value.textContent = number(reading.value, 5);
      row.node.classList.remove("stale");
    }
  }

  focusSearch(): void { this.search.focus(); }

  private item(device: Device, now: number): HTMLElement {
    const seconds = device.lastSeen === null ? null : Math.max(0, (now - Date.parse(device.lastSeen)) / 1000);
    const state = device.clockAhead ? "amber" : seconds === null ? "grey" : seconds < 60 ? "green" : seconds < 600 ? "amber" : "red";
    const seen = seconds === null ? "no reading up to now" : `last reading ${age(seconds)} ago`;
    const clock = device.clockAhead && device.aheadTime ? `; its clock is ahead: a reading says ${new Date(device.aheadTime).toLocaleString()}` : "";
    const note = device.clockAhead ? "clock ahead" : seconds === null ? "–" : seconds < 60 ? `${device.sensors} sensors` : `${age(seconds)} ago`;
    const node = el("li", { role: "option", "data-device": device.device, title: `${device.sensors} sensors, ${seen}${clock}` },
      el("i", { class: "dot", "data-state": state }), el("span", {}, device.device), el("small", {}, note));
    node.setAttribute("aria-selected", String(device.device === this.device));
    node.addEventListener("click", () => this.picked(device.device));
    return node;
  }

  private mark(): void {
    for (const node of this.list.querySelectorAll("[role=option]")) {
      const mine = node.getAttribute("data-device") === this.device;
      node.setAttribute("aria-selected", String(mine));
      if (mine) node.scrollIntoView({ block: "nearest" });
    }
  }

  private keys(event: KeyboardEvent): void {
    const names = [...this.list.querySelectorAll("[role=option]")].map((node) => node.getAttribute("data-device") ?? "");
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const next = names[Math.max(0, Math.min(names.length - 1, names.indexOf(this.device) + step))];
    if (!step || !next) return;
    event.preventDefault();
    this.picked(next);
  }

  private sensor(latest: Latest): HTMLElement {
    const value = el("b", {}, latest.time === null ? "–" : latest.special || number(latest.value, 5)), spark = el("span", { class: "sparkbox" });
    const node = el("button", { "data-sensor": latest.sensor, title: `Click to show, Ctrl+click or + to compare${latest.clockAhead ? ". The clock is ahead: its newest reading lies in the future" : ""}` }, el("span", { class: "name" }, latest.sensor), spark, value);
    if (latest.time === null || Date.now() - Date.parse(latest.time) > 120_000) node.classList.add("stale");
    node.addEventListener("click", (event) => this.sensorPicked(latest.sensor, event.ctrlKey || event.metaKey || event.shiftKey));
    node.addEventListener("keydown", (event) => { if (event.key === "+") this.sensorPicked(latest.sensor, true); });
    this.rows.set(latest.sensor, { node, value, spark, latest });
    return el("li", {}, node);
  }

  private async sparks(signal: AbortSignal): Promise<void> {
    for (const [sensor, row] of [...this.rows].slice(0, 12)) {
      try {
        const series = await get<Series>("series", { device: this.device, sensor, from: "now-1h", points: 48 }, signal);
        const values = series.raw ? (series.columns as RawColumns).value : (series.columns as BucketColumns).mean;
        if (values.some((v) => v !== null)) row.spark.replaceChildren(sparkline(values));
      } catch {
        return;
      }
    }
  }
}
