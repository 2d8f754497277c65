/** Gives text or bytes to the person as a file. */
export const download = (name: string, text: string, type: string): void => save(name, new Blob([text], { type }));

export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const quoted = (cell: string | number | null): string =>
  cell === null ? "" : typeof cell === "number" ? String(cell) : /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** RFC 4180. */
export const csv = (rows: (string | number | null)[][]): string => rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";

/** Copies text; false where the browser does not let a page do so. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
