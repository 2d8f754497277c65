import type { Row } from "./rows";

interface Node { name: string; path: string; count: number; alarms: number; silent: number; children: Map<string, Node> }

function grow(rows: Row[]): Node {
  const root: Node = { name: "", path: "", count: 0, alarms: 0, silent: 0, children: new Map() };
  for (const row of rows) {
    let node = root;
    for (const name of ["", ...row.path]) {
      if (name) {
        let child = node.children.get(name);
        if (!child) { child = { name, path: node.path ? `${node.path}/${name}` : name, count: 0, alarms: 0, silent: 0, children: new Map() }; node.children.set(name, child); }
        node = child;
      }
      node.count++;
      if (row.alarm) node.alarms++;
      if (row.status === "silent") node.silent++;
    }
  }
  return root;
}

/** Places of the plant with how many devices are in alarm or silent there. */
export function Tree({ rows, place, levels, choose }: { rows: Row[]; place: string; levels: number; choose: (place: string) => void }) {
  const root = grow(rows);
  const draw = (node: Node, depth: number) => (
    <ul>
      {[...node.children.values()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })).map((child) => (
        <li key={child.path}>
          <button class="plain" aria-pressed={place === child.path} onClick={() => choose(place === child.path ? "" : child.path)}>{child.name} <small>{child.count}</small>
            {child.alarms > 0 && <b class="count" title="in alarm">{child.alarms}</b>}{child.silent > 0 && <small class="silent" title="silent">{child.silent} silent</small>}</button>
          {child.children.size > 0 && depth < levels && (depth < 1 || `${place}/`.startsWith(`${child.path}/`)) && draw(child, depth + 1)}
        </li>
      ))}
    </ul>
  );
  return <nav class="panel tree" aria-label="Places"><button class="plain" aria-pressed={!place} onClick={() => choose("")}>Everywhere <small>{root.count}</small></button>{draw(root, 0)}</nav>;
}
