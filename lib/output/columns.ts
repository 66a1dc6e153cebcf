/**
 * The columns of a table in a format with types: what they are called and what they hold.
 *
 * @module
 */
import type { RunIdentity } from './identity';
import type { Found, Row } from './rows';

/** A column's type, as far as both Parquet and Arrow have it. */
export type Type = 'string' | 'int32' | 'float32' | 'float64' | { list: Type } | { struct: readonly Field[] };

/** A column, or a part of one. */
export interface Field {
  name: string;
  type: Type;
  nullable: boolean;
}

/** A column and where its values come from; `null` where there is none. */
export interface Column extends Field {
  of: (row: Row) => unknown;
}

const prediction: Type = {
  struct: [
    { name: 'label', type: 'string', nullable: true },
    { name: 'index', type: 'int32', nullable: true },
    { name: 'score', type: 'float32', nullable: true },
  ],
};

/** The columns of a run's table. They depend on what was asked for, not on what was found. */
export function columnsOf({ command, options }: RunIdentity): Column[] {
  return [
    { name: 'file', type: 'string', nullable: false, of: ({ file }) => file },
    found('start', 'float64', ({ start }) => start),
    found('end', 'float64', ({ end }) => end),
    ...(command === 'classify' ? classified(options['logits'] === true) : embedded(options['pooling'] === 'none')),
    found('timestamps', { list: 'float64' }, ({ timestamps }) => timestamps),
    found('decode_ms', 'float64', ({ milliseconds }) => milliseconds.decode),
    found('prepare_ms', 'float64', ({ milliseconds }) => milliseconds.prepare),
    found('infer_ms', 'float64', ({ milliseconds }) => milliseconds.infer),
    failed('error_code', ({ code }) => code),
    failed('error_message', ({ message }) => message),
  ];
}

/** The best class by itself, since it is what most queries are about, and all of them as a list. */
function classified(logits: boolean): Column[] {
  return [
    found('label', 'string', ({ predictions }) => predictions[0]?.label),
    found('score', 'float32', ({ predictions }) => predictions[0]?.score),
    found('predictions', { list: prediction }, ({ predictions }) => predictions),
    ...(logits ? [found('logits', { list: 'float32' }, (row) => row.logits)] : []),
  ];
}

function embedded(grid: boolean): Column[] {
  return [
    found('embedding', { list: 'float32' }, ({ embedding }) => embedding),
    ...(grid ? [found('shape', { list: 'int32' }, ({ shape }) => shape)] : []),
  ];
}

function found(name: string, type: Type, value: (found: Found) => unknown): Column {
  return {
    name,
    type,
    nullable: true,
    of: ({ outcome }) => ('found' in outcome ? (value(outcome.found) ?? null) : null),
  };
}

function failed(name: string, value: (error: { code: string; message: string }) => string): Column {
  return {
    name,
    type: 'string',
    nullable: true,
    of: ({ outcome }) => ('error' in outcome ? value(outcome.error) : null),
  };
}
