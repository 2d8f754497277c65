/** A small line through the values; gaps where there is none. */
export function Spark({ values, width = 72 }: { values: (number | null)[]; width?: number }) {
  const known = values.filter((v): v is number => v !== null);
  if (!known.length) return <span class="spark" />;
  const low = Math.min(...known), spread = Math.max(...known) - low || 1;
  let path = "", pen = "M";
  values.forEach((value, i) => {
    if (value === null) { pen = "M"; return; }
    path += `${pen}${((i / Math.max(1, values.length - 1)) * (width - 2) + 1).toFixed(1)} ${(18 - ((value - low) / spread) * 16).toFixed(1)}`;
    pen = "L";
  });
  return <svg class="spark" viewBox={`0 0 ${width} 20`} width={width} height={20} aria-hidden="true"><path d={path} /></svg>;
}
