// What is shown lives in the address, so that a link shows the same: #device=..&sensor=..&with=a,b&range=1h or &from=..&to=..
export interface View { device: string; sensor: string; compare: string[]; range: string; from: number; to: number }

export const RANGES: [string, number][] = [["5m", 3e5], ["1h", 36e5], ["24h", 864e5], ["7d", 6048e5], ["30d", 2592e6]];

export function read(): View {
  const hash = new URLSearchParams(location.hash.slice(1));
  const from = Number(hash.get("from")), to = Number(hash.get("to"));
  const fixed = from > 0 && to > from;
  const range = hash.get("range") ?? "5m";
  return {
    device: hash.get("device") ?? "",
    sensor: hash.get("sensor") ?? "",
    compare: (hash.get("with") ?? "").split(",").filter(Boolean),
    range: fixed ? "" : RANGES.some(([name]) => name === range) ? range : "1h",
    from: fixed ? from : 0,
    to: fixed ? to : 0,
  };
}

export function write(view: View): void {
  const hash = new URLSearchParams();
  if (view.device) hash.set("device", view.device);
  if (view.sensor) hash.set("sensor", view.sensor);
  if (view.compare.length) hash.set("with", view.compare.join(","));
  if (view.range) hash.set("range", view.range);
  else { hash.set("from", String(Math.round(view.from))); hash.set("to", String(Math.round(view.to))); }
  const text = "#" + hash.toString().replace(/%2F/g, "/").replace(/%2C/g, ",");
  if (text !== location.hash) history.replaceState(null, "", text);
}

/** The window shown, in Unix milliseconds; a preset ends now. */
export function span(view: View, now: number): [number, number] {
  if (!view.range) return [view.from, view.to];
  const length = RANGES.find(([name]) => name === view.range)?.[1] ?? 36e5;
  return [now - length, now];
}
