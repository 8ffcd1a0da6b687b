import { readFileSync } from 'node:fs';

/**
 * Names a process so that what it left behind can be told from what it is still using: `<pid>-<start>`, where the start
 * (clock ticks since boot, 0 where there is no /proc) tells it from a later process that was given the same pid.
 *
 * Processes that share a folder must see each other's pids: one machine, and not two containers.
 */
export function identify(pid: number): string {
  return `${pid}-${linuxProcess(pid)?.start ?? '0'}`;
}

/** The identity of this process. */
export const OWN_IDENTITY = identify(process.pid);

/** Whether the process that `identity` names still runs; one that is dead but not yet reaped by its parent does not. */
export function isRunning(identity: string): boolean {
  const { pid, start } = parse(identity);
  if (start === '0') return takesSignals(pid);
  const found = linuxProcess(pid);
  return found?.start === start && !found.dead;
}

function parse(identity: string): { pid: number; start: string } {
  const match = /^(\d+)-(\d+)$/.exec(identity);
  if (!match) throw new Error(`${identity} names no process: <pid>-<start> is expected.`);
  return { pid: Number(match[1]), start: match[2] ?? '0' };
}

/** From /proc/<pid>/stat; undefined if there is no such process, or no /proc. */
function linuxProcess(pid: number): { start: string; dead: boolean } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command's name, in parentheses, may hold spaces and parentheses itself: count the fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, threads, start] = [fields[0], Number(fields[17]), fields[19] ?? '0'];
  // A killed process shows as a zombie while other threads of it may still be inside a system call, such as a rename.
  return { start, dead: state === 'X' || (state === 'Z' && threads <= 1) };
}

function takesSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
