export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`No element #${id}`);
  return found as T;
}

type Child = Node | string | null | undefined;

/** Builds an element; text stays text, so no name from the plant can become markup. */
export function el(tag: string, attributes: Record<string, string | boolean | undefined> = {}, ...children: Child[]): HTMLElement {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (typeof value === "string") node.setAttribute(name, value);
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

export function debounce(wait: number, run: () => void): () => void {
  let timer = 0;
  return () => { clearTimeout(timer); timer = window.setTimeout(run, wait); };
}

const SVG = "http://www.w3.org/2000/svg";

/** A small line through the values; gaps where there is none. */
export function sparkline(values: (number | null)[]): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 72 20");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  const known = values.filter((v): v is number => v !== null);
  const low = Math.min(...known), high = Math.max(...known), spread = high - low || 1;
  let path = "", pen = "M";
  values.forEach((value, i) => {
    if (value === null) { pen = "M"; return; }
    path += `${pen}${((i / Math.max(1, values.length - 1)) * 70 + 1).toFixed(1)} ${(18 - ((value - low) / spread) * 16).toFixed(1)}`;
    pen = "L";
  });
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
