import { known, zone, dayStart } from "../lib/zone";

/** What a chart shows: series as "device/sensor", a range that ends now or one that stands, how fine, and what it is compared with. */
export interface View { series: string[]; range: string; from: number; to: number; step: string; versus: "" | "1d" | "7d" }

export const SERIES_MAX = 20;

const HOUR = 36e5, DAY = 864e5;

/** Ranges that end now. */
export const RANGES: [string, number][] = [["5m", 3e5], ["15m", 9e5], ["1h", HOUR], ["6h", 6 * HOUR], ["24h", DAY], ["7d", 7 * DAY], ["30d", 30 * DAY], ["90d", 90 * DAY], ["1y", 365 * DAY]];

/** Ranges of the calendar, in the zone chosen. */
export const CALENDAR = ["today", "yesterday", "this-week", "last-week"];

export const STEPS = ["", "raw", "1m", "15m", "1h", "1d"];

export const VERSUS: Record<string, number> = { "1d": DAY, "7d": 7 * DAY };

export const deviceOf = (series: string): string => series.slice(0, series.indexOf("/"));
export const sensorOf = (series: string): string => series.slice(series.indexOf("/") + 1);

export const isSeries = (text: string): boolean => /^[A-Za-z0-9._:-]{1,128}\/[A-Za-z0-9._:/-]{1,128}$/.test(text);

/** Reads a view from the parameters of an address. */
export function read(query: URLSearchParams, range = "1h"): View {
  const from = Number(query.get("from")), to = Number(query.get("to")), fixed = from > 0 && to > from;
  const asked = query.get("range") ?? range;
  const versus = query.get("vs") ?? "", step = query.get("step") ?? "";
  const wanted = known(query.get("tz") ?? "");
  if (wanted && wanted !== zone.peek()) zone.value = wanted;
  return {
    series: [...new Set(query.getAll("s").filter(isSeries))].slice(0, SERIES_MAX),
    range: fixed ? "" : RANGES.some(([name]) => name === asked) || CALENDAR.includes(asked) ? asked : range,
    from: fixed ? from : 0,
    to: fixed ? to : 0,
    step: STEPS.includes(step) ? step : "",
    versus: versus in VERSUS ? (versus as "1d" | "7d") : "",
  };
}

/** The parameters that read() reads, without series. */
export function parameters(view: View): Record<string, string> {
  return {
    range: view.range,
    from: view.range ? "" : String(Math.round(view.from)),
    to: view.range ? "" : String(Math.round(view.to)),
    step: view.step,
    vs: view.versus,
  };
}

/** The window shown, in Unix milliseconds. */
export function span(view: View, now = Date.now()): [number, number] {
  if (!view.range) return [view.from, view.to];
  const length = RANGES.find(([name]) => name === view.range)?.[1];
  if (length) return [now - length, now];
  const today = dayStart(now);
  if (view.range === "today") return [today, now];
  if (view.range === "yesterday") return [dayStart(now, -1), today];
  const weekday = (new Date(today + 12 * HOUR).getUTCDay() + 6) % 7;
  const monday = dayStart(now, -weekday);
  return view.range === "this-week" ? [monday, now] : [dayStart(now, -weekday - 7), monday];
}

/** True when the window moves on with time. */
export const isLive = (view: View): boolean => view.range !== "" && view.range !== "yesterday" && view.range !== "last-week";

/** The same view with a window that stands. */
export function fixed(view: View, from: number, to: number): View {
  const middle = (from + to) / 2, half = Math.max(500, (to - from) / 2);
  return { ...view, range: "", from: Math.max(0, middle - half), to: middle + half };
}
