export const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colours of lines there are before they begin again. */
export const COLOURS = 8;

export const alpha = (colour: string, share: number): string => colour + Math.round(share * 255).toString(16).padStart(2, "0");
