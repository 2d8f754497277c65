const BOTH: [string, string][] = [["displayName", "Name"]];
const DEVICE: [string, string][] = [["type", "Type"], ["enterprise", "Enterprise"], ["site", "Site"], ["area", "Area"], ["line", "Line"], ["cell", "Cell"], ["tags", "Tags"], ["expectedInterval", "Sends every"], ["description", "Description"]];
const SENSOR: [string, string][] = [["unit", "Unit"], ["decimals", "Decimals"], ["low", "Lowest"], ["high", "Highest"], ["loLo", "LoLo"], ["lo", "Lo"], ["hi", "Hi"], ["hiHi", "HiHi"], ["description", "Description"]];
const NUMBERS = new Set(["decimals", "low", "high", "loLo", "lo", "hi", "hiHi"]);

export type Of = "device" | "sensor";
const listOf = (of: Of): [string, string][] => [...BOTH, ...(of === "device" ? DEVICE : SENSOR)];

const text = (value: unknown): string => value === null || value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);

/** Fields of an entry of the catalogue; what other sources say stands in an empty one, pale. */
export const EntryFields = ({ of, edited, others }: { of: Of; edited: object; others: object }) => (
  <>{listOf(of).map(([name, label]) => (
    <label key={name}><span>{label}</span><input name={name} defaultValue={text((edited as Record<string, unknown>)[name])} placeholder={text((others as Record<string, unknown>)[name])} inputMode={NUMBERS.has(name) ? "decimal" : "text"} /></label>
  ))}</>
);

/** What a form says, over what was said before: a field that the form has and that is empty goes. */
export function fieldsOf(form: HTMLFormElement, before: object): Record<string, unknown> {
  const data = new FormData(form), body: Record<string, unknown> = { ...before };
  for (const [name] of [...listOf("device"), ...listOf("sensor")]) {
    if (!data.has(name)) continue;
    const said = String(data.get(name)).trim();
    if (!said) delete body[name];
    else body[name] = NUMBERS.has(name) ? Number(said.replace(",", ".")) : name === "tags" ? said.split(",").map((one) => one.trim()).filter(Boolean) : said;
    // The code follows from the unit that people read.
    if (name === "unit") delete body["unitCode"];
  }
  return body;
}
