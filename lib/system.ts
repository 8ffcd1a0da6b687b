import { randomBytes } from 'node:crypto';
import type { Clock, RandomSource } from './ports/clock.ts';

/** The machine's own time and randomness, for wherever the program begins. */
export const SYSTEM_CLOCK: Clock = { now: () => Date.now() };

export const SYSTEM_RANDOM: RandomSource = { id: () => randomBytes(16).toString('hex') };
