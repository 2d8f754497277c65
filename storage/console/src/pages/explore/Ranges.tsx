import { useSignal } from "@preact/signals";
import { live, pan } from "../../chart/Viewer";
import { CALENDAR, fixed, isLive, RANGES, span, type View } from "../../chart/view";
import { fromInput, offsetText, toInput, zone } from "../../lib/zone";

/** The range shown: presets that end now, the calendar's, and one from a time to a time. */
export function Ranges({ view, change }: { view: View; change: (view: View) => void }) {
  const problem = useSignal(""), [from, to] = span(view);
  const typed = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement, data = new FormData(form);
    const first = fromInput(String(data.get("from"))), second = fromInput(String(data.get("to")));
    if (first === null || second === null) problem.value = "Give both times.";
    else if (second <= first) problem.value = "The range must end after it begins.";
    else { problem.value = ""; form.closest("details")?.removeAttribute("open"); change(fixed(view, first, second)); }
  };
  return (
    <div class="ranges">
      <div id="ranges" class="group presets" role="group" aria-label="Time range">
        {RANGES.map(([name]) => <button key={name} aria-pressed={view.range === name} onClick={() => change({ ...view, range: name, from: 0, to: 0 })}>{name}</button>)}
      </div>
      <label class="small-only"><span class="sr">Time range</span><select value={view.range} onChange={(event) => change({ ...view, range: event.currentTarget.value, from: 0, to: 0 })}>
        {!view.range && <option value="">from … to</option>}{[...RANGES.map(([name]) => name), ...CALENDAR].map((name) => <option key={name} value={name}>{name.replace("-", " ")}</option>)}
      </select></label>
      <details class="menu" id="calendar">
        <summary aria-pressed={view.range === "" || CALENDAR.includes(view.range)}>{CALENDAR.includes(view.range) ? view.range.replace("-", " ") : "From … to"}</summary>
        <form class="pop" onSubmit={typed} key={`${view.from} ${view.to} ${view.range} ${zone.value}`}>
          <div class="group">{CALENDAR.map((name) => <button key={name} type="button" aria-pressed={view.range === name} onClick={(event) => { event.currentTarget.closest("details")?.removeAttribute("open"); change({ ...view, range: name, from: 0, to: 0 }); }}>{name.replace("-", " ")}</button>)}</div>
          <label>From <input id="from" name="from" type="datetime-local" step="1" defaultValue={toInput(from)} required /></label>
          <label>To <input id="to" name="to" type="datetime-local" step="1" defaultValue={toInput(to)} required /></label>
          <p class="muted">in {zone.value} ({offsetText(from)})</p>
          {problem.value && <p class="error" role="alert">{problem.value}</p>}
          <button type="submit">Show</button>
        </form>
      </details>
      <div class="group">
        <button id="back" title="Earlier (←)" aria-label="Earlier" onClick={() => change(pan(view, -0.5))}>‹</button>
        <button id="forward" title="Later (→)" aria-label="Later" onClick={() => change(pan(view, 0.5))}>›</button>
        <button id="out" title="Zoom out (−)" aria-label="Zoom out" onClick={() => change(pan(view, 0, 2))}>−</button>
        <button id="in" title="Zoom in (+)" aria-label="Zoom in" onClick={() => change(pan(view, 0, 0.5))}>+</button>
        <button id="reset" title="Follow time (0)" aria-pressed={isLive(view)} onClick={() => change(live(view))}>Live</button>
      </div>
    </div>
  );
}
