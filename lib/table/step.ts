import type { Coverage } from './coverage.ts';
import type { ChangeFile, LoadFile } from './raw-listing.ts';
import type { Progress } from './row.ts';

/** What is to be done for a table next. */
export type Step =
  | { kind: 'nothing' }
  | ListWhole
  | NewGeneration
  /** Merged files that look late are accounted for again. */
  | { kind: 'recognised'; coverage: Coverage; files: readonly ChangeFile[] }
  | { kind: 'load'; files: readonly LoadFile[] }
  | { kind: 'changes'; files: readonly ChangeFile[] }
  | LateFile;

/** One change file whose name is older than what is merged. */
export interface LateFile {
  kind: 'late';
  file: ChangeFile;
  /** The files merged that come after it: what they say of a key stands. */
  later: readonly ChangeFile[];
  /** Where merged files are gone: one older than it that is there, so that those which went are older, too. */
  older: ChangeFile | undefined;
}

/** What was listed, from the row's mark on, is not enough to tell. */
export interface ListWhole {
  kind: 'list whole';
}

/** The lake is to be built anew: the progress from which that begins. */
export interface NewGeneration {
  kind: 'new generation';
  progress: Partial<Progress>;
  reason: string;
}
