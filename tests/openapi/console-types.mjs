// The console's types out of the API's own description: node console-types.mjs DOCUMENT OUT
// DOCUMENT is a file or an address such as http://127.0.0.1:8080/openapi/v1.json. What types do not show (sentences, examples, refusals, answers that are
// no JSON) is left out, so that the file changes only when a call does. A test compares it with what the API serves.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const METHODS = ["get", "post", "put", "delete"], TAGS = ["Telemetry", "Access"];
const [source = "", out = ""] = process.argv.slice(2);

async function read() {
  if (!/^https?:/.test(source)) return JSON.parse(await readFile(source, "utf8"));
  const answer = await fetch(source);
  if (!answer.ok) throw new Error(`${source} answered ${answer.status}`);
  return answer.json();
}

/** Without descriptions and examples; a property may be called so, and stays. */
function bare(node, isProperties = false) {
  if (Array.isArray(node)) return node.map((one) => bare(one));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node)
    .filter(([name]) => isProperties || !["description", "summary", "example", "examples", "format"].includes(name))
    .map(([name, value]) => [name, bare(value, name === "properties")]));
}

const json = ({ content }) => content?.["application/json"] ? { content: { "application/json": content["application/json"] } } : {};

function operation({ operationId, parameters, requestBody, responses }) {
  return {
    operationId,
    ...(parameters ? { parameters } : {}),
    ...(requestBody ? { requestBody: { ...json(requestBody), required: requestBody.required ?? false } } : {}),
    responses: Object.fromEntries(Object.entries(responses).filter(([status]) => status < "300").map(([status, answer]) => [status, { description: "", ...json(answer) }])),
  };
}

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The components that what is left refers to. */
function used(paths, schemas) {
  const found = {}, waiting = [paths];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [, name] of JSON.stringify(next).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name in found) continue;
      found[name] = schemas[name];
      waiting.push(schemas[name]);
    }
  }
  return sorted(found);
}

const document = bare(await read());
const paths = {};
for (const [path, item] of Object.entries(sorted(document.paths))) {
  const kept = METHODS.filter((method) => item[method]?.tags?.some((tag) => TAGS.includes(tag)));
  if (kept.length) paths[path] = Object.fromEntries(kept.map((method) => [method, operation(item[method])]));
}

const types = await openapiTS({ openapi: document.openapi, info: { title: "Telemetry API", version: "v1" }, paths, components: { schemas: used(paths, document.components.schemas) } });
const text = astToString(types).replace(/^ *\/\*\*.*\*\/\n/gm, "");
await writeFile(out, `// Made of the API's own description by tests/openapi/console-types.mjs; a test compares them. Not to be edited.\n${text}`);
