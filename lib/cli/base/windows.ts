/**
 * The option --windows, and results with windows as tables.
 *
 * @module
 */
import type { WindowOptions } from '../../options/windows';
import type { ClassifyWindowsResult, EmbedWindowsResult, Segment, WindowDetails } from '../../results/windows';
import { UsageError } from './arguments';
import { heading, modelLine, notes, quiet } from './output';
import type { Session } from './session';
import { bar, fit, left, lengthOf, percent, percentWidth, printable, right, styled, timeline } from './text';

/** What --windows takes: `10`, or `10/5` for windows of ten seconds every five. */
export function windowsFrom(value: string | undefined): WindowOptions | undefined {
  if (value === undefined) return undefined;
  const numbers = value.split('/').map((text) => (/^\d*\.?\d+$/.test(text) ? Number(text) : 0));
  const [length = 0, stride = length] = numbers;
  if (numbers.length > 2 || !(length > 0 && stride > 0 && length <= 1e9 && stride <= 1e9)) {
    throw new UsageError(`--windows takes seconds above 0, as LENGTH or LENGTH/STRIDE, not '${value}'`);
  }
  return { length, stride };
}

const longestBar = 30;
const shortestBar = 10;

/** What a video shows from when to when. */
export function segmentsReport(file: string, result: ClassifyWindowsResult, session: Session): string {
  const lines = [heading(file, session), ...segmentLines(result.segments, session), ...footer(result, session)];
  return lines.join('\n');
}

/** `  0:00.000  0:07.500  pan right   98.1%  ███████████`, within the terminal's width. */
function segmentLines(segments: readonly Segment[], session: Session): string[] {
  const { columns, unicode, color } = session;
  const times = timeCells(segments);
  const labels = segments.map(({ label }) => printable(label));
  const taken = Math.max(...times.map(lengthOf)) + percentWidth + 8; // two spaces before each of four cells
  const labelWidth = Math.min(Math.max(...labels.map(lengthOf)), Math.max(10, columns - taken - shortestBar));
  const barWidth = Math.min(longestBar, Math.max(shortestBar, columns - taken - labelWidth));
  return segments.map(({ score }, index) => {
    const label = left(fit(labels[index] ?? '', labelWidth, unicode), labelWidth);
    const drawn = styled(bar(score, barWidth, unicode).trimEnd(), 'cyan', color);
    return `  ${times[index] ?? ''}  ${label}  ${percent(score)}  ${drawn}`;
  });
}

const shown = 4;

/** The beginning of each window's vector. */
export function vectorsReport(file: string, result: EmbedWindowsResult, session: Session): string {
  const times = timeCells(result.windows);
  const ellipsis = session.unicode ? ' …' : ' ...';
  const lines = result.windows.map(({ data }, index) => {
    const beginning = Array.from(data.subarray(0, shown), (value) => right(value.toFixed(4), 8)).join(' ');
    return `  ${times[index] ?? ''}  ${beginning}${data.length > shown ? ellipsis : ''}`;
  });
  const shape = result.windows[0]?.shape.join(' x ') ?? '0';
  return [
    heading(file, session),
    ...lines,
    quiet(`${shape} numbers a window`, session),
    ...footer(result, session),
  ].join('\n');
}

/** Starts and ends, one below the other. */
function timeCells(ranges: readonly { start: number; end: number }[]): string[] {
  const width = Math.max(...ranges.map(({ end }) => lengthOf(timeline(end))));
  return ranges.map(({ start, end }) => `${right(timeline(start), width)}  ${right(timeline(end), width)}`);
}

/** How many windows there were, what was odd about them, and by which model in which time. */
function footer(result: ClassifyWindowsResult | EmbedWindowsResult, session: Session): string[] {
  const windows: readonly WindowDetails[] = result.windows;
  const range = `${timeline(windows[0]?.start ?? 0)} to ${timeline(windows.at(-1)?.end ?? 0)}`;
  const short = windows.filter(({ tooShort }) => tooShort).length;
  const note = short === 0 ? '' : `, ${short} of them shorter than the clip should be`;
  const warnings = [...result.warnings, ...windows.flatMap((window) => window.warnings)];
  return [
    quiet(`${windows.length} window${windows.length === 1 ? '' : 's'} from ${range}${note}`, session),
    ...notes(warnings, session),
    modelLine(result, session),
  ];
}
