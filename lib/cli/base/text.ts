/**
 * Text that lines up: cells, bars, tables, colours.
 *
 * @module
 */

/** Control characters shown as escapes: a file's name must not drive the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const segmenter = new Intl.Segmenter();

/** What a reader sees as characters, whatever they are made of. */
function characters(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** How many characters a reader sees. */
export function lengthOf(text: string): number {
  return characters(text).length;
}

/** Cuts text to a number of characters, with an ellipsis where something is missing. */
export function fit(text: string, width: number, unicode: boolean): string {
  const all = characters(text);
  if (all.length <= width) return text;
  const ellipsis = unicode ? '…' : '.';
  return all.slice(0, Math.max(width - 1, 0)).join('') + ellipsis;
}

/** The same, but what is missing is missing at the beginning. */
export function fitEnd(text: string, width: number, unicode: boolean): string {
  const all = characters(text);
  if (all.length <= width) return text;
  return (unicode ? '…' : '.') + all.slice(all.length - Math.max(width - 1, 0)).join('');
}

/** Fills text up with spaces on the right. */
export function left(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)));
}

/** Fills text up with spaces on the left. */
export function right(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - lengthOf(text))) + text;
}

/** A share of 1 in four significant places at most and always five characters: ` 0.2%`, `98.1%`, ` 100%`. */
export function percent(share: number): string {
  const value = (share * 100).toFixed(1);
  return right(value === '100.0' ? '100%' : `${value}%`, percentWidth);
}

/** Characters of {@link percent}. */
export const percentWidth = 5;

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A horizontal bar for a share of 1, filled up with spaces to `width`. */
export function bar(share: number, width: number, unicode: boolean): string {
  const units = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const full = Math.floor(units / 8);
  const text = unicode ? '█'.repeat(full) + (eighths[units % 8] ?? '') : '#'.repeat(Math.round(units / 8));
  return left(text, width);
}

/** Rows of text in columns, two spaces apart: the first column on the left, numbers on the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, lengthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? left : right)(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Milliseconds with as many digits as say something. */
export function milliseconds(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

/** Bytes in megabytes. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Seconds to the millisecond. */
export function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}

/** Seconds as a clock has them: `0:07`, `2:03:00`. */
export function clock(value: number): string {
  const whole = Math.round(value);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number): string => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A place in a video, to the millisecond: `0:07.500`, `1:02:03.000`. */
export function timeline(value: number): string {
  const whole = Math.round(value * 1000);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, whole % 60_000];
  const ofMinute = (rest / 1000).toFixed(3).padStart(6, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${ofMinute}` : `${minutes}:${ofMinute}`;
}

/** A rate with as many digits as say something. */
export function perSecond(value: number): string {
  return `${value.toFixed(value < 1 ? 2 : value < 100 ? 1 : 0)}/s`;
}

type Style = 'bold' | 'dim' | 'cyan';

const codes: Record<Style, [number, number]> = { bold: [1, 22], dim: [2, 22], cyan: [36, 39] };

/** Text in a style, where colours are wanted. Put it on after everything has been lined up. */
export function styled(text: string, style: Style, color: boolean): string {
  const [start, end] = codes[style];
  return color ? `\u001b[${start}m${text}\u001b[${end}m` : text;
}
