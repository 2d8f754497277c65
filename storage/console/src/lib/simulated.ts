const TAG = "simulated-history=";

/** FROM/TO of the tag that the simulator gives its devices; null: the device has none. */
export function simulatedBy(tags: string[] | undefined): [number, number] | null {
  const [from, to] = (tags?.find((tag) => tag.startsWith(TAG))?.slice(TAG.length) ?? "").split("/").map((text) => Date.parse(text));
  return from && to ? [from, to] : null;
}
