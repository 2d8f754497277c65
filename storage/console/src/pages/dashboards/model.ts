import { isSeries, RANGES } from "../../chart/view";

export type PanelType = "chart" | "value" | "table" | "bar" | "states" | "pareto" | "alarms";

/** One panel on a grid of twelve columns; x and y from 0. */
export interface Panel { type: PanelType; title: string; series: string[]; x: number; y: number; w: number; h: number; range: string }

export interface Dashboard { title: string; range: string; panels: Panel[] }

const TYPES: PanelType[] = ["chart", "value", "table", "bar", "states", "pareto", "alarms"];
const PANELS_MAX = 40, COLUMNS = 12;

/** Reads a dashboard; throws with the place of what is wrong. */
export function parse(text: string): Dashboard {
  let found: unknown;
  try { found = JSON.parse(text); } catch (error) { throw new Error(`It is not JSON: ${(error as Error).message}`); }
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error("A dashboard is an object with title and panels.");
  const { title, range, panels } = found as Record<string, unknown>;
  if (!Array.isArray(panels) || panels.length > PANELS_MAX) throw new Error(`panels: give a list of at most ${PANELS_MAX} panels.`);
  return { title: typeof title === "string" ? title : "Dashboard", range: rangeOf(range, "range", "1h"), panels: panels.map((panel, i) => panelOf(panel, `panels[${i}]`, rangeOf(range, "range", "1h"))) };
}

function rangeOf(value: unknown, at: string, otherwise: string): string {
  if (value === undefined) return otherwise;
  if (typeof value === "string" && RANGES.some(([name]) => name === value)) return value;
  throw new Error(`${at}: give one of ${RANGES.map(([name]) => name).join(", ")}.`);
}

function panelOf(value: unknown, at: string, range: string): Panel {
  if (typeof value !== "object" || value === null) throw new Error(`${at}: a panel is an object.`);
  const panel = value as Record<string, unknown>, type = TYPES.find((one) => one === panel["type"]);
  if (!type) throw new Error(`${at}.type: give one of ${TYPES.join(", ")}.`);
  const series = panel["series"] ?? [];
  if (!Array.isArray(series) || !series.every((one) => typeof one === "string" && isSeries(one))) throw new Error(`${at}.series: give a list of "device/sensor".`);
  if (!series.length && type !== "pareto" && type !== "alarms") throw new Error(`${at}.series: name at least one "device/sensor".`);
  const whole = (name: string, otherwise: number, least: number, most: number) => {
    const number = panel[name] ?? otherwise;
    if (typeof number !== "number" || !Number.isInteger(number) || number < least || number > most) throw new Error(`${at}.${name}: give a whole number from ${least} to ${most}.`);
    return number;
  };
  const w = whole("w", 4, 1, COLUMNS);
  return {
    type, title: typeof panel["title"] === "string" ? panel["title"] : series.join(", "), series: series as string[], x: whole("x", 0, 0, COLUMNS - w), y: whole("y", 0, 0, 1000), w, h: whole("h", 3, 1, 20),
    range: rangeOf(panel["range"], `${at}.range`, range),
  };
}

/** Text for an address, and back. */
export const pack = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export function unpack(packed: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(packed.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)));
}
