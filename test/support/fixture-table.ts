import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

import type { Fixture } from '../../test/fixtures/make.mjs' with { 'resolution-mode': 'import' };

import type { Levels } from './levels';
import { inRoot } from './paths';

/** What a run found out about a fixture. */
export interface Row {
  fixture: Fixture;
  frames?: number;
  /** From the ffmpeg program's frames. */
  ffmpeg?: Levels;
  /** From torchcodec's. */
  torchcodec?: Levels;
}

const document = inRoot('docs', 'video.md');
const start = '<!-- fixtures: written by `npm run fixtures:table` -->';
const end = '<!-- end of fixtures -->';
const heading = ['file', 'holds', 'frames', 'ffmpeg', 'torchcodec', 'remark'];

/** What two machines may differ by: the levels are of the same libraries on both sides, and shown to two digits. */
const slack = { mean: 0.1, largest: 2 };

/**
 * Compares the table in docs/video.md with what this run measured: the same fixtures with the same remarks, and levels
 * that are no further apart than machines are. With TUBELET_WRITE_TABLE in the environment it writes the table.
 */
export function checkTable(rows: readonly Row[]): void {
  const text = readFileSync(document, 'utf8');
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  assert.ok(before >= 0 && after > before, 'docs/video.md has lost the marks around its table');

  const measured = rows.map(cells);
  if (process.env['TUBELET_WRITE_TABLE'] !== undefined) {
    const table = [heading, heading.map(() => '---'), ...measured].map((row) => `| ${row.join(' | ')} |`).join('\n');
    writeFileSync(document, `${text.slice(0, before + start.length)}\n\n${table}\n\n${text.slice(after)}`);
    return;
  }

  const committed = text
    .slice(before + start.length, after)
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '));
  const outdated = 'docs/video.md is out of date: npm run fixtures:table';
  assert.deepEqual(committed.map(fixed), measured.map(fixed), outdated);
  for (const [index, { fixture }] of rows.entries()) {
    const message = `${fixture.name}: ${outdated}`;
    // Within a tolerance of its own, which its test checks, it may differ from machine to machine.
    if (!fixture.ffmpeg) assertClose(committed[index]?.[3], measured[index]?.[3], message);
    if (!fixture.torchcodec) assertClose(committed[index]?.[4], measured[index]?.[4], message);
  }
}

/** The cells of a row that are the same everywhere. */
const fixed = ([file, holds, frames, , , remark]: string[]): unknown[] => [file, holds, frames, remark];

function cells({ fixture, frames, ffmpeg, torchcodec }: Row): string[] {
  return [
    `\`${fixture.name}\``,
    fixture.about,
    String(frames ?? '–'),
    shown(ffmpeg),
    shown(torchcodec),
    remark(fixture),
  ];
}

const shown = (levels?: Levels): string => (levels ? `${levels.mean.toFixed(2)} / ${levels.largest}` : '–');

function remark({ alone, error, tolerated, turned, ffmpeg, torchcodec }: Fixture): string {
  const remarks = [];
  if (error.length > 0)
    remarks.push(error.map((code) => `\`${code}\``).join(' or ') + (tolerated ? ' unless tolerated' : ''));
  if (alone) remarks.push(alone);
  if (turned) remarks.push(turned.why);
  if (ffmpeg) remarks.push(`${ffmpeg.why} (${ffmpeg.mean} / ${ffmpeg.largest})`);
  if (torchcodec) {
    const allowed = 'unread' in torchcodec ? '' : ` (${torchcodec.mean} / ${torchcodec.largest})`;
    remarks.push(`${'unread' in torchcodec ? torchcodec.unread : torchcodec.why}${allowed}`);
  }
  return remarks.join('; ');
}

function assertClose(committed: string | undefined, measured: string | undefined, message: string): void {
  if (committed === measured) return;
  const [was, is] = [committed, measured].map((text) => (text ?? '').split(' / ').map(Number));
  const near = (place: number, most: number): boolean => Math.abs((was?.[place] ?? NaN) - (is?.[place] ?? NaN)) <= most;
  assert.ok(near(0, slack.mean) && near(1, slack.largest), message);
}
