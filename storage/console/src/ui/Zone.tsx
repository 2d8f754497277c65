import { useState } from "preact/hooks";
import { here, set } from "../app/router";
import { chooseZone, known, localZone, offsetText, zone, zones } from "../lib/zone";

/** The time zone that all times of the page are in, always shown; a click changes it. */
export function Zone() {
  const [open, setOpen] = useState(false);
  const choose = (name: string) => {
    const found = known(name);
    if (!found) return;
    chooseZone(found);
    if (here.value.searchParams.has("tz")) set({ tz: found }, true);
    setOpen(false);
  };
  if (!open) return <button id="zone" class="badge" onClick={() => setOpen(true)} title="All times are in this zone. Click for another one.">{zone.value}{offsetText(Date.now()) !== zone.value && ` · ${offsetText(Date.now())}`}</button>;
  return (
    <span class="zone">
      <label><span class="sr">Time zone</span>
        <input id="zone-name" list="zones" placeholder={zone.value} autofocus ref={(node) => node?.focus()}
          onChange={(event) => choose(event.currentTarget.value)} onBlur={() => setOpen(false)}
          onKeyDown={(event) => { if (event.key === "Escape") setOpen(false); if (event.key === "Enter") choose(event.currentTarget.value); }} />
      </label>
      <datalist id="zones">{[...new Set([localZone, ...zones()])].map((name) => <option key={name} value={name} />)}</datalist>
    </span>
  );
}
