/**
 * What a run has come to.
 *
 * @module
 */
import { errorsPath, journalPath } from '../../output/reserve';
import type { Session } from '../base/session';
import { clock, fitEnd, lengthOf, milliseconds, perSecond, printable, right, styled } from '../base/text';
import type { Numbers } from './numbers';

/** How a run ended: all done, stopped by a signal, or by an error. */
export type Ending = 'done' | 'interrupted' | 'stopped';

/** What the summary of a run is made of. */
export interface Facts {
  ending: Ending;
  numbers: Numbers;
  /** Where the results are, when they are in a file. */
  output: string | undefined;
  /** What to type to resume, where that is possible. */
  resume: string | undefined;
}

const titles: Record<Ending, string> = { done: 'Done', interrupted: 'Interrupted', stopped: 'Stopped' };
const indent = 12;

/** Lines for a person. */
export function summaryLines(
  { ending, numbers, output, resume }: Facts,
  { errorColumns, errorColor, unicode }: Pick<Session, 'errorColumns' | 'errorColor' | 'unicode'>,
): string[] {
  const { before, items, failed, failures, slowest, total } = numbers;
  const all = before.items + items;
  const of = ending !== 'done' && total !== undefined && total > all ? ` of ${total}` : '';
  const title = `${titles[ending]}: ${all}${of} ${all === 1 && of === '' ? 'video' : 'videos'}, ${before.failed + failed} failed`;
  const row = (name: string, value: string): string => `  ${name.padEnd(indent - 2)}${value}`;
  const codes = Object.entries(failures).sort(([, a], [, b]) => b - a);
  const times = slowest.map(({ milliseconds: spent }) => `${milliseconds(spent)} ms`);
  const timeWidth = Math.max(0, ...times.map(lengthOf));
  const nameWidth = errorColumns - 1 - indent - timeWidth - 2;
  return [
    styled(title, 'bold', errorColor),
    ...(before.items === 0 ? [] : [row('before', `${before.items}, ${before.failed} failed`)]),
    row(before.items === 0 ? 'time' : 'now', `${before.items === 0 ? '' : `${items} in `}${timeOf(numbers)}`),
    ...codes.map(([code, count], index) => row(index === 0 ? 'failures' : '', `${count} ${code}`)),
    ...slowest.map(({ file }, index) =>
      row(
        index === 0 ? 'slowest' : '',
        `${right(times[index] ?? '', timeWidth)}  ${fitEnd(printable(file), nameWidth, unicode)}`,
      ),
    ),
    ...(output === undefined ? [] : [resultsRow(row, ending, output)]),
    ...(output === undefined || before.failed + failed === 0 ? [] : [row('errors', printable(errorsPath(output)))]),
    ...(resume === undefined ? [] : ['To resume:', `  ${resume}`]),
  ];
}

/** Where the results are: those of a run without an end in what its table will be made of. */
function resultsRow(row: (name: string, value: string) => string, ending: Ending, output: string): string {
  const path = resultsPath(ending, output);
  return row(path === output ? 'results' : 'so far', printable(path));
}

function resultsPath(ending: Ending, output: string): string {
  return ending === 'done' ? output : journalPath(output);
}

/** In one line, below results that are shown. */
export function totalLine({ ending, numbers }: Pick<Facts, 'ending' | 'numbers'>): string {
  const { items, failed } = numbers;
  return `${ending === 'done' ? '' : `${titles[ending]}: `}${items} videos, ${failed} failed, in ${timeOf(numbers)}`;
}

/** `8.0 s, 132/s`. */
function timeOf(numbers: Numbers): string {
  const elapsed = numbers.seconds();
  const time = elapsed < 60 ? `${elapsed.toFixed(1)} s` : clock(elapsed);
  return numbers.items === 0 ? time : `${time}, ${perSecond(numbers.items / elapsed)}`;
}

/** The same for a program. */
export function summaryJson({ ending, numbers, output }: Facts): string {
  const { before, items, failed, failures, slowest } = numbers;
  const elapsed = numbers.seconds();
  return JSON.stringify({
    ending,
    items,
    failed,
    failures,
    before,
    seconds: elapsed,
    itemsPerSecond: items / elapsed,
    slowest,
    output,
    results: output === undefined ? undefined : resultsPath(ending, output),
    errors: output === undefined ? undefined : errorsPath(output),
  });
}
