/**
 * How a run goes: two moving lines on a terminal, a quiet line now and then elsewhere.
 *
 * @module
 */
import type { Session } from '../base/session';
import { bar, clock, fit, fitEnd, lengthOf, perSecond, percent, printable, right, styled } from '../base/text';
import type { Snapshot } from './numbers';

const longestBar = 40;
const shortestBar = 8;

/** Milliseconds between two pictures, and between two quiet lines. */
const pauses = { moving: 100, quiet: 30_000 };

/**
 * Shows the progress of a run until it ends.
 *
 * @param look - How it stands, or nothing when that is not worth showing.
 */
export function showRun(
  session: Session,
  look: () => Snapshot | undefined,
  { moving, quiet } = pauses,
): { end: () => void } {
  const { status } = session;
  const show = (): void => {
    const snapshot = look();
    if (snapshot === undefined) return;
    if (status === undefined) session.complain(quietLine(snapshot));
    else status(movingLines(snapshot, session).join('\n'));
  };
  const timer = setInterval(show, status === undefined ? quiet : moving);
  return {
    end: () => {
      clearInterval(timer);
      status?.('');
    },
  };
}

/** Two lines that fit the terminal: how far it is, and what it is at. */
export function movingLines(
  snapshot: Snapshot,
  { errorColumns, errorColor, unicode }: Pick<Session, 'errorColumns' | 'errorColor' | 'unicode'>,
): string[] {
  const width = errorColumns - 1; // a terminal may go to the next line as soon as one is full
  const counts = fitting(columnsOf(snapshot), width);
  const room = Math.min(longestBar, width - lengthOf(counts) - 4);
  const share = shareOf(snapshot);
  const [start, end] = unicode ? ['▕', '▏'] : ['[', ']'];
  const drawn = share === undefined || room < shortestBar ? '' : `${start}${bar(share, room, unicode)}${end}  `;
  return [
    `${drawn === '' ? '' : styled(drawn, 'cyan', errorColor)}${counts}`,
    styled(workLine(snapshot, width, unicode), 'dim', errorColor),
  ];
}

/** The same numbers in one line. */
export function quietLine(snapshot: Snapshot): string {
  const { current } = snapshot;
  const numbers = [...countsOf(snapshot), ...loads(snapshot)].map((part) => part.replace(/ +/g, ' ').trim());
  return [...numbers, ...(current === undefined ? [] : [printable(current)])].join(', ');
}

/** The most important ones first, each as wide as it will usually be, so that nothing moves when a number grows. */
function columnsOf(snapshot: Snapshot): string[] {
  const { items, failed, total, itemsPerSecond, remaining } = snapshot;
  const share = shareOf(snapshot);
  const width = total === undefined ? 4 : String(total).length;
  const rate = itemsPerSecond === 0 ? '-/s' : perSecond(itemsPerSecond);
  return [
    `${right(String(items), width)} ${total === undefined ? 'videos' : `of ${total}`}`,
    `${right(String(failed), Math.min(width, 3))} failed`,
    ...(share === undefined ? [] : [percent(share)]),
    right(rate, '99.9/s'.length),
    ...(total === undefined ? [] : [`ETA ${right(remaining === undefined ? '-' : clock(remaining), '59:59'.length)}`]),
  ];
}

/** The same for one line among others: what there is to say. */
function countsOf(snapshot: Snapshot): string[] {
  const { items, failed, total, itemsPerSecond, remaining } = snapshot;
  const share = shareOf(snapshot);
  return [
    total === undefined ? `${items} videos` : `${items} of ${total}`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(share === undefined ? [] : [percent(share).trim()]),
    ...(itemsPerSecond === 0 ? [] : [perSecond(itemsPerSecond)]),
    ...(remaining === undefined ? [] : [`ETA ${clock(remaining)}`]),
  ];
}

/** Files may have come and gone since they were counted. */
function shareOf({ items, total }: Snapshot): number | undefined {
  return total === undefined || total === 0 ? undefined : Math.min(1, items / total);
}

function loads({ busy }: Snapshot): string[] {
  const whole = (share: number): string => `${Math.round(share * 100)}%`.padStart(4);
  return [`decode ${whole(busy.decode)}`, `infer ${whole(busy.infer)}`];
}

/** The end of a path says more than its beginning. */
function workLine(snapshot: Snapshot, width: number, unicode: boolean): string {
  const load = fitting(loads(snapshot), width);
  const room = width - lengthOf(load) - 2;
  if (snapshot.current === undefined || room < shortestBar) return load;
  return `${load}  ${fitEnd(printable(snapshot.current), room, unicode)}`;
}

/** As many of the parts, from the first on, as there is room for. */
function fitting([first = '', ...more]: readonly string[], width: number): string {
  let line = fit(first, width, false);
  for (const part of more) {
    if (lengthOf(line) + 2 + lengthOf(part) > width) break;
    line += `  ${part}`;
  }
  return line;
}
