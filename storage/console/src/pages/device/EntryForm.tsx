import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { send, tagged } from "../../api/client";
import type { CatalogueEntry } from "../../api/types";

const DEVICE: [string, string][] = [["displayName", "Name"], ["type", "Type"], ["enterprise", "Enterprise"], ["site", "Site"], ["area", "Area"], ["line", "Line"], ["cell", "Cell"], ["tags", "Tags"], ["expectedInterval", "Sends every"], ["description", "Description"]];
const SENSOR: [string, string][] = [["displayName", "Name"], ["unit", "Unit"], ["decimals", "Decimals"], ["low", "Lowest"], ["high", "Highest"], ["loLo", "LoLo"], ["lo", "Lo"], ["hi", "Hi"], ["hiHi", "HiHi"], ["description", "Description"]];
const NUMBERS = new Set(["decimals", "low", "high", "loLo", "lo", "hi", "hiHi"]);

/** What people say of a device or a sensor. A field left empty falls back to what other sources say, which stands in it pale. */
export function EntryForm({ path, isSensor, done }: { path: string; isSensor: boolean; done: () => void }) {
  const before = useSignal<{ body: CatalogueEntry; tag: string } | null>(null), said = useSignal("");
  useEffect(() => {
    const stop = new AbortController();
    tagged<CatalogueEntry>(path, stop.signal).then((found) => { before.value = found; }, (error: Error) => { if (!stop.signal.aborted) said.value = error.message; });
    return () => stop.abort();
  }, [path]);
  const submit = async (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement), body: Record<string, unknown> = { ...before.value?.body.edited };
    for (const [name] of isSensor ? SENSOR : DEVICE) {
      const text = String(data.get(name) ?? "").trim();
      if (!text) delete body[name];
      else body[name] = NUMBERS.has(name) ? Number(text.replace(",", ".")) : name === "tags" ? text.split(",").map((one) => one.trim()).filter(Boolean) : text;
      // The code follows from the unit that people read.
      if (name === "unit") delete body["unitCode"];
    }
    said.value = "Saving …";
    try {
      await send("PUT", path, body, {}, before.value?.tag ? { "If-Match": before.value.tag } : {});
      done();
    } catch (error) { said.value = (error as Error).message; }
  };
  const found = before.value?.body;
  if (!found) return <p class="muted">{said.value || "Loading …"}</p>;
  const text = (value: unknown) => value === null || value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);
  return (
    <form class="entry-form" onSubmit={(event) => void submit(event)}>
      {(isSensor ? SENSOR : DEVICE).map(([name, label]) => <label key={name}><span>{label}</span><input name={name} defaultValue={text(found.edited?.[name])} placeholder={text(found[name as keyof CatalogueEntry])} inputMode={NUMBERS.has(name) ? "decimal" : "text"} /></label>)}
      <button type="submit" class="primary">Save</button><span role="status" class="error">{said.value}</span>
    </form>
  );
}
