import type { ComponentChildren } from "preact";

/** A box that scrolls, also by keys: it can be focused and has a name. */
export function Scroll({ label, short, children, ...rest }: { label: string; short?: boolean; class?: string; children: ComponentChildren }) {
  return <div class={`scroll${short ? " short" : ""}${rest.class ? ` ${rest.class}` : ""}`} tabIndex={0} role="region" aria-label={label}>{children}</div>;
}
