// Where things are.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Logs, the lock and marks of unfinished work. */
export const work = path.join(root, '.setup');

export const venv = path.join(root, '.venv');

export const inRoot = (...parts) => path.join(root, ...parts);
