/** Time and randomness, passed in so that tests and simulations decide both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface RandomSource {
  /** An id of 128 random bits as 32 hexadecimal digits. */
  id(): string;
}
