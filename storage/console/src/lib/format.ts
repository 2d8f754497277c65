/** A value as a person reads it: up to `digits` significant digits, or as many decimals as its catalogue entry says. */
export function number(value: number | null | undefined, digits = 5, decimals?: number | null): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (decimals !== undefined && decimals !== null) return grouped(value, decimals, decimals);
  const size = Math.abs(value);
  if (size >= 1e12 || (size > 0 && size < 1e-4)) return value.toExponential(Math.max(2, digits - 2));
  return grouped(value, 0, Math.max(0, Math.min(8, digits - Math.max(1, Math.floor(Math.log10(size || 1)) + 1))));
}

export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value >= 1e5 ? new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value) : number(value, 4);
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes by thousands: 1.2 GB. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const at = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${number(value / 1000 ** at, 3)} ${UNITS[at]}`;
}

export function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : value >= 10_000 ? `${number(value / 1000, 3)} s` : `${number(value, 3)} ms`;
}

export function age(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** How long ago a time of the API is; null when it is not known. */
export const secondsSince = (time: string | null | undefined, now = Date.now()): number | null =>
  time ? Math.max(0, (now - Date.parse(time)) / 1000) : null;

export function step(stepMs: number): string {
  if (stepMs % 864e5 === 0) return `${stepMs / 864e5} d`;
  if (stepMs % 36e5 === 0) return `${stepMs / 36e5} h`;
  if (stepMs % 6e4 === 0) return `${stepMs / 6e4} min`;
  return stepMs % 1000 === 0 ? `${stepMs / 1000} s` : `${stepMs} ms`;
}

export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? "–" : `${number(Math.floor(share * 1e5) / 1e3, 5)} %`;

function grouped(value: number, least: number, most: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });
}

/** The least number of decimals that writes a step exactly enough. */
function decimalsOf(step: number): number {
  for (let d = 0; d < 15; d++) {
    const scaled = step * 10 ** d;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled) && Math.round(scaled) > 0) return d;
  }
  return 15;
}

const SUFFIXES: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"]];

/** Labels of an axis: as many digits as tell neighbours apart, also for very small and very large values. */
export function axisLabels(ticks: number[]): string[] {
  const steps = ticks.slice(1).map((tick, i) => Math.abs(tick - (ticks[i] ?? tick))).filter((step) => step > 0);
  const most = Math.max(0, ...ticks.map(Math.abs));
  const step = steps.length ? Math.min(...steps) : most || 1;
  if (most === 0) return ticks.map(() => "0");
  if (most < 1e-3) {
    const digits = Math.max(0, Math.floor(Math.log10(most)) - Math.floor(Math.log10(step))) + (decimalsOf(step / 10 ** Math.floor(Math.log10(step))) > 0 ? 1 : 0);
    return ticks.map((tick) => tick === 0 ? "0" : tick.toExponential(Math.min(15, digits)));
  }
  const suffix = SUFFIXES.find(([unit]) => most >= unit && step >= unit * 1e-4);
  const [unit, name] = suffix ?? [1, ""];
  const decimals = decimalsOf(step / unit);
  return ticks.map((tick) => grouped(tick / unit, decimals, decimals).replace(/^-0(\.0*)?$/, "0$1") + name);
}
