/**
 * In which type a model multiplies.
 *
 * @module
 */
import { type Rule, oneOf } from '../base/rules';
import type { Precision } from '../native/binding';

/** @internal */
export const precisionRule: Rule<Precision | 'auto'> = oneOf('fp32', 'bf16', 'auto');
