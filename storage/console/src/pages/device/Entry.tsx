import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect } from "preact/hooks";
import { forget } from "../../api/catalogue";
import { get } from "../../api/client";
import { LEVELS } from "../../api/places";
import type { CatalogueDevice, CatalogueSensor } from "../../api/types";
import { may } from "../../app/session";
import { number } from "../../lib/format";
import { EntryForm } from "./EntryForm";
import { Scroll } from "../../ui/Scroll";

/** What the catalogue says of the device and its sensors; engineers change it. */
export function Entry({ device, changed }: { device: string; changed: () => void }) {
  const entry = useSignal<CatalogueDevice | null>(null), sensors = useSignal<CatalogueSensor[]>([]), problem = useSignal(""), editing = useSignal<string | null>(null);
  const load = () => Promise.all([get("catalogue/devices/{device}", { device }), get("catalogue/devices/{device}/sensors", { device })]).then(
    ([one, list]) => { entry.value = one; sensors.value = list.sensors; problem.value = ""; }, (error: Error) => { problem.value = error.message; });
  useEffect(() => { void load(); }, [device]);
  const done = () => { editing.value = null; forget(device); void load(); changed(); };
  const one = entry.value;
  const facts: [string, string][] = one ? [
    ["Name", one.displayName ?? ""], ["Type", one.type ?? ""], ...LEVELS.map((level): [string, string] => [level[0]!.toUpperCase() + level.slice(1), one[level] ?? ""]),
    ["Tags", one.tags.join(", ")], ["Sends every", one.expectedInterval ?? ""], ["Description", one.description ?? ""],
  ] : [];
  const known = facts.filter(([, value]) => value);
  return (
    <section class="panel" aria-labelledby="entry-title">
      <div class="bar"><h2 id="entry-title">Catalogue</h2>{one && may("engineer") && <button id="edit-entry" onClick={() => { editing.value = editing.value === "" ? null : ""; }}>Edit the device</button>}</div>
      {problem.value && <p class="empty">The catalogue is not to be had: {problem.value}</p>}
      {editing.value === "" && <EntryForm device={device} done={done} />}
      {one && (known.length ? <dl class="figures" id="entry">{known.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl> : <p class="empty">It has nothing of this device.</p>)}
      {sensors.value.length > 0 && (
        <Scroll label="Sensors in the catalogue" short><table id="entry-sensors"><thead><tr><th>Sensor</th><th>Name</th><th>Unit</th><th class="num">LoLo</th><th class="num">Lo</th><th class="num">Hi</th><th class="num">HiHi</th><th>By</th><th><span class="sr">Edit</span></th></tr></thead>
          <tbody>{sensors.value.map((row) => (
            <Fragment key={row.sensor}>
              <tr data-entry={row.sensor}><td>{row.sensor}</td><td>{row.displayName ?? ""}</td><td>{row.unit ?? ""}</td>{[row.loLo, row.lo, row.hi, row.hiHi].map((value, i) => <td key={i} class="num">{value === null || value === undefined ? "" : number(value)}</td>)}
                <td>{row.sources.join(", ")}</td><td>{may("engineer") && <button onClick={() => { editing.value = editing.value === row.sensor ? null : row.sensor; }}>Edit</button>}</td></tr>
              {editing.value === row.sensor && <tr><td colSpan={9}><EntryForm device={device} sensor={row.sensor} done={done} /></td></tr>}
            </Fragment>
          ))}</tbody></table></Scroll>
      )}
    </section>
  );
}
