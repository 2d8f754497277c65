import { signal } from "@preact/signals";

// Times are Unix milliseconds everywhere; a time zone only says how they are written and where a day begins.
const formats = new Map<string, Intl.DateTimeFormat>();

export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The zone times are shown in, on every page. */
export const zone = signal(known(localStorage.getItem("zone") ?? "") ?? localZone);

export function chooseZone(name: string): void {
  zone.value = name;
  localStorage.setItem("zone", name);
}

/** The name when the browser knows the zone, else null. */
export function known(name: string): string | null {
  if (!name) return null;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return name;
  } catch {
    return null;
  }
}

function formatOf(name: string): Intl.DateTimeFormat {
  let format = formats.get(name);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
    formats.set(name, format);
  }
  return format;
}

interface Clock { year: number; month: number; day: number; hour: number; minute: number; second: number }

function clock(t: number, name: string): Clock {
  const found: Record<string, number> = {};
  for (const part of formatOf(name).formatToParts(t)) found[part.type] = Number(part.value);
  return { year: found["year"] ?? 0, month: found["month"] ?? 1, day: found["day"] ?? 1, hour: found["hour"] ?? 0, minute: found["minute"] ?? 0, second: found["second"] ?? 0 };
}

/** How far a zone's clock is ahead of UTC at a time, in milliseconds. */
export function offset(t: number, name: string): number {
  const c = clock(t, name);
  return Date.UTC(c.year, c.month - 1, c.day, c.hour, c.minute, c.second) - Math.floor(t / 1000) * 1000;
}

/** The time at which a zone's clock shows this; where it shows it twice the first, where it skips it the time after. */
function instant(wall: number, name: string): number {
  const first = wall - offset(wall, name);
  return wall - offset(first, name);
}

const two = (n: number) => String(n).padStart(2, "0");

export function time(t: number, millis = false, name = zone.value): string {
  const c = clock(t, name);
  const base = `${c.year}-${two(c.month)}-${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;
  return millis ? `${base}.${String(Math.floor(((t % 1000) + 1000) % 1000)).padStart(3, "0")}` : base;
}

/** A time of the API as text in the zone. */
export const timeOf = (text: string | null | undefined, millis = false): string => text ? time(Date.parse(text), millis) : "–";

/** Midnight that begins the day of a time, some days on. */
export function dayStart(t: number, days = 0, name = zone.value): number {
  const c = clock(t, name);
  return instant(Date.UTC(c.year, c.month - 1, c.day + days), name);
}

/** For <input type="datetime-local">. */
export const toInput = (t: number): string => time(t).slice(0, 19).replace(" ", "T");

export function fromInput(text: string): number | null {
  const wall = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  return Number.isNaN(wall) ? null : instant(wall, zone.value);
}

/** "UTC+02:00" at a time. */
export function offsetText(t: number, name = zone.value): string {
  const minutes = Math.round(offset(t, name) / 6e4), size = Math.abs(minutes);
  return minutes === 0 ? "UTC" : `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

export const zones = (): string[] => ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
