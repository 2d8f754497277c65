export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  const places = Math.max(0, Math.min(4, digits - Math.max(1, Math.ceil(Math.log10(size + 1e-12)))));
  return value.toLocaleString("en-US", { maximumFractionDigits: places, minimumFractionDigits: 0 });
}

export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value >= 1e5 ? new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value) : number(value);
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

const two = (n: number) => String(n).padStart(2, "0");

export function time(t: number, millis = false): string {
  const d = new Date(t);
  const base = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return millis ? `${base}.${String(d.getMilliseconds()).padStart(3, "0")}` : base;
}

export function step(stepMs: number): string {
  if (stepMs % 864e5 === 0) return `${stepMs / 864e5} d`;
  if (stepMs % 36e5 === 0) return `${stepMs / 36e5} h`;
  if (stepMs % 6e4 === 0) return `${stepMs / 6e4} min`;
  return stepMs % 1000 === 0 ? `${stepMs / 1000} s` : `${stepMs} ms`;
}
