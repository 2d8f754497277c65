import { signal } from "@preact/signals";
import { standing } from "../app/alarms";
import { heard, watch } from "../app/health";
import { sensorsOf, type SensorInfo } from "../api/catalogue";
import { ApiError, get, isAbort, url } from "../api/client";
import { seriesOf } from "../api/series";
import type { BucketColumns, LiveReading, RawColumns, Series } from "../api/types";
import { LiveStream } from "../lib/stream";
import { zone } from "../lib/zone";
import { ofHistory, ofIncident, priorityColour, type Mark } from "./marks";
import { deviceOf, isLive, sensorOf, span, VERSUS, type View } from "./view";

/** One line of the view: of one series, as it is or as it was a day or a week before. */
export interface Line {
  key: string; series: string; shift: number; colour: number;
  /** missing: there is no such series. */
  state: "loading" | "ready" | "failed" | "missing"; problem: string;
  /** Null until the first answer. Always of this very series: another one is another line. */
  answer: Series | null; info: SensorInfo | null;
  /** End of the range last answered. */
  until: number;
}

const DEVICES_MAX = 8, STREAMS_MAX = 2, LIVE_SPAN_MAX = 6 * 36e5, RETRY_FIRST = 2_000, RETRY_MOST = 30_000, LIVE_POINTS_MAX = 20_000, LONG_MS = 30 * 864e5;

/** Loads what a view shows and keeps it up to date. */
export class Loader {
  readonly lines = signal<Line[]>([]);
  readonly marks = signal<Mark[]>([]);
  /** Counts live values drawn. */
  readonly live = signal(0);
  readonly dropped = signal(0);
  private view: View | null = null;
  private points = 1000;
  private stop = new AbortController();
  private retry = 0;
  private pause = RETRY_FIRST;
  private refresh = 0;
  private streams = new Map<string, LiveStream>();
  private dirty = false;

  /** @param streamed False: values come with the next answer; several charts on one page share the browser's few connections. */
  constructor(private readonly streamed = true) {}

  /** Shows a view: lines of other series go at once, those that stay keep what they have until the new answer is there. */
  show(view: View, points: number): void {
    this.view = view;
    this.points = points;
    const shifts = [0, ...(view.versus ? [VERSUS[view.versus] ?? 0] : [])];
    const before = new Map(this.lines.peek().map((line) => [line.key, line]));
    this.lines.value = view.series.flatMap((series, colour) => shifts.map((shift): Line => {
      const key = shift ? `${series}@${view.versus}` : series, old = before.get(key);
      return old ? { ...old, colour, state: "loading" } : { key, series, shift, colour, state: "loading", problem: "", answer: null, info: null, until: 0 };
    }));
    const devices = new Set(view.series.map(deviceOf));
    this.marks.value = this.marks.peek().filter((mark) => devices.has(mark.device));
    watch(this, [...devices]);
    this.follow([...devices]);
    this.load();
  }

  close(): void {
    this.stop.abort();
    clearTimeout(this.retry);
    clearTimeout(this.refresh);
    for (const stream of this.streams.values()) stream.close();
    this.streams.clear();
    watch(this, []);
  }

  /** True once after live values were added. */
  takeDirty(): boolean { const was = this.dirty; this.dirty = false; return was; }

  private load(): void {
    const view = this.view;
    if (!view) return;
    this.stop.abort();
    this.stop = new AbortController();
    const { signal: stop } = this.stop;
    clearTimeout(this.retry);
    clearTimeout(this.refresh);
    const window = span(view);
    void Promise.all([this.loadSpans(view, window, stop), this.loadMarks(view, window, stop)]).then((results) => {
      if (stop.aborted) return;
      if (results.includes(false)) {
        this.retry = later(() => this.load(), this.pause);
        this.pause = Math.min(RETRY_MOST, this.pause * 2);
        return;
      }
      this.pause = RETRY_FIRST;
      if (isLive(view)) this.again(window);
    });
  }

  /** Answers join the newest raw readings to the rollup, so asking again is all a live picture needs. */
  private again([from, to]: [number, number]): void {
    const every = Math.max(this.streams.size ? 5_000 : 2_000, Math.min(60_000, (to - from) / 300));
    this.refresh = later(() => { if (document.hidden) this.again([from, to]); else this.load(); }, every);
  }

  /** The range, then what it is compared with, in the buckets of the range: a mean of minutes is not to lie under single readings. */
  private async loadSpans(view: View, window: [number, number], stop: AbortSignal): Promise<boolean> {
    const well = await this.loadLines(0, view.step, view, window, stop);
    if (!view.versus || stop.aborted) return well;
    const drawn = this.lines.peek().find((line) => line.shift === 0 && line.state === "ready")?.answer;
    return await this.loadLines(VERSUS[view.versus] ?? 0, drawn ? stepOf(drawn) : view.step, view, window, stop) && well;
  }

  /** All series of the view in one answer. False when something failed and is worth another try. */
  private async loadLines(shift: number, step: string, view: View, [from, to]: [number, number], stop: AbortSignal): Promise<boolean> {
    const lines = this.lines.peek().filter((line) => line.shift === shift);
    if (!lines.length) return true;
    const asked = { series: lines.map((line) => line.series), from: from - shift, to: to - shift, step, points: this.points };
    try {
      // The server knows fewer names of zones than a browser may: it is told one only where days can come of it.
      const found = await seriesOf(view.step === "1d" || (!view.step && to - from > LONG_MS) ? { ...asked, zone: zone.peek() } : asked, stop);
      const done = await Promise.all(lines.map((line) => this.take(line, found.get(line.series), to, stop)));
      return done.every(Boolean);
    } catch (error) {
      if (isAbort(error) || stop.aborted) return true;
      throw error;
    }
  }

  private async take({ key, series }: Line, found: Series | Error | undefined, until: number, stop: AbortSignal): Promise<boolean> {
    if (stop.aborted) return true;
    if (!found || found instanceof Error) {
      this.put(key, { state: "failed", problem: found?.message ?? "The answer has no such series." });
      const status = found instanceof ApiError ? found.status : 0;
      return status >= 400 && status < 500 && status !== 429;
    }
    const device = deviceOf(series), sensor = sensorOf(series), sensors = await sensorsOf(device);
    if (stop.aborted) return true;
    let missing = "";
    if (found.columns.t.length === 0 && !sensors.has(sensor)) {
      try {
        missing = await this.missing(device, sensor, stop);
      } catch (error) {
        if (isAbort(error) || stop.aborted) return true;
        this.put(key, { state: "failed", problem: (error as Error).message });
        return false;
      }
    }
    this.put(key, { state: missing ? "missing" : "ready", problem: missing, answer: found, info: sensors.get(sensor) ?? null, until });
    return true;
  }

  /** What is missing; empty when the series is there and has nothing in this range. */
  private async missing(device: string, sensor: string, stop: AbortSignal): Promise<string> {
    try {
      await get("devices/{device}", { device }, stop);
    } catch (error) {
      return error instanceof ApiError && error.status === 404 ? `There is no device ${device}.` : "";
    }
    const { sensors } = await get("devices/{device}/sensors", { device, search: sensor, limit: 1000 }, stop);
    return sensors.some((one) => one.sensor === sensor) ? "" : `${device} has no sensor ${sensor}.`;
  }

  private async loadMarks(view: View, [from, to]: [number, number], stop: AbortSignal): Promise<boolean> {
    const devices = [...new Set(view.series.map(deviceOf))].slice(0, DEVICES_MAX), shown = new Set(view.series);
    try {
      const found = await Promise.all(devices.map(async (device) => {
        const range = { device, from: Math.floor(from), to: Math.ceil(to), limit: 500 };
        const [{ incidents }, { changes }] = await Promise.all([
          get("incidents", range, stop),
          get("alarms/history", range, stop),
        ]);
        const marks = [...incidents.map(ofIncident), ...ofHistory(changes, to)];
        // Alarms that were there before the range began and still are.
        for (const alarm of standing.peek()) {
          if (alarm.device === device && alarm.active && Date.parse(alarm.since ?? "") < from) {
            marks.push({ kind: "alarm", from: Date.parse(alarm.since ?? ""), to: null, device, sensor: alarm.sensor, title: `${alarm.source} · ${alarm.priority}`, text: alarm.text ?? "", colour: priorityColour[alarm.priority], value: alarm.value });
          }
        }
        return marks.filter((mark) => mark.sensor === null || shown.has(`${device}/${mark.sensor}`));
      }));
      if (!stop.aborted) this.marks.value = found.flat();
      return true;
    } catch (error) {
      return isAbort(error) || stop.aborted || (error instanceof ApiError && error.status > 0);
    }
  }

  private put(key: string, change: Partial<Line>): void {
    this.lines.value = this.lines.peek().map((line) => line.key === key ? { ...line, ...change } : line);
  }

  private follow(devices: string[]): void {
    const view = this.view, window = view ? span(view) : [0, 0];
    const wanted = view && this.streamed && isLive(view) && (window[1] ?? 0) - (window[0] ?? 0) <= LIVE_SPAN_MAX && devices.length <= STREAMS_MAX ? devices : [];
    for (const [device, stream] of this.streams) if (!wanted.includes(device)) { stream.close(); this.streams.delete(device); }
    for (const device of wanted) {
      if (this.streams.has(device)) continue;
      this.streams.set(device, new LiveStream(url("live", { device }), {
        readings: (data) => (JSON.parse(data) as LiveReading[]).forEach((reading) => this.arrived(reading)),
        dropped: (data) => { this.dropped.value += (JSON.parse(data) as { count: number }).count; },
      }, () => this.load()));
    }
  }

  /** Live values are drawn at once where single readings are shown; buckets are asked for again. */
  private arrived(reading: LiveReading): void {
    // A time in the future would hide every reading until then.
    if (reading.clockAhead || !this.view || !isLive(this.view)) return;
    heard(reading.device, reading.t);
    const answer = this.lines.peek().find((line) => line.shift === 0 && line.series === `${reading.device}/${reading.sensor}`)?.answer;
    if (!answer?.raw) return;
    const columns = answer.columns as RawColumns;
    if (reading.t <= (columns.t.at(-1) ?? 0) || columns.t.length >= LIVE_POINTS_MAX) return;
    columns.t.push(reading.t);
    columns.value.push(reading.value);
    columns.quality.push(reading.quality ?? 0);
    this.live.value++;
    this.dirty = true;
  }
}

/** The step that gives these buckets again. */
export const stepOf = (answer: Series): string => answer.raw ? "raw" : `PT${answer.stepMs / 1000}S`;

const later = (run: () => void, wait: number): number => window.setTimeout(run, wait);

/** The newest value of a line that is not in the future. */
export function last(line: Line): { t: number; value: number | null; quality: number } | null {
  const answer = line.answer;
  if (!answer || !answer.columns.t.length) return null;
  const at = answer.columns.t.length - 1, t = answer.columns.t[at] ?? 0;
  return answer.raw
    ? { t, value: (answer.columns as RawColumns).value[at] ?? null, quality: (answer.columns as RawColumns).quality[at] ?? 0 }
    : { t: t + answer.stepMs, value: (answer.columns as BucketColumns).mean[at] ?? null, quality: 0 };
}
