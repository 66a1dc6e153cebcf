/**
 * In which type a model multiplies.
 *
 * @module
 */
import { type Rule, oneOf } from './options';

/** `'fp32'`: float32 throughout. `'bf16'`: the linear layers and attention multiply bfloat16 (docs/precision.md). */
export type Precision = 'fp32' | 'bf16';

/** @internal */
export const precisionRule: Rule<Precision | 'auto'> = oneOf('fp32', 'bf16', 'auto');
