import { commandText, TABLE } from '../command-text.ts';
import { mapInOrder } from '../concurrency.ts';
import { TableBlocked } from '../errors.ts';
import { fileMetadata } from '../lake/file-metadata.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Footer, RowGroup } from '../parquet/footer.ts';
import { writeFooter } from '../parquet/footer.ts';
import { FooterTooLarge } from '../parquet/footer-limits.ts';
import { storedElement } from '../parquet/schema-element.ts';
import type { Piece } from '../ports/object-store.ts';
import { OWN_THREAD } from '../threads/own-thread.ts';
import { cutGroup, isTooLargeToEdit } from './cut-group.ts';
import type { FileIdentity, FileNote } from './file-output.ts';
import { FileOutput } from './file-output.ts';
import { groupsAtOnce, uncompressedBytes } from './group-size.ts';
import type { FileContent, PreparedGroup } from './prepare-group.ts';
import { editedGroup, groupsOfRows, joinedGroups, keptGroup, takenGroup } from './prepare-group.ts';
import { groupsOfSlice } from './prepare-load.ts';
import type { ChangeFile, FileWrite, JoinFiles } from './plan.ts';
import { isNewFile } from './plan.ts';

export interface GroupCounts {
  encoded: number;
  kept: number;
}

/** The new version of a lake file: its pieces, once, and then the footer that they ended with. */
export interface LakeFileVersion {
  pieces: AsyncGenerator<Piece>;
  footer: () => Footer | undefined;
}

/**
 * Carries out the plan for one lake file. A few row groups are in memory at a time, whatever the size of the file.
 * @param counts is added to as row groups are passed
 * @throws TableBlocked, as the pieces are made, if the file could not be read again
 */
export function writeLakeFile(write: FileWrite, content: FileContent, counts: GroupCounts): LakeFileVersion {
  const output = new FileOutput(content);
  const pieces = unlessTooLarge(write, piecesOf(write, content, counts, output));
  return { pieces, footer: () => output.footer };
}

async function* piecesOf(
  write: FileWrite,
  content: FileContent,
  counts: GroupCounts,
  output: FileOutput,
): AsyncGenerator<Piece> {
  if (write.kind === 'change' && write.layout === 'grow') yield output.beginWith(write.file);
  else yield output.begin();
  const { steps, atOnce } = stepsOf(write, isLittle(write) ? { ...content, threads: OWN_THREAD } : content);
  for await (const groups of mapInOrder(steps, atOnce, (step) => step())) {
    for (const group of groups) {
      if (group.kind === 'kept in place') {
        counts.kept++;
        output.keep(group.group);
        continue;
      }
      if (group.kind === 'moved') counts.kept++;
      else counts.encoded++;
      yield* output.group(group.rows, group.chunks);
    }
  }
  yield* output.end(noteOf(write));
}

/** Better no file than one that Tidemark itself would not read. */
async function* unlessTooLarge(write: FileWrite, pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof FooterTooLarge)) throw error;
    const file = isNewFile(write)
      ? `A new lake file${write.folder && ` in ${write.folder}`}`
      : `The lake file ${write.file.key}`;
    throw new TableBlocked('', `${file} cannot be written: ${error.message}.`, {
      next: `Raise rowsPerRowGroup and build the table anew: ${commandText('replay', TABLE, '--all')}. Or have DMS leave out columns (transformation rules of the task) and reload the table.`,
      cause: error,
    });
  }
}

/** A file of the table's columns and no rows: it takes the place of a file that must not come (back) into being. */
export function* emptyFilePieces(identity: FileIdentity): Generator<Piece> {
  const output = new FileOutput(identity);
  yield output.begin();
  yield* output.end({ holds: [] });
}

function noteOf(write: FileWrite): FileNote {
  if (write.kind === 'empty') return { holds: [] };
  const holds = [...write.holds];
  if (write.kind !== 'change' && write.kind !== 'join') return { holds };
  const { joined = [] } = write;
  const edited = write.kind === 'change' ? isEdited(write) : takesEdited(write);
  return { holds, ...(joined.length > 0 && { joined: [...joined] }), ...(edited && { edited }) };
}

/** A dictionary keeps the values that it had; only row groups that are encoded as a whole have none to spare. */
function isEdited({ file, groups }: ChangeFile): boolean {
  const wasEdited = file.metadata?.edited === true;
  return groups.some(
    (plan) =>
      (plan.kind === 'keep' && wasEdited) ||
      (plan.kind === 'encode' && (wasEdited || plan.removed.size > 0 || plan.replaced.size > 0)),
  );
}

function takesEdited({ groups }: JoinFiles): boolean {
  return groups.some((plan) => plan.kind === 'take' && plan.part.file.metadata?.edited === true);
}

/** The same rows under another footer: whoever meant to replace the old version no longer can. */
export function retaggedPieces(file: OpenLakeFile, { id, table }: Pick<FileIdentity, 'id' | 'table'>): Piece[] {
  const { columns, rowGroups } = file.footer;
  const metadata = fileMetadata({ holds: [], ...file.metadata, id, table, generation: file.generation });
  return [{ start: 0, end: file.size }, writeFooter({ elements: columns.map(storedElement), rowGroups, metadata })];
}

/** What gives the row groups of a file, in order; each step reads, and encodes, what it needs by itself. */
interface Steps {
  steps: (() => Promise<PreparedGroup[]>)[];
  /** Steps under way, or done and waiting. */
  atOnce: number;
}

function stepsOf(write: FileWrite, content: FileContent): Steps {
  const most = 2 * content.threads.count + 2;
  switch (write.kind) {
    case 'empty':
      return { steps: [], atOnce: most };
    case 'load':
      return groupsOfSlice(write.slice, content);
    case 'join': {
      const partsOf = write.groups.map((plan) => (plan.kind === 'take' ? [plan.part] : plan.parts));
      const groupBytes = partsOf.map((parts) =>
        parts.reduce((sum, { file, group }) => sum + bytesOfGroup(file.footer.rowGroups[group]), 0),
      );
      return {
        steps: write.groups.map(
          (plan) => () => (plan.kind === 'take' ? takenGroup(plan.part, content) : joinedGroups(plan.parts, content)),
        ),
        atOnce: groupsAtOnce(most, largest(groupBytes)),
      };
    }
    case 'create': {
      const { steps, groupBytes } = groupsOfRows(write.rows, content);
      return { steps, atOnce: groupsAtOnce(most, groupBytes) };
    }
    case 'change': {
      const appended = groupsOfRows(write.appended, content);
      const edited = write.groups.map((plan, i) =>
        plan.kind === 'encode' || plan.kind === 'join' ? bytesOfGroup(write.file.footer.rowGroups[i]) : 0,
      );
      return {
        steps: [...changedGroups(write, content), ...appended.steps],
        atOnce: groupsAtOnce(most, Math.max(largest(edited), appended.groupBytes)),
      };
    }
  }
}

function bytesOfGroup(group: RowGroup | undefined): number {
  return group ? uncompressedBytes(group) : 0;
}

function largest(bytes: readonly number[]): number {
  return bytes.reduce((most, length) => Math.max(most, length), 0);
}

/** A few row groups are encoded sooner than they are sent to other threads. */
function isLittle(write: FileWrite): boolean {
  if (write.kind !== 'change') return false;
  return write.groups.filter(({ kind }) => kind === 'encode' || kind === 'join').length < GROUPS_FOR_THREADS_MIN;
}

const GROUPS_FOR_THREADS_MIN = 16;

function changedGroups(write: ChangeFile, content: FileContent): Steps['steps'] {
  return write.groups.flatMap((plan, i) => {
    const group = write.file.footer.rowGroups[i];
    if (!group) return [];
    switch (plan.kind) {
      case 'drop':
      case 'joined':
        return [];
      case 'keep':
        return [() => Promise.resolve([keptGroup(write, group, content)])];
      case 'join':
        return [
          () =>
            joinedGroups(
              plan.groups.map((joined) => ({ file: write.file, group: joined })),
              content,
            ),
        ];
      case 'encode':
        return [
          () =>
            isTooLargeToEdit(group, plan, content)
              ? cutGroup(write.file, group, plan, content)
              : editedGroup(write, group, plan, content),
        ];
    }
  });
}
