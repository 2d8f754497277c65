import { signal } from "@preact/signals";

/** Where we are. Everything shown follows from it, so a link shows the same and Back shows what was before. */
export const here = signal(new URL(location.href));

export function go(address: string, replace = false): void {
  if (address === here.value.pathname + here.value.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  here.value = new URL(location.href);
}

/** Changes parameters of the page shown; an empty value takes one away. */
export function set(change: Record<string, string | string[]>, replace = false): void {
  const next = new URLSearchParams(here.value.search);
  for (const [name, value] of Object.entries(change)) {
    next.delete(name);
    for (const one of typeof value === "string" ? [value] : value) if (one) next.append(name, one);
  }
  go(address(here.value.pathname, next), replace);
}

/** Names of sensors have slashes; they stay readable. */
export function address(path: string, query: URLSearchParams): string {
  const text = query.toString().replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%2C/g, ",");
  return text ? `${path}?${text}` : path;
}

export const deviceLink = (device: string) => `/devices/${encodeURIComponent(device)}`;

export function exploreLink(series: string[], query: Record<string, string> = {}): string {
  const text = new URLSearchParams(query);
  for (const one of series) text.append("s", one);
  return address("/explore", text);
}

/** Links of earlier versions: #device=..&sensor=..&with=a,b&range=1h or &from=..&to=.. */
function earlier(hash: string): string | null {
  const old = new URLSearchParams(hash.slice(1));
  const device = old.get("device");
  if (!device) return null;
  const sensor = old.get("sensor");
  if (!sensor) return deviceLink(device);
  const query: Record<string, string> = {};
  for (const name of ["range", "from", "to"]) if (old.get(name)) query[name] = old.get(name) ?? "";
  return exploreLink([sensor, ...(old.get("with") ?? "").split(",").filter(Boolean)].map((name) => `${device}/${name}`), query);
}

function clicked(event: MouseEvent): void {
  const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
  if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin || /^\/(api|openapi|signin|metrics)\b/.test(link.pathname) || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

export function startRouter(): void {
  const old = earlier(location.hash);
  if (old) { history.replaceState(null, "", old); here.value = new URL(location.href); }
  addEventListener("popstate", () => { here.value = new URL(location.href); });
  addEventListener("hashchange", () => { const to = earlier(location.hash); if (to) go(to, true); });
  document.addEventListener("click", clicked);
}
