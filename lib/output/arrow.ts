/**
 * A table's schema in Arrow's own words, as Arrow's libraries keep it in a Parquet file (`ARROW:schema`): the types that
 * its columns had before they were Parquet's.
 *
 * The message is the one of Arrow's Schema.fbs and Message.fbs; the numbers below are theirs.
 *
 * @module
 */
import { Builder } from 'flatbuffers';

import type { Field, Type } from './columns';

const version5 = 4;
const schemaHeader = 1;
const alignment = 8;

/** Where the fields of each table are in its Flatbuffers form. */
const message = { version: 0, headerType: 1, header: 2, bodyLength: 3, fields: 5 };
const schema = { endianness: 0, fields: 1, metadata: 2, count: 4 };
const keyValue = { key: 0, value: 1, count: 2 };
const field = { name: 0, nullable: 1, typeType: 2, type: 3, dictionary: 4, children: 5, metadata: 6, count: 7 };

/** Types by their number in Arrow's union. */
const types = { int: 2, floatingPoint: 3, utf8: 5, list: 12, struct: 13 };
const precisions = { float32: 1, float64: 2 };

/** The schema as an encapsulated message, in base64. */
export function arrowSchema(fields: readonly Field[], metadata: Readonly<Record<string, string>>): string {
  const builder = new Builder();
  const children = fields.map((each) => fieldOf(builder, each));
  const list = vector(builder, children);
  const entries = Object.entries(metadata).map((entry) => entryOf(builder, entry));
  const words = vector(builder, entries);

  builder.startObject(schema.count);
  builder.addFieldOffset(schema.fields, list, 0);
  builder.addFieldOffset(schema.metadata, words, 0);
  const header = builder.endObject();

  builder.startObject(message.fields);
  builder.addFieldInt16(message.version, version5, 0);
  builder.addFieldInt8(message.headerType, schemaHeader, 0);
  builder.addFieldOffset(message.header, header, 0);
  builder.finish(builder.endObject());
  return encapsulated(builder.asUint8Array()).toString('base64');
}

/** A continuation mark, the length, the message, and zeros up to the next multiple of eight. */
function encapsulated(content: Uint8Array): Buffer {
  const length = Math.ceil(content.length / alignment) * alignment;
  const bytes = Buffer.alloc(alignment + length);
  bytes.writeUInt32LE(0xffffffff, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.set(content, alignment);
  return bytes;
}

function entryOf(builder: Builder, [name, text]: [string, string]): number {
  const key = builder.createString(name);
  const value = builder.createString(text);
  builder.startObject(keyValue.count);
  builder.addFieldOffset(keyValue.key, key, 0);
  builder.addFieldOffset(keyValue.value, value, 0);
  return builder.endObject();
}

function fieldOf(builder: Builder, { name, type, nullable }: Field): number {
  const parts = childrenOf(type).map((child) => fieldOf(builder, child));
  const children = vector(builder, parts);
  const [number, description] = typeOf(builder, type);
  const text = builder.createString(name);
  builder.startObject(field.count);
  builder.addFieldOffset(field.name, text, 0);
  builder.addFieldInt8(field.nullable, nullable ? 1 : 0, 0);
  builder.addFieldInt8(field.typeType, number, 0);
  builder.addFieldOffset(field.type, description, 0);
  builder.addFieldOffset(field.children, children, 0);
  return builder.endObject();
}

/** The parts of a nested type. Arrow's libraries call those of a list `element` in Parquet. */
export function childrenOf(type: Type): readonly Field[] {
  if (typeof type === 'string') return [];
  return 'list' in type ? [{ name: 'element', type: type.list, nullable: true }] : type.struct;
}

/** A type's number in the union, and the table there that says more. */
function typeOf(builder: Builder, type: Type): [number, number] {
  if (typeof type === 'object') return ['list' in type ? types.list : types.struct, empty(builder)];
  switch (type) {
    case 'string':
      return [types.utf8, empty(builder)];
    case 'int32':
      builder.startObject(2);
      builder.addFieldInt32(0, 32, 0);
      builder.addFieldInt8(1, 1, 0); // signed
      return [types.int, builder.endObject()];
    case 'float32':
    case 'float64':
      builder.startObject(1);
      builder.addFieldInt16(0, precisions[type], 0);
      return [types.floatingPoint, builder.endObject()];
  }
}

function empty(builder: Builder): number {
  builder.startObject(0);
  return builder.endObject();
}

function vector(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of [...offsets].reverse()) builder.addOffset(offset);
  return builder.endVector();
}
