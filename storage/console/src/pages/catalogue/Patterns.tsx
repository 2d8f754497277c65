import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect } from "preact/hooks";
import { get, send, type Body } from "../../api/client";
import type { CataloguePattern } from "../../api/types";
import { may } from "../../app/session";
import { useTitle } from "../../app/Shell";
import { Scroll } from "../../ui/Scroll";
import { EntryFields, fieldsOf } from "../device/EntryFields";

const NEW = "new";

/** What the catalogue says of all devices and sensors whose names fit a pattern, where nobody says more about one of them: every temperature is in °C. */
export function Patterns() {
  useTitle("Catalogue");
  const list = useSignal<CataloguePattern[] | null>(null), problem = useSignal(""), open = useSignal<string | null>(null);
  const load = () => get("catalogue/patterns").then((found) => { list.value = found.patterns; problem.value = ""; }, (error: Error) => { problem.value = error.message; });
  useEffect(() => { void load(); }, []);
  const done = () => { open.value = null; void load(); };
  const remove = async (one: CataloguePattern) => {
    if (!confirm(`Delete the pattern ${one.pattern}? Devices and sensors that only it describes then have no such entry.`)) return;
    try { await send("delete", "catalogue/patterns/{pattern}", { pattern: one.pattern ?? "" }, undefined, { "If-Match": `"${one.version}"` }); } catch (error) { problem.value = (error as Error).message; return; }
    done();
  };
  const isEngineer = may("engineer");
  return (
    <section class="panel" aria-labelledby="title">
      <div class="bar"><h1 id="title">Patterns of the catalogue</h1>{isEngineer && <button id="new-pattern" aria-expanded={open.value === NEW} onClick={() => { open.value = open.value === NEW ? null : NEW; }}>New pattern</button>}</div>
      <p class="empty">A pattern describes all devices or sensors whose names fit it. What people, devices or Sparkplug say of a single one counts more. {!isEngineer && "Changing them needs the role engineer."}</p>
      {problem.value && <p class="empty error" role="alert">{problem.value}</p>}
      {open.value === NEW && <PatternForm before={null} done={done} />}
      {list.value === null ? !problem.value && <p class="empty busy" role="status">Loading …</p> : list.value.length === 0 ? <p class="empty" id="no-patterns">There are none yet.</p> : (
        <Scroll label="Patterns"><table id="patterns">
          <thead><tr><th>Devices</th><th>Sensors</th><th>Says</th><th>By</th><th><span class="sr">Change</span></th></tr></thead>
          <tbody>{list.value.map((one) => (
            <Fragment key={one.pattern}>
              <tr data-pattern={one.pattern}><td>{one.device}</td><td>{one.sensor ?? ""}</td><td class="what">{factsOf(one)}</td><td>{one.by ?? ""}</td>
                <td>{isEngineer && <span class="actions"><button aria-expanded={open.value === one.pattern} onClick={() => { open.value = open.value === one.pattern ? null : one.pattern ?? null; }}>Edit</button><button onClick={() => void remove(one)}>Delete</button></span>}</td></tr>
              {open.value === one.pattern && <tr><td colSpan={5}><PatternForm before={one} done={done} /></td></tr>}
            </Fragment>
          ))}</tbody>
        </table></Scroll>
      )}
    </section>
  );
}

function PatternForm({ before, done }: { before: CataloguePattern | null; done: () => void }) {
  const said = useSignal(""), sensors = useSignal(before?.sensor ?? "");
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement, data = new FormData(form);
    const device = before?.device ?? String(data.get("devices")).trim(), sensor = before ? before.sensor ?? "" : sensors.value.trim();
    said.value = "Saving …";
    try {
      // A new one is put only where there is none, a change only over the version that is shown.
      await send("put", "catalogue/patterns/{pattern}", { pattern: sensor ? `${device}/${sensor}` : device }, fieldsOf(form, before ? saidBy(before) : {}) as Body<"put", "catalogue/patterns/{pattern}">,
        before ? { "If-Match": `"${before.version}"` } : { "If-None-Match": "*" });
      done();
    } catch (error) { said.value = (error as Error).message; }
  };
  return (
    <form class="entry-form" onSubmit={(event) => void submit(event)}>
      {!before && <>
        <label><span>Devices (* any text, ? one character)</span><input name="devices" required placeholder="press-*" spellcheck={false} /></label>
        <label><span>Sensors; empty: the devices themselves</span><input name="sensors" placeholder="*temperature" spellcheck={false} value={sensors.value} onInput={(event) => { sensors.value = event.currentTarget.value; }} /></label>
      </>}
      <EntryFields of={sensors.value ? "sensor" : "device"} edited={before ?? {}} others={{}} />
      <button type="submit" class="primary">Save</button><span role="status" class="error">{said.value}</span>
    </form>
  );
}

const OURS = new Set(["pattern", "device", "sensor", "version", "by", "comment", "time", "sources", "edited"]);

/** What it says, without its name and what is known of its making. */
const saidBy = (one: CataloguePattern): Record<string, unknown> => Object.fromEntries(Object.entries(one).filter(([name, value]) => !OURS.has(name) && isSaid(value)));

const isSaid = (value: unknown): boolean => value !== null && value !== undefined && value !== "" && !(typeof value === "object" && Object.keys(value).length === 0);

const factsOf = (one: CataloguePattern): string => Object.entries(saidBy(one)).map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(", ");
