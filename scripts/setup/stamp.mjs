// A stamp is a small file inside what a step made, written last: it records exactly what that was made from. What is
// unfinished has none, and deleting the product deletes its stamp.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** A hash over the names and contents of files and of all files below folders, and over any further text. */
export function fingerprint(paths, ...extra) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesBelow)) hash.update(`${file}\0`).update(fs.readFileSync(file));
  for (const text of extra) hash.update(`\0${text}`);
  return hash.digest('hex');
}

function filesBelow(name) {
  const stat = fs.statSync(name, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [name];
  return fs
    .readdirSync(name)
    .sort()
    .flatMap((entry) => filesBelow(path.join(name, entry)));
}

export function readStamp(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

export function writeStamp(file, stamp) {
  fs.writeFileSync(file, `${JSON.stringify(stamp, null, 2)}\n`);
}
