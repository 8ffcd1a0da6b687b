/**
 * Whether `error` is a system call's, with one of `codes` (`'ENOENT'`, …). Told by its shape: Node's own errors are of
 * another realm than a test's.
 */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    codes.includes(error.code)
  );
}
