/**
 * The predictions of several models in columns.
 *
 * @module
 */
import type { Prediction } from '../../results/results';
import type { Session } from './session';
import { bar, fit, left, lengthOf, percent, percentWidth, printable, styled } from './text';

/** One model's answer. */
export interface Column {
  title: string;
  predictions: readonly Prediction[];
}

const gap = 2;
const narrowestCell = 22;
const shortestBar = 3;
const longestBar = 20;

/** How wide the parts of a cell are: ` 98.1% ██████ pan right`. */
interface Layout {
  cell: number;
  bar: number;
  label: number;
}

/**
 * Lines with a column a model, within the terminal's width: labels get the room that they need, bars what is left.
 * Models that do not fit beside each other go below.
 */
export function sideBySide(columns: readonly Column[], session: Session): string[] {
  const room = session.columns - gap;
  const perRow = Math.max(1, Math.min(columns.length, Math.floor((room + gap) / (narrowestCell + gap))));
  const layout = layOut(columns, Math.floor((room + gap) / perRow) - gap);
  const lines: string[] = [];
  for (let first = 0; first < columns.length; first += perRow) {
    lines.push(...cellLines(columns.slice(first, first + perRow), layout, session));
  }
  return lines;
}

function layOut(columns: readonly Column[], widest: number): Layout {
  const labels = columns.flatMap(({ predictions }) => predictions.map(({ label }) => lengthOf(printable(label))));
  const besides = percentWidth + 2; // a space on either side of the bar
  const label = Math.min(Math.max(...labels, 1), Math.max(1, widest - besides - shortestBar));
  const barWidth = Math.min(longestBar, Math.max(shortestBar, widest - besides - label));
  return { cell: besides + barWidth + label, bar: barWidth, label };
}

function cellLines(columns: readonly Column[], layout: Layout, session: Session): string[] {
  const { unicode, color } = session;
  const depth = Math.max(...columns.map(({ predictions }) => predictions.length));
  const titles = columns.map(({ title }) => left(fit(printable(title), layout.cell, unicode), layout.cell));
  const rows = Array.from({ length: depth }, (_, rank) =>
    columns.map(({ predictions }) => cell(predictions[rank], layout, session)),
  );
  return [
    styled(`  ${titles.join(' '.repeat(gap)).trimEnd()}`, 'dim', color),
    ...rows.map((cells) => `  ${cells.join(' '.repeat(gap)).trimEnd()}`),
  ];
}

function cell(prediction: Prediction | undefined, layout: Layout, { unicode, color }: Session): string {
  if (prediction === undefined) return ' '.repeat(layout.cell);
  const drawn = styled(bar(prediction.score, layout.bar, unicode), 'cyan', color);
  const label = left(fit(printable(prediction.label), layout.label, unicode), layout.label);
  return `${percent(prediction.score)} ${drawn} ${label}`;
}
