interface TouchEvents {
  window(from: number, to: number): void;
  moving(from: number, to: number): void;
  cursor(t: number | null, left: number): void;
}

let fingers = 0;

/** True while fingers are on a chart: the mouse that a browser makes of them selects nothing then. */
export const isTouch = (): boolean => fingers > 0 || Date.now() - lifted < 500;
let lifted = 0;

/**
 * One finger moves along time, two zoom; up and down scrolls the page. `box` stays while the chart in it is drawn anew, so an answer that comes in
 * between ends no gesture; `area` is where the chart's lines are, null without a chart.
 */
export function touch(box: HTMLElement, area: () => DOMRect | null, window: () => [number, number], events: TouchEvents): void {
  const down = new Map<number, number>();
  let start: { window: [number, number]; at: number[] } | null = null;
  let next: [number, number] | null = null;
  const begin = () => { start = { window: window(), at: [...down.values()] }; };

  box.style.touchAction = "pan-y";
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || !area()) return;
    box.setPointerCapture(event.pointerId);
    down.set(event.pointerId, event.clientX);
    fingers++;
    begin();
  });
  box.addEventListener("pointermove", (event) => {
    const lines = area();
    if (!down.has(event.pointerId) || !start || !lines) return;
    down.set(event.pointerId, event.clientX);
    const [from, to] = start.window, length = to - from;
    const share = (x: number) => (x - lines.left) / lines.width;
    const at = [...down.values()];
    if (at.length === 1) {
      const moved = (share(start.at[0] ?? 0) - share(at[0] ?? 0)) * length;
      if (Math.abs(moved) < length * 0.01) return;
      next = [from + moved, to + moved];
    } else if (at.length === 2 && start.at.length === 2) {
      const [a = 0, b = 1] = start.at.map(share), [c = 0, d = 1] = at.map(share);
      if (Math.abs(d - c) < 0.02) return;
      // The times under both fingers stay under them.
      const span = (length * (b - a)) / (d - c);
      if (Math.abs(span) < 1000) return;
      const first = from + a * length - c * Math.abs(span);
      next = [first, first + Math.abs(span)];
    }
    if (next) events.moving(next[0], next[1]);
  });
  const up = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return;
    fingers = Math.max(0, fingers - 1);
    lifted = Date.now();
    if (down.size > 0) {
      if (next) start = { window: next, at: [...down.values()] };
      return;
    }
    if (next) events.window(next[0], next[1]);
    next = null;
    start = null;
  };
  box.addEventListener("pointerup", up);
  box.addEventListener("pointercancel", up);
}
