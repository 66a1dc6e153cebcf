// The order of rooms: a folder includes or imports only from folders below it, so that there are no circles. Below is
// where the order is known; CONTRIBUTING.md has it in words.

import fs from 'node:fs';
import path from 'node:path';

import { inRoot } from '../setup/paths.mjs';

/**
 * From the bottom up. A room is named by its folder, the innermost that is listed. Rooms on one line do not know each other,
 * nor do the folders that are `apart`, whatever their lines.
 */
const houses = [
  {
    root: 'lib',
    order: [
      ['base'],
      ['native'],
      ['hub'],
      ['sampling'],
      ['options'],
      ['results'],
      ['inputs'],
      ['checkpoints'],
      ['models'],
      ['batch'],
      ['api'],
      ['output'],
      ['cli/base'],
      ['cli/folder'],
      ['cli/commands'],
      ['', 'cli'],
    ],
    sources: /\.ts$/,
    references: /\bfrom '(\.[^']+)'/g,
    target: (file, reference) => path.join(path.dirname(file), reference),
  },
  {
    root: 'binding',
    order: [
      ['engine', 'loader'],
      ['video/common'],
      ['video/container'],
      ['video/pictures'],
      ['video/selection'],
      ['video/reading', 'model/common'],
      ['model/weights', 'model/pictures', 'model/kernels'],
      ['model'],
      ['node'],
    ],
    apart: ['video', 'model'],
    sources: /\.(cc|h)$/,
    references: /^#include "([^"]+)"/gm,
    target: (_file, reference) => reference,
  },
];

/** Whether every room keeps to the order; says which files do not. */
export function roomsAreInOrder() {
  const faults = houses.flatMap((house) => misplaced(house, readSources(house)));
  for (const fault of faults) console.log(fault);
  return faults.length === 0;
}

/** The references that the order does not allow, each as a sentence. `files`: text by path in the house. */
export function misplaced({ root, order, apart = [], references, target }, files) {
  const rooms = order.flat();
  const roomOf = (file) => {
    const inside = rooms.filter((room) => room === '' || file.startsWith(`${room}/`));
    return inside.sort((a, b) => b.length - a.length)[0];
  };
  const level = (room) => order.findIndex((names) => names.includes(room));
  const folderOf = (room) => apart.find((folder) => room === folder || room.startsWith(`${folder}/`));
  const areApart = (...rooms) => {
    const [one, other] = rooms.map(folderOf);
    return one !== undefined && other !== undefined && one !== other;
  };

  const faults = [];
  for (const [file, text] of files) {
    const room = roomOf(file);
    if (room === undefined) faults.push(`${root}/${file} lies in no room: scripts/test/rooms.mjs lists them`);
    for (const { 1: reference, index } of text.matchAll(references)) {
      const other = roomOf(target(file, reference));
      if (room === undefined || other === undefined || other === room) continue;
      const line = text.slice(0, index).split('\n').length;
      const fault = (why) => faults.push(`${root}/${file}:${line} refers to '${reference}': ${why}`);
      if (areApart(room, other)) fault(`'${room}' and '${other}' are apart`);
      else if (level(other) >= level(room)) fault(`'${room}' lies below or beside '${other}'`);
    }
  }
  return faults;
}

function readSources({ root, sources }) {
  const names = fs.readdirSync(inRoot(root), { recursive: true }).filter((name) => sources.test(name));
  return names.map((name) => [name, fs.readFileSync(inRoot(root, name), 'utf8')]);
}
